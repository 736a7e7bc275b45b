//! The logins that can be configured.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use catalyst_core::{AssertionSource, Error, ErrorKind, Result, Secret};

use crate::{Mount, RoleName, UserName};

/// How to log in. `Debug` shows the method, the role and the mount.
///
/// ```
/// use catalyst_openbao::{Login, Secret};
///
/// let login = Login::app_role("3f2b…", Secret::new("hunter2")).mount("machines".parse()?);
/// assert!(!format!("{login:?}").contains("hunter2"));
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone)]
pub struct Login {
    pub(super) method: Method,
    pub(super) mount: Option<Mount>,
}

#[derive(Clone)]
pub(super) enum Method {
    Jwt { role: RoleName, audience: String, source: Arc<dyn AssertionSource> },
    Certificate { role: Option<RoleName> },
    Kubernetes { role: RoleName, token_file: PathBuf },
    AppRole { role_id: String, secret_id: Secret },
    UserPassword { user: UserName, password: Secret },
    Token(Secret),
}

impl Login {
    /// By a signed assertion, such as a JWT-SVID: the default for SPIFFE. Mounted at `jwt`.
    pub fn jwt(role: RoleName, audience: impl Into<String>, source: Arc<dyn AssertionSource>) -> Self {
        Self::by(Method::Jwt { role, audience: audience.into(), source })
    }

    /// By the client certificate of the TLS settings, such as an X.509-SVID. Mounted at `cert`.
    ///
    /// Its tokens are bound to the certificate, so that they are never renewed: log in anew after each rotation, with
    /// [`OpenBao::login_anew`](crate::OpenBao::login_anew). The server takes a name from the certificate's subject,
    /// which therefore needs a common name. Without a role the server tries all that match.
    pub fn certificate(role: Option<RoleName>) -> Self {
        Self::by(Method::Certificate { role })
    }

    /// By a Kubernetes service-account token, whose file is read again at each login. Mounted at `kubernetes`.
    pub fn kubernetes(role: RoleName, token_file: impl Into<PathBuf>) -> Self {
        Self::by(Method::Kubernetes { role, token_file: token_file.into() })
    }

    /// By an `AppRole`. Mounted at `approle`.
    pub fn app_role(role_id: impl Into<String>, secret_id: Secret) -> Self {
        Self::by(Method::AppRole { role_id: role_id.into(), secret_id })
    }

    /// By a user's name and password, as an operator does at a terminal. Mounted at `userpass`.
    pub fn user_password(user: UserName, password: Secret) -> Self {
        Self::by(Method::UserPassword { user, password })
    }

    /// With a token made elsewhere. It is looked up to learn how long it lives, renewed where that is allowed, and
    /// never revoked by us; when it ends, it has to be replaced from outside.
    pub fn token(token: Secret) -> Self {
        Self::by(Method::Token(token))
    }

    /// Where the method is mounted, if not at its usual place. A token has no mount.
    #[must_use]
    pub fn mount(mut self, mount: Mount) -> Self {
        self.mount = Some(mount);
        self
    }

    fn by(method: Method) -> Self {
        Self { method, mount: None }
    }

    /// Whether it is by client certificate.
    pub(crate) fn is_certificate(&self) -> bool {
        matches!(self.method, Method::Certificate { .. })
    }

    /// Whether it makes a new token each time.
    pub(crate) fn makes_tokens(&self) -> bool {
        !matches!(self.method, Method::Token(_))
    }

    /// Finds now what no server would accept later.
    pub(crate) fn check(&self) -> Result<()> {
        let fault = match &self.method {
            Method::Jwt { audience, .. } if audience.is_empty() => "the audience of the JWT login is empty",
            Method::Kubernetes { token_file, .. } if token_file.as_os_str().is_empty() => {
                "the token file of the Kubernetes login is not named"
            }
            Method::AppRole { role_id, .. } if role_id.is_empty() => {
                "the role_id of the AppRole login is empty"
            }
            Method::UserPassword { password, .. } if password.is_empty() => "the password is empty",
            Method::Token(token) if token.is_empty() => "the token is empty",
            Method::Token(token) if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) => {
                "the token holds spaces, line ends or characters that no token has"
            }
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Config, "configure login").with_help(fault))
    }

    pub(super) fn mounted_at(&self) -> &str {
        if let Some(mount) = &self.mount {
            return mount.escaped();
        }
        match self.method {
            Method::Jwt { .. } => "jwt",
            Method::Certificate { .. } => "cert",
            Method::Kubernetes { .. } => "kubernetes",
            Method::AppRole { .. } => "approle",
            Method::UserPassword { .. } => "userpass",
            Method::Token(_) => "token",
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = match &self.method {
            Method::Jwt { role, audience, .. } => {
                let mut shown = f.debug_struct("Jwt");
                shown.field("role", role).field("audience", audience);
                shown
            }
            Method::Certificate { role } => {
                let mut shown = f.debug_struct("Certificate");
                shown.field("role", role);
                shown
            }
            Method::Kubernetes { role, token_file } => {
                let mut shown = f.debug_struct("Kubernetes");
                shown.field("role", role).field("token_file", token_file);
                shown
            }
            Method::AppRole { .. } => f.debug_struct("AppRole"),
            Method::UserPassword { user, .. } => {
                let mut shown = f.debug_struct("UserPassword");
                shown.field("user", user);
                shown
            }
            Method::Token(_) => f.debug_struct("Token"),
        };
        shown.field("mount", &self.mounted_at()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_server_would_accept_is_refused_when_it_is_configured() {
        for bad in [
            Login::token(Secret::new("")),
            Login::token(Secret::new("s.abc\n")),
            Login::app_role("", Secret::new("x")),
            Login::kubernetes("r".parse().unwrap(), ""),
            Login::user_password("anna".parse().unwrap(), Secret::new("")),
        ] {
            assert_eq!(bad.check().unwrap_err().kind(), ErrorKind::Config, "{bad:?}");
        }
        assert!(Login::token(Secret::new("root")).check().is_ok());
        assert!(Login::certificate(None).check().is_ok());
    }
}
