//! A server that was never initialised, a seed, and what is declared.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_openbao::bootstrap::{
    Bootstrap, Declared, DeclaredAudit, DeclaredEngine, DeclaredLogin, FileCustody, FileSeed, JwtKeys,
    JwtRole, KubernetesRole, Report, StorageReset,
};
use catalyst_openbao::mock::{MockSeal, Model};
use catalyst_openbao::{InitRequest, KeySplit, OpenBao, Result};

pub(super) const HOUR: Duration = Duration::from_secs(3600);
const READ: &str = "path \"secret/data/*\" { capabilities = [\"read\"] }";

pub(super) fn declared() -> Declared {
    let named = |name: &str| name.to_owned();
    let accounts =
        KubernetesRole::new("external-secrets-system", "external-secrets", &["external-secrets-read"], HOUR);
    let kubernetes = DeclaredLogin::Kubernetes {
        host: named("https://kubernetes.default.svc"),
        ca: None,
        reviewer_token: None,
        roles: BTreeMap::from([(named("external-secrets"), accounts)]),
    };
    let workload = JwtRole::new("openbao", "spiffe://omantel/ns/shop/sa/orders", &["default"], HOUR);
    let jwt = DeclaredLogin::Jwt {
        keys: JwtKeys::Pem(vec![named("-----BEGIN PUBLIC KEY-----")]),
        roles: BTreeMap::from([(named("orders"), workload)]),
    };
    Declared::new()
        .policy("external-secrets-read", READ)
        .engine("secret", DeclaredEngine::Kv)
        .login("kubernetes", kubernetes)
        .login("jwt", jwt)
        .audit("to-file", DeclaredAudit::present())
}

/// The server that is emptied when its key was lost.
#[derive(Debug)]
pub(super) struct Wipe(pub(super) Model);

#[async_trait]
impl StorageReset for Wipe {
    async fn start_over(&self) -> Result<()> {
        self.0.wipe();
        Ok(())
    }
}

pub(super) struct Stage {
    pub(super) model: Model,
    pub(super) folder: tempfile::TempDir,
    seal: MockSeal,
}

impl Stage {
    pub(super) fn new(seal: MockSeal) -> Self {
        let model = Model::uninitialized(seal);
        model.allow_root_generation(true);
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("custody")).unwrap();
        let seed = folder.path().join("seed");
        std::fs::write(&seed, [7; 32]).unwrap();
        std::fs::set_permissions(&seed, PermissionsExt::from_mode(0o600)).unwrap();
        Self { model, folder, seal }
    }

    pub(super) fn bao(&self) -> OpenBao {
        OpenBao::builder("http://127.0.0.1").unwrap().in_memory(self.model.clone()).build().unwrap()
    }

    pub(super) fn seed(&self) -> FileSeed {
        FileSeed::new(self.folder.path().join("seed"))
    }

    /// Without anybody who empties the server's storage.
    pub(super) fn strict(&self) -> Bootstrap {
        self.of(declared())
    }

    pub(super) fn of(&self, declared: Declared) -> Bootstrap {
        let split = KeySplit::new(3, 2).unwrap();
        let init = match self.seal {
            MockSeal::Shamir => InitRequest::shamir(split),
            _ => InitRequest::auto_unseal(split),
        };
        Bootstrap::new(self.bao(), Arc::new(self.seed()), init, declared)
            .custody(Arc::new(FileCustody::new(self.folder.path().join("custody"))))
            .patience(Duration::from_secs(20))
    }

    pub(super) fn bootstrap(&self) -> Bootstrap {
        self.strict()
            .storage_reset(Arc::new(EmptyAll(self.model.clone(), self.folder.path().join("custody"))))
    }

    /// All is as it is to be in the end: as declared, sealed by the shares in custody, no root token, no seed.
    pub(super) async fn check_end(&self, report: &Report, what: &str) {
        assert_eq!(self.model.live_root_tokens(), 0, "{what}: {report}");
        assert_eq!(self.model.live_tokens(), 0, "{what}");
        let left = std::fs::read_dir(self.folder.path()).unwrap().count();
        assert_eq!(left, 1, "{what}: only what is in custody is left");
        let kept = self.kept();
        assert_eq!(kept, self.shares(), "{what}: the shares in custody are those of the server");
        let token = self.model.new_token(&catalyst_openbao::mock::TokenGrant::endless());
        let login = catalyst_openbao::Login::token(token.clone());
        let builder = OpenBao::builder("http://127.0.0.1").unwrap().in_memory(self.model.clone());
        let plan = declared().plan(&builder.login(login).build().unwrap()).await.unwrap();
        assert!(plan.is_empty(), "{what}: {plan}");
        self.model.revoke_token(&token);
    }

    fn kept(&self) -> Vec<String> {
        let folder = std::fs::read_dir(self.folder.path().join("custody")).unwrap();
        let mut kept: Vec<_> =
            folder.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        kept.sort();
        kept
    }

    fn shares(&self) -> Vec<String> {
        let mut shares: Vec<_> =
            self.model.key_shares().iter().map(|share| share.expose().to_owned()).collect();
        shares.sort();
        shares
    }
}

/// Shares of a server that was emptied are worth nothing.
#[derive(Debug)]
struct EmptyAll(Model, std::path::PathBuf);

#[async_trait]
impl StorageReset for EmptyAll {
    async fn start_over(&self) -> Result<()> {
        let kept = std::fs::read_dir(&self.1).unwrap().count();
        assert_eq!(kept, 0, "no share is in custody when the answer to init was lost");
        Wipe(self.0.clone()).start_over().await
    }
}
