//! The descriptors bytes come from and go to, as they come: pipes, sockets, terminals, files, null devices.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{Ends, Input, Output, Reader, ServerEnds};
#[cfg(windows)]
pub(super) use windows::{Ends, Input, Output, Reader, ServerEnds};
