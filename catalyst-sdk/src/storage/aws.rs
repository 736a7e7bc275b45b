//! For the AWS SDK.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{self, ProvideCredentials, future};

use super::RotatingAccessKeys;

/// The SDK keeps what it was given until ten seconds before its end, and a quarter of an hour where there is none: keys
/// that were replaced would be used for so long. They have no end of their own, so they are given one that makes the
/// SDK ask again soon; asking costs nothing.
const KEPT: Duration = Duration::from_secs(30);

/// The keys of the moment; it never fails and never waits.
impl ProvideCredentials for RotatingAccessKeys {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Ok(self.for_the_sdk()))
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        Some(self.for_the_sdk())
    }
}

impl RotatingAccessKeys {
    fn for_the_sdk(&self) -> Credentials {
        let keys = self.current();
        let token = keys.session_token.as_ref().map(|token| token.expose().to_owned());
        let end = self.clock.now() + KEPT;
        Credentials::new(keys.access_key, keys.secret_key.expose(), token, Some(end), "catalyst")
    }
}

/// Compiles only while it fits where the SDK takes a provider.
const _: fn(RotatingAccessKeys) -> provider::SharedCredentialsProvider =
    provider::SharedCredentialsProvider::new;

#[cfg(all(test, feature = "mock"))]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rotation::Policy;
    use crate::sources::KvAccessKeys;
    use crate::sources::fields::{ACCESS_KEY, SECRET_KEY};
    use catalyst_openbao::mock::MockOpenBao;
    use catalyst_openbao::{SecretData, SecretStore, WriteMode};

    #[tokio::test(start_paused = true)]
    async fn the_sdk_is_given_the_keys_of_the_moment_and_asks_again_soon() {
        let store: Arc<dyn SecretStore> = Arc::new(MockOpenBao::new().kv("secret".parse().unwrap()));
        let write = async |access: &str, secret: &str| {
            let data = SecretData::from_iter([(ACCESS_KEY, access), (SECRET_KEY, secret)]);
            store.write(&"s3".parse().unwrap(), &data, WriteMode::Overwrite).await.unwrap();
        };
        write("AK1", "canary-1").await;
        let source = KvAccessKeys::new(Arc::clone(&store), "s3".parse().unwrap());
        let keys = RotatingAccessKeys::start(source, Policy::default()).await.unwrap();
        let given = keys.provide_credentials().await.unwrap();
        assert_eq!((given.access_key_id(), given.secret_access_key()), ("AK1", "canary-1"));
        assert!(given.expiry().unwrap() <= keys.clock.now() + KEPT);
        assert!(!format!("{given:?} {keys:?}").contains("canary"));
        let mut updates = keys.rotating().updates();
        write("AK2", "canary-2").await;
        updates.changed().await.unwrap();
        assert_eq!(keys.provide_credentials().await.unwrap().access_key_id(), "AK2");
        assert_eq!(keys.fallback_on_interrupt().unwrap().access_key_id(), "AK2");
    }
}
