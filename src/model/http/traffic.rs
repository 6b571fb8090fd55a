//! What HTTP exchanges add up to: those of a client, of a connection, or all.
//!
//! Knows nothing of whose they are.

use super::HttpExchange;

/// Counts over exchanges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Exchanges, open and ended.
    pub exchanges: u64,
    /// Those that have not ended.
    pub open: u64,
    /// Those of them that wait for an answer or are being answered, other than the standing streams of `GET`.
    pub in_flight: u64,
    /// Event streams, open and ended.
    pub streams: u64,
    /// Those that have not ended.
    pub streams_open: u64,
    /// Those that took up one that had broken off.
    pub streams_resumed: u64,
    /// Operations asked in them.
    pub calls: u64,
    /// Those answered with a status of 400 or more.
    pub errors: u64,
}

impl Traffic {
    /// Counts an exchange in.
    pub(in crate::model) fn add(&mut self, exchange: &HttpExchange) {
        self.each(exchange, |sum, one| *sum += one);
    }

    /// Counts an exchange out that had been counted in as it is.
    pub(in crate::model) fn take(&mut self, exchange: &HttpExchange) {
        self.each(exchange, |sum, one| *sum = sum.saturating_sub(one));
    }

    fn each(&mut self, exchange: &HttpExchange, change: impl Fn(&mut u64, u64)) {
        let is_open = exchange.ended.is_none();
        let parts = [
            (&mut self.exchanges, true),
            (&mut self.open, is_open),
            (&mut self.in_flight, is_open && !exchange.is_standing),
            (&mut self.streams, exchange.is_stream),
            (&mut self.streams_open, exchange.is_stream && is_open),
            (&mut self.streams_resumed, exchange.is_stream && exchange.resumes),
            (&mut self.errors, exchange.status.is_some_and(|status| status >= 400)),
        ];
        for (sum, counts) in parts {
            change(sum, u64::from(counts));
        }
        change(&mut self.calls, u64::from(exchange.calls));
    }
}
