//! The client.

use std::sync::Arc;

use crate::Mount;
use crate::api::Api;
use crate::ask::Ask;
use crate::operation::Subject;

/// The transit engine at one mount; made by [`OpenBao::transit`](crate::OpenBao::transit). Cheap to clone.
///
/// Applications use its traits: [`Encryption`](crate::Encryption) and [`Signing`](crate::Signing). Keys are managed by
/// its own functions, random bytes and hashes come from them, too.
///
/// ```
/// use catalyst_openbao::mock::MockOpenBao;
/// use catalyst_openbao::{EngineType, Encryption, NewKey, Plaintext};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_openbao::Result<()> {
/// let bao = MockOpenBao::new();
/// bao.model().mount_engine("transit", &EngineType::Transit);
/// let transit = bao.client()?.transit("transit".parse()?);
/// let key = "orders".parse()?;
/// transit.create_key(&key, &NewKey::default()).await?;
///
/// let ciphertext = transit.encrypt(&key, Plaintext::new(b"4111 1111 1111 1111")).await?;
/// transit.rotate_key(&key).await?;
/// let ciphertext = transit.rewrap(&key, (&ciphertext).into()).await?;
/// assert_eq!(ciphertext.key_version(), 2);
/// assert_eq!(transit.decrypt(&key, (&ciphertext).into()).await?.expose(), b"4111 1111 1111 1111");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Transit {
    pub(super) api: Arc<Api>,
    pub(super) mount: Mount,
}

impl Transit {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }

    pub(super) fn at<'a>(&'a self, operation: &'static str, path: &'a [&'a str]) -> Ask<'a> {
        self.api.at(Subject::Transit, operation, path)
    }
}
