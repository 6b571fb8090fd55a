//! Long recordings, whose calls are let go of while they are read: what is said of them is what is said of sessions that keep
//! every call.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use mcptop::insight::Simulation;
use mcptop::insight::figures::{Figures, Look};
use mcptop::model::Session;
use mcptop::record::{Bodies, Reader};
use mcptop::rules::Ruleset;
use mcptop::tokens::Profile;
use mcptop::trace::{Event, Fact, Micros, Place, write_event, write_header};
use mcptop::ui::feed::{CountOne, Played, count_all};

/// More calls than are let go of at once.
const CALLS_MIN: usize = 9_000;

/// A recording of a real session that goes on and on: the same again until there are many calls.
fn long(name: &str) -> Bodies {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("recordings/{name}.mcp.jsonl"));
    let file = tempfile::tempfile().unwrap();
    let mut out = BufWriter::new(file.try_clone().unwrap());
    let mut line = Vec::new();
    write_header(&mut line, Reader::open(&path).unwrap().header());
    out.write_all(&line).unwrap();
    let (mut begins, mut calls) = (0, 0);
    while calls < CALLS_MIN {
        let mut reader = Reader::open(&path).unwrap();
        let mut session = Session::new(reader.header().clone());
        let mut copy = |event: &Event<'_>, place: Place| {
            session.apply(event, place);
            if !matches!(event.fact, Fact::Ended { .. } | Fact::Closed { .. }) {
                line.clear();
                let at = Micros(begins + event.at.0);
                write_event(&mut line, &Event { at, fact: event.fact.clone() });
                out.write_all(&line).unwrap();
            }
        };
        while !reader.read(usize::MAX, &mut copy).unwrap().at_end {}
        begins += session.last_event().0;
        calls += session.operations().len();
    }
    out.flush().unwrap();
    Bodies::of(file)
}

/// What a session says that has nothing to do with single calls.
fn said(session: &Session) -> String {
    let (totals, rows, rules) = (session.totals(), session.rows(), session.rules().all());
    let (definitions, saved) = (session.definitions(), session.saved());
    let contexts = [false, true].map(|wire| session.context(wire));
    format!("{totals:?}\n{rows:?}\n{rules:?}\n{definitions:?}\n{saved:?}\n{contexts:?}\n{:?}", session.log())
}

fn figures_said(figures: &Figures<'_>) -> String {
    let Figures { session, totals: _, tools, others, calls, latency_us, timeline, slowest, fattest } =
        figures;
    let parts = (tools, others, calls, latency_us, timeline, slowest, fattest);
    format!("{}\n{parts:?}", said(session))
}

#[test]
fn figures_of_a_long_recording_are_the_same_whether_its_calls_are_kept_or_not() {
    let bodies = long("everything");
    let mut reader = Reader::again(&bodies).unwrap();
    let mut kept = Session::new(reader.header().clone());
    while !reader.read(usize::MAX, &mut |event, place| kept.apply(event, place)).unwrap().at_end {}
    kept.end_of_recording();
    count_all(&mut kept, &bodies, Profile::default());

    let mut reader = Reader::again(&bodies).unwrap();
    let mut session = Session::new(reader.header().clone());
    let mut counting = CountOne::new(bodies, Profile::default());
    let (mut look, mut most) = (Look::default(), 0);
    let mut see = |session: &mut Session, id| {
        counting.call(session, id);
        look.take(session, id, session.operation(id).unwrap());
    };
    let mut step = |event: &Event<'_>, place| {
        session.apply(event, place);
        session.let_go(&mut see);
        most = most.max(session.operations().len());
    };
    while !reader.read(usize::MAX, &mut step).unwrap().at_end {}
    session.end_of_recording();
    session.let_go_of_all(&mut see);
    counting.definitions(&mut session);
    assert!(most < kept.operations().len() && look.seen() == kept.operations().len());
    assert!(figures_said(&Figures::seen(&session, look)) == figures_said(&Figures::of(&kept)));
}

/// With a cache, answers that are changed and others that only would be, and requests that are held.
const RULES: &str = r#"
[[rule]]
name = "cache"
match = { tool = "e*" }
cache = { ttl = "1m", unsafe = true }
coalesce = true

[[rule]]
name = "shorter"
match = { tool = "*" }
limit = { bytes = "300B", over = "truncate" }

[[rule]]
name = "would"
mode = "observe"
limit = { bytes = "100B", over = "truncate" }

[[rule]]
name = "slow"
match = { tool = "a*" }
delay = "20ms"
"#;

#[test]
fn a_long_session_played_again_is_counted_on_the_way_as_it_is_at_its_end() {
    let bodies = long("everything");
    let mut reader = Reader::again(&bodies).unwrap();
    let rules = Ruleset::parse(RULES).unwrap();
    let mut played = Played::new(reader.header(), None, Profile::default()).unwrap();
    let mut kept = Session::new(reader.header().clone());
    let file = tempfile::tempfile().unwrap();
    let mut out = BufWriter::new(File::try_clone(&file).unwrap());
    let mut line = Vec::new();
    write_header(&mut line, reader.header());
    out.write_all(&line).unwrap();
    let mut at_bytes = line.len() as u64;
    let see = |event: &Event<'_>| {
        played.take(event);
        line.clear();
        write_event(&mut line, event);
        let len_bytes = u32::try_from(line.len() - 1).unwrap();
        kept.apply(event, Place { offset_bytes: at_bytes, len_bytes });
        out.write_all(&line).unwrap();
        at_bytes += line.len() as u64;
    };
    let label = reader.header().label.clone();
    let mut simulation = Simulation::new(&label, &rules, RULES, || 0, see);
    while !reader.read(usize::MAX, &mut |event, _| simulation.apply(event)).unwrap().at_end {}
    let _ = simulation.finish();
    out.flush().unwrap();
    kept.end_of_recording();
    count_all(&mut kept, &Bodies::of(file), Profile::default());
    let session = played.finish().unwrap();
    assert!(session.operations().is_empty() && kept.operations().len() >= CALLS_MIN);
    assert!(session.saved().model > 0 && session.totals().cache_hits > 0);
    assert!(said(&session) == said(&kept));
}
