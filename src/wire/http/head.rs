//! The head of a request or response: its first line and its fields, as they came.
//!
//! `httparse` reads them; what it lets pass and a proxy must not is refused here.

use thiserror::Error;

/// The longest head that is read, in bytes.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The most fields a head may have.
pub const HEADERS_MAX: usize = 128;

/// Why a head cannot be read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum HeadError {
    /// It does not end within [`HEAD_BYTES_MAX`].
    #[error("the head is longer than {} KB", HEAD_BYTES_MAX / 1024)]
    TooLong,
    /// It has more than [`HEADERS_MAX`] fields.
    #[error("the head has more than {HEADERS_MAX} fields")]
    TooManyHeaders,
    /// It breaks the rules.
    #[error("{0}")]
    Malformed(&'static str),
}

/// The fields of a head in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers<'a>(Vec<(&'a str, &'a [u8])>);

impl<'a> Headers<'a> {
    fn new(parsed: &[httparse::Header<'a>]) -> Self {
        Self(parsed.iter().map(|header| (header.name, trimmed(header.value))).collect())
    }

    /// Fields that somebody else has read.
    pub fn of(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        Self(fields.map(|(name, value)| (name, trimmed(value))).collect())
    }

    /// Each name and value, as they came but for the white space around the value.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a [u8])> {
        self.0.iter().copied()
    }

    /// The values of a field; names are told apart without regard to case.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The first value of a field.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The first value of a field as text; `None` also if it is not UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.first(name)?).ok()
    }

    /// How often a field stands there.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.all(name).count()
    }

    /// The words of a field that is a list, over all its lines (RFC 9110 section 5.6.1).
    pub fn words(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.all(name)
            .filter_map(|value| std::str::from_utf8(value).ok())
            .flat_map(|value| value.split(','))
            .map(|word| word.trim_matches(BLANK))
            .filter(|word| !word.is_empty())
    }

    /// How the body is compressed: the codings of `Content-Encoding` in the order in which they were applied, in small
    /// letters and with commas between them; empty if there is none (RFC 9110 section 8.4).
    #[must_use]
    pub fn encoding(&self) -> String {
        let codings = self.words("content-encoding").map(str::to_ascii_lowercase);
        codings.filter(|coding| coding != "identity").collect::<Vec<_>>().join(", ")
    }
}

/// The white space of HTTP (RFC 9110 section 5.6.3). What Unicode counts as such besides belongs to the value: a
/// reader that takes it away sees another value than one that does not.
const BLANK: [char; 2] = [' ', '\t'];

fn trimmed(value: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let begin = value.iter().position(|byte| !is_blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_blank(byte)).map_or(begin, |at| at + 1);
    &value[begin..end]
}

/// The head of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The method, in the case it came in.
    pub method: &'a str,
    /// The request target.
    pub target: &'a str,
    /// The version is HTTP/1.`minor`.
    pub minor: u8,
    /// The fields.
    pub headers: Headers<'a>,
}

/// The head of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// The status code.
    pub status: u16,
    /// The words behind it.
    pub reason: &'a str,
    /// The version is HTTP/1.`minor`.
    pub minor: u8,
    /// The fields.
    pub headers: Headers<'a>,
}

/// Reads the head of a request at the beginning of `bytes`, and how long it is with its blank line; `None` if more
/// bytes are needed.
///
/// # Errors
/// If it is no head, or longer than is read.
pub fn request(bytes: &[u8]) -> Result<Option<(Request<'_>, usize)>, HeadError> {
    let mut fields = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut fields);
    let Some(len_bytes) = length(head.parse(bytes), bytes)? else { return Ok(None) };
    let whole = HeadError::Malformed("the request line is incomplete");
    let (method, target) = (head.method.ok_or(whole)?, head.path.ok_or(whole)?);
    let headers = Headers::new(head.headers);
    Ok(Some((Request { method, target, minor: head.version.ok_or(whole)?, headers }, len_bytes)))
}

/// The same for a response.
///
/// # Errors
/// If it is no head, or longer than is read.
pub fn response(bytes: &[u8]) -> Result<Option<(Response<'_>, usize)>, HeadError> {
    let mut fields = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut fields);
    let Some(len_bytes) = length(head.parse(bytes), bytes)? else { return Ok(None) };
    let whole = HeadError::Malformed("the status line is incomplete");
    let headers = Headers::new(head.headers);
    let (status, minor) = (head.code.ok_or(whole)?, head.version.ok_or(whole)?);
    Ok(Some((Response { status, reason: head.reason.unwrap_or_default(), minor, headers }, len_bytes)))
}

/// How long a head is; `None` while it has no end.
fn length(
    parsed: Result<httparse::Status<usize>, httparse::Error>,
    bytes: &[u8],
) -> Result<Option<usize>, HeadError> {
    match parsed {
        Ok(httparse::Status::Complete(len_bytes)) if len_bytes > HEAD_BYTES_MAX => Err(HeadError::TooLong),
        Ok(httparse::Status::Complete(len_bytes)) => Ok(Some(len_bytes)),
        Ok(httparse::Status::Partial) if bytes.len() >= HEAD_BYTES_MAX => Err(HeadError::TooLong),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(error) => Err(match error {
            httparse::Error::HeaderName => HeadError::Malformed("a field's name is not one"),
            httparse::Error::HeaderValue => HeadError::Malformed("a field's value holds a control character"),
            httparse::Error::NewLine => HeadError::Malformed("a line of the head does not end as lines do"),
            httparse::Error::Status => HeadError::Malformed("the status code is not one"),
            httparse::Error::Token => HeadError::Malformed("this is not HTTP"),
            httparse::Error::TooManyHeaders => HeadError::TooManyHeaders,
            httparse::Error::Version => HeadError::Malformed("this is not HTTP/1.0 or HTTP/1.1"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &[u8] = b"POST /mcp?a=1 HTTP/1.1\r\nHost: h:1\r\nX-Y:  a, b \r\nx-y: c\r\n\r\nbody";

    #[test]
    fn a_head_is_read_as_it_came() {
        let (head, len_bytes) = request(HEAD).unwrap().unwrap();
        assert_eq!((head.method, head.target, head.minor), ("POST", "/mcp?a=1", 1));
        assert_eq!(&HEAD[len_bytes..], b"body");
        assert_eq!(head.headers.text("x-Y"), Some("a, b"));
        assert_eq!(head.headers.count("X-Y"), 2);
        assert_eq!(head.headers.words("x-y").collect::<Vec<_>>(), ["a", "b", "c"]);
        let (head, _) = response(b"HTTP/1.1 404 Not Found\r\n\r\n").unwrap().unwrap();
        assert_eq!((head.status, head.reason), (404, "Not Found"));
    }

    #[test]
    fn what_readers_might_disagree_about_is_refused() {
        for bad in [
            &b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\nA : b\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
            b"GET / HTTP/2.0\r\n\r\n",
            b"\x16\x03\x01\x02\x00 tls",
        ] {
            assert!(matches!(request(bad), Err(HeadError::Malformed(_))), "{bad:?}: {:?}", request(bad));
        }
        let long = [b"GET / HTTP/1.1\r\nA: ".to_vec(), vec![b'a'; HEAD_BYTES_MAX]].concat();
        assert_eq!(request(&long), Err(HeadError::TooLong));
        let many = [b"GET / HTTP/1.1\r\n".to_vec(), b"a: b\r\n".repeat(HEADERS_MAX + 1)].concat();
        assert_eq!(request(&many), Err(HeadError::TooManyHeaders));
    }

    #[test]
    fn codings_are_told_in_the_order_in_which_they_were_applied() {
        let of = |fields: &str| {
            let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
            response(head.as_bytes()).unwrap().unwrap().0.headers.encoding()
        };
        assert_eq!(of(""), "");
        assert_eq!(of("Content-Encoding: identity\r\n"), "");
        assert_eq!(of("content-encoding: GZIP\r\n"), "gzip");
        assert_eq!(of("Content-Encoding: deflate , br\r\nContent-Encoding: zstd\r\n"), "deflate, br, zstd");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_no_prefix_is_a_head(bytes in proptest::collection::vec(any::<u8>(), 0..200),
                                                         cut in 0..60_usize) {
            let _ = request(&bytes);
            let _ = response(&bytes);
            let whole = request(HEAD).unwrap().unwrap().1;
            prop_assert_eq!(request(&HEAD[..cut.min(whole - 1)]), Ok(None));
        }
    }
}
