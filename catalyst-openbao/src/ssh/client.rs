//! The client.

use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result};
use serde::Serialize;

use super::{CertificateRequest, IssuedKey, KeyType, PublicKey, SignedKey, SshAuthority};
use crate::api::Api;
use crate::ask::Ask;
use crate::issuing::Issuer;
use crate::operation::{Operation, Subject};
use crate::refusal::SERVICE;
use crate::transport::Call;
use crate::{Mount, RoleName};

const SIGN: &str = "sign SSH key";

/// The SSH engine at one mount; made by [`OpenBao::ssh`](crate::OpenBao::ssh). Cheap to clone.
///
/// Applications use its trait [`SshAuthority`] and the one-time passwords; issuers and roles are managed by its own
/// functions.
///
/// ```
/// use catalyst_openbao::mock::MockOpenBao;
/// use catalyst_openbao::ssh::{Allowed, CaRole, CertificateRequest, KeyType};
/// use catalyst_openbao::{EngineType, SshAuthority};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_openbao::Result<()> {
/// let bao = MockOpenBao::new();
/// bao.model().mount_engine("ssh", &EngineType::Ssh);
/// let ssh = bao.client()?.ssh("ssh".parse()?);
/// let authority = ssh.generate_ca(KeyType::Ed25519).await?.public_key;
/// let (role, ops) = ("ops".parse()?, "ops".parse()?);
/// ssh.write_role(&role, &CaRole::for_users(Allowed::only([ops])).into()).await?;
///
/// let request = CertificateRequest::user().principal("ops".parse()?);
/// let issued = ssh.issue(&role, KeyType::Ed25519, &request).await?;
/// assert_eq!(issued.signed.certificate.principals(), ["ops"]);
/// assert_eq!(issued.signed.certificate.authority(), &authority);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Ssh {
    pub(super) issuer: Issuer,
    pub(super) mount: Mount,
}

impl Ssh {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { issuer: Issuer::new(api), mount }
    }

    pub(super) fn api(&self) -> &Arc<Api> {
        self.issuer.api()
    }

    pub(super) fn at<'a>(&'a self, operation: &'static str, path: &'a [&'a str]) -> Ask<'a> {
        self.api().at(Subject::Ssh, operation, path)
    }

    /// A public key as a text, from where no token is needed.
    pub(super) async fn open_key(&self, operation: &'static str, path: &[&str]) -> Result<PublicKey> {
        let call = Call::new(Operation::Of(Subject::Ssh, operation), Method::Get, path);
        let answer = self.api().send_as(&call, None).await?;
        answer.text()?.parse().map_err(|error: Error| {
            answer.undecodable().with_help("the answer is no public key").with_source(error)
        })
    }
}

#[async_trait]
impl SshAuthority for Ssh {
    async fn public_key(&self) -> Result<PublicKey> {
        self.open_key("read SSH authority", &[self.mount.escaped(), "/public_key"]).await
    }

    async fn sign(
        &self,
        role: &RoleName,
        key: &PublicKey,
        request: &CertificateRequest,
    ) -> Result<SignedKey> {
        let path = [self.mount.escaped(), "/sign/", role.escaped()];
        let body = SignBody { public_key: key, request };
        let signed: SignedKey = self.at(SIGN, &path).exchange(&body).await?;
        if signed.certificate.public_key() != key {
            return Err(Error::new(ErrorKind::Decode, SIGN)
                .with_service(SERVICE)
                .with_code("unreadable_answer")
                .with_help("the certificate is of another key than the one that was sent"));
        }
        Ok(signed)
    }

    async fn issue(
        &self,
        role: &RoleName,
        key_type: KeyType,
        request: &CertificateRequest,
    ) -> Result<IssuedKey> {
        let path = [self.mount.escaped(), "/issue/", role.escaped()];
        self.at("issue SSH key", &path).exchange(&IssueBody { key_type, request }).await
    }
}

#[derive(Serialize)]
struct SignBody<'a> {
    public_key: &'a PublicKey,
    #[serde(flatten)]
    request: &'a CertificateRequest,
}

#[derive(Serialize)]
struct IssueBody<'a> {
    #[serde(flatten)]
    key_type: KeyType,
    #[serde(flatten)]
    request: &'a CertificateRequest,
}
