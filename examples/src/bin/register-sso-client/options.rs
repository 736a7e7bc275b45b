//! The command line.

use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Registers an application for single sign-on, and replaces its credential while clients keep fetching tokens.
#[derive(Clone, Debug, Parser)]
#[command(name = "register-sso-client", version, about, max_term_width = 110)]
pub(crate) struct Options {
    /// Use the real Keycloak and OpenBao, started for this run, instead of the fakes in this process.
    #[arg(long)]
    pub live: bool,

    /// Which realm serves the Organization, and where it is.
    #[arg(long, value_enum, default_value_t = Topology::PerOrganization)]
    pub topology: Topology,

    /// How the application proves who it is.
    #[arg(long, value_enum, default_value_t = Credential::Secret)]
    pub credential: Credential,

    /// How long the old credential works beside the new one; 24 hours on the platform.
    #[arg(long, default_value = "5s", value_name = "TIME", value_parser = grace)]
    pub grace: Duration,

    /// How many clients fetch tokens, each one after the other.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub clients: u16,

    /// Print the result as one last line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// The two answers that the platform has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Topology {
    /// each Organization has a Keycloak of its own
    PerOrganization,
    /// one Keycloak with a realm for each Organization
    SharedSovereign,
}

/// What is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Credential {
    /// a secret that Keycloak makes
    Secret,
    /// a key that is made here, and whose public half is registered
    PrivateKeyJwt,
    /// the JWT-SVID of the workload: nothing is stored
    Spiffe,
}

/// Dates of a rotation are whole seconds, and an application looks for a new credential once a second.
fn grace(text: &str) -> Result<Duration, String> {
    let span = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let whole = span.subsec_nanos() == 0 && (3..=3_600).contains(&span.as_secs());
    if whole { Ok(span) } else { Err("whole seconds, from 3s to 1h".to_owned()) }
}

impl Options {
    pub(crate) fn mode(&self) -> &'static str {
        if self.live { "live" } else { "fake" }
    }

    /// A run is given up after this long: what takes time is the grace, and the start of real servers.
    pub(crate) fn limit(&self) -> Duration {
        self.grace + Duration::from_secs(if self.live { 900 } else { 90 })
    }
}

impl Topology {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PerOrganization => "per-organization",
            Self::SharedSovereign => "shared-sovereign",
        }
    }
}

impl Credential {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::PrivateKeyJwt => "private-key-jwt",
            Self::Spiffe => "spiffe",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_defaults_are_those_of_the_readme() {
        Options::command().debug_assert();
        let options = Options::parse_from(["register-sso-client"]);
        assert_eq!((options.grace, options.clients, options.mode()), (Duration::from_secs(5), 64, "fake"));
        assert_eq!((options.topology.name(), options.credential.name()), ("per-organization", "secret"));
        for bad in ["2s", "1500ms", "2h", "soon"] {
            assert!(Options::try_parse_from(["register-sso-client", "--grace", bad]).is_err(), "{bad}");
        }
    }
}
