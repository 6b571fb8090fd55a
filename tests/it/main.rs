//! What mcptop promises, tried from outside: one binary, one module per kind of promise.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod advise;
#[cfg(unix)]
mod audit;
#[cfg(target_os = "linux")]
mod bridge;
mod check;
#[cfg(target_os = "linux")]
mod checklist;
#[cfg(target_os = "linux")]
mod clients;
mod config;
mod contrast;
mod diff;
#[cfg(unix)]
mod doctor;
#[cfg(target_os = "linux")]
mod documented;
mod endings;
#[cfg(unix)]
mod export;
mod help;
#[cfg(target_os = "linux")]
mod instances;
mod let_go;
#[cfg(unix)]
mod live;
mod made;
mod mcp;
#[cfg(target_os = "linux")]
mod messages;
mod model;
#[cfg(target_os = "linux")]
mod nginx;
#[cfg(unix)]
mod peers;
mod pictures;
#[cfg(unix)]
mod playing;
#[cfg(target_os = "linux")]
mod pooled;
#[cfg(unix)]
mod print;
#[cfg(unix)]
mod recording;
#[cfg(unix)]
mod recordings_command;
#[cfg(unix)]
mod reference;
mod remote;
#[cfg(unix)]
mod replay;
#[cfg(unix)]
mod report;
mod rerun;
mod resend;
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
#[cfg(target_os = "linux")]
mod rules_remote;
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
#[cfg(unix)]
mod side_by_side;
mod simulate;
mod status;
mod stores;
#[cfg(target_os = "linux")]
mod streams;
#[cfg(unix)]
mod terminal;
mod tidy;
mod tokens;
#[cfg(unix)]
mod transparency;
