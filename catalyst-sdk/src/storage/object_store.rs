//! For the crate `object_store`.

use std::sync::Arc;

use async_trait::async_trait;
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;

use super::RotatingAccessKeys;

/// The keys of the moment, asked for at each request; it never fails and never waits.
#[async_trait]
impl CredentialProvider for RotatingAccessKeys {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let keys = self.current();
        Ok(Arc::new(AwsCredential {
            key_id: keys.access_key,
            secret_key: keys.secret_key.expose().to_owned(),
            token: keys.session_token.map(|token| token.expose().to_owned()),
        }))
    }
}
