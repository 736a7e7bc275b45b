//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Rotates a database credential under load and shows that no query notices.
#[derive(Clone, Debug, Parser)]
#[command(name = "rotate-database", version, about, max_term_width = 110)]
pub(crate) struct Options {
    /// Use the real OpenBao and PostgreSQL, started for this run, instead of the fakes in this process.
    #[arg(long)]
    pub live: bool,

    /// The driver whose pool rotates.
    #[arg(long, value_enum, default_value_t = Pool::Sqlx)]
    pub pool: Pool,

    /// How many rotations to wait for.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rotations: u32,

    /// How long a database user lives, in seconds.
    #[arg(long, default_value_t = 6, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(2..=86_400))]
    pub lease_ttl: u64,

    /// How many tasks send queries, each one after the other; one query in twenty takes 800 ms.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub tasks: u16,

    /// How many connections a pool may hold. Fewer than tasks: they wait for one another.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub pool_size: u16,

    /// Print the result as one last line of JSON.
    #[arg(long)]
    pub json: bool,

    /// Write the timeline as one self-contained HTML file.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
}

/// A driver and its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pool {
    /// sqlx's `PgPool`
    Sqlx,
    /// deadpool-postgres
    Deadpool,
}

impl Options {
    pub(crate) fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_ttl)
    }

    /// How far a lease can be extended for a transaction that outlives it.
    pub(crate) fn max_lease(&self) -> Duration {
        self.lease() * 4
    }

    /// What the database must hold: the pools of several generations at once, and the static one.
    pub(crate) fn connections(&self) -> usize {
        usize::from(self.pool_size) * 5 + 50
    }

    /// The run is given up after this long: a rotation comes once per lease at the latest.
    pub(crate) fn limit(&self) -> Duration {
        self.lease() * (self.rotations + 1) + Duration::from_secs(30)
    }

    pub(crate) fn mode(&self) -> &'static str {
        if self.live { "live" } else { "fake" }
    }

    pub(crate) fn pool_name(&self) -> &'static str {
        match self.pool {
            Pool::Sqlx => "sqlx",
            Pool::Deadpool => "deadpool",
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
        let options = Options::parse_from(["rotate-database"]);
        assert_eq!((options.rotations, options.lease_ttl, options.tasks, options.pool_size), (5, 6, 16, 20));
        assert_eq!((options.mode(), options.pool_name()), ("fake", "sqlx"));
        assert!(Options::try_parse_from(["rotate-database", "--tasks", "0"]).is_err());
        assert!(Options::try_parse_from(["rotate-database", "--lease-ttl", "1"]).is_err());
    }
}
