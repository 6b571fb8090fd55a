//! Heads as they are passed on: the same fields in the same order, but for those that concern one connection.
//!
//! Pure: fields in, bytes out.

use std::ops::Range;

use super::fields::Fields;
use super::front::TOKEN_FIELD;
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
    let named_at = write_fields(out, &request.headers, Some(authority), |name| {
        ours.fields.replaces(name) || (ours.keeps_token && name.eq_ignore_ascii_case(TOKEN_FIELD))
    });
    for (name, value) in ours.fields.iter() {
        for piece in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(piece.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
    named_at
}

/// Writes the head of a response for the client; `closes` says that the connection ends with it.
pub(super) fn write_response(out: &mut Vec<u8>, response: &Response<'_>, closes: bool) {
    out.extend_from_slice(if response.minor == 0 { b"HTTP/1.0 " } else { b"HTTP/1.1 " });
    out.extend_from_slice(response.status.to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(response.reason.as_bytes());
    out.extend_from_slice(b"\r\n");
    let _ = write_fields(out, &response.headers, None, |_| false);
    if closes {
        out.extend_from_slice(b"Connection: close\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

fn write_fields(
    out: &mut Vec<u8>,
    headers: &Headers<'_>,
    authority: Option<&str>,
    is_dropped: impl Fn(&str) -> bool,
) -> Range<usize> {
    let mut named_at = 0..0;
    let named: Vec<&str> = headers.words("connection").collect();
    for (name, value) in headers.iter() {
        if is_hop_by_hop(name, &named) || is_dropped(name) {
            continue;
        }
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        match authority {
            Some(authority) if name.eq_ignore_ascii_case("host") => {
                named_at = out.len()..out.len() + authority.len();
                out.extend_from_slice(authority.as_bytes());
            }
            _ => out.extend_from_slice(value),
        }
        out.extend_from_slice(b"\r\n");
    }
    named_at
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
        write_response(&mut out, &response(head).unwrap().unwrap().0, true);
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
