//! Reads an image's size from its first bytes and prices it by a provider's published formula; it does not
//! decode pixels.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Bytes of an image looked at: a JPEG may carry its thumbnail and colour profile before its size.
const HEADER_BYTES_MAX: usize = 256 * 1024;

/// An image's width and height in pixels, neither of them 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageSize {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl ImageSize {
    /// The size written in the header of a base64 PNG, JPEG, GIF or WebP; `None` if it cannot be found.
    #[must_use]
    pub fn of_base64(data: &str) -> Option<Self> {
        const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        let chars_max = HEADER_BYTES_MAX / 3 * 4;
        let head: Vec<u8> = data.bytes().filter(|byte| !byte.is_ascii_whitespace()).take(chars_max).collect();
        let alphabet = if head.iter().any(|byte| matches!(byte, b'-' | b'_')) {
            alphabet::URL_SAFE
        } else {
            alphabet::STANDARD
        };
        Self::of_bytes(&GeneralPurpose::new(&alphabet, LENIENT).decode(head).ok()?)
    }

    /// The size written in the header of a PNG, JPEG, GIF or WebP.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (width, height) = match bytes {
            [0x89, b'P', b'N', b'G', ..] => (be(bytes.get(16..20)?), be(bytes.get(20..24)?)),
            [b'G', b'I', b'F', b'8', ..] => (le(bytes.get(6..8)?), le(bytes.get(8..10)?)),
            [0xFF, 0xD8, rest @ ..] => jpeg(rest)?,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', chunk @ ..] => webp(chunk)?,
            _ => return None,
        };
        (width > 0 && height > 0).then_some(Self { width, height })
    }

    /// Scaled down, never up, so that `limit` of the sides (as given by `side`) is kept.
    fn shrunk(self, side: u32, limit: u32) -> (f64, f64) {
        let scale = (f64::from(limit) / f64::from(side)).min(1.0);
        (f64::from(self.width) * scale, f64::from(self.height) * scale)
    }
}

fn be(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

fn le(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// Goes from segment to segment up to the frame header (SOF), ITU T.81 B.1.1.3 and B.2.2.
fn jpeg(mut rest: &[u8]) -> Option<(u32, u32)> {
    loop {
        rest = match rest {
            // Fill bytes before a marker, and markers without a segment.
            [0xFF, 0xFF, ..] => &rest[1..],
            [0xFF, 0x01 | 0xD0..=0xD7, tail @ ..] => tail,
            [0xFF, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF, frame @ ..] => {
                return Some((be(frame.get(5..7)?), be(frame.get(3..5)?)));
            }
            [0xFF, _, segment @ ..] => segment.get(be(segment.get(..2)?) as usize..)?,
            _ => return None,
        }
    }
}

/// RFC 9649: the three kinds of first chunk keep the size in different places.
fn webp(chunk: &[u8]) -> Option<(u32, u32)> {
    let body = chunk.get(8..)?;
    match chunk.get(..4)? {
        b"VP8 " => Some((le(body.get(6..8)?) & 0x3FFF, le(body.get(8..10)?) & 0x3FFF)),
        b"VP8L" => {
            let bits = le(body.get(1..5)?);
            Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        b"VP8X" => Some((le(body.get(4..7)?) + 1, le(body.get(7..10)?) + 1)),
        _ => None,
    }
}

/// How a provider prices an image, by its size alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ImageFormula {
    /// Anthropic: width × height / 750 after scaling the long edge to `edge_max`, at most `tokens_max`.
    Area {
        /// Longest edge in pixels that is not scaled down.
        edge_max: u32,
        /// What an image costs at most.
        tokens_max: u32,
    },
    /// OpenAI, detail `high`: fitted into 2048 × 2048, then the short side to 768; `tile` tokens for each
    /// 512 px square begun, and `base` once.
    Tiles {
        /// Tokens of the image itself.
        base: u32,
        /// Tokens of each square.
        tile: u32,
    },
    /// OpenAI's smaller models: one token for each 32 px square, scaled down to at most 1,536 of them, times
    /// `multiplier`.
    Patches {
        /// Tokens of a patch.
        multiplier: f64,
    },
    /// Google: 258 tokens up to 384 × 384, else 258 for each tile of ⌊short side / 1.5⌋ (256 to 768) px.
    Crops,
}

impl ImageFormula {
    /// The tokens of an image of this size.
    #[must_use]
    pub fn tokens(self, size: ImageSize) -> u64 {
        let (long, short) = (size.width.max(size.height), size.width.min(size.height));
        let tokens = match self {
            Self::Area { edge_max, tokens_max } => {
                let (width, height) = size.shrunk(long, edge_max);
                (width * height / 750.0).ceil().min(f64::from(tokens_max))
            }
            Self::Tiles { base, tile } => {
                let fitted = (2048.0 / f64::from(long)).min(1.0);
                let scale = fitted * (768.0 / (f64::from(short) * fitted)).min(1.0);
                f64::from(base) + f64::from(tile) * squares(size, scale, 512.0)
            }
            Self::Patches { multiplier } => (patches(size) * multiplier).ceil(),
            Self::Crops if long <= 384 => 258.0,
            Self::Crops => 258.0 * squares(size, 1.0, (f64::from(short) / 1.5).floor().clamp(256.0, 768.0)),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive and far below 2^53"
        )]
        let tokens = tokens as u64;
        tokens
    }
}

/// How many squares of `edge` pixels are begun by the image at this scale.
fn squares(size: ImageSize, scale: f64, edge: f64) -> f64 {
    // A side that scaling makes 768.0000001 is meant to be 768.
    let along = |side: u32| ((f64::from(side) * scale * 1e6).round() / 1e6 / edge).ceil().max(1.0);
    along(size.width) * along(size.height)
}

/// OpenAI's patches: when there are too many, the image shrinks until a whole number of them fits on one side.
fn patches(size: ImageSize) -> f64 {
    const EDGE: f64 = 32.0;
    const PATCHES_MAX: f64 = 1536.0;
    let plain = squares(size, 1.0, EDGE);
    if plain <= PATCHES_MAX {
        return plain;
    }
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let scale = (EDGE * EDGE * PATCHES_MAX / (width * height)).sqrt();
    let whole = |side: f64| (side * scale / EDGE).floor().max(1.0) / (side * scale / EDGE);
    squares(size, scale * whole(width).min(whole(height)), EDGE).min(PATCHES_MAX)
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    const fn size(width: u32, height: u32) -> ImageSize {
        ImageSize { width, height }
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        [
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(),
            &width.to_be_bytes(),
            &height.to_be_bytes(),
            &[8, 6, 0, 0, 0],
        ]
        .concat()
    }

    #[test]
    fn the_size_is_read_from_the_header_of_each_format() {
        let jpeg = [
            b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xFF\xDB\0\x03x\xFF\xC2\0\x11\x08".as_slice(),
            &[0x02, 0x58, 0x03, 0x20],
            &[3],
        ]
        .concat();
        let gif = b"GIF89a\x20\x03\x58\x02\0\0\0";
        let lossy =
            [b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\x30\x01\0\x9d\x01\x2a".as_slice(), &[0x20, 0x03, 0x58, 0x02]]
                .concat();
        let bits = (800_u32 - 1) | (600 - 1) << 14;
        let lossless = [b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f".as_slice(), &bits.to_le_bytes()].concat();
        let extended =
            [b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0".as_slice(), &[0x1F, 0x03, 0, 0x57, 0x02, 0]].concat();
        for (format, bytes) in [
            ("png", png(800, 600)),
            ("jpeg", jpeg),
            ("gif", gif.to_vec()),
            ("lossy webp", lossy),
            ("lossless webp", lossless),
            ("extended webp", extended),
        ] {
            assert_eq!(ImageSize::of_bytes(&bytes), Some(size(800, 600)), "{format}");
            assert_eq!(
                ImageSize::of_base64(&BASE64_STANDARD.encode(&bytes)),
                Some(size(800, 600)),
                "{format} in base64"
            );
            for length in 0..bytes.len() {
                let torn = ImageSize::of_bytes(&bytes[..length]);
                assert!(
                    torn.is_none_or(|torn| torn == size(800, 600)),
                    "{format} of {length} bytes: {torn:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_image_has_no_size() {
        for data in ["", "????", "bm90IGFuIGltYWdl", "/9j/", &BASE64_STANDARD.encode(png(0, 5))] {
            assert_eq!(ImageSize::of_base64(data), None, "{data}");
        }
        assert_eq!(ImageSize::of_bytes(&[[0xFF, 0xD8].as_slice(), &[0xFF; 1000]].concat()), None);
    }

    #[test]
    fn the_formulas_give_the_providers_own_examples() {
        let tiles = ImageFormula::Tiles { base: 85, tile: 170 };
        assert_eq!(tiles.tokens(size(1024, 1024)), 765);
        assert_eq!(tiles.tokens(size(2048, 4096)), 1105);
        let patches = ImageFormula::Patches { multiplier: 1.0 };
        assert_eq!(patches.tokens(size(1024, 1024)), 1024);
        assert_eq!(patches.tokens(size(1800, 2400)), 1452);
        let area = ImageFormula::Area { edge_max: 1568, tokens_max: 1600 };
        assert_eq!(area.tokens(size(200, 200)), 54);
        assert_eq!(area.tokens(size(1000, 1000)), 1334);
        assert_eq!(area.tokens(size(1092, 1092)), 1590);
        assert_eq!(area.tokens(size(8000, 8000)), 1600);
        assert_eq!(ImageFormula::Crops.tokens(size(384, 384)), 258);
        assert_eq!(ImageFormula::Crops.tokens(size(960, 540)), 1548);
    }

    #[test]
    fn extreme_sizes_have_a_price() {
        let formulas = [
            ImageFormula::Area { edge_max: 1568, tokens_max: 1600 },
            ImageFormula::Tiles { base: 85, tile: 170 },
            ImageFormula::Patches { multiplier: 1.62 },
            ImageFormula::Crops,
        ];
        for formula in formulas {
            for size in [size(1, 1), size(u32::MAX, 1), size(1, u32::MAX), size(u32::MAX, u32::MAX)] {
                assert!(formula.tokens(size) > 0, "{formula:?} {size:?}");
            }
        }
    }
}
