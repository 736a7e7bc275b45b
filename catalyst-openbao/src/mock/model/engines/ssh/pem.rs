//! Private keys as texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::writer::string;

const MAGIC: &[u8] = b"openssh-key-v1\0";
const OPENSSH: &str = "OPENSSH PRIVATE KEY";

/// Bytes in PEM, with lines of this length.
pub(super) fn block(label: &str, bytes: &[u8], line: usize) -> String {
    let base64 = STANDARD.encode(bytes);
    let lines = base64.as_bytes().chunks(line).map(|line| String::from_utf8_lossy(line) + "\n");
    format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", lines.collect::<String>())
}

/// An Ed25519 key, as OpenSSH writes it.
pub(super) fn openssh(seed: &[u8; 32], public: &[u8], check: u32) -> String {
    let point = public.get(public.len().saturating_sub(32)..).unwrap_or_default();
    let mut private = [
        check.to_be_bytes().repeat(2),
        string(b"ssh-ed25519"),
        string(point),
        string(&[seed.as_slice(), point].concat()),
        string(b""),
    ]
    .concat();
    let padding = (8 - private.len() % 8) % 8;
    private.extend((1..=8_u8).take(padding));
    let none = string(b"none");
    let whole = [MAGIC, &none, &none, &string(b""), &1_u32.to_be_bytes(), &string(public), &string(&private)]
        .concat();
    block(OPENSSH, &whole, 70)
}

/// The seed of an Ed25519 key that OpenSSH wrote without a passphrase.
pub(super) fn seed_of(pem: &str) -> Option<[u8; 32]> {
    let begin = format!("-----BEGIN {OPENSSH}-----");
    let end = format!("-----END {OPENSSH}-----");
    let body: String = pem.trim().strip_prefix(&begin)?.strip_suffix(&end)?.split_whitespace().collect();
    let bytes = STANDARD.decode(body).ok()?;
    let header = [MAGIC, &string(b"none"), &string(b"none"), &string(b""), &1_u32.to_be_bytes()].concat();
    let rest = bytes.strip_prefix(header.as_slice())?;
    let (_public, rest) = take(rest)?;
    let (private, _) = take(rest)?;
    let (algorithm, rest) = take(private.get(8..)?)?;
    let (_point, rest) = take(rest)?;
    let (pair, _) = take(rest)?;
    (algorithm == b"ssh-ed25519").then(|| pair.first_chunk().copied()).flatten()
}

/// One string, and what is behind it.
pub(super) fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// The two numbers of a sequence in DER.
pub(super) fn two_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = element(der)?;
    let (first, rest) = element(sequence)?;
    let (second, _) = element(rest)?;
    Some((first, second))
}

/// The key within PKCS #8: a version, an algorithm, the key.
pub(super) fn inner_key(der: &[u8]) -> Option<&[u8]> {
    let (sequence, _) = element(der)?;
    let (_version, rest) = element(sequence)?;
    let (_algorithm, rest) = element(rest)?;
    Some(element(rest)?.0)
}

/// What stands in the first element, and what is behind it.
fn element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = der.get(1..)?.split_first()?;
    if *length < 0x80 {
        return rest.split_at_checked(usize::from(*length));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
    let length = digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
    rest.split_at_checked(length)
}
