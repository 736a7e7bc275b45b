//! The command line.

use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};

/// Changes a domain's name servers at a registrar that fails in the middle, and shows the way back.
#[derive(Clone, Debug, Parser)]
#[command(name = "flip-nameservers", version, max_term_width = 110)]
pub(crate) struct Options {
    /// Whose fake the domain is registered at.
    #[arg(long, value_enum, default_value_t = RegistrarKind::Ovh)]
    pub registrar: RegistrarKind,

    /// What goes wrong with the first flip.
    #[arg(long, value_enum, default_value_t = Fault::WrongParent)]
    pub fault: Fault,

    /// Print the result as one last line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Registrars that take name servers by their API; Cloudflare's does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RegistrarKind {
    /// a change is a task, which is followed
    Ovh,
    /// a change is done when it is answered
    Godaddy,
    Namecheap,
    Dynadot,
}

/// What goes wrong in the middle of a flip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fault {
    /// nothing
    None,
    /// the write is done, and its answer is lost
    LostAnswer,
    /// the registry refuses the change after the registrar took it; only where a change is a task
    TaskError,
    /// the registrar tells only one of the new servers when it is asked
    PartialReadBack,
    /// the parent comes to serve only one of the new servers
    WrongParent,
    /// the parent never comes to serve the new servers
    StuckParent,
    /// as stuck-parent, and the registrar refuses the first write back
    NoWayBack,
}

impl Options {
    /// The command line, if it says something that can be done.
    pub(crate) fn read() -> Self {
        let options = Self::parse();
        if options.fault == Fault::TaskError && options.registrar != RegistrarKind::Ovh {
            let why = "there are no tasks at this registrar that could fail: take --registrar ovh";
            Self::command().error(ErrorKind::ArgumentConflict, why).exit();
        }
        options
    }

    /// A run is given up after this long.
    pub(crate) fn limit() -> Duration {
        Duration::from_secs(90)
    }
}

impl Fault {
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_readme() {
        Options::command().debug_assert();
        let options = Options::parse_from(["flip-nameservers"]);
        assert_eq!((options.registrar, options.fault), (RegistrarKind::Ovh, Fault::WrongParent));
        assert_eq!(options.fault.name(), "wrong-parent");
        assert!(Options::try_parse_from(["flip-nameservers", "--registrar", "cloudflare"]).is_err());
    }
}
