//! Reads how long a WAV sound lasts from its header; it does not know other formats, whose frames would have to be
//! walked.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Bytes in which the chunks before the samples must fit.
const HEADER_BYTES_MAX: usize = 6 * 1024;

/// Seconds of a base64 RIFF WAVE sound; `None` for everything else.
pub(super) fn duration_s_of_base64(data: &str) -> Option<f64> {
    let head = &data.as_bytes()[..data.len().min(HEADER_BYTES_MAX / 3 * 4)];
    duration_s(&BASE64_STANDARD.decode(&head[..head.len() / 4 * 4]).ok()?)
}

/// Length of the samples (`data`) by bytes a second (from `fmt `).
fn duration_s(bytes: &[u8]) -> Option<f64> {
    let [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', chunks @ ..] = bytes else {
        return None;
    };
    let mut rest = chunks;
    let mut bytes_per_s = 0;
    loop {
        let length = u32::from_le_bytes(rest.get(4..8)?.try_into().ok()?);
        match rest.get(..4)? {
            b"data" if bytes_per_s > 0 => return Some(f64::from(length) / f64::from(bytes_per_s)),
            b"fmt " => bytes_per_s = u32::from_le_bytes(rest.get(16..20)?.try_into().ok()?),
            _ => {}
        }
        // Chunks are padded to an even length.
        rest = rest.get(8 + (length as usize).checked_next_multiple_of(2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second and a half of 8 kHz mono in 16 bits, with a chunk of odd length before the samples.
    fn wav() -> Vec<u8> {
        let mut wav = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0\x01\0\x01\0".to_vec();
        wav.extend(8_000_u32.to_le_bytes());
        wav.extend(16_000_u32.to_le_bytes());
        wav.extend(b"\x02\0\x10\0data");
        wav.extend(24_000_u32.to_le_bytes());
        wav
    }

    #[test]
    fn a_wav_lasts_as_long_as_its_header_says() {
        let samples = vec![0; 24_000];
        assert_eq!(duration_s_of_base64(&BASE64_STANDARD.encode([wav(), samples].concat())), Some(1.5));
        for data in ["", "SUQz", "????", "UklGRgAAAABXQVZF"] {
            assert_eq!(duration_s_of_base64(data), None, "{data}");
        }
    }
}
