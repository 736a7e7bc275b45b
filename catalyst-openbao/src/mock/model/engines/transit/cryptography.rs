//! What the model computes itself.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use aws_lc_rs::{digest, hmac};

/// The bytes of one version of a key.
pub(super) type Material = [u8; 32];

/// The key proper of a derived key.
pub(super) fn derive(material: &Material, context: &[u8]) -> Material {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, material), context);
    let mut derived = [0; 32];
    derived.copy_from_slice(tag.as_ref());
    derived
}

/// The nonce, the ciphertext and the tag; `nonce` has 12 bytes, or 24.
pub(super) fn seal(
    kind: &str,
    material: &Material,
    nonce: &[u8],
    associated: &[u8],
    plaintext: &[u8],
) -> Option<Vec<u8>> {
    let (key, short) = cipher(kind, material, nonce)?;
    let mut text = plaintext.to_vec();
    key.seal_in_place_append_tag(short, Aad::from(associated), &mut text).ok()?;
    Some([nonce, &text].concat())
}

/// None if it is not authentic.
pub(super) fn open(
    kind: &str,
    material: &Material,
    nonce: &[u8],
    associated: &[u8],
    sealed: &[u8],
) -> Option<Vec<u8>> {
    let (key, short) = cipher(kind, material, nonce)?;
    let mut text = sealed.to_vec();
    let length = key.open_in_place(short, Aad::from(associated), &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

fn cipher(kind: &str, material: &Material, nonce: &[u8]) -> Option<(LessSafeKey, Nonce)> {
    let (head, tail) = nonce.split_at_checked(nonce.len().checked_sub(12)?)?;
    // A long nonce makes a key of its own.
    let material = if head.is_empty() { *material } else { derive(material, head) };
    let key = match kind {
        "aes128-gcm96" => UnboundKey::new(&AES_128_GCM, &material[..16]),
        "chacha20-poly1305" | "xchacha20-poly1305" => UnboundKey::new(&CHACHA20_POLY1305, &material),
        _ => UnboundKey::new(&AES_256_GCM, &material),
    };
    Some((LessSafeKey::new(key.ok()?), Nonce::try_assume_unique_for_key(tail).ok()?))
}

pub(super) fn nonce_length(kind: &str) -> usize {
    if kind == "xchacha20-poly1305" { 24 } else { 12 }
}

pub(super) fn public_key(material: &Material) -> Vec<u8> {
    Ed25519KeyPair::from_seed_unchecked(material)
        .map(|pair| pair.public_key().as_ref().to_vec())
        .unwrap_or_default()
}

/// A signature; `scheme` goes into it, so that it is good in the same scheme only.
pub(super) fn sign(kind: &str, material: &Material, scheme: &str, input: &[u8]) -> Vec<u8> {
    if kind == "ed25519" {
        let pair = Ed25519KeyPair::from_seed_unchecked(material);
        return pair.map(|pair| pair.sign(input).as_ref().to_vec()).unwrap_or_default();
    }
    let key = hmac::Key::new(hmac::HMAC_SHA512, material);
    hmac::sign(&key, &[scheme.as_bytes(), b"|", input].concat()).as_ref().to_vec()
}

/// None for a hash that the model does not know.
pub(super) fn authenticate(hash: &str, material: &Material, input: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match hash {
        "sha2-224" => hmac::HMAC_SHA224,
        "sha2-256" => hmac::HMAC_SHA256,
        "sha2-384" => hmac::HMAC_SHA384,
        "sha2-512" => hmac::HMAC_SHA512,
        _ => return None,
    };
    Some(hmac::sign(&hmac::Key::new(algorithm, material), input).as_ref().to_vec())
}

/// None for a hash that the model does not know.
pub(super) fn hash(hash: &str, input: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match hash {
        "sha2-224" => &digest::SHA224,
        "sha2-256" => &digest::SHA256,
        "sha2-384" => &digest::SHA384,
        "sha2-512" => &digest::SHA512,
        "sha3-256" => &digest::SHA3_256,
        "sha3-384" => &digest::SHA3_384,
        "sha3-512" => &digest::SHA3_512,
        _ => return None,
    };
    Some(digest::digest(algorithm, input).as_ref().to_vec())
}
