//! The command line.

use std::time::Duration;

use catalyst_dns::placement::Placement;
use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Publishes an application in two regions, takes the first one down, and measures how long clients are sent there.
#[derive(Clone, Debug, Parser)]
#[command(name = "publish-dns", version, max_term_width = 110)]
pub(crate) struct Options {
    /// Use the real PowerDNS, started for this run, instead of the fake in this process; OpenBao is a fake in
    /// both.
    #[arg(long)]
    pub live: bool,

    /// How the application is spread over its regions.
    #[arg(long, default_value = "active-hotstandby", value_name = "MODE", value_parser = placements())]
    pub placement: Placement,

    /// How many clients ask for the application before anything fails, each from an address of its own.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub queries: u16,

    /// Print the result as one last line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Those that the crate knows, by the names that the platform has for them.
fn placements() -> impl TypedValueParser<Value = Placement> {
    PossibleValuesParser::new(Placement::ALL.map(Placement::as_str)).try_map(|mode| mode.parse())
}

impl Options {
    pub(crate) fn mode(&self) -> &'static str {
        if self.live { "live" } else { "fake" }
    }

    /// A run is given up after this long: what takes time is the start of a real server, and a failover that does not
    /// come.
    pub(crate) fn limit(&self) -> Duration {
        Duration::from_secs(if self.live { 300 } else { 120 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_placement_of_the_platform_is_taken_and_no_other() {
        Options::command().debug_assert();
        let options = Options::parse_from(["publish-dns"]);
        assert_eq!((options.placement, options.queries), (Placement::ActiveHotStandby, 200));
        assert_eq!((options.mode(), options.json), ("fake", false));
        for mode in Placement::ALL {
            let options = Options::parse_from(["publish-dns", "--placement", mode.as_str()]);
            assert_eq!(options.placement, mode);
        }
        assert!(Options::try_parse_from(["publish-dns", "--placement", "pickfirst"]).is_err());
    }
}
