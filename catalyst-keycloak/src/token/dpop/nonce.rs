//! Nonces of the server (RFC 9449 section 9), made from the time, so that nothing is kept for each.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_core::{Error, ErrorKind, Result, SecretBytes};

/// A nonce is the current one for so many seconds, and taken for as many more.
const PERIOD: i64 = 300;

pub(in crate::token) struct Nonces(Key);

impl Nonces {
    pub(in crate::token) fn new(key: &SecretBytes) -> Result<Self> {
        if key.expose().len() < 32 {
            let help = "the key of the nonces has at least 32 bytes";
            return Err(Error::new(ErrorKind::Config, "build a token verifier").with_help(help));
        }
        Ok(Self(Key::new(HMAC_SHA256, key.expose())))
    }

    pub(super) fn current(&self, now: i64) -> String {
        self.of(now.div_euclid(PERIOD))
    }

    pub(super) fn accepts(&self, nonce: &str, now: i64) -> bool {
        let period = now.div_euclid(PERIOD);
        let is = |period| verify_slices_are_equal(self.of(period).as_bytes(), nonce.as_bytes()).is_ok();
        is(period) || is(period - 1)
    }

    fn of(&self, period: i64) -> String {
        URL_SAFE_NO_PAD.encode(sign(&self.0, &period.to_be_bytes()))
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonces")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_lasts_for_its_period_and_the_next() {
        let nonces = Nonces::new(&SecretBytes::new(vec![7; 32])).unwrap();
        let nonce = nonces.current(1_000 * PERIOD);
        assert!(nonces.accepts(&nonce, 1_002 * PERIOD - 1));
        assert!(!nonces.accepts(&nonce, 1_002 * PERIOD) && !nonces.accepts("", 1_000 * PERIOD));
        let other = Nonces::new(&SecretBytes::new(vec![8; 32])).unwrap();
        assert!(!other.accepts(&nonce, 1_000 * PERIOD));
        assert!(Nonces::new(&SecretBytes::new(vec![7; 31])).is_err());
    }
}
