//! What a recording of a session with a real peer must be: whole, and with the bytes that travelled.
//!
//! Knows nothing of the peers.

use std::fs;
use std::path::{Path, PathBuf};

use mcptop::model::Session;
use mcptop::record::Reader;
use mcptop::trace::Fact;
use mcptop::wire::Direction;

/// All recordings of a folder, oldest first.
pub(super) fn of_folder(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// The recording of a session that may have been killed opens.
pub(super) fn opens(recording: &Path) {
    let reader = Reader::open(recording).unwrap();
    assert_eq!(reader.header().format, mcptop::trace::FORMAT_VERSION);
}

/// What a whole recording means.
pub(super) fn read(recording: &Path) -> Session {
    let mut reader = Reader::open(recording).unwrap();
    let mut session = Session::new(reader.header().clone());
    while !reader.read(1 << 20, &mut |event, place| session.apply(event, place)).unwrap().at_end {}
    assert_eq!(reader.damaged().in_words(), None, "{} is damaged", recording.display());
    session
}

/// Opens a recording, which must be whole and tell how the session ended; returns the bytes it holds for the client.
pub(super) fn bytes_to_client(recording: &Path) -> Vec<u8> {
    let mut reader = Reader::open(recording).unwrap();
    let (mut to_client, mut requests, mut ended) = (Vec::new(), 0, 0);
    while !reader
        .read(1 << 20, &mut |event, _| match &event.fact {
            Fact::Message { to: Direction::ToClient, payload, .. } => payload.write_to(&mut to_client),
            Fact::Message { to: Direction::ToServer, .. } => requests += 1,
            Fact::Dropped { .. } => panic!("{} has a gap", recording.display()),
            Fact::Ended { .. } => ended += 1,
            _ => {}
        })
        .unwrap()
        .at_end
    {}
    let name = recording.display();
    assert_eq!(reader.damaged().in_words(), None, "{name} is damaged");
    assert_eq!(ended, 1, "{name} does not say how the session ended");
    assert!(requests > 0 && !to_client.is_empty(), "{name} holds no conversation");
    to_client
}
