//! Public keys, read as the server reads them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::pem::take;

/// A public key that was shown.
pub(super) struct Shown {
    pub(super) blob: Vec<u8>,
    pub(super) algorithm: String,
    /// `rsa`, `ecdsa`, `ed25519` or `dsa`.
    pub(super) kind: &'static str,
    pub(super) bits: u64,
}

/// Reads the second word, or the only one. The server's words if it is no key.
pub(super) fn public_key(text: &str) -> Result<Shown, String> {
    let base64 = text.split(' ').nth(1).unwrap_or(text).trim_end_matches('\n');
    let blob = STANDARD.decode(base64).map_err(|_malformed| {
        let of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let at = base64.bytes().position(|byte| !of_base64(byte)).unwrap_or(base64.len() / 4 * 4);
        format!("illegal base64 data at input byte {at}")
    })?;
    read(blob).ok_or_else(|| "ssh: short read".to_owned())
}

fn read(blob: Vec<u8>) -> Option<Shown> {
    let (algorithm, rest) = take(&blob)?;
    let algorithm = String::from_utf8(algorithm.to_vec()).ok()?;
    let (first, rest) = take(rest)?;
    let (kind, bits) = match algorithm.as_str() {
        "ssh-ed25519" => (first.len() == 32).then_some(("ed25519", 0))?,
        "ssh-rsa" => ("rsa", width(take(rest)?.0)),
        "ssh-dss" => ("dsa", width(first)),
        "ecdsa-sha2-nistp256" => ("ecdsa", 256),
        "ecdsa-sha2-nistp384" => ("ecdsa", 384),
        "ecdsa-sha2-nistp521" => ("ecdsa", 521),
        _ => return None,
    };
    Some(Shown { blob, algorithm, kind, bits })
}

/// How many bits a number has.
fn width(number: &[u8]) -> u64 {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let significant = number.get(start..).unwrap_or_default();
    let spare = significant.first().map_or(0, |byte| u64::from(byte.leading_zeros()));
    (significant.len() as u64 * 8).saturating_sub(spare)
}
