//! The command line.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use catalyst_openbao::{Mount, RegionName};
use clap::Parser;

/// Keeps the OpenBao of secondary regions like the primary's. Without --source it shows what it does on fakes.
#[derive(Clone, Debug, Parser)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
#[command(name = "replicate-openbao", version, max_term_width = 110)]
pub(crate) struct Options {
    /// The primary: `muscat=https://bao.muscat.example:8200`.
    #[arg(long, value_name = "NAME=ADDRESS", requires_all = ["targets", "tokens"])]
    pub source: Option<Region>,

    /// A secondary; as often as there are some.
    #[arg(long = "target", value_name = "NAME=ADDRESS", requires = "source")]
    pub targets: Vec<Region>,

    /// A folder with a file for each region, named like it, that holds a token and nothing else.
    #[arg(long, value_name = "FOLDER")]
    pub tokens: Option<PathBuf>,

    /// A file with the authorities of the servers' certificates, in PEM; those of the machine unless given.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// The KV engine, version 2, mounted alike everywhere.
    #[arg(long, default_value = "secret", value_name = "MOUNT", value_parser = Mount::from_str)]
    pub mount: Mount,

    /// Copy policies too.
    #[arg(long)]
    pub policies: bool,

    /// Put it on record that the source is primary, where no region ever was.
    #[arg(long)]
    pub claim: bool,

    /// Look at everything once, and end.
    #[arg(long)]
    pub once: bool,

    /// Remove from a secondary also more secrets than the primary has left.
    #[arg(long)]
    pub allow_many_removals: bool,

    /// How many secrets are copied at once to each secondary.
    #[arg(long, default_value_t = 32, value_name = "SECRETS", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub concurrency: u16,

    /// At most so many secrets are looked at in a second for each secondary; 0 is no limit.
    #[arg(long, default_value_t = 0, value_name = "SECRETS")]
    pub rate: u32,

    /// How often the lag is printed.
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub report: Duration,

    /// Start three real servers, and measure the first copy of so many secrets, and the lag.
    #[arg(long, value_name = "SECRETS", conflicts_with = "source")]
    pub measure: Option<usize>,
}

/// A region on the command line.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub name: RegionName,
    pub address: String,
}

impl FromStr for Region {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, address) = text.split_once('=').ok_or("expected NAME=ADDRESS")?;
        let name = name.parse().map_err(|error: catalyst_core::Error| error.to_string())?;
        Ok(Self { name, address: address.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn a_source_needs_targets_and_tokens_and_no_argument_takes_a_token() {
        Options::command().debug_assert();
        let parse = |text: &str| Options::try_parse_from(text.split(' '));
        assert!(parse("replicate-openbao").is_ok());
        assert!(parse("replicate-openbao --source a=http://a").is_err());
        assert!(parse("replicate-openbao --source a=http://a --target b=http://b").is_err());
        let good =
            parse("replicate-openbao --source a=http://a --target b=http://b --tokens /t --once").unwrap();
        assert_eq!((good.targets.len(), good.once, good.mount.as_str()), (1, true, "secret"));
        assert!(parse("replicate-openbao --source http://a --target b=http://b --tokens /t").is_err());
        let named = |name: &str| Options::command().get_arguments().any(|argument| argument.get_id() == name);
        assert!(!named("token"));
    }
}
