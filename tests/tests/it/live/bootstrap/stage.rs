//! A fresh server, a cluster beside it, and what is declared.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use catalyst_keycloak::jose::Algorithm;
use catalyst_openbao::bootstrap::{
    Bootstrap, DatabaseConnection, DatabaseRole, Declared, DeclaredAudit, DeclaredEngine, DeclaredLogin,
    FileCustody, FileSeed, JwtKeys, JwtRole, KubernetesRole, SeedStore,
};
use catalyst_openbao::{InitRequest, KeyShare, KeySplit, Login, OpenBao, OpenBaoBuilder, Secret};
use catalyst_tests::servers::{AssertionIssuer, FreshOpenBao, KubeApi, OpenBaoServer};

pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const WORKLOAD: &str = "spiffe://omantel/ns/shop/sa/orders";

/// How a server unseals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    Shamir,
    Static,
}

pub(super) struct Stage {
    pub(super) kube: KubeApi,
    pub(super) issuer: AssertionIssuer,
    pub(super) folder: tempfile::TempDir,
    seal: Seal,
}

impl Stage {
    pub(super) async fn start(seal: Seal) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stage = Self {
            kube: KubeApi::start().await.unwrap(),
            issuer: AssertionIssuer::start(Algorithm::Es256).await.unwrap(),
            folder,
            seal,
        };
        stage.new_seed();
        stage
    }

    /// A new seed in its file, and an empty folder for the shares.
    pub(super) fn new_seed(&self) {
        let (seed, custody) = (self.path("seed"), self.path("custody"));
        std::fs::write(&seed, std::array::from_fn::<u8, 32, _>(|_| fastrand::u8(1..))).unwrap();
        std::fs::set_permissions(&seed, PermissionsExt::from_mode(0o600)).unwrap();
        if custody.exists() {
            std::fs::remove_dir_all(&custody).unwrap();
        }
        std::fs::create_dir(custody).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn fresh(&self) -> FreshOpenBao {
        match self.seal {
            Seal::Shamir => FreshOpenBao::new(),
            Seal::Static => FreshOpenBao::new().static_seal(),
        }
    }

    pub(super) fn file_seed(&self) -> Arc<dyn SeedStore> {
        Arc::new(FileSeed::new(self.path("seed")))
    }

    pub(super) fn bootstrap(&self, server: &OpenBaoServer, seed: Arc<dyn SeedStore>) -> Bootstrap {
        self.declaring(server, seed, self.declared(server))
    }

    pub(super) fn declaring(
        &self,
        server: &OpenBaoServer,
        seed: Arc<dyn SeedStore>,
        declared: Declared,
    ) -> Bootstrap {
        let split = KeySplit::new(3, 2).unwrap();
        let init = match self.seal {
            Seal::Shamir => InitRequest::shamir(split),
            Seal::Static => InitRequest::auto_unseal(split),
        };
        Bootstrap::new(builder(server).build().unwrap(), seed, init, declared)
            .custody(Arc::new(FileCustody::new(self.path("custody"))))
            .patience(Duration::from_secs(30))
    }

    /// What the platform declares.
    pub(super) fn declared(&self, server: &OpenBaoServer) -> Declared {
        let named = |name: &str| name.to_owned();
        let read = "path \"secret/data/*\" { capabilities = [\"read\"] }";
        let accounts = KubernetesRole::new(
            "external-secrets-system",
            "external-secrets",
            &["external-secrets-read"],
            HOUR,
        );
        let kubernetes = DeclaredLogin::Kubernetes {
            host: self.kube.address().to_owned(),
            ca: Some(self.kube.ca_pem().to_owned()),
            reviewer_token: Some(Secret::new(self.kube.admin_token())),
            roles: BTreeMap::from([(named("external-secrets"), accounts)]),
        };
        let workload = JwtRole::new("openbao", WORKLOAD, &["external-secrets-read"], HOUR);
        let jwt = DeclaredLogin::Jwt {
            keys: JwtKeys::Jwks { url: self.issuer.jwks(), ca: None },
            roles: BTreeMap::from([(named("orders"), workload)]),
        };
        let connection = DatabaseConnection::new(
            "postgresql-database-plugin",
            "postgresql://{{username}}:{{password}}@127.0.0.1:1/app?sslmode=disable",
            "bao_manager",
            Secret::new("canary-database-password"),
            &["orders-rw"],
        );
        let creation = "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' IN ROLE app_rw";
        let database = DeclaredEngine::Database {
            connections: BTreeMap::from([(named("app"), connection)]),
            roles: BTreeMap::from([(
                named("orders-rw"),
                DatabaseRole::new("app", &[creation], HOUR, 24 * HOUR)
                    .revocation(&["DROP ROLE \"{{name}}\""]),
            )]),
        };
        Declared::new()
            .policy("external-secrets-read", read)
            .engine("secret", DeclaredEngine::Kv)
            .engine("database", database)
            .login("kubernetes", kubernetes)
            .login("jwt", jwt)
            .audit("to-file", DeclaredAudit::writes_to(server.folder().join("audit.log")))
    }

    /// The shares in custody.
    pub(super) fn shares(&self) -> Vec<KeyShare> {
        let files = std::fs::read_dir(self.path("custody")).unwrap();
        let read = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        read.map(|text| text.parse().unwrap()).collect()
    }
}

pub(super) fn builder(server: &OpenBaoServer) -> OpenBaoBuilder {
    OpenBao::builder(server.address()).unwrap().tls(server.tls().unwrap())
}

pub(super) fn with_token(server: &OpenBaoServer, token: &Secret) -> OpenBao {
    builder(server).login(Login::token(token.clone())).build().unwrap()
}
