//! Snapshots as files: a gzip stream, of which each byte counts.
//!
//! What the file stands for stays in this process, which keeps the newest ones; the file names it. Beside that it is
//! as the server's: one that is cut short or changed is told from one that is whole, and says of which seal it is.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::Refusal;
use super::state::Image;

/// How many snapshots the process keeps.
const KEPT: usize = 64;
/// The head of a gzip file whose contents are stored as they are, in one block.
const HEAD: [u8; 11] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
/// The block's length, twice.
const LENGTHS: usize = 4;
/// The sum and the size at the end.
const TAIL: usize = 8;
/// As many bytes as a small server's storage.
const BODY: usize = 4096;

static IMAGES: Mutex<VecDeque<([u8; 16], Image)>> = Mutex::new(VecDeque::new());

/// Keeps `image`, and writes the file that stands for it.
pub(super) fn save(name: u128, image: Image) -> Vec<u8> {
    let name = name.to_be_bytes();
    let mut images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
    images.push_back((name, image));
    if images.len() > KEPT {
        images.pop_front();
    }
    let mut body = vec![0; BODY];
    body[..name.len()].copy_from_slice(&name);
    file(&body)
}

fn file(body: &[u8]) -> Vec<u8> {
    let mut file = HEAD.to_vec();
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    file.extend(length.to_le_bytes());
    file.extend((!length).to_le_bytes());
    file.extend(body);
    file.extend(sum(body).to_le_bytes());
    file.extend(u32::from(length).to_le_bytes());
    file
}

/// What the file stands for, or what the server says of one that is not whole.
pub(super) fn open(file: &[u8]) -> Result<Image, Refusal> {
    let refused = |what: &str| Refusal::listed(500, what);
    if file.is_empty() {
        return Err(refused("failed to decompress snapshot: EOF"));
    }
    if file.len() < 10 {
        return Err(refused("failed to decompress snapshot: unexpected EOF"));
    }
    if !file.starts_with(&HEAD[..2]) {
        return Err(refused("failed to decompress snapshot: gzip: invalid header"));
    }
    if file.len() < HEAD.len() + LENGTHS + BODY + TAIL {
        let text = "failed to read snapshot file: failed to read or write snapshot data: unexpected EOF";
        return Err(refused(text));
    }
    let (head, rest) = file.split_at(HEAD.len() + LENGTHS);
    let body = &rest[..BODY];
    if head.get(..HEAD.len()) != Some(&HEAD) || self::file(body) != file {
        let text = "failed to read snapshot file: failed checking integrity of snapshot: hash check failed for \
                    \"state.bin\"";
        return Err(refused(text));
    }
    let images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = images.iter().find(|(name, _)| body.starts_with(name)).map(|(_, image)| image.clone());
    kept.ok_or_else(|| Refusal::internal("the process keeps no such snapshot any more"))
}

/// CRC-32, as gzip has it.
fn sum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_gzip() {
        assert_eq!(sum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_file_that_was_changed_anywhere_is_refused() {
        let whole = file(&[7; BODY]);
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(open(&changed).is_err(), "{at}");
        }
    }

    #[test]
    fn a_file_that_was_cut_anywhere_is_refused() {
        let whole = file(&[7; BODY]);
        for length in 0..whole.len() {
            assert!(open(&whole[..length]).is_err(), "{length}");
        }
    }
}
