use super::*;
use proptest::prelude::*;

/// What comes out of a body that comes in pieces of these many bytes.
fn unpack(encoding: &str, packed: &[u8], piece: usize) -> (Vec<u8>, Result<(), UnpackError>) {
    let mut out = Vec::new();
    let mut unpacker = match Unpacker::new(encoding, &Budget::default()) {
        Ok(unpacker) => unpacker,
        Err(error) => return (out, Err(error)),
    };
    for bytes in packed.chunks(piece.max(1)) {
        if let Err(error) = unpacker.feed(bytes, &mut |bytes| out.extend_from_slice(bytes)) {
            return (out, Err(error));
        }
    }
    let outcome = unpacker.finish();
    (out, outcome)
}

fn pack(encoding: &str, text: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    let mut packed = text.to_vec();
    for coding in encoding.split(", ") {
        packed = match coding {
            "gzip" | "x-gzip" => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(&packed).unwrap();
                encoder.finish().unwrap()
            }
            "deflate" => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(&packed).unwrap();
                encoder.finish().unwrap()
            }
            "br" => brotli(&packed),
            "zstd" => zstd::encode_all(&packed[..], 3).unwrap(),
            other => panic!("{other}"),
        };
    }
    packed
}

/// As uncompressed blocks of 64 KB at most (RFC 7932 section 9.2), since only a decoder is at hand.
fn brotli(text: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    // The window is 64 KB.
    bits.push(0, 1);
    for block in text.chunks(65_536) {
        bits.push(0, 1);
        bits.push(0, 2);
        bits.push(block.len() as u64 - 1, 16);
        bits.push(1, 1);
        bits.align();
        bits.bytes.extend_from_slice(block);
    }
    bits.push(0b11, 2);
    bits.align();
    bits.bytes
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u64, count: u32) {
        for bit in 0..count {
            if self.used == 0 {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= u8::from(value >> bit & 1 == 1) << self.used;
            self.used = (self.used + 1) % 8;
        }
    }

    fn align(&mut self) {
        self.used = 0;
    }
}

const ALL: [&str; 7] = ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br", "deflate, zstd, gzip"];

fn text() -> Vec<u8> {
    let lines = (0..400).map(|n| format!("data: {{\"id\":{n},\"result\":\"é{}\"}}\n\n", n * 7_919));
    lines.collect::<String>().into_bytes()
}

#[test]
fn every_encoding_is_undone_however_it_is_cut() {
    let text = text();
    for encoding in ALL {
        let packed = pack(encoding, &text);
        for piece in [1, 2, 3, 17, 1_000, usize::MAX] {
            assert_eq!(unpack(encoding, &packed, piece), (text.clone(), Ok(())), "{encoding} by {piece}");
        }
    }
    // As browsers take it too: without the frame that the specification wants.
    let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    raw.write_all(&text).unwrap();
    assert_eq!(unpack("deflate", &raw.finish().unwrap(), 5), (text, Ok(())));
}

#[test]
fn a_body_in_two_pieces_is_the_same_wherever_it_is_cut() {
    let text = &text()[..600];
    for encoding in ALL {
        let packed = pack(encoding, text);
        for cut in 0..=packed.len() {
            let mut unpacker = Unpacker::new(encoding, &Budget::default()).unwrap();
            let mut out = Vec::new();
            for piece in [&packed[..cut], &packed[cut..]] {
                unpacker.feed(piece, &mut |bytes| out.extend_from_slice(bytes)).unwrap();
            }
            assert_eq!((unpacker.finish(), &out[..]), (Ok(()), text), "{encoding} at {cut}");
        }
    }
}

#[test]
fn what_a_server_has_flushed_is_seen_at_once() {
    let event = b"data: {\"id\":1}\n\n";
    let level = flate2::Compression::default();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), level);
    let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    let (mut seen, budget) = (Vec::new(), Budget::default());
    let mut unpackers = ["gzip", "deflate", "zstd"].map(|name| Unpacker::new(name, &budget).unwrap());
    for _ in 0..3 {
        let writers: [&mut dyn Write; 3] = [&mut gzip, &mut deflate, &mut zstd];
        for writer in writers {
            writer.write_all(event).unwrap();
            writer.flush().unwrap();
        }
        let packed = [
            std::mem::take(gzip.get_mut()),
            std::mem::take(deflate.get_mut()),
            std::mem::take(zstd.get_mut()),
        ];
        for (unpacker, packed) in unpackers.iter_mut().zip(packed) {
            seen.clear();
            unpacker.feed(&packed, &mut |bytes| seen.extend_from_slice(bytes)).unwrap();
            assert_eq!(seen, event, "{unpacker:?}");
        }
    }
}

#[test]
fn a_body_that_is_cut_off_says_so_and_what_came_is_kept() {
    let text = text();
    for encoding in ALL {
        let packed = pack(encoding, &text);
        for missing in 1..9 {
            let (out, outcome) = unpack(encoding, &packed[..packed.len() - missing], 64);
            // The last bytes of some are check sums only.
            assert!(outcome == Err(UnpackError::CutOff) || encoding == "deflate", "{encoding} {outcome:?}");
            assert!(text.starts_with(&out), "{encoding}");
        }
        assert_eq!(unpack(encoding, b"", 1), (Vec::new(), Err(UnpackError::CutOff)));
    }
}

#[test]
fn what_follows_the_end_is_no_part_of_it() {
    let text = text();
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let packed = [&pack(encoding, &text)[..], b"\r\n\r\n"].concat();
        for piece in [1, 7, usize::MAX] {
            let (out, outcome) = unpack(encoding, &packed, piece);
            assert_eq!(
                (outcome, out.len()),
                (Err(UnpackError::Garbage), text.len()),
                "{encoding} by {piece}"
            );
        }
    }
    for encoding in ["gzip", "zstd"] {
        let twice = [pack(encoding, b"one, "), pack(encoding, b"two")].concat();
        assert_eq!(unpack(encoding, &twice, 3), (b"one, two".to_vec(), Ok(())), "{encoding}");
    }
}

#[test]
fn a_bomb_does_not_go_off() {
    let zeros = vec![b' '; 64 * 1024 * 1024];
    for encoding in ["gzip", "deflate", "zstd", "gzip, gzip", "zstd, zstd, zstd"] {
        let packed = pack(encoding, &zeros);
        let (mut largest, mut all) = (0, 0);
        let mut unpacker = Unpacker::new(encoding, &Budget::default()).unwrap();
        let outcome = unpacker.feed(&packed, &mut |bytes| {
            largest = largest.max(bytes.len());
            all += bytes.len();
        });
        assert_eq!(outcome, Err(UnpackError::Bomb), "{encoding}");
        let allowed = FREE_BYTES + RATIO_MAX * packed.len() as u64;
        assert!(all as u64 <= allowed && largest as u64 <= allowed, "{encoding}: {all}");
    }
    // What is just very repetitive is none.
    let repetitive = vec![b'a'; 20 * 1024 * 1024];
    assert_eq!(unpack("gzip", &pack("gzip", &repetitive), 4_096).0.len(), repetitive.len());
}

#[test]
fn what_is_not_known_is_said_by_its_name() {
    for encoding in ["dcb", "gzip, compress", "aes128gcm", "gzip, gzip, gzip, gzip"] {
        assert!(matches!(unpack(encoding, b"x", 1).1, Err(UnpackError::Unknown(name)) if name == encoding));
    }
}

#[test]
fn the_memory_of_all_together_is_bounded_and_comes_back() {
    let budget = Budget::default();
    let mut held = Vec::new();
    while let Ok(unpacker) = Unpacker::new("zstd", &budget) {
        held.push(unpacker);
    }
    assert_eq!(held.len(), 32);
    assert_eq!(Unpacker::new("br", &budget).unwrap_err(), UnpackError::TooMany);
    held.pop();
    assert!(Unpacker::new("br", &budget).is_ok() && Unpacker::new("gzip", &budget).is_ok());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_the_pieces_make_no_difference(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), damage in any::<prop::sample::Index>(),
        encoding in prop::sample::select(ALL.to_vec()), piece in 1..40_usize, is_noise in any::<bool>(),
    ) {
        let mut packed = if is_noise { bytes.clone() } else { pack(encoding, &bytes) };
        if !packed.is_empty() {
            let at = damage.index(packed.len());
            packed[at] ^= 0x10;
        }
        let whole = unpack(encoding, &packed, usize::MAX);
        let split = unpack(encoding, &packed, piece);
        if whole.1.is_ok() {
            prop_assert_eq!(whole, split);
        } else {
            prop_assert!(split.1.is_err());
        }
    }
}
