//! An SVID in the form that sqlx takes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::{Secret, SecretBytes};

/// The chain, leaf first.
pub(super) fn certificates(chain: &[Vec<u8>]) -> String {
    chain.iter().map(|der| block("CERTIFICATE", der)).collect()
}

/// The key. sqlx keeps a copy of its own in the pool's options, which it does not wipe.
pub(super) fn private_key(pkcs8: &SecretBytes) -> Secret {
    Secret::from(block("PRIVATE KEY", pkcs8.expose()))
}

fn block(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    // Lines of 64, as RFC 7468 has them; at most one line break for each.
    let mut pem = String::with_capacity(text.len() + text.len() / 64 + 2 * label.len() + 40);
    pem.push_str("-----BEGIN ");
    pem.push_str(label);
    pem.push_str("-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, left) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = left;
    }
    pem.push_str("-----END ");
    pem.push_str(label);
    pem.push_str("-----\n");
    // The base64 of a key is as secret as the key.
    drop(Secret::from(text));
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_what_rfc_7468_says() {
        let pem = certificates(&[vec![7; 60], vec![8; 3]]);
        let lines: Vec<_> = pem.lines().collect();
        assert_eq!(lines[0], "-----BEGIN CERTIFICATE-----");
        assert_eq!((lines[1].len(), lines[2].len()), (64, 16));
        assert_eq!(&lines[3..6], ["-----END CERTIFICATE-----", "-----BEGIN CERTIFICATE-----", "CAgI"]);
        assert!(pem.ends_with("-----END CERTIFICATE-----\n"));
    }
}
