//! Password policies: how the server makes passwords.

use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde::{Deserialize, Serialize};

use super::hcl::quoted;
use super::{PolicyName, System};
use crate::operation::Subject;

/// How a password is made: its length, and of which characters it has how many at least.
///
/// ```
/// use catalyst_openbao::system::PasswordPolicy;
///
/// let policy = PasswordPolicy::new(30)?
///     .charset("abcdefghijkmnpqrstuvwxyz", 1)
///     .charset("23456789", 2);
/// assert!(policy.to_string().starts_with("length = 30"));
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    length: usize,
    charsets: Vec<(String, usize)>,
}

impl PasswordPolicy {
    /// Passwords of `length` characters.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] unless it is between 4 and 100, as the server wants it.
    pub fn new(length: usize) -> Result<Self> {
        if !(4..=100).contains(&length) {
            return Err(Error::new(ErrorKind::Config, "make password policy")
                .with_help("the length must be between 4 and 100"));
        }
        Ok(Self { length, charsets: Vec::new() })
    }

    /// Characters that may be in it, at least `at_least` of them. The server wants one such set or more.
    #[must_use]
    pub fn charset(mut self, characters: impl Into<String>, at_least: usize) -> Self {
        self.charsets.push((characters.into(), at_least));
        self
    }
}

impl std::fmt::Display for PasswordPolicy {
    /// In HCL.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "length = {}", self.length)?;
        for (characters, at_least) in &self.charsets {
            let characters = quoted(characters);
            writeln!(f, "rule \"charset\" {{\n  charset = {characters}\n  min-chars = {at_least}\n}}")?;
        }
        Ok(())
    }
}

impl System {
    /// Writes a password policy in place of the one of that name. The server tries it out first.
    /// `POST sys/policies/password/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_policy` with the server's reason.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_password_policy(&self, name: &PolicyName, policy: &PasswordPolicy) -> Result<()> {
        let path = ["sys/policies/password/", name.escaped()];
        let body = Text { policy: policy.to_string() };
        self.api.at(Subject::System, "write password policy", &path).write(&body).await
    }

    /// The text of a password policy, or none if there is none. `GET sys/policies/password/:name`, repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn password_policy(&self, name: &PolicyName) -> Result<Option<String>> {
        let path = ["sys/policies/password/", name.escaped()];
        match self.api.at(Subject::System, "read password policy", &path).read::<Text>().await {
            Err(error) if error.code() == Some("unknown_policy") => Ok(None),
            found => Ok(Some(found?.policy)),
        }
    }

    /// The names of all password policies. `LIST sys/policies/password`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn password_policies(&self) -> Result<Vec<String>> {
        let path = ["sys/policies/password"];
        self.api.at(Subject::System, "list password policies", &path).list().await
    }

    /// Deletes a password policy. None there is a success. `DELETE sys/policies/password/:name`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_password_policy(&self, name: &PolicyName) -> Result<()> {
        let path = ["sys/policies/password/", name.escaped()];
        self.api.at(Subject::System, "delete password policy", &path).delete().await
    }

    /// A password as the policy wants it, which the server does not keep.
    /// `GET sys/policies/password/:name/generate`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_policy` if there is none.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn generate_password(&self, name: &PolicyName) -> Result<Secret> {
        let path = ["sys/policies/password/", name.escaped(), "/generate"];
        let wire: Generated = self.api.at(Subject::System, "generate password", &path).read().await?;
        Ok(wire.password)
    }
}

#[derive(Serialize, Deserialize)]
struct Text {
    policy: String,
}

#[derive(Deserialize)]
struct Generated {
    password: Secret,
}
