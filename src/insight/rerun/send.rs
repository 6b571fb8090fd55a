//! Recorded requests made those of a new session: its ids, its progress tokens, the words the server wants back.
//!
//! What is not named is left as it was written.

use super::echoes::Echoes;
use crate::wire::{Contents, Edit, Message, contents, member, one_line};

/// The recorded request under another id.
pub(super) fn request(text: &str, id: &str, echoes: &Echoes) -> Option<String> {
    let Contents::One(Message::Request { id: recorded, params, .. }) = contents(text.as_bytes()) else {
        return None;
    };
    let mut edit = Edit::of(text);
    edit.replace(recorded, id);
    if let Some(params) = params {
        echoes.edit(&mut edit, params);
        // Tokens have to be unique among the requests of one connection, as ids are.
        let meta = member(params, "_meta");
        if let Some(token) = meta.and_then(|meta| member(meta, "progressToken")) {
            edit.replace(token, id);
        }
    }
    Some(one_line(&edit.finish()).into_owned())
}

/// The recorded reply to a request of the server with this id.
pub(super) fn reply(text: &str, id: &str) -> Option<String> {
    let Contents::One(Message::Result { id: recorded, .. } | Message::Error { id: Some(recorded), .. }) =
        contents(text.as_bytes())
    else {
        return None;
    };
    let mut edit = Edit::of(text);
    edit.replace(recorded, id);
    Some(one_line(&edit.finish()).into_owned())
}

/// The reply to a request of the server to which none was recorded.
pub(super) fn reply_of_our_own(method: &str, id: &str) -> String {
    let result = match method {
        "ping" => "{}",
        "roots/list" => r#"{"roots":[]}"#,
        _ => {
            return format!(
                r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":40400,"message":"the recording has no reply to this"}}}}"#
            );
        }
    };
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

/// A request for the list of tools, spoken as `like` is.
pub(super) fn list(id: &str, like: &str, cursor: Option<&str>) -> String {
    let params = match contents(like.as_bytes()) {
        Contents::One(Message::Request { params, .. }) => params,
        _ => None,
    };
    let meta = params.and_then(|params| member(params, "_meta"));
    let is_modern = |meta: &&str| member(meta, "io.modelcontextprotocol/protocolVersion").is_some();
    let keys = [
        "io.modelcontextprotocol/protocolVersion",
        "io.modelcontextprotocol/clientInfo",
        "io.modelcontextprotocol/clientCapabilities",
    ];
    let meta = meta.filter(is_modern).map(|meta| {
        let members = keys.iter().filter_map(|key| Some(format!("\"{key}\":{}", member(meta, key)?)));
        format!("\"_meta\":{{{}}}", members.collect::<Vec<_>>().join(","))
    });
    let cursor = cursor.map(|cursor| format!("\"cursor\":{cursor}"));
    let members: Vec<String> = meta.into_iter().chain(cursor).collect();
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list","params":{{{}}}}}"#, members.join(","))
}
