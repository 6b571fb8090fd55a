//! Reads a recording from beginning to end, once or more often, for commands that print and leave.

use std::io::{self, IsTerminal as _};
use std::ops::ControlFlow;
use std::path::Path;

use super::complain;
use super::progress::Progress;
use super::values::factor;
use crate::insight::figures::Look;
use crate::insight::{Pass, Proposal};
use crate::model::{Operation, OperationId, Session};
use crate::record::{Bodies, Reader};
use crate::tokens::{Factors, Profile};
use crate::trace::{Event, Place};
use crate::ui::feed::{self, CountOne, Far};

/// Opens a recording, or standard input for `-`.
///
/// # Errors
/// Why there is none, for people.
pub(super) fn open(file: &Path) -> Result<Reader, String> {
    if file.as_os_str() != "-" {
        return Reader::open(file).map_err(|error| error.to_string());
    }
    if io::stdin().is_terminal() {
        return Err(
            "`-` reads a recording from standard input, which is this terminal; pipe one in".to_owned()
        );
    }
    Reader::from_stream(io::stdin()).map_err(|error| error.to_string())
}

/// Shows every event, in order, with a bar that says how far it is; says so if some cannot be read.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn through(
    reader: &mut Reader,
    what: &'static str,
    mut see: impl FnMut(&Event<'_>),
) -> io::Result<()> {
    through_places(reader, what, |event, _| see(event))
}

/// The same, with where each event stands.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn through_places(
    reader: &mut Reader,
    what: &'static str,
    mut see: impl FnMut(&Event<'_>, Place),
) -> io::Result<()> {
    let mut bar = Progress::of(what);
    let see = |event: &Event<'_>, place| {
        see(event, place);
        ControlFlow::Continue(())
    };
    feed::through(reader, see, |far| bar.at(far.done_bytes, far.whole_bytes))?;
    drop(bar);
    complain_of_damage(reader);
    Ok(())
}

/// A recording that has been read to its end, without its calls: what they come to.
pub(super) struct Seen {
    /// The session; it has let go of its calls.
    pub(super) session: Session,
    pub(super) look: Look,
    /// The file in which the bodies of its messages stand.
    pub(super) bodies: Bodies,
}

/// Reads a recording to its end and looks at every call once nothing changes it any more, with a bar that says how far that
/// is; then the session lets go of it, so that a recording of any length takes the same memory. Tokens are counted for a
/// family of models, if there is one, while the messages are at hand. `also` is shown each call as well, in no order.
///
/// # Errors
/// Why it cannot be read, for people.
pub(super) fn seen(
    reader: &mut Reader,
    file: &Path,
    profile: Option<&Profile>,
    mut also: impl FnMut(&Session, OperationId, &Operation),
) -> Result<Seen, String> {
    let mut session = Session::new(reader.header().clone());
    let bodies = reader.bodies();
    let mut counting = profile.map(|profile| CountOne::new(bodies.clone(), profile.clone()));
    let mut look = Look::default();
    let mut see = |session: &mut Session, id: OperationId| {
        if let Some(counting) = &mut counting {
            counting.call(session, id);
        }
        let Some(operation) = session.operation(id) else { return };
        look.take(session, id, operation);
        also(session, id, operation);
    };
    through_places(reader, "reading the recording", |event, place| {
        session.apply(event, place);
        session.let_go(&mut see);
    })
    .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    session.end_of_recording();
    session.let_go_of_all(&mut see);
    if let Some(counting) = &mut counting {
        counting.definitions(&mut session);
    }
    Ok(Seen { session, look, bodies })
}

/// The same of a file, or of standard input.
///
/// # Errors
/// Why it cannot be read, for people.
pub(super) fn seen_file(file: &Path, profile: Option<&Profile>) -> Result<Seen, String> {
    seen(&mut open(file)?, file, profile, |_, _, _| ())
}

/// Reads a recording to its end, keeps its calls, and counts its tokens for a family of models, if there is one, with bars that
/// say how far that is. Also returns the file in which the bodies of its messages stand.
///
/// # Errors
/// Why it cannot be read, for people.
pub(super) fn session_and_bodies(
    file: &Path,
    profile: Option<&Profile>,
) -> Result<(Session, Bodies), String> {
    session_of(&mut open(file)?, file, profile)
}

/// The same of a recording that is open already; `file` is what it is called.
///
/// # Errors
/// Why it cannot be read, for people.
pub(super) fn session_of(
    reader: &mut Reader,
    file: &Path,
    profile: Option<&Profile>,
) -> Result<(Session, Bodies), String> {
    let mut session = Session::new(reader.header().clone());
    through_places(reader, "reading the recording", |event, place| session.apply(event, place))
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    session.end_of_recording();
    let bodies = reader.bodies();
    if let Some(profile) = profile {
        let mut bar = Progress::of("counting tokens");
        feed::count_telling(&mut session, &bodies, profile.clone(), |done, whole| {
            bar.at(done, whole);
        });
    }
    Ok((session, bodies))
}

/// Which rules would have saved something, with a bar that says how far that is; says so if events cannot be read.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn advise(reader: &mut Reader, profile: &Profile) -> io::Result<Vec<Proposal>> {
    let mut bar = None;
    let turn = |pass, far: Far| {
        let (known, drawn) = bar.get_or_insert_with(|| (pass, Progress::of(bar_words(pass))));
        if *known != pass {
            (*known, *drawn) = (pass, Progress::of(bar_words(pass)));
        }
        drawn.at(far.done_bytes, far.whole_bytes);
    };
    let proposals = feed::advise(reader, profile, |_, _| ControlFlow::Continue(()), turn)?;
    drop(bar);
    complain_of_damage(reader);
    Ok(proposals.expect("nobody breaks it off"))
}

fn bar_words(pass: Pass) -> &'static str {
    match pass {
        Pass::Looking => "looking for what repeats",
        Pass::Trying => "trying rules",
    }
}

fn complain_of_damage(reader: &Reader) {
    if let Some(damage) = reader.damaged().in_words() {
        complain(&damage);
    }
}

/// The family of models that was asked for: by its name, or by how many of its tokens there are for each of `o200k_base`.
///
/// # Errors
/// If there is none of this name, or such a factor makes no sense.
pub(super) fn profile(name: Option<&str>) -> Result<Profile, String> {
    let Some(name) = name else { return Ok(Profile::default()) };
    if name.parse::<f64>().is_ok() {
        return factor(name)
            .map(|factor| Profile::custom(Factors::uniform(factor), None))
            .map_err(|why| format!("{name} as a factor for tokens: it {why}"));
    }
    Profile::named(name).map_err(|error| error.to_string())
}
