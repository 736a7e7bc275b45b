//! The command line.

use std::time::Duration;

use clap::Parser;

/// Keeps many leases of a real OpenBao in one process, and measures what that costs.
#[derive(Clone, Debug, Parser)]
#[command(name = "keep-leases", version, max_term_width = 110)]
pub(crate) struct Options {
    /// How many are kept.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=60_000))]
    pub leases: u32,

    /// How many of them are due in a second; at least a hundredth of all, so that a lease lives for 150 s at most.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub per_second: u32,

    /// How long renewals are watched once all are made; never less than it takes to renew each once.
    #[arg(long, default_value = "75s", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub watch: Duration,

    /// For how long nothing is due, while the use of the processor is measured.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub idle: Duration,

    /// Print the figures as one line of JSON.
    #[arg(long)]
    pub json: bool,
}

impl Options {
    /// The time in which all are due once.
    pub(crate) fn round(&self) -> Duration {
        Duration::from_secs(u64::from(self.leases.div_ceil(self.per_second)).clamp(2, 100))
    }

    /// A lease is renewed at two thirds of its term.
    pub(crate) fn ttl(&self) -> Duration {
        self.round() * 3 / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_term_follows_from_how_many_are_due() {
        Options::command().debug_assert();
        let parse = |text: &str| Options::try_parse_from(text.split(' '));
        let usual = parse("keep-leases").unwrap();
        assert_eq!((usual.round(), usual.ttl()), (Duration::from_secs(50), Duration::from_secs(75)));
        assert_eq!(parse("keep-leases --leases 100").unwrap().ttl(), Duration::from_secs(3));
        assert!(parse("keep-leases --leases 100000").is_err());
    }
}
