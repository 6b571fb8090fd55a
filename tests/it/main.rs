//! What mcptop promises, tried from outside: one binary, one module per kind of promise.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod advise;
#[cfg(target_os = "linux")]
mod bridge;
#[cfg(target_os = "linux")]
mod checklist;
#[cfg(unix)]
mod endings;
#[cfg(target_os = "linux")]
mod instances;
#[cfg(unix)]
mod live;
mod model;
#[cfg(target_os = "linux")]
mod nginx;
#[cfg(unix)]
mod peers;
mod pictures;
#[cfg(target_os = "linux")]
mod pooled;
#[cfg(unix)]
mod recording;
#[cfg(unix)]
mod remote;
#[cfg(unix)]
mod rig;
mod rule_screens;
#[cfg(unix)]
mod ruled_again;
#[cfg(unix)]
mod rules;
mod rules_doc;
#[cfg(unix)]
mod rules_live;
mod screens;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(unix)]
mod serve_live;
#[cfg(target_os = "linux")]
mod serve_packed;
#[cfg(target_os = "linux")]
mod serve_rules;
#[cfg(target_os = "linux")]
mod serve_tls;
mod simulate;
#[cfg(unix)]
mod stores;
#[cfg(target_os = "linux")]
mod streams;
#[cfg(unix)]
mod terminal;
mod tidy;
mod tokens;
#[cfg(unix)]
mod transparency;
