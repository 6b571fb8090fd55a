//! What mcptop promises, tried from outside: one binary, one module per kind of promise.

#[cfg(unix)]
mod endings;
#[cfg(unix)]
mod rig;
mod tidy;
#[cfg(unix)]
mod transparency;
