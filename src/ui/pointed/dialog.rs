//! The question before a rule is made: how it is meant, what may be typed, and what a key does.
//!
//! Keeps what the user chose; the rule itself is made anew whenever it is looked at, so that it always fits the rules
//! there are. Knows nothing of how it is drawn.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::draft::{Draft, Known};
use super::trial::Trial;
use super::wish::{Choice, Wish};
use crate::model::{Definition, Half, OperationId};
use crate::rules::{Ruleset, edit};
use crate::trace::Place;
use crate::ui::fetched::Answer;
use crate::ui::keys::{Action, Bindings, Press};
use crate::ui::panels::{Cx, OVER, OpenId, Opened};
use crate::ui::prompt::{Prompt, PromptReply};
use crate::ui::ruling::RuleChange;
use crate::wire::member;

/// What is pointed at, and what is wished of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pointing {
    /// Whose.
    pub session: OpenId,
    /// The tool.
    pub tool: Box<str>,
    /// The call whose result it is; `None` where a definition is pointed at.
    pub call: Option<OperationId>,
    /// What is to become of it.
    pub wish: Wish,
}

/// A rule about to be made.
#[derive(Clone, Debug)]
pub struct Dialog {
    pointing: Pointing,
    choices: Vec<(Choice, String)>,
    chosen: usize,
    typed: Option<Prompt>,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogReply {
    /// It is still open.
    Stays,
    /// The user gave up.
    Given,
    /// The rule is to be made; if it is kept in the rules file as well, so says `keep`.
    Confirmed {
        /// Whether the rules file is to keep it.
        keep: bool,
    },
    /// The user wants to write it as text.
    Write,
}

impl Dialog {
    /// The question about what is pointed at.
    #[must_use]
    pub fn new(pointing: Pointing) -> Self {
        let choices = pointing.wish.choices();
        let typed = pointing.wish.asks().map(|(label, text)| Prompt::new(label, text, Vec::new()));
        Self { pointing, choices, chosen: 0, typed }
    }

    /// What is pointed at.
    #[must_use]
    pub fn pointing(&self) -> &Pointing {
        &self.pointing
    }

    /// What there is to choose, and which of it is chosen.
    #[must_use]
    pub fn choices(&self) -> (&[(Choice, String)], usize) {
        (&self.choices, self.chosen)
    }

    /// The line that is typed, if there is one.
    #[must_use]
    pub fn typed(&self) -> Option<&Prompt> {
        self.typed.as_ref()
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent, keys: &Bindings) -> DialogReply {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('e') if ctrl => return DialogReply::Write,
            KeyCode::Char('o') if ctrl => return DialogReply::Confirmed { keep: true },
            KeyCode::Char('c') if ctrl => return DialogReply::Given,
            KeyCode::Tab => self.step(1),
            KeyCode::BackTab => self.step(self.choices.len() - 1),
            _ => match &mut self.typed {
                Some(prompt) => match prompt.key(key) {
                    PromptReply::Accepted(_) => return DialogReply::Confirmed { keep: false },
                    PromptReply::Given => return DialogReply::Given,
                    PromptReply::Edited | PromptReply::Stays => {}
                },
                None if key.code == KeyCode::Char('e') => return DialogReply::Write,
                None => return self.plain_key(keys.action_over(Press::of(&key), OVER)),
            },
        }
        DialogReply::Stays
    }

    /// Does what a key asks for where nothing is typed.
    fn plain_key(&mut self, action: Option<Action>) -> DialogReply {
        match action {
            Some(Action::Open) => return DialogReply::Confirmed { keep: false },
            Some(Action::Back | Action::Quit) => return DialogReply::Given,
            Some(Action::Right | Action::Down) => self.step(1),
            Some(Action::Left | Action::Up) => self.step(self.choices.len() - 1),
            _ => {}
        }
        DialogReply::Stays
    }

    fn step(&mut self, by: usize) {
        self.chosen = (self.chosen + by) % self.choices.len().max(1);
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        if let Some(prompt) = &mut self.typed {
            prompt.paste(text);
        }
    }

    /// The session that is pointed into, if it is still open.
    #[must_use]
    pub fn opened<'c>(&self, cx: &Cx<'c>) -> Option<&'c Opened<'c>> {
        cx.sessions.iter().find(|opened| opened.id == self.pointing.session)
    }

    /// The rule as it stands now.
    ///
    /// # Errors
    /// If there is none, in words for the user.
    pub fn draft(&self, cx: &Cx<'_>) -> Result<Draft, String> {
        let opened = self.opened(cx).ok_or("This session has been closed")?;
        let rules = Ruleset::parse(&cx.rulings.text(opened)).map_err(|problem| problem.to_string())?;
        let known = self.known(opened, rules, cx);
        let (choice, _) = self.choices.get(self.chosen).ok_or("There is nothing to choose")?;
        let typed = self.typed.as_ref().map_or("", Prompt::text);
        Draft::of(&self.pointing.wish, choice, typed, &known)
    }

    fn known(&self, opened: &Opened<'_>, rules: Ruleset, cx: &Cx<'_>) -> Known {
        let definition = offered(opened).iter().find(|tool| tool.name == self.pointing.tool);
        let has_structured =
            self.call(opened).is_some_and(|(_, answer)| match cx.bodies.get((opened.id, answer.place)) {
                Answer::Ready(text) => memchr::memmem::find(&text, b"\"structuredContent\"").is_some(),
                Answer::Waiting | Answer::Failed(_) => false,
            });
        Known {
            label: opened.session.header.label.as_str().into(),
            tool: self.pointing.tool.clone(),
            is_read_only: definition.is_some_and(|tool| hints(tool, "readOnlyHint")),
            is_idempotent: definition.is_some_and(|tool| hints(tool, "idempotentHint")),
            is_live: opened.is_live,
            has_output_schema: definition.is_some_and(|tool| member(&tool.json, "outputSchema").is_some()),
            has_structured,
            rules,
        }
    }

    /// The request and the answer of the call that is pointed at.
    fn call(&self, opened: &Opened<'_>) -> Option<(Half, Half)> {
        let operation = opened.session.operation(self.pointing.call?)?;
        let exchange = operation.exchanges().last()?;
        Some((exchange.request, exchange.response?))
    }

    /// What the rule is to be tried on, for the figure under the cursor; `None` if no message is there to try it on.
    #[must_use]
    pub fn trial(&self, draft: &Draft, opened: &Opened<'_>) -> Option<Trial> {
        let call = self.call(opened);
        let lists = pages(opened);
        if call.is_none() && (lists.is_empty() || !self.pointing.wish.is_about_definitions()) {
            return None;
        }
        Some(Trial {
            session: opened.id,
            label: opened.session.header.label.as_str().into(),
            rule: draft.rule.clone(),
            lists,
            call: call.filter(|_| !self.pointing.wish.is_about_definitions()),
        })
    }

    /// The rules with this one among them.
    ///
    /// # Errors
    /// If there can be none such, in words for the user.
    pub fn change(&self, cx: &Cx<'_>, keep: bool) -> Result<RuleChange, String> {
        let draft = self.draft(cx)?;
        let change = RuleChange::edit(cx, self.pointing.session, draft.what.as_str(), |text| {
            edit::upsert(text, &draft.rule)
        })?;
        Ok(RuleChange { keep, ..change })
    }
}

/// Whether a definition gives a hint.
fn hints(tool: &Definition, hint: &str) -> bool {
    member(&tool.json, "annotations").and_then(|hints| member(hints, hint)) == Some("true")
}

/// The tools as the server wrote them.
fn offered<'a>(opened: &Opened<'a>) -> &'a [Definition] {
    let definitions = opened.session.definitions();
    if definitions.offered().is_empty() { definitions.tools() } else { definitions.offered() }
}

/// Where the pages of the tool list stand, in their order.
fn pages(opened: &Opened<'_>) -> Vec<Place> {
    let mut pages: Vec<Place> = Vec::new();
    for tool in offered(opened) {
        if pages.last() != Some(&tool.place) && !pages.contains(&tool.place) {
            pages.push(tool.place);
        }
    }
    pages
}
