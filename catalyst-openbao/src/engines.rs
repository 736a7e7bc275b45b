//! The way from a client to its engines.

use std::sync::Arc;

use crate::auth_method::{AppRoles, CertMethod, JwtMethod, KubernetesMethod, Tokens, Userpass};
use crate::{
    Cubbyhole, DatabaseAdmin, Identity, KubernetesSecrets, Mount, OpenBao, Operator, Pki, RabbitMq, Raft,
    Ssh, System, Totp, Transit,
};

impl OpenBao {
    /// The roles of the `approle` login method at `mount`, named without `auth/`.
    pub fn app_roles(&self, mount: Mount) -> AppRoles {
        AppRoles::new(Arc::clone(&self.api), mount)
    }

    /// The settings of the `cert` login method at `mount`, named without `auth/`.
    pub fn cert_method(&self, mount: Mount) -> CertMethod {
        CertMethod::new(Arc::clone(&self.api), mount)
    }

    /// What the session's token keeps for itself.
    pub fn cubbyhole(&self) -> Cubbyhole {
        Cubbyhole::new(Arc::clone(&self.api))
    }

    /// The settings of the database engine at `mount`.
    pub fn database_admin(&self, mount: Mount) -> DatabaseAdmin {
        DatabaseAdmin::new(Arc::clone(&self.api), mount)
    }

    /// Entities, aliases, groups and identity tokens.
    pub fn identity(&self) -> Identity {
        Identity::new(Arc::clone(&self.api))
    }

    /// The settings of the `jwt` login method at `mount`, named without `auth/`.
    pub fn jwt_method(&self, mount: Mount) -> JwtMethod {
        JwtMethod::new(Arc::clone(&self.api), mount)
    }

    /// The settings of the `kubernetes` login method at `mount`, named without `auth/`.
    pub fn kubernetes_method(&self, mount: Mount) -> KubernetesMethod {
        KubernetesMethod::new(Arc::clone(&self.api), mount)
    }

    /// The Kubernetes secrets engine at `mount`.
    pub fn kubernetes(&self, mount: Mount) -> KubernetesSecrets {
        KubernetesSecrets::new(Arc::clone(&self.api), mount)
    }

    /// What operators do with a whole server.
    pub fn operator(&self) -> Operator {
        Operator::new(Arc::clone(&self.api))
    }

    /// The PKI engine at `mount`.
    pub fn pki(&self, mount: Mount) -> Pki {
        Pki::new(Arc::clone(&self.api), mount)
    }

    /// The RabbitMQ engine at `mount`.
    pub fn rabbitmq(&self, mount: Mount) -> RabbitMq {
        RabbitMq::new(Arc::clone(&self.api), mount)
    }

    /// The Raft storage of a cluster.
    pub fn raft(&self) -> Raft {
        Raft::new(Arc::clone(&self.api))
    }

    /// The SSH engine at `mount`.
    pub fn ssh(&self, mount: Mount) -> Ssh {
        Ssh::new(Arc::clone(&self.api), mount)
    }

    /// The server's own settings.
    pub fn system(&self) -> System {
        System::new(Arc::clone(&self.api))
    }

    /// Tokens beside those of the session.
    pub fn tokens(&self) -> Tokens {
        Tokens::new(Arc::clone(&self.api))
    }

    /// The TOTP engine at `mount`.
    pub fn totp(&self, mount: Mount) -> Totp {
        Totp::new(Arc::clone(&self.api), mount)
    }

    /// The transit engine at `mount`.
    pub fn transit(&self, mount: Mount) -> Transit {
        Transit::new(Arc::clone(&self.api), mount)
    }

    /// The users of the `userpass` login method at `mount`, named without `auth/`.
    pub fn userpass(&self, mount: Mount) -> Userpass {
        Userpass::new(Arc::clone(&self.api), mount)
    }
}
