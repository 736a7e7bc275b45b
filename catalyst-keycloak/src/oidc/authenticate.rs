//! How a client's proof is put into a request.

use std::time::Duration;

use catalyst_core::{Clock, Error, ErrorKind, Result, Secret};
use serde::Serialize;

use super::credential::ClientCredential;
use crate::form::Form;
use crate::jose::SigningKey;
use crate::{ClientId, Realm};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const JWT_SPIFFE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";
/// How long an assertion of ours can be used: its `jti` is remembered by the server for that long.
const ASSERTION_LIFE: Duration = Duration::from_secs(60);
/// How long another issuer may take to give one.
const ASSERTION_WAIT: Duration = Duration::from_secs(10);

/// Adds the proof that `client` is itself to `form`.
pub(crate) async fn authenticate(
    credential: &ClientCredential,
    client: &ClientId,
    realm: &Realm,
    form: Form,
) -> Result<Form> {
    let named = |form: Form| form.field("client_id", client.as_str());
    match credential {
        ClientCredential::Secret(secret) => Ok(named(form).secret("client_secret", secret)),
        ClientCredential::MutualTls | ClientCredential::Public => Ok(named(form)),
        ClientCredential::PrivateKeyJwt(key) => {
            let assertion = own_assertion(key, client, realm)?;
            Ok(asserted(named(form), JWT_BEARER, &assertion))
        }
        // The server finds the client by the subject; a client id of ours could only contradict it.
        ClientCredential::JwtSvid(source) => {
            let asked = source.assertion(realm.issuer().as_str());
            Ok(asserted(form, JWT_SPIFFE, &in_time(asked).await?))
        }
        ClientCredential::Federated(source) => {
            let asked = source.assertion(realm.issuer().as_str());
            Ok(asserted(form, JWT_BEARER, &in_time(asked).await?))
        }
    }
}

fn asserted(form: Form, kind: &str, assertion: &Secret) -> Form {
    form.field("client_assertion_type", kind).secret("client_assertion", assertion)
}

async fn in_time(asked: impl Future<Output = Result<Secret>>) -> Result<Secret> {
    tokio::time::timeout(ASSERTION_WAIT, asked).await.unwrap_or_else(|_elapsed| {
        Err(Error::new(ErrorKind::Timeout, "get an assertion of our identity")
            .with_code("assertion_timeout")
            .with_help("the source of assertions did not answer within 10 s"))
    })
}

/// RFC 7523 section 3: issuer and subject are the client, the audience is the realm's issuer, and each is used once.
fn own_assertion(key: &SigningKey, client: &ClientId, realm: &Realm) -> Result<Secret> {
    #[derive(Serialize)]
    struct Claims<'a> {
        iss: &'a str,
        sub: &'a str,
        aud: &'a str,
        jti: String,
        iat: u64,
        exp: u64,
    }
    let now = unix_seconds(&Clock::system());
    let jti = format!("{:032x}", u128::from(fastrand::u64(..)) << 64 | u128::from(fastrand::u64(..)));
    let (iss, aud) = (client.as_str(), realm.issuer().as_str());
    key.sign("JWT", &Claims { iss, sub: iss, aud, jti, iat: now, exp: now + ASSERTION_LIFE.as_secs() })
}

pub(crate) fn unix_seconds(clock: &Clock) -> u64 {
    clock.now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs()
}
