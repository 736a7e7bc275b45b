//! Roles for one-time passwords.

use serde::{Deserialize, Deserializer, Serialize};

use super::cidr::listed;
use super::names::Member as _;
use super::role::Others;
use super::{Allowed, Cidr, Principal};
use crate::settings::setters;

/// For which users at which hosts one-time passwords may be asked for. The hosts ask the server whether a password is
/// good: an agent runs on them.
///
/// ```
/// use catalyst_openbao::ssh::OtpRole;
///
/// let role = OtpRole::new("ubuntu".parse()?).networks(["10.0.0.0/8".parse::<catalyst_openbao::ssh::Cidr>()?]);
/// # let _ = role;
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OtpRole {
    /// The user that a password is for if none is asked for; always allowed.
    #[serde(deserialize_with = "principal")]
    pub default_user: Principal,
    /// The users that may be asked for.
    #[serde(default)]
    pub allowed_users: Allowed<Principal>,
    /// Where the hosts are. None of them is nowhere.
    #[serde(rename = "cidr_list", default, with = "listed")]
    pub networks: Vec<Cidr>,
    /// Where they are not, within that.
    #[serde(rename = "exclude_cidr_list", default, with = "listed")]
    pub excluded: Vec<Cidr>,
    /// The port that the hosts listen on, for callers to read.
    #[serde(default = "usual_port")]
    pub port: u16,
    #[serde(flatten)]
    other: Others,
}

impl OtpRole {
    /// For this user, at no host yet.
    pub fn new(default_user: Principal) -> Self {
        Self {
            default_user,
            allowed_users: Allowed::none(),
            networks: Vec::new(),
            excluded: Vec::new(),
            port: usual_port(),
            other: Others::new(),
        }
    }

    setters! {
        /// The users that may be asked for.
        allowed_users: plain Allowed<Principal>;
        /// Where the hosts are.
        networks: list Cidr;
        /// Where they are not, within that.
        excluded: list Cidr;
        /// The port that the hosts listen on; 22 if not set.
        port: plain u16;
    }
}

fn usual_port() -> u16 {
    22
}

fn principal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Principal, D::Error> {
    Ok(Principal::listed(&String::deserialize(deserializer)?))
}
