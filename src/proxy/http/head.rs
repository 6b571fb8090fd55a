//! Heads as they are passed on: the same fields in the same order, but for those that concern one connection.
//!
//! Pure: fields in, bytes out.

use std::ops::Range;

use super::fields::Fields;
use super::front::TOKEN_FIELD;
use super::target::Target;
use crate::wire::http::{Headers, Request, Response, is_hop_by_hop};

/// What of a request's head is ours.
pub(super) struct Ours<'a> {
    /// Fields the user adds.
    pub(super) fields: &'a Fields,
    /// Whether the client's token is for us.
    pub(super) keeps_token: bool,
}

/// Writes the head of a request for the server: our client's, with the server's own name as its host.
/// `ours` are fields that replace the client's, and its token is left out where that is for us. Says where in `out` the
/// server's name stands.
pub(super) fn write_request(
    out: &mut Vec<u8>,
    request: &Request<'_>,
    authority: &str,
    ours: &Ours<'_>,
) -> Range<usize> {
    out.extend_from_slice(request.method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(request.target.as_bytes());
    out.extend_from_slice(if request.minor == 0 { b" HTTP/1.0\r\n" } else { b" HTTP/1.1\r\n" });
    let named_at = write_fields(out, &request.headers, |name| {
        let is_for_us = ours.keeps_token && name.eq_ignore_ascii_case(TOKEN_FIELD);
        if ours.fields.replaces(name) || is_for_us {
            Passed::Not
        } else if name.eq_ignore_ascii_case("host") {
            Passed::As(authority.as_bytes())
        } else {
            Passed::AsItIs
        }
    });
    for (name, value) in ours.fields.iter() {
        for piece in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(piece.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
    named_at
}

/// Writes the head of a response of `server` for the client; `closes` says that the connection ends with it.
///
/// A redirection within the server's own origin becomes one within ours: clients follow no other with what they know
/// of us, and would else go past us.
pub(super) fn write_response(out: &mut Vec<u8>, response: &Response<'_>, server: &Target, closes: bool) {
    out.extend_from_slice(if response.minor == 0 { b"HTTP/1.0 " } else { b"HTTP/1.1 " });
    out.extend_from_slice(response.status.to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(response.reason.as_bytes());
    out.extend_from_slice(b"\r\n");
    let location = response.headers.text("location").filter(|_| matches!(response.status, 300..400));
    let path = location.and_then(|location| server.path_of_own(location));
    write_fields(out, &response.headers, |name| match path {
        Some(path) if name.eq_ignore_ascii_case("location") => Passed::As(path.as_bytes()),
        _ => Passed::AsItIs,
    });
    if closes {
        out.extend_from_slice(b"Connection: close\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// What becomes of a field.
enum Passed<'a> {
    AsItIs,
    /// With this value.
    As(&'a [u8]),
    Not,
}

/// Says where in `out` a value stands that was replaced.
fn write_fields<'a>(
    out: &mut Vec<u8>,
    headers: &Headers<'_>,
    passed: impl Fn(&str) -> Passed<'a>,
) -> Range<usize> {
    let named: Vec<&str> = headers.words("connection").collect();
    let mut replaced_at = 0..0;
    for (name, value) in headers.iter().filter(|(name, _)| !is_hop_by_hop(name, &named)) {
        let (value, is_replaced) = match passed(name) {
            Passed::AsItIs => (value, false),
            Passed::As(value) => (value, true),
            Passed::Not => continue,
        };
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        if is_replaced {
            replaced_at = out.len()..out.len() + value.len();
        }
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    replaced_at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::http::{request, response};
    use proptest::prelude::*;

    fn passed_on(head: &str) -> String {
        let mut out = Vec::new();
        let ours = Ours { fields: &Fields::default(), keeps_token: false };
        write_request(&mut out, &request(head.as_bytes()).unwrap().unwrap().0, "upstream:3000", &ours);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_concerns_one_connection_is_left_out_and_nothing_else() {
        assert_eq!(
            passed_on(
                "POST /mcp?a=%20b HTTP/1.1\r\nhOsT: localhost:7080\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\
                 Keep-Alive: timeout=5\r\nTE: trailers\r\nMcp-Session-Id: AbC\r\naccept: a\r\nAccept: b\r\n\
                 Mcp-Param-X: =?base64?w6k=?=\r\nContent-Length: 2\r\n\r\n"
            ),
            "POST /mcp?a=%20b HTTP/1.1\r\nhOsT: upstream:3000\r\nMcp-Session-Id: AbC\r\naccept: a\r\nAccept: b\r\n\
             Mcp-Param-X: =?base64?w6k=?=\r\nContent-Length: 2\r\n\r\n"
        );
        let head = b"HTTP/1.1 202 Accepted, so\r\nConnection: keep-alive\r\nRetry-After: 3\r\n\r\n";
        let mut out = Vec::new();
        let server = Target::parse("http://upstream:3000/mcp").unwrap();
        write_response(&mut out, &response(head).unwrap().unwrap().0, &server, true);
        assert_eq!(out, b"HTTP/1.1 202 Accepted, so\r\nRetry-After: 3\r\nConnection: close\r\n\r\n");
    }

    proptest! {
        #[test]
        fn all_but_the_host_is_passed_on_byte_for_byte(
            fields in proptest::collection::vec(("X-[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}", "[!-~é]([ -~\té]{0,20}[!-~é])?"), 0..12),
        ) {
            let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let lines = lines.concat();
            let head = format!("GET /mcp HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
            prop_assert_eq!(passed_on(&head), head.replacen("Host: a", "Host: upstream:3000", 1));
        }
    }
}
