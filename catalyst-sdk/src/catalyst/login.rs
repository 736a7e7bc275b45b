//! Which proof of who we are OpenBao gets.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::{Login, RoleName};
use catalyst_spiffe::{SpiffeId, WorkloadIdentity};

use super::CONNECT;
use crate::bridge::SvidAssertion;
use crate::config::{LoginMethod, OpenBaoConfig};

/// Where Kubernetes puts the service-account token of a pod.
const TOKEN_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// The audience that a JWT-SVID is asked for if the configuration does not say.
const AUDIENCE: &str = "openbao";

/// The configured method, or the first for which there is what it needs.
pub(super) fn method(settings: &OpenBaoConfig, has_identity: bool) -> Result<LoginMethod> {
    if let Some(method) = settings.login.method {
        return Ok(method);
    }
    if settings.token.is_some() {
        return Ok(LoginMethod::Token);
    }
    if has_identity {
        return Ok(LoginMethod::Jwt);
    }
    if Path::new(TOKEN_FILE).exists() {
        return Ok(LoginMethod::Kubernetes);
    }
    Err(config("nothing to log in with: set SPIFFE_ENDPOINT_SOCKET, or BAO_TOKEN for development"))
}

/// The login that `method` means.
pub(super) fn login(
    settings: &OpenBaoConfig,
    method: LoginMethod,
    identity: Option<&Arc<dyn WorkloadIdentity>>,
) -> Result<Login> {
    let login = &settings.login;
    let who = || identity.ok_or_else(|| config("this login needs an identity: set SPIFFE_ENDPOINT_SOCKET"));
    let made = match method {
        LoginMethod::Jwt => {
            let identity = who()?;
            let audience = login.audience.clone().unwrap_or_else(|| AUDIENCE.to_owned());
            let source = Arc::new(SvidAssertion::new(Arc::clone(identity)));
            Login::jwt(role(login.role.as_deref(), Some(identity))?, audience, source)
        }
        LoginMethod::Cert => {
            who()?;
            // Without a role the server tries all that the certificate fits.
            Login::certificate(login.role.as_deref().map(str::parse).transpose()?)
        }
        LoginMethod::Kubernetes => {
            let file = login.token_file.clone().unwrap_or_else(|| PathBuf::from(TOKEN_FILE));
            Login::kubernetes(role(login.role.as_deref(), identity)?, file)
        }
        LoginMethod::AppRole => {
            let (Some(role_id), Some(secret_id)) = (&login.role_id, &login.secret_id) else {
                return Err(config(
                    "the login by AppRole needs openbao.login.role_id and openbao.login.secret_id",
                ));
            };
            Login::app_role(role_id, secret_id.clone())
        }
        LoginMethod::Token => {
            let missing = || config("the login by token needs BAO_TOKEN");
            Login::token(settings.token.clone().ok_or_else(missing)?)
        }
    };
    Ok(match &login.mount {
        Some(mount) => made.mount(mount.parse()?),
        None => made,
    })
}

/// The configured role, or the service account that we are.
fn role(configured: Option<&str>, identity: Option<&Arc<dyn WorkloadIdentity>>) -> Result<RoleName> {
    if let Some(role) = configured {
        return role.parse();
    }
    let id = identity.map(|identity| identity.id()).transpose()?;
    let workload = id.as_ref().and_then(SpiffeId::workload);
    workload
        .ok_or_else(|| {
            config("no role to log in as: set openbao.login.role (CATALYST_OPENBAO__LOGIN__ROLE)")
        })?
        .service_account
        .parse()
}

fn config(help: &'static str) -> Error {
    Error::new(ErrorKind::Config, CONNECT).with_help(help)
}
