//! Long results that go into files, and what is said when that fails.
//!
//! The files are for this user alone. Knows nothing of when a result is too long.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde_json::json;

use crate::rules::{Act, Output};
use crate::trace::Outcome;
use crate::wire::{Contents, Message, contents, member};

/// Writes a file of ours, its folder made if need be.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        private_folder(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A link that somebody has put in its place is not followed.
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    let mut file = options.open(path)?;
    let written = file.write_all(text.as_bytes());
    if written.is_err() {
        // Half of a result is worse than none.
        let _ = fs::remove_file(path);
    }
    written
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(windows)]
fn private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Takes back an output that names a file which could not be written. Rules fail open: the message goes on as it came,
/// where it is still there; else the client is told. Returns what is to be sent in place of the output's frame.
pub(super) fn take_back(
    output: &mut Output,
    original: Option<Vec<u8>>,
    path: &Path,
    why: &io::Error,
) -> Vec<u8> {
    let why = format!("{} could not be written: {why}", path.display());
    for mark in &mut output.marks {
        mark.hit = false;
        mark.why = Some(why.clone().into());
    }
    let Act::Send { frame, .. } = &mut output.act else { return Vec::new() };
    match original {
        Some(original) if output.outcome == Outcome::Changed => {
            output.outcome = Outcome::Passed;
            output.act = Act::Note { frame: None };
            original
        }
        Some(_) | None => {
            if let Some(sorry) = sorry(frame, &why) {
                *frame = sorry;
            }
            frame.clone()
        }
    }
}

/// An answer to the same request that says what went wrong. `None` if there is none to be made: it was no result.
fn sorry(frame: &[u8], why: &str) -> Option<Vec<u8>> {
    let Contents::One(Message::Result { id, result }) = contents(frame) else { return None };
    let text =
        json!(format!("The result was too long to be handed on, and the file for it cannot be used: {why}"));
    // Results of revisions without sessions say what kind they are.
    let kind = if member(result, "resultType").is_some() { r#","resultType":"complete""# } else { "" };
    let line = format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":{text}}}],"isError":true{kind}}}}}"#
    );
    Some([line.as_bytes(), b"\n"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Lane;
    use crate::trace::Mark;
    use crate::wire::Direction;

    fn output(outcome: Outcome) -> Output {
        let frame =
            b"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"content\":[],\"resultType\":\"complete\"}}\n";
        Output {
            lane: Lane(0),
            to: Direction::ToClient,
            id: None,
            outcome,
            act: Act::Send { to: Direction::ToClient, frame: frame.to_vec() },
            marks: vec![Mark { hit: true, ..Mark::default() }],
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_result_in_a_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("spill/one.json");
        write(&path, "text").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
    }

    #[test]
    fn a_file_that_cannot_be_written_lets_the_message_pass_as_it_came() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file/below");
        fs::write(home.path().join("file"), "").unwrap();
        let error = write(&path, "text").unwrap_err();
        let mut changed = output(Outcome::Changed);
        assert_eq!(take_back(&mut changed, Some(b"as it came\n".to_vec()), &path, &error), b"as it came\n");
        assert_eq!((changed.outcome, changed.act), (Outcome::Passed, Act::Note { frame: None }));
        assert!(!changed.marks[0].hit && changed.marks[0].why.is_some());
    }

    #[test]
    fn where_nothing_is_left_to_pass_on_the_client_is_told() {
        let error = io::Error::other("no room");
        let mut answered = output(Outcome::Answered);
        let line = String::from_utf8(take_back(&mut answered, None, Path::new("/x"), &error)).unwrap();
        assert!(
            line.contains(r#""id":"a""#) && line.contains("no room") && line.ends_with("\"complete\"}}\n"),
            "{line}"
        );
        assert_eq!(answered.outcome, Outcome::Answered);
    }
}
