//! What the shell does with a call that is sent again: opens it, hands it to whoever sends it, tells what came of it.
//!
//! Knows nothing of servers.

use super::app::{App, Moment, Overlay};
use super::panels::{CopyWhat, Copyable, OpenId, PanelId};
use super::resend::{End, Errand, Report, Resend, ResendReply};
use super::update::Effect;
use super::widgets::clip;
use crate::insight::resend::Subject;
use crate::model::{OperationId, Session};

impl App {
    /// Opens a call, to be sent again.
    pub(super) fn resend(&mut self, session: OpenId, call: OperationId, at: Moment) {
        let found = self.state.with_cx(at, true, |cx| {
            let opened = cx.sessions.iter().find(|opened| opened.id == session);
            opened.map(|opened| (Subject::of(opened.session, call), client(opened.session)))
        });
        match found {
            None => self.say("This session has been closed", at),
            Some((Err(why), _)) => {
                let why = clip::visible(&why.to_string()).into_owned();
                self.overlay = Some(Overlay::Told { title: "This cannot be sent again", text: why });
            }
            Some((Ok(subject), client)) => {
                let resend = Resend::new(session, subject, client, self.state.here.clone());
                self.hush();
                self.overlay = Some(Overlay::Resend(Box::new(resend)));
            }
        }
    }

    /// Does what a key asks for.
    pub(super) fn resend_reply(&mut self, reply: ResendReply, at: Moment) -> Vec<Effect> {
        match reply {
            ResendReply::Stays => Vec::new(),
            ResendReply::Left => {
                self.overlay = None;
                Vec::new()
            }
            ResendReply::Send(errand) => vec![Effect::Send(errand)],
            ResendReply::Open(recording) => {
                self.overlay = None;
                self.panels.show(PanelId::Calls);
                vec![Effect::Open(recording)]
            }
            ResendReply::Copy(text) => self.copy(Copyable { name: "answer", what: CopyWhat::Text(text) }, at),
        }
    }

    /// A call that was sent again has come back.
    pub(super) fn returned(&mut self, errand: &Errand, report: Report, at: Moment) {
        let target = errand.subject.target.clone();
        let words = match &report.end {
            End::Answered => format!("{target}, sent again, has been answered"),
            End::GivenUp => format!("{target}, sent again, has been taken back"),
            End::Silent | End::Lost | End::Failed(_) => {
                format!("{target}, sent again, has not been answered")
            }
        };
        if let Some(Overlay::Resend(resend)) = &mut self.overlay
            && resend.returned(errand, report)
        {
            return;
        }
        // Nobody waited for it.
        self.say(words, at);
    }
}

/// How the client called itself.
fn client(session: &Session) -> Option<String> {
    let client = session.handshake().client.as_ref()?;
    Some(format!("{} {}", client.name, client.version).trim_end().to_owned())
}
