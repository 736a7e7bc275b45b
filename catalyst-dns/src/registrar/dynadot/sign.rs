//! Signatures and identifiers of requests.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Base64 of HMAC-SHA-256 with the API's secret over key, path with query, identifier and body, joined by line feeds.
///
/// The documentation does not say how the bytes are written; lego's client, which works, writes base64. The path
/// begins with a slash.
pub(crate) fn signature(key: &str, secret: &str, path_and_query: &str, id: &str, body: &str) -> String {
    let text = Zeroizing::new(format!("{key}\n{path_and_query}\n{id}\n{body}"));
    let tag = sign(&Key::new(HMAC_SHA256, secret.as_bytes()), text.as_bytes());
    STANDARD.encode(tag.as_ref())
}

/// A random UUID (version 4), for Dynadot's log and ours. It is no secret.
pub(super) fn request_id() -> String {
    let bits = fastrand::u128(..);
    let bits = bits & !(0xf << 76) | 4 << 76;
    let bits = bits & !(0b11 << 62) | 0b10 << 62;
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
