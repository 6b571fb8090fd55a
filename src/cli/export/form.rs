//! Puts calls out in one of the forms, one after the other.

use std::io;

use super::args::Form;
use super::texts::Texts;
use crate::insight::calls::{Call, Exchange, Followed};
use crate::insight::export::{
    Spans, Written, csv_head, csv_row, entry, exchange_entry, head, json_row, tail,
};
use crate::trace::{Header, Micros};

/// Writes calls; after the first failure nothing more.
pub(super) struct Writer<'w> {
    shape: Shape<'w>,
    header: &'w Header,
    with_bodies: bool,
    texts: Texts,
    out: &'w mut dyn io::Write,
    written: io::Result<()>,
}

/// A form with what it has to remember.
enum Shape<'w> {
    Har { has_entries: bool },
    Otlp(Spans<'w>),
    Csv,
    Jsonl,
}

impl<'w> Writer<'w> {
    pub(super) fn new(
        form: Form,
        header: &'w Header,
        with_bodies: bool,
        texts: Texts,
        out: &'w mut dyn io::Write,
    ) -> Self {
        let shape = match form {
            Form::Har => Shape::Har { has_entries: false },
            Form::Otlp => Shape::Otlp(Spans::new(header)),
            Form::Csv => Shape::Csv,
            Form::Jsonl => Shape::Jsonl,
        };
        Self { shape, header, with_bodies, texts, out, written: Ok(()) }
    }

    /// Writes what stands before the first call.
    pub(super) fn begin(&mut self) {
        match self.shape {
            Shape::Har { .. } => self.put(&head(self.header)),
            Shape::Csv => self.put(&csv_head(self.with_bodies)),
            Shape::Otlp(_) | Shape::Jsonl => {}
        }
    }

    /// Writes what has come to an end.
    pub(super) fn take(&mut self, followed: &Followed) {
        if self.written.is_err() {
            return;
        }
        match followed {
            Followed::Call(call) => self.call(call),
            Followed::Exchange(exchange) => self.exchange(exchange),
        }
    }

    /// Writes what stands behind the last call.
    ///
    /// # Errors
    /// The first failure of all writing.
    pub(super) fn finish(mut self, revision: Option<&str>, ended: Micros) -> io::Result<()> {
        match &mut self.shape {
            Shape::Har { .. } => self.put(tail()),
            Shape::Otlp(spans) => {
                let line = spans.finish(revision, ended);
                self.put(&line);
            }
            Shape::Csv | Shape::Jsonl => {}
        }
        self.written
    }

    fn call(&mut self, call: &Call) {
        let request = self.texts.of(&call.request);
        let answer = call.answer.as_ref().and_then(|answer| self.texts.of(answer));
        let tokens = self.texts.tokens(call, request.as_deref(), answer.as_deref());
        let one = Written {
            header: self.header,
            call,
            request: request.as_deref(),
            answer: answer.as_deref(),
            tokens,
            with_bodies: self.with_bodies,
        };
        match &mut self.shape {
            Shape::Har { .. } => self.entry(&entry(&one).to_string()),
            Shape::Otlp(spans) => {
                if let Some(line) = spans.push(&one) {
                    self.put(&line);
                }
            }
            Shape::Csv => self.put(&csv_row(&one)),
            Shape::Jsonl => self.put(&json_row(&one)),
        }
    }

    fn exchange(&mut self, exchange: &Exchange) {
        // The other forms are about calls.
        if let Shape::Har { .. } = self.shape {
            let sent = exchange.sent.as_ref().and_then(|sent| self.texts.of(sent));
            self.entry(&exchange_entry(self.header, exchange, sent.as_deref()).to_string());
        }
    }

    fn entry(&mut self, entry: &str) {
        if let Shape::Har { has_entries } = &mut self.shape
            && std::mem::replace(has_entries, true)
        {
            self.put(",");
        }
        self.put("\n");
        self.put(entry);
    }

    fn put(&mut self, text: &str) {
        if self.written.is_ok() {
            self.written = self.out.write_all(text.as_bytes());
        }
    }
}
