//! What a declaration says against itself, found before a server is touched.

use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};

use super::{Declared, DeclaredEngine, DeclaredLogin, JwtKeys};
use crate::Mount;

const OPERATION: &str = "check declaration";

/// Mounts that the server has for itself.
const RESERVED: [&str; 5] = ["sys", "identity", "cubbyhole", "auth", "token"];

impl Declared {
    /// Finds what contradicts itself, or can never work.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with the code `contradiction`, saying where.
    pub fn check(&self) -> Result<()> {
        self.check_mounts()?;
        for (name, text) in &self.policies {
            RoleLike::check(name)?;
            if text.trim().is_empty() || matches!(name.as_str(), "root" | "default") {
                return contradiction(format!("policy {name}: it is empty, or the server's own"));
            }
        }
        for (mount, engine) in &self.engines {
            check_engine(mount, engine)?;
        }
        for (mount, login) in &self.logins {
            self.check_login(mount, login)?;
        }
        Ok(())
    }

    fn check_mounts(&self) -> Result<()> {
        let names = self.engines.keys().chain(self.logins.keys());
        for name in names.clone() {
            let parsed = name.parse::<Mount>().map_err(|error| error.with_target(name.clone()))?;
            let first = parsed.as_str().split('/').next().unwrap_or_default();
            if parsed.as_str() != name || RESERVED.contains(&first) {
                return contradiction(format!(
                    "{name}: no mount that one can have; without slashes at its ends?"
                ));
            }
        }
        for mounts in [self.engines.keys().collect::<Vec<_>>(), self.logins.keys().collect()] {
            for outer in &mounts {
                let inside = |inner: &&&String| inner.starts_with(&format!("{outer}/"));
                if let Some(inner) = mounts.iter().find(inside) {
                    return contradiction(format!("{inner} lies within {outer}: a mount cannot"));
                }
            }
        }
        Ok(())
    }

    fn check_login(&self, mount: &str, login: &DeclaredLogin) -> Result<()> {
        match login {
            DeclaredLogin::Kubernetes { host, roles, .. } => {
                check_address(mount, host)?;
                for (name, role) in roles {
                    let place = format!("{mount}/{name}");
                    RoleLike { place: &place, policies: &role.policies, ttl: role.ttl }
                        .check_in(self, name)?;
                    if role.service_accounts.is_empty() || role.namespaces.is_empty() {
                        return contradiction(format!(
                            "{place}: it names no service account, or no namespace"
                        ));
                    }
                }
            }
            DeclaredLogin::Jwt { keys, roles } => {
                match keys {
                    JwtKeys::Pem(keys) if keys.is_empty() => {
                        return contradiction(format!("{mount}: it has no key"));
                    }
                    JwtKeys::Pem(_) => {}
                    JwtKeys::Discovery { url, .. } | JwtKeys::Jwks { url, .. } => check_address(mount, url)?,
                }
                for (name, role) in roles {
                    let place = format!("{mount}/{name}");
                    RoleLike { place: &place, policies: &role.policies, ttl: role.ttl }
                        .check_in(self, name)?;
                    if role.audiences.is_empty() || role.subject.is_empty() {
                        return contradiction(format!("{place}: it names no audience, or no subject"));
                    }
                }
            }
        }
        Ok(())
    }
}

fn check_engine(mount: &str, engine: &DeclaredEngine) -> Result<()> {
    let DeclaredEngine::Database { connections, roles } = engine else { return Ok(()) };
    for name in connections.keys() {
        RoleLike::check(name)?;
    }
    for (name, role) in roles {
        RoleLike::check(name)?;
        let place = format!("{mount}/{name}");
        let Some(connection) = connections.get(&role.connection) else {
            return contradiction(format!("{place}: there is no connection {}", role.connection));
        };
        if !connection.allowed_roles.iter().any(|allowed| allowed == "*" || allowed == name) {
            return contradiction(format!("{place}: its connection {} does not allow it", role.connection));
        }
        if role.default_ttl.is_zero() || role.default_ttl > role.max_ttl {
            return contradiction(format!(
                "{place}: its default_ttl must be above zero and at most its max_ttl"
            ));
        }
        if role.creation.is_empty() {
            return contradiction(format!("{place}: no statement makes its users"));
        }
    }
    Ok(())
}

/// What roles of all methods have.
struct RoleLike<'a> {
    place: &'a str,
    policies: &'a [String],
    ttl: Duration,
}

impl RoleLike<'_> {
    /// A name that is one segment of a path.
    fn check(name: &str) -> Result<()> {
        let fits = name.parse::<crate::RoleName>().is_ok_and(|parsed| parsed.as_str() == name);
        if fits && !name.contains('/') {
            Ok(())
        } else {
            contradiction(format!("{name}: no name that one can have"))
        }
    }

    fn check_in(&self, declared: &Declared, name: &str) -> Result<()> {
        Self::check(name)?;
        let known = |policy: &String| policy == "default" || declared.policies.contains_key(policy);
        if let Some(unknown) = self.policies.iter().find(|policy| !known(policy)) {
            return contradiction(format!("{}: the policy {unknown} is not declared", self.place));
        }
        if self.ttl.is_zero() {
            return contradiction(format!("{}: its tokens live for no time", self.place));
        }
        Ok(())
    }
}

fn check_address(mount: &str, text: &str) -> Result<()> {
    let scheme = url::Url::parse(text).map(|url| url.scheme().to_owned());
    match scheme.as_deref() {
        Ok("https" | "http") => Ok(()),
        _ => contradiction(format!("{mount}: its address is none of http or https")),
    }
}

fn contradiction<T>(help: String) -> Result<T> {
    Err(Error::new(ErrorKind::Config, OPERATION).with_code("contradiction").with_help(help))
}

#[cfg(test)]
mod tests {
    use super::super::{DatabaseConnection, DatabaseRole, JwtRole, KubernetesRole};
    use super::*;
    use std::collections::BTreeMap;

    const HOUR: Duration = Duration::from_secs(3600);

    fn kubernetes(role: KubernetesRole) -> Declared {
        let roles = BTreeMap::from([("r".to_owned(), role)]);
        let host = "https://kubernetes.default.svc".to_owned();
        Declared::new()
            .login("kubernetes", DeclaredLogin::Kubernetes { host, ca: None, reviewer_token: None, roles })
    }

    fn database(role: DatabaseRole) -> Declared {
        let connection = DatabaseConnection::new("p", "postgresql://x", "u", "p".into(), &["r"]);
        let connections = BTreeMap::from([("app".to_owned(), connection)]);
        let roles = BTreeMap::from([("r".to_owned(), role)]);
        Declared::new().engine("database", DeclaredEngine::Database { connections, roles })
    }

    #[test]
    fn what_fits_together_passes() {
        kubernetes(KubernetesRole::new("ns", "sa", &["default"], HOUR)).check().unwrap();
        database(DatabaseRole::new("app", &["CREATE"], HOUR, HOUR)).check().unwrap();
    }

    #[test]
    fn what_contradicts_itself_is_found_and_named() {
        let kv = || DeclaredEngine::Kv;
        let jwt = |keys, role| {
            let roles = BTreeMap::from([("r".to_owned(), role)]);
            Declared::new().login("jwt", DeclaredLogin::Jwt { keys, roles })
        };
        for (declared, word) in [
            (kubernetes(KubernetesRole::new("ns", "sa", &["absent"], HOUR)), "absent"),
            (kubernetes(KubernetesRole::new("ns", "sa", &[], Duration::ZERO)), "no time"),
            (database(DatabaseRole::new("other", &["CREATE"], HOUR, HOUR)), "no connection other"),
            (database(DatabaseRole::new("app", &["CREATE"], HOUR * 2, HOUR)), "max_ttl"),
            (database(DatabaseRole::new("app", &[], HOUR, HOUR)), "no statement"),
            (jwt(JwtKeys::Pem(vec![]), JwtRole::new("a", "s", &[], HOUR)), "no key"),
            (jwt(JwtKeys::Pem(vec!["k".into()]), JwtRole::new("a", "", &[], HOUR)), "no subject"),
            (Declared::new().engine("sys", kv()), "sys"),
            (Declared::new().engine("../a", kv()), "segment"),
            (Declared::new().engine("a", kv()).engine("a/b", kv()), "within"),
            (Declared::new().policy("root", "path"), "root"),
        ] {
            let error = declared.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.help().unwrap().contains(word), "{error:?}");
        }
    }
}
