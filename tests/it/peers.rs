//! The official clients and real servers see no difference when `mcptop` stands between them.
//!
//! Knows nothing of how the proxy works: it starts the real programs twice, without and with `mcptop wrap` in front
//! of the server's command, and compares what came out.

mod audit;
mod bytes;
mod clients;
#[cfg(target_os = "linux")]
mod configured;
mod conformance;
pub(crate) mod http;
pub(crate) mod install;
mod orphans;
mod recordings;
mod replay;
mod report;
mod rerun;
mod rules;
mod run;
mod rust_client;
mod rust_server;
mod scenario;

use clients::Client;
use http::{Server, Through};
use scenario::Scenario;

/// Plays the server's scenario with every client in every era both speak, direct and wrapped, and compares.
fn every_client_sees_the_same(server: &str) {
    let scenario = Scenario::load(server);
    for client in Client::ALL {
        for era in client.eras().iter().filter(|era| scenario.eras.contains(era)) {
            run::compare(&scenario, client, *era);
        }
    }
}

#[test]
fn every_client_sees_the_same_of_server_everything_through_wrap() {
    every_client_sees_the_same("everything");
}

#[test]
fn every_client_sees_the_same_of_server_filesystem_through_wrap() {
    every_client_sees_the_same("filesystem");
}

#[test]
fn every_client_sees_the_same_of_server_memory_through_wrap() {
    every_client_sees_the_same("memory");
}

#[test]
fn every_client_sees_the_same_of_mcp_server_git_through_wrap_in_both_eras() {
    every_client_sees_the_same("git");
}

#[test]
fn every_client_sees_the_same_of_mcp_server_time_through_wrap_in_both_eras() {
    every_client_sees_the_same("time");
}

#[test]
fn every_client_sees_the_same_of_a_server_with_600_kb_of_schemas_and_noise_on_stdout_through_wrap() {
    every_client_sees_the_same("azure");
}

#[test]
fn every_client_sees_the_same_of_a_server_with_fat_schemas_through_wrap() {
    every_client_sees_the_same("notion");
}

#[test]
fn every_client_sees_the_same_of_playwright_mcp_through_wrap() {
    every_client_sees_the_same("playwright");
}

/// The same over HTTP, without and with mcptop in between.
fn every_client_sees_the_same_over_http(scenario: &str, server: Server, through: Through) {
    let scenario = Scenario::load(scenario);
    for client in Client::ALL {
        for era in client.eras().iter().filter(|era| scenario.eras.contains(era)) {
            http::compare(&scenario, server, client, *era, through);
        }
    }
}

#[test]
fn every_client_sees_the_same_of_server_everything_through_serve() {
    every_client_sees_the_same_over_http("everything", Server::Own, Through::Serve);
}

#[test]
fn every_client_sees_the_same_of_a_python_server_through_serve_in_both_eras() {
    every_client_sees_the_same_over_http("tides", Server::Own, Through::Serve);
}

#[test]
fn every_client_sees_the_same_of_a_rust_server_through_serve_in_both_eras() {
    every_client_sees_the_same_over_http("tides", Server::At(rust_server::url()), Through::Serve);
}

#[test]
fn every_client_sees_the_same_of_playwright_mcp_through_serve() {
    every_client_sees_the_same_over_http("playwright", Server::Own, Through::Serve);
}

#[test]
fn every_stdio_client_sees_of_a_remote_rust_server_what_it_sees_over_http_in_both_eras() {
    every_client_sees_the_same_over_http("tides", Server::At(rust_server::url()), Through::Wrap);
}

#[test]
fn every_stdio_client_sees_of_a_remote_server_everything_what_it_sees_over_http() {
    every_client_sees_the_same_over_http("everything", Server::Own, Through::Wrap);
}

#[test]
fn every_stdio_client_sees_of_a_remote_python_server_what_it_sees_over_http_in_both_eras() {
    every_client_sees_the_same_over_http("tides", Server::Own, Through::Wrap);
}

/// The same over stdio, and over HTTP with `mcptop serve` in front of the server's command.
fn every_client_sees_the_same_over_a_bridge(server: &str) {
    let scenario = Scenario::load(server);
    for client in Client::ALL {
        for era in client.eras().iter().filter(|era| scenario.eras.contains(era)) {
            http::compare_bridged(&scenario, client, *era);
        }
    }
}

#[test]
fn every_client_sees_the_same_of_server_everything_over_stdio_and_over_a_bridge() {
    every_client_sees_the_same_over_a_bridge("everything");
}

#[test]
fn every_client_sees_the_same_of_mcp_server_time_over_stdio_and_over_a_bridge_in_both_eras() {
    every_client_sees_the_same_over_a_bridge("time");
}

#[test]
fn every_client_sees_the_same_of_mcp_server_git_over_stdio_and_over_a_bridge_in_both_eras() {
    every_client_sees_the_same_over_a_bridge("git");
}

#[test]
fn every_client_sees_the_same_of_server_filesystem_over_stdio_and_over_a_bridge() {
    every_client_sees_the_same_over_a_bridge("filesystem");
}

#[test]
fn every_client_sees_the_same_of_a_server_with_600_kb_of_schemas_over_stdio_and_over_a_bridge() {
    every_client_sees_the_same_over_a_bridge("azure");
}

#[test]
fn the_raw_bytes_of_every_tools_list_are_the_same_through_wrap() {
    for server in Scenario::NAMES {
        let scenario = Scenario::load(server);
        for era in &scenario.eras {
            bytes::compare(&scenario, *era);
        }
    }
}
