//! Telling whether the server holds the secret that is declared, although it shows stars in its place.
//!
//! A salted, slow digest stands beside it in the provider's configuration. Administrators who read that learn nothing
//! about a secret that was generated, and have to try each guess about one that was chosen.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use catalyst_core::{Error, ErrorKind, Result, Secret};

const NAME: &str = "pbkdf2-sha256";
/// Some 5 ms: it runs where requests do.
const ROUNDS: u32 = 20_000;
/// What one that somebody else wrote may cost at most.
const MAX_ROUNDS: u32 = 200_000;

/// A digest of `secret`: another one each time.
pub(super) fn digest(secret: &Secret) -> Result<String> {
    let mut salt = [0; 16];
    SystemRandom::new().fill(&mut salt).map_err(|error| {
        Error::new(ErrorKind::Other, "ensure identity provider").with_help("no randomness").with_source(error)
    })?;
    let mut hash = [0; 32];
    let rounds = NonZeroU32::new(ROUNDS).unwrap_or(NonZeroU32::MIN);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, secret.expose().as_bytes(), &mut hash);
    Ok(format!("{NAME}${ROUNDS}${}${}", BASE64.encode(salt), BASE64.encode(hash)))
}

/// Whether `text` is a digest of `secret`. Anything unreadable is none.
pub(super) fn matches(text: &str, secret: &Secret) -> bool {
    let parts: Vec<_> = text.split('$').collect();
    let [NAME, rounds, salt, hash] = parts[..] else { return false };
    let rounds = rounds.parse().ok().filter(|rounds: &NonZeroU32| rounds.get() <= MAX_ROUNDS);
    let (Some(rounds), Ok(salt), Ok(hash)) = (rounds, BASE64.decode(salt), BASE64.decode(hash)) else {
        return false;
    };
    pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, secret.expose().as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_secrets_apart_and_takes_no_rubbish() {
        let secret = Secret::new("hunter2");
        let (one, two) = (digest(&secret).unwrap(), digest(&secret).unwrap());
        assert_ne!(one, two, "salted");
        assert!(matches(&one, &secret) && matches(&two, &secret));
        assert!(!matches(&one, &Secret::new("hunter3")));
        for rubbish in ["", "$$$", "pbkdf2-sha256$0$AA$AA", "pbkdf2-sha256$4000000000$AA$AA", "md5$1$AA$AA"] {
            assert!(!matches(rubbish, &secret), "{rubbish}");
        }
        assert!(!one.contains("hunter2"));
    }
}
