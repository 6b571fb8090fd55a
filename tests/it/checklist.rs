//! What a proxy between MCP peers is known to break, one named test for each kind of breakage.
//!
//! `messages` holds what can happen to any message, tried with every pairing of a front and a back; `heads`, `events`
//! and `connections` what can happen over HTTP; `processes` what can happen to a server that is a child.

mod bridged;
mod carried;
mod clock;
mod connections;
mod events;
mod heads;
mod messages;
mod pairing;
mod processes;
mod revision;
mod ruled;
