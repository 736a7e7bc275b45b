//! A JWT-SVID, as a workload carries it: the token and what it says. It is not verified here; whoever receives it
//! does that.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_core::{Clock, Error, ErrorKind, Result, Secret};
use serde::Deserialize;

use crate::SpiffeId;

/// Longer tokens are refused.
const MAX_TOKEN: usize = 16 * 1024;

/// A signed statement of who this process is, for one or several audiences.
///
/// `Debug` shows the identity, audiences and life, never the token.
pub struct JwtIdentity {
    id: SpiffeId,
    token: Secret,
    audience: Vec<String>,
    issued_at: SystemTime,
    expires_at: SystemTime,
}

impl JwtIdentity {
    /// Reads the claims of `token`. A token without `iat` counts as issued at `received`.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] (code `malformed_jwt`) if it is not a JWT with a SPIFFE ID, an audience and an end.
    pub fn from_token(token: Secret, received: SystemTime) -> Result<Self> {
        let claims = read_claims(token.expose())?;
        let id = SpiffeId::parse(&claims.sub)
            .map_err(|fault| malformed().with_help(format!("its subject is no SPIFFE ID: {fault}")))?;
        let audience = match claims.aud {
            Audience::One(one) => vec![one],
            Audience::Many(many) => many,
        };
        if audience.is_empty() {
            return Err(malformed().with_help("it names no audience"));
        }
        let expires_at = wall_time(claims.exp).ok_or_else(|| malformed().with_help("its end is no time"))?;
        let issued_at = claims.iat.and_then(wall_time).unwrap_or(received);
        Ok(Self { id, token, audience, issued_at, expires_at })
    }

    /// Who it names.
    pub fn id(&self) -> &SpiffeId {
        &self.id
    }

    /// The token in its compact form.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// Whom it is meant for.
    pub fn audience(&self) -> &[String] {
        &self.audience
    }

    /// When it was issued; the moment of its arrival if it does not say.
    pub fn issued_at(&self) -> SystemTime {
        self.issued_at
    }

    /// The end of its life.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// What is left of its life; zero once it has ended.
    pub fn remaining(&self, clock: &Clock) -> Duration {
        clock.until(self.expires_at)
    }
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: Audience,
    exp: f64,
    #[serde(default)]
    iat: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

fn read_claims(token: &str) -> Result<Claims> {
    if token.len() > MAX_TOKEN {
        return Err(malformed().with_help("it is longer than 16 KiB"));
    }
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed().with_help("it does not have three parts"));
    };
    // The decoder's errors quote what they read, so they are not kept as a source.
    let bytes = URL_SAFE_NO_PAD
        .decode(payload)
        .map_err(|_quoting| malformed().with_help("its payload is not base64url"))?;
    serde_json::from_slice(&bytes).map_err(|_quoting| {
        malformed().with_help("its payload lacks sub, aud or exp, or they have the wrong type")
    })
}

/// Seconds since 1970 as JSON gives them; none for what no clock can show.
fn wall_time(seconds: f64) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

fn malformed() -> Error {
    Error::new(ErrorKind::Decode, "read JWT-SVID").with_service("spiffe").with_code("malformed_jwt")
}

impl fmt::Debug for JwtIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtIdentity")
            .field("id", &self.id)
            .field("audience", &self.audience)
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(payload: &str) -> Secret {
        Secret::from(format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload)))
    }

    #[test]
    fn one_or_several_audiences_and_a_missing_iat_are_read() {
        let received = SystemTime::UNIX_EPOCH + Duration::from_secs(50);
        let one = token(r#"{"sub":"spiffe://a.test/x","aud":"bao","exp":100}"#);
        let one = JwtIdentity::from_token(one, received).unwrap();
        assert_eq!((one.audience(), one.issued_at()), (&["bao".to_owned()][..], received));
        let many = token(r#"{"sub":"spiffe://a.test/x","aud":["a","b"],"exp":100.5,"iat":40,"extra":{}}"#);
        let many = JwtIdentity::from_token(many, received).unwrap();
        assert_eq!(many.audience().len(), 2);
        assert_eq!(
            many.expires_at().duration_since(many.issued_at()).unwrap(),
            Duration::from_millis(60_500)
        );
    }

    #[test]
    fn what_is_no_jwt_svid_is_refused_and_not_repeated() {
        for payload in [
            "",
            "hunter2",
            r#"{"sub":"hunter2","aud":"a","exp":1}"#,
            r#"{"sub":"spiffe://a.test/x","aud":[],"exp":1}"#,
            r#"{"sub":"spiffe://a.test/x","aud":"a"}"#,
            r#"{"sub":"spiffe://a.test/x","aud":"a","exp":"hunter2"}"#,
            r#"{"sub":"spiffe://a.test/x","aud":"a","exp":-1}"#,
            r#"{"sub":"spiffe://a.test/x","aud":"a","exp":1e300}"#,
        ] {
            let error = JwtIdentity::from_token(token(payload), SystemTime::UNIX_EPOCH).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, Some("malformed_jwt")), "{payload}");
            assert!(!format!("{error:?}").contains("hunter2"), "{payload}");
        }
        let long = Secret::from(format!("e30.{}.c2ln", "a".repeat(MAX_TOKEN)));
        assert!(JwtIdentity::from_token(long, SystemTime::UNIX_EPOCH).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in ".{0,60}", payload in ".{0,60}") {
            drop(JwtIdentity::from_token(Secret::from(text), SystemTime::UNIX_EPOCH));
            drop(JwtIdentity::from_token(token(&payload), SystemTime::UNIX_EPOCH));
        }
    }
}
