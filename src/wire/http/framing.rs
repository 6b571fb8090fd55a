//! Where a body ends, by the rules of RFC 9112 section 6, and which fields concern one connection only.
//!
//! Knows nothing of the body's bytes.

use super::head::{HeadError, Headers, Request, Response};

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    Empty,
    /// After so many bytes.
    Length(u64),
    /// With the chunk of length zero and its trailers.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// The fields that concern one connection only (RFC 9110 section 7.6.1), besides those that `Connection` names.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
];

/// Whether a field concerns one connection only and is not passed on; `named` says what the `Connection` field lists.
/// `Transfer-Encoding` is such a field too, but stays with a body that stays framed as it is.
#[must_use]
pub fn is_hop_by_hop(name: &str, named: &[&str]) -> bool {
    // A Connection field that names what frames or addresses the message would take that away.
    const KEPT: [&str; 3] = ["transfer-encoding", "content-length", "host"];
    let is = |known: &&str| name.eq_ignore_ascii_case(known);
    HOP_BY_HOP.iter().any(is) || (named.iter().any(is) && !KEPT.iter().any(is))
}

impl Request<'_> {
    /// Where the request's body ends.
    ///
    /// # Errors
    /// If its fields contradict each other, or are such that readers might disagree.
    pub fn framing(&self) -> Result<Framing, HeadError> {
        Ok(declared(&self.headers, self.minor)?.unwrap_or(Framing::Empty))
    }

    /// Whether the client means to use the connection again.
    #[must_use]
    pub fn keeps_alive(&self) -> bool {
        keeps_alive(&self.headers, self.minor)
    }
}

impl Response<'_> {
    /// Where the body of a response to this method ends.
    ///
    /// # Errors
    /// If its fields contradict each other, or are such that readers might disagree.
    pub fn framing(&self, request_method: &str) -> Result<Framing, HeadError> {
        let declared = declared(&self.headers, self.minor)?;
        if request_method == "HEAD" || matches!(self.status, 100..200 | 204 | 304) {
            return Ok(Framing::Empty);
        }
        Ok(declared.unwrap_or(Framing::UntilClose))
    }

    /// Whether the server means to use the connection again.
    #[must_use]
    pub fn keeps_alive(&self) -> bool {
        keeps_alive(&self.headers, self.minor)
    }

    /// Whether the real response is still to come.
    #[must_use]
    pub fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..200)
    }
}

fn declared(headers: &Headers<'_>, minor: u8) -> Result<Option<Framing>, HeadError> {
    let encodings = headers.count("transfer-encoding");
    let lengths = headers.count("content-length");
    if encodings > 0 {
        if lengths > 0 {
            return Err(HeadError::Malformed("both Transfer-Encoding and Content-Length are given"));
        }
        if minor == 0 {
            return Err(HeadError::Malformed("HTTP/1.0 knows no Transfer-Encoding"));
        }
        let is_chunked =
            headers.first("transfer-encoding").is_some_and(|it| it.eq_ignore_ascii_case(b"chunked"));
        if encodings > 1 || !is_chunked {
            return Err(HeadError::Malformed("the Transfer-Encoding is not just \"chunked\""));
        }
        return Ok(Some(Framing::Chunked));
    }
    // Equal ones might be taken as one; but who sends several means readers to disagree.
    if lengths > 1 {
        return Err(HeadError::Malformed("several Content-Lengths are given"));
    }
    let Some(digits) = headers.first("content-length") else { return Ok(None) };
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(digits).ok().filter(|_| is_number).and_then(|text| text.parse().ok());
    number
        .map(|length| Some(Framing::Length(length)))
        .ok_or(HeadError::Malformed("the Content-Length is not a number"))
}

fn keeps_alive(headers: &Headers<'_>, minor: u8) -> bool {
    let says = |wanted: &str| headers.words("connection").any(|word| word.eq_ignore_ascii_case(wanted));
    if minor == 0 { says("keep-alive") } else { !says("close") }
}

#[cfg(test)]
mod tests {
    use super::super::{request, response};
    use super::*;

    fn of(fields: &str) -> Result<Framing, HeadError> {
        let head = format!("POST / HTTP/1.1\r\n{fields}\r\n");
        request(head.as_bytes()).unwrap().unwrap().0.framing()
    }

    #[test]
    fn a_request_ends_where_its_fields_say() {
        assert_eq!(of(""), Ok(Framing::Empty));
        assert_eq!(of("Content-Length: 12\r\n"), Ok(Framing::Length(12)));
        assert_eq!(of("Content-Length: \t 12 \r\n"), Ok(Framing::Length(12)));
        assert_eq!(of("Transfer-Encoding: Chunked\r\n"), Ok(Framing::Chunked));
        for bad in [
            "Content-Length: 1\r\nContent-Length: 2\r\n",
            "Content-Length: 1\r\ncontent-length: 1\r\n",
            "Content-Length: 1, 1\r\n",
            "Content-Length: +1\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 0x1\r\n",
            "Content-Length: \r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: \u{a0}chunked\r\n",
            "Transfer-Encoding: \u{3000}chunked\r\n",
            "Transfer-Encoding: chunked\u{85}\r\n",
        ] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_response_ends_with_what_it_answers_in_mind() {
        let framing = |head: &str, method: &str| {
            response(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes()).unwrap().unwrap().0.framing(method)
        };
        assert_eq!(framing("200 OK", "POST"), Ok(Framing::UntilClose));
        assert_eq!(framing("200 OK\r\nContent-Length: 5", "POST"), Ok(Framing::Length(5)));
        assert_eq!(framing("200 OK\r\nContent-Length: 5", "HEAD"), Ok(Framing::Empty));
        assert_eq!(framing("204 No", "POST"), Ok(Framing::Empty));
        assert_eq!(framing("304 No\r\nContent-Length: 5", "GET"), Ok(Framing::Empty));
        assert_eq!(framing("100 Continue", "POST"), Ok(Framing::Empty));
        assert_eq!(framing("200 OK\r\nTransfer-Encoding: chunked", "POST"), Ok(Framing::Chunked));
        assert!(framing("200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3", "POST").is_err());
    }

    #[test]
    fn connections_are_kept_as_their_version_has_it() {
        let keeps = |head: &str| {
            response(format!("HTTP/{head}\r\n\r\n").as_bytes()).unwrap().unwrap().0.keeps_alive()
        };
        assert!(keeps("1.1 200 OK") && !keeps("1.1 200 OK\r\nConnection: x, Close"));
        assert!(!keeps("1.0 200 OK") && keeps("1.0 200 OK\r\nConnection: keep-alive"));
    }

    #[test]
    fn fields_of_one_connection_are_those_the_specification_names() {
        assert!(
            is_hop_by_hop("Connection", &[]) && is_hop_by_hop("keep-alive", &[]) && is_hop_by_hop("TE", &[])
        );
        assert!(is_hop_by_hop("X-Mine", &["x-mine"]));
        for kept in ["Host", "Content-Length", "Transfer-Encoding"] {
            assert!(!is_hop_by_hop(kept, &["host", "content-length", "transfer-encoding"]), "{kept}");
        }
        for kept in ["Mcp-Session-Id", "Authorization", "WWW-Authenticate", "Retry-After", "Origin"] {
            assert!(!is_hop_by_hop(kept, &[]), "{kept}");
        }
    }
}
