//! Has one call sent again, and measures what came back as what was recorded is measured.
//!
//! Knows nothing of how a server is started: a courier does that.

use std::path::{Path, PathBuf};

use super::counting::text_of;
use super::load;
use crate::insight::rerun::{After, unreached};
use crate::insight::resend::{Answered, Comparison, Texts, asked, conversation};
use crate::model::{Half, Operation, OperationId, Session};
use crate::record::{Bodies, Reader};
use crate::tokens::{Counter, Effort, Profile, message};
use crate::ui::resend::{Carried, Courier, End, Errand, Report, Trip};
use crate::wire::{Contents, Message, Peer, contents, member};

/// An answer may take this long.
const TIMEOUT_US: u64 = 60_000_000;

/// Sends a call again; `file` is the recording it stands in, `recording` where the new session is recorded.
pub(super) fn run(
    errand: &Errand,
    file: Option<&Bodies>,
    courier: Option<&dyn Courier>,
    recording: Result<PathBuf, String>,
    profile: &Profile,
) -> Report {
    let mut scale = Scale { counter: Counter::new(Effort::Worker), profile };
    let subject = &errand.subject;
    let before = subject.then.answer.and_then(|half| text_of(file?, &half));
    let mut report = Report {
        end: End::GivenUp,
        then: Answered {
            state: subject.then.state,
            took_us: subject.then.took_us,
            is_cold: subject.then.is_cold,
            is_by_rule: subject.then.answer.is_some_and(|half| half.by_rule),
            bytes: None,
            wire: None,
            model: None,
        },
        now: None,
        asked: asked(&errand.parts[0], &errand.parts[1]),
        answered: Comparison::None,
        answer: None,
        said: String::new(),
        recording: None,
    };
    scale.measure(&mut report.then, before.as_deref());
    let carried = match (courier, recording) {
        (None, _) => Err("This viewer starts no servers".to_owned()),
        (_, Err(why)) => Err(why),
        (Some(courier), Ok(recording)) => {
            carry(errand, file, courier, &recording).map(|carried| (carried, recording))
        }
    };
    let (carried, recording) = match carried {
        Ok(carried) => carried,
        Err(why) => return Report { end: End::Failed(why.into()), ..report },
    };
    report.end = end_of(&carried, &errand.subject.method);
    report.said = carried.said;
    if report.end == End::Answered
        && let Some((now, answer)) = look(&recording, errand, &mut scale)
    {
        report.now = Some(now);
        report.answered = Comparison::of(before.as_deref(), answer.as_deref());
        report.answer = answer;
    }
    report.recording = recording.exists().then_some(recording);
    if report.end == End::Lost && report.recording.is_none() {
        // The recording begins once the server runs.
        report.end = End::Failed("The server cannot be started".into());
    }
    report
}

fn carry(
    errand: &Errand,
    file: Option<&Bodies>,
    courier: &dyn Courier,
    recording: &Path,
) -> Result<Carried, String> {
    let subject = &errand.subject;
    if let Some(folder) = errand.folder.as_deref().filter(|folder| !folder.is_dir()) {
        return Err(format!("There is no folder {}", folder.display()));
    }
    let file = file.ok_or("The session it was recorded in has been closed")?;
    let read = |half: &Half| text_of(file, half).ok_or("Its messages cannot be read any more");
    let opening = subject.opening.as_ref().map(read).transpose()?;
    let replies = subject.replies.iter().map(|(asked, reply)| Ok((read(asked)?, read(reply)?)));
    let replies = replies.collect::<Result<_, &str>>()?;
    let texts = Texts { opening, request: errand.request.clone(), replies };
    courier.carry(Trip {
        back: &subject.back,
        folder: errand.folder.as_deref(),
        label: &errand.label(),
        recording,
        conversation: conversation(&texts, TIMEOUT_US),
        is_given_up: &|| errand.is_given_up(),
    })
}

/// How a conversation ended: by its first request that was not answered as it has to be, or by the call.
fn end_of(carried: &Carried, call: &str) -> End {
    for (method, after) in &carried.requests {
        let is_call = **method == *call;
        return match after {
            After::Answer(answer) => match (unreached(answer), refusal(answer)) {
                (Some(why), _) => End::Failed(why.into()),
                (None, Some(why)) if !is_call => {
                    End::Failed(format!("The server did not open a session: {why}").into())
                }
                (None, _) if is_call => End::Answered,
                (None, _) => continue,
            },
            After::Silence if is_call => End::Silent,
            After::Silence => End::Failed("The server did not open a session within 60 seconds".into()),
            After::Lost => End::Lost,
            After::Skipped => End::Failed("The call could not be sent".into()),
            After::Cancelled => End::GivenUp,
        };
    }
    End::GivenUp
}

/// What an error says.
fn refusal(answer: &str) -> Option<String> {
    let Contents::One(Message::Error { error, .. }) = contents(answer.as_bytes()) else { return None };
    let text = member(error, "message").and_then(crate::wire::string_value);
    Some(text.map_or_else(|| error.to_owned(), std::borrow::Cow::into_owned))
}

/// How the call went in its new recording, and its answer.
fn look(recording: &Path, errand: &Errand, scale: &mut Scale<'_>) -> Option<(Answered, Option<String>)> {
    let mut reader = Reader::open(recording).ok()?;
    let session = load(&mut reader, scale.profile.clone()).ok()?;
    let operation = call_of(&session, &errand.subject.method)?;
    let answer = operation.answer().and_then(|half| text_of(&reader.bodies(), half));
    let mut now = Answered {
        state: operation.state,
        took_us: operation.answer().map(|_| operation.responder_us()),
        is_cold: operation.is_cold(),
        is_by_rule: false,
        bytes: None,
        wire: None,
        model: None,
    };
    scale.measure(&mut now, answer.as_deref());
    Some((now, answer))
}

fn call_of<'s>(session: &'s Session, method: &str) -> Option<&'s Operation> {
    let is_it =
        |operation: &&Operation| operation.from == Peer::Client && session.name(operation.method) == method;
    let found = session.operations().iter().rposition(|operation| is_it(&operation))?;
    session.operation(OperationId(u32::try_from(found).ok()?))
}

/// What tokens are counted with.
struct Scale<'p> {
    counter: Counter,
    profile: &'p Profile,
}

impl Scale<'_> {
    /// Counts an answer; both sides are counted in the same way.
    fn measure(&mut self, side: &mut Answered, answer: Option<&str>) {
        let Some(answer) = answer else { return };
        let tokens = message(&mut self.counter, self.profile, answer);
        side.bytes = Some(answer.len() as u64);
        side.wire = Some(tokens.wire);
        side.model = Some(tokens.model);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(requests: Vec<After>) -> End {
        let methods = ["initialize", "tools/call"].map(Box::from);
        let requests = methods.into_iter().zip(requests).collect();
        end_of(&Carried { requests, said: String::new() }, "tools/call")
    }

    #[test]
    fn a_conversation_ends_with_what_went_wrong_first_or_with_the_call() {
        let ok = || After::Answer(r#"{"id":1,"result":{}}"#.to_owned());
        let error =
            || After::Answer(r#"{"id":1,"error":{"code":-32602,"message":"no such revision"}}"#.to_owned());
        let unreached =
            After::Answer(r#"{"id":1,"error":{"code":50200,"message":"cannot reach it"}}"#.to_owned());
        assert_eq!(end(vec![ok(), ok()]), End::Answered);
        assert_eq!(end(vec![ok(), error()]), End::Answered, "an error is an answer");
        let refused = error();
        let End::Failed(why) = end(vec![refused]) else { panic!("the opening is not the call") };
        assert!(why.contains("did not open a session"));
        assert_eq!(end(vec![unreached]), End::Failed("cannot reach it".into()));
        let End::Failed(why) = end(vec![error(), After::Cancelled]) else { panic!() };
        assert!(why.contains("no such revision"));
        assert_eq!(end(vec![ok(), After::Silence]), End::Silent);
        assert_eq!(end(vec![After::Lost, After::Lost]), End::Lost);
        assert_eq!(end(vec![After::Cancelled]), End::GivenUp);
        assert_eq!(end(vec![]), End::GivenUp);
    }
}
