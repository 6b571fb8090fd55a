//! What an answer costs: all its JSON on the wire, and the part that a client hands to the model. It does not know
//! which request was answered; the result's own members tell what it is.

use super::count::Count;
use super::counter::Counter;
use super::image::ImageSize;
use super::profile::{AudioRule, ContentKind, Profile, ResultForm};
use super::sound::duration_s_of_base64;
use super::text::{Members, compact, elements, unescape};
use super::tool::tool_list;

/// Blocks listed one by one; all are counted.
pub const BLOCKS_MAX: usize = 1_000;

/// What a part of a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// A text block.
    Text,
    /// `structuredContent`, instead of the text blocks.
    Structured,
    /// An image, priced by size; `None` if its size could not be read.
    Image(Option<ImageSize>),
    /// Audio.
    Audio,
    /// A link to a resource: name, address and description.
    ResourceLink,
    /// The text of a resource.
    ResourceText,
    /// A resource that is neither text nor image nor audio.
    ResourceBlob,
    /// The message of a protocol error.
    Error,
    /// What a server tells the model when a session begins.
    Instructions,
    /// Tool definitions.
    Tools,
    /// A block of an unknown type, counted as compact JSON.
    Other,
}

/// A part of a result as the model gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockTokens {
    /// What it is.
    pub kind: BlockKind,
    /// What it costs the model.
    pub model: Count,
}

/// What an answer costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultTokens {
    /// All JSON, in the profile's tokens.
    pub wire: Count,
    /// What the client hands to the model.
    pub model: Count,
    /// `model` by part, in order; at most [`BLOCKS_MAX`] of them.
    pub blocks: Vec<BlockTokens>,
}

impl ResultTokens {
    fn push(&mut self, kind: BlockKind, model: Count) {
        self.model += model;
        if self.blocks.len() < BLOCKS_MAX {
            self.blocks.push(BlockTokens { kind, model });
        }
    }
}

/// What an answer costs, given as the whole message: a response with `result` or `error`, or a batch of them.
/// Requests and notifications cost the wire only.
pub fn message(counter: &mut Counter, profile: &Profile, message_json: &str) -> ResultTokens {
    let mut tokens = ResultTokens::default();
    let batch = elements(message_json).ok().flatten();
    for one in batch.unwrap_or_else(|| vec![message_json]) {
        let Ok(Some(members)) = Members::of(one) else { continue };
        if let Some(result) = members.get("result") {
            Meter { counter, profile, tokens: &mut tokens }.result(result);
        } else if let Some(error) = members.get("error") {
            Meter { counter, profile, tokens: &mut tokens }.error(error);
        }
    }
    tokens.wire = wire_of(counter, profile, message_json, &tokens.blocks);
    tokens
}

/// What a result costs, given as the JSON of the response's `result` member.
pub fn result(counter: &mut Counter, profile: &Profile, result_json: &str) -> ResultTokens {
    let mut tokens = ResultTokens::default();
    Meter { counter, profile, tokens: &mut tokens }.result(result_json);
    tokens.wire = wire_of(counter, profile, result_json, &tokens.blocks);
    tokens
}

/// All JSON of any other text that travelled, a request for instance, in the profile's tokens.
pub fn wire(counter: &mut Counter, profile: &Profile, json: &str) -> Count {
    wire_of(counter, profile, json, &[])
}

/// Lists of tools are schemas, so that their wire count is that of [`tool_list`].
fn wire_of(counter: &mut Counter, profile: &Profile, json: &str, blocks: &[BlockTokens]) -> Count {
    let tools = blocks.iter().any(|block| block.kind == BlockKind::Tools);
    let kind = if tools { ContentKind::Schemas } else { ContentKind::Results };
    profile.calibrate(kind, counter.count(profile.encoding, json))
}

/// Collects the parts of a result.
struct Meter<'a> {
    counter: &'a mut Counter,
    profile: &'a Profile,
    tokens: &'a mut ResultTokens,
}

impl Meter<'_> {
    fn text(&mut self, text: &str) -> Count {
        let count = self.counter.count(self.profile.encoding, text);
        self.profile.calibrate(ContentKind::of(text), count)
    }

    fn push_text(&mut self, kind: BlockKind, text: &str) {
        let count = self.text(text);
        self.tokens.push(kind, count);
    }

    /// The members tell which method was answered; lists, pings and requests for input do not reach a model.
    fn result(&mut self, json: &str) {
        let Ok(Some(result)) = Members::of(json) else { return };
        if result.get("content").is_some() || result.get("structuredContent").is_some() {
            self.tool_result(&result);
        } else if result.get("tools").is_some() {
            let list = tool_list(self.counter, self.profile, json);
            self.tokens.push(BlockKind::Tools, list.model);
        } else if let Some(contents) = result.get("contents") {
            for resource in list(contents) {
                self.resource(resource);
            }
        } else if let Some(messages) = result.get("messages") {
            for message in list(messages) {
                self.prompt_message(message);
            }
        } else if let Some(instructions) = result.text("instructions") {
            self.push_text(BlockKind::Instructions, &instructions);
        }
    }

    fn tool_result(&mut self, result: &Members<'_>) {
        let structured = match self.profile.results {
            ResultForm::Content => None,
            ResultForm::StructuredWhenPresent if result.get("isError") == Some("true") => None,
            ResultForm::StructuredWhenPresent => result.get("structuredContent"),
        };
        if let Some(structured) = structured {
            self.push_text(BlockKind::Structured, &compact(structured));
        }
        for block in result.get("content").map(list).unwrap_or_default() {
            self.block(block, structured.is_some());
        }
    }

    /// The content of a prompt's message is one block, or several in some servers.
    fn prompt_message(&mut self, json: &str) {
        let Ok(Some(message)) = Members::of(json) else { return };
        let Some(content) = message.get("content") else { return };
        match elements(content) {
            Ok(Some(blocks)) => blocks.into_iter().for_each(|block| self.block(block, false)),
            _ if content.starts_with('"') => self.push_text(BlockKind::Text, &unescape(content)),
            _ => self.block(content, false),
        }
    }

    fn block(&mut self, json: &str, without_text: bool) {
        let block = Members::of(json).ok().flatten().unwrap_or_default();
        match block.text("type").as_deref() {
            Some("text") if without_text => {}
            Some("text") => match block.text("text") {
                Some(text) => self.push_text(BlockKind::Text, &text),
                None => self.other(json),
            },
            Some("image") => self.image(&block, "data"),
            Some("audio") => self.audio(&block, "data"),
            Some("resource_link") => self.link(&block),
            Some("resource") => match block.get("resource") {
                Some(resource) => self.resource(resource),
                None => self.other(json),
            },
            _ => self.other(json),
        }
    }

    fn other(&mut self, json: &str) {
        self.push_text(BlockKind::Other, &compact(json));
    }

    /// By its size in pixels, whatever its data weigh.
    fn image(&mut self, block: &Members<'_>, data: &str) {
        let size = block.text(data).and_then(|data| ImageSize::of_base64(&data));
        let count = size.map_or(Count::FAILED, |size| Count::calibrated(self.profile.images.tokens(size)));
        self.tokens.push(BlockKind::Image(size), count);
    }

    fn audio(&mut self, block: &Members<'_>, data: &str) {
        let count = match self.profile.audio {
            AudioRule::NotForwarded => Count::calibrated(0),
            AudioRule::PerSecond(rate) => block
                .text(data)
                .and_then(|data| duration_s_of_base64(&data))
                .map_or(Count::FAILED, |duration_s| {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "positive; saturates"
                    )]
                    Count::calibrated((duration_s * rate).ceil() as u64)
                }),
        };
        self.tokens.push(BlockKind::Audio, count);
    }

    /// Clients write a link as a line of text, in words of their own; these are what all of them use.
    fn link(&mut self, link: &Members<'_>) {
        let words: Vec<_> =
            ["name", "uri", "description"].into_iter().filter_map(|part| link.text(part)).collect();
        self.push_text(BlockKind::ResourceLink, &words.join(" "));
    }

    fn resource(&mut self, json: &str) {
        let resource = Members::of(json).ok().flatten().unwrap_or_default();
        if let Some(text) = resource.text("text") {
            return self.push_text(BlockKind::ResourceText, &text);
        }
        match resource.text("mimeType").as_deref().and_then(|mime| mime.split('/').next()) {
            Some("image") => self.image(&resource, "blob"),
            Some("audio") => self.audio(&resource, "blob"),
            // What becomes of other bytes (a file, a note, a document for the model) depends on the client.
            _ => self.tokens.push(BlockKind::ResourceBlob, Count::FAILED),
        }
    }

    /// As the TypeScript SDK words protocol errors, which its clients hand to the model.
    fn error(&mut self, json: &str) {
        let error = Members::of(json).ok().flatten().unwrap_or_default();
        let (code, message) = (error.get("code").unwrap_or("0"), error.text("message").unwrap_or_default());
        self.push_text(BlockKind::Error, &format!("MCP error {code}: {message}"));
    }
}

fn list(json: &str) -> Vec<&str> {
    elements(json).ok().flatten().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::tokens::{Accuracy, Effort, Encoding};

    fn count(text: &str) -> Count {
        counter().count(Encoding::O200kBase, text)
    }

    fn counter() -> Counter {
        Counter::new(Effort::AtOnce)
    }

    fn openai() -> Profile {
        Profile::default()
    }

    fn kinds(tokens: &ResultTokens) -> Vec<BlockKind> {
        tokens.blocks.iter().map(|block| block.kind).collect()
    }

    #[test]
    fn the_model_gets_the_text_without_its_json_clothes() {
        let json = r#"{"content":[{"type":"text","text":"line \"1\"\nline 2"},{"type":"text","text":"é"}],"isError":false}"#;
        let tokens = result(&mut counter(), &openai(), json);
        assert_eq!(tokens.wire, count(json));
        assert_eq!(tokens.model, count("line \"1\"\nline 2") + count("é"));
        assert_eq!(kinds(&tokens), [BlockKind::Text, BlockKind::Text]);
    }

    #[test]
    fn structured_content_replaces_text_where_the_profile_says_so() {
        let json = r#"{"content":[{"type":"text","text":"a long rendering of the same"},
            {"type":"resource_link","uri":"file:///x","name":"x"}], "structuredContent": {"a": [1, 2]}}"#;
        let plain = result(&mut counter(), &openai(), json);
        assert_eq!(kinds(&plain), [BlockKind::Text, BlockKind::ResourceLink]);
        let claude = Profile { factors: None, ..Profile::named("claude-4.7+").unwrap() };
        let structured = result(&mut counter(), &claude, json);
        assert_eq!(kinds(&structured), [BlockKind::Structured, BlockKind::ResourceLink]);
        assert_eq!(structured.model, count("{\"a\":[1,2]}") + count("x file:///x"));
        let error = json.replace("\"content\"", "\"isError\":true,\"content\"");
        assert_eq!(kinds(&result(&mut counter(), &claude, &error)), kinds(&plain), "errors keep their text");
    }

    #[test]
    fn an_image_costs_its_pixels_and_never_its_base64() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x04\0\x08\x06\0\0\0".to_vec();
        png.extend(std::iter::repeat_n(7, 300_000));
        let data = BASE64_STANDARD.encode(png);
        let block = format!(r#"{{"content":[{{"type":"image","mimeType":"image/png","data":"{data}"}}]}}"#);
        let resource =
            format!(r#"{{"contents":[{{"uri":"file:///x.png","mimeType":"image/png","blob":"{data}"}}]}}"#);
        for json in [block, resource] {
            let tokens = result(&mut counter(), &openai(), &json);
            assert_eq!(tokens.model, Count::calibrated(765));
            assert_eq!(kinds(&tokens), [BlockKind::Image(Some(ImageSize { width: 1024, height: 1024 }))]);
            assert!(tokens.wire.tokens > 50_000);
        }
    }

    #[test]
    fn what_cannot_be_priced_is_marked_and_the_rest_is_counted() {
        let json = r#"{"content":[{"type":"text","text":"seen"},{"type":"image","data":"bm8=","mimeType":"image/png"}]}"#;
        let tokens = result(&mut counter(), &openai(), json);
        assert_eq!(tokens.model.accuracy, Accuracy::Failed);
        assert_eq!(tokens.model.tokens, count("seen").tokens);
        assert_eq!(kinds(&tokens)[1], BlockKind::Image(None));
    }

    #[test]
    fn audio_is_left_out_or_priced_by_its_length() {
        let mut wav =
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data".to_vec();
        wav.extend(32_000_u32.to_le_bytes());
        let json = format!(r#"{{"content":[{{"type":"audio","data":"{}"}}]}}"#, BASE64_STANDARD.encode(wav));
        assert_eq!(result(&mut counter(), &openai(), &json).model, Count::calibrated(0));
        let gemini = Profile::named("gemini").unwrap();
        assert_eq!(result(&mut counter(), &gemini, &json).model, Count::calibrated(64));
    }

    #[test]
    fn embedded_resources_count_as_their_text() {
        let json = r#"{"content":[{"type":"resource","resource":{"uri":"file:///a","text":"the text"}},
            {"type":"resource","resource":{"uri":"file:///b","blob":"AAAA"}}]}"#;
        let tokens = result(&mut counter(), &openai(), json);
        assert_eq!(tokens.blocks[0], BlockTokens { kind: BlockKind::ResourceText, model: count("the text") });
        assert_eq!(tokens.blocks[1], BlockTokens { kind: BlockKind::ResourceBlob, model: Count::FAILED });
    }

    #[test]
    fn a_message_costs_the_model_what_its_result_or_error_does() {
        for (message_json, model) in [
            (r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"hi"}]}}"#, count("hi")),
            (
                r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Unknown tool"}}"#,
                count("MCP error -32602: Unknown tool"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"instructions":"Be kind.","capabilities":{}}}"#,
                count("Be kind."),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"messages":[{"role":"user","content":{"type":"text","text":"x y"}}]}}"#,
                count("x y"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":{"resources":[{"uri":"file:///a","name":"a"}]}}"#,
                Count::ZERO,
            ),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#, Count::ZERO),
            (
                r#"[{"id":1,"result":{"content":[{"type":"text","text":"one"}]}},{"id":2,"result":{"content":[{"type":"text","text":"two"}]}}]"#,
                count("one") + count("two"),
            ),
            ("not json", Count::ZERO),
        ] {
            let tokens = message(&mut counter(), &openai(), message_json);
            assert_eq!(tokens.model, model, "{message_json}");
            assert_eq!(tokens.wire, count(message_json));
        }
    }

    #[test]
    fn a_list_of_tools_costs_the_same_as_a_result_and_as_a_list() {
        let json = r#"{"tools":[{"name":"a","description":"b","inputSchema":{"type":"object"}}]}"#;
        for profile in Profile::builtin() {
            let list = tool_list(&mut counter(), profile, json);
            let tokens = result(&mut counter(), profile, json);
            assert_eq!((tokens.wire, tokens.model), (list.wire, list.model), "{}", profile.id);
        }
    }

    #[test]
    fn blocks_are_listed_to_a_bound_and_all_counted() {
        let blocks = vec![r#"{"type":"text","text":"word"}"#; BLOCKS_MAX * 2].join(",");
        let tokens = result(&mut counter(), &openai(), &format!("{{\"content\":[{blocks}]}}"));
        assert_eq!(tokens.blocks.len(), BLOCKS_MAX);
        assert_eq!(tokens.model.tokens, BLOCKS_MAX as u64 * 2 * count("word").tokens);
    }

    #[test]
    fn broken_blocks_are_counted_as_what_they_are() {
        let json = r#"{"content":[{"type":"text"},{"type":"unheard-of","x":1},7,{"type":"resource"}]}"#;
        let tokens = result(&mut counter(), &openai(), json);
        assert_eq!(kinds(&tokens), [BlockKind::Other; 4]);
        assert_eq!(tokens.blocks[2].model, count("7"));
    }
}
