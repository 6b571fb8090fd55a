//! Generated texts of every kind that two tokenizers could disagree on.

/// xorshift64*: the corpus is the same on every machine and in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// Up to `n` of them, one after the other.
    fn some(&mut self, from: &[&str], n: usize) -> String {
        (0..=self.below(n)).map(|_| self.pick(from)).collect()
    }
}

const WORDS: [&str; 24] = [
    "the",
    "repository",
    "issue",
    "closed",
    "by",
    "a",
    "maintainer",
    "Response",
    "timeoutMs",
    "user_id",
    "naïve",
    "résumé",
    "and",
    "JSON",
    "error",
    "wasn't",
    "we'll",
    "I'M",
    "state-of-the-art",
    "HTTP/2",
    "über",
    "in",
    "of",
    "X",
];

/// A kind of text: its name and how to make one.
type Kind = (&'static str, fn(&mut Dice) -> String);

/// The kinds of text of the corpus.
const KINDS: [Kind; 14] = [
    ("json", |dice| json(dice, 4)),
    ("pretty json", |dice| {
        let value: serde_json::Value = serde_json::from_str(&json(dice, 4)).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    }),
    ("prose", prose),
    ("code", |dice| {
        let pieces = [
            "fn ",
            "let mut ",
            "x",
            "self.",
            "::",
            "->",
            "=>",
            "\n",
            "\n    ",
            "\n\t\t",
            "{",
            "}",
            "();",
            " // note\n",
            "== 0x1F",
            "\"s\"",
            "#include <stdio.h>\n",
            "return",
            " += 1;",
            "def f(a, b=None):\n",
            "&&",
            "camelCaseName",
        ];
        dice.some(&pieces, 80)
    }),
    ("unicode", |dice| {
        let ranges = [0x80, 0x800, 0x3000, 0x1_0000, 0x11_0000];
        let one = |dice: &mut Dice| {
            let below = ranges[dice.below(ranges.len())];
            char::from_u32(u32::try_from(dice.below(below)).unwrap()).unwrap_or('\u{FFFD}')
        };
        (0..dice.below(60)).map(|_| one(dice)).collect()
    }),
    ("emoji", |dice| {
        dice.some(
            &[
                "😀",
                "👩\u{200D}👩\u{200D}👧",
                "🇩🇪",
                "👍🏽",
                "❤\u{FE0F}",
                "1\u{FE0F}\u{20E3}",
                " ",
                "ok",
                "!",
                "\u{1F3F3}",
            ],
            30,
        )
    }),
    ("whitespace", |dice| {
        let blanks = [
            " ", "  ", "        ", "\n", "\r\n", "\r", "\t", "\n\n\n", "\u{A0}", "\u{3000}", "\u{2028}",
            "\u{85}", "\u{B}", "x", ".", "1", "/",
        ];
        dice.some(&blanks, 40)
    }),
    ("contractions", |dice| {
        let pieces = [
            "it",
            "'s",
            "'S",
            "'ſ",
            "ſ",
            "\u{212A}",
            "'\u{212A}",
            "'",
            "'t",
            "'RE",
            "'ll",
            "'lL",
            "漢",
            "Ａ",
            "é",
            " ",
            "a",
            "A",
            "'d",
            "1",
            "\u{301}",
        ];
        dice.some(&pieces, 14)
    }),
    ("special tokens", |dice| {
        let pieces = [
            "<|endoftext|>",
            "<|endofprompt|>",
            "<|fim_prefix|>",
            "<|im_start|>",
            "<|",
            "|>",
            "user\n",
            " ",
            "endoftext",
            "<",
            ">",
        ];
        dice.some(&pieces, 12)
    }),
    ("cjk", |dice| {
        let pieces = [
            "漢字",
            "ひらがな",
            "カタカナ",
            "한국어",
            "中文",
            "，",
            "。",
            "、",
            "「",
            "」",
            "１２３",
            "Ｗｉｄｅ",
            "ｶﾅ",
            "々",
            "〇",
            " ",
            "A",
            "http",
            "\n",
            "ー",
        ];
        dice.some(&pieces, 40)
    }),
    ("scripts", |dice| {
        let pieces = [
            "привет",
            "мир",
            "שלום",
            "مرحبا",
            "नमस्ते",
            "สวัสดี",
            "Ελληνικά",
            "İstanbul",
            "ﬁ",
            "ǅ",
            "ʰ",
            " ",
            "e\u{301}",
            "Ⅷ",
            "²",
            "½",
            "٣",
            "\u{200B}",
            "\u{FEFF}",
            "ß",
        ];
        dice.some(&pieces, 30)
    }),
    ("base64", base64),
    ("numbers", |dice| {
        dice.some(
            &[
                "1",
                "22",
                "333",
                "4444",
                "0.5",
                "-1e10",
                "1,000,000",
                " ",
                "0xFF",
                "1_000",
                "%",
                "$",
                "10:30",
                "2026-11-21",
            ],
            30,
        )
    }),
    ("runs", |dice| {
        dice.pick(&["a", "A", "-", "=", " ", "\n", "é", "漢", "0", "\\", "\"", "ab", "_", "😀"])
            .repeat(dice.below(400))
    }),
];

/// A JSON document of some depth, minified.
fn json(dice: &mut Dice, depth: usize) -> String {
    let name = |dice: &mut Dice| serde_json::to_string(dice.pick(&WORDS)).unwrap();
    match dice.below(if depth == 0 { 5 } else { 8 }) {
        0 => dice.below(1_000_000).to_string(),
        1 => format!("-{}.{}e-{}", dice.below(100), dice.below(1000), dice.below(10)),
        2 => dice.pick(&["true", "false", "null"]).to_owned(),
        3 => name(dice),
        4 => serde_json::to_string(&prose(dice)).unwrap(),
        5 => {
            let elements: Vec<String> = (0..dice.below(5)).map(|_| json(dice, depth - 1)).collect();
            format!("[{}]", elements.join(","))
        }
        _ => {
            let members: Vec<String> =
                (0..dice.below(6)).map(|_| format!("{}:{}", name(dice), json(dice, depth - 1))).collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

/// Every kind in turn, `rounds` times.
pub(super) fn corpus(rounds: usize) -> impl Iterator<Item = (&'static str, String)> {
    let mut dice = Dice(20_261_121);
    (0..rounds).flat_map(move |_| KINDS.map(|(kind, text)| (kind, text(&mut dice))))
}

pub(super) fn prose(dice: &mut Dice) -> String {
    let marks = [" ", " ", " ", " ", ", ", ". ", ".\n\n", "; ", " — ", "? ", "! ", " (", ") ", ": "];
    (0..dice.below(120)).flat_map(|_| [dice.pick(&WORDS), dice.pick(&marks)]).collect()
}

pub(super) fn base64(dice: &mut Dice) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    (0..dice.below(300)).map(|_| char::from(ALPHABET[dice.below(64)])).collect()
}
