//! The server's process and everything it starts, ended together.
//!
//! An `npx → sh → node` chain is three processes; ending the first leaves the others. So the child leads a group of
//! its own (a job object on Windows), and the whole group ends with the session, even when mcptop itself is killed.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{Group, Signals, exit_of};
#[cfg(windows)]
pub(super) use windows::{Group, Signals, exit_of};
