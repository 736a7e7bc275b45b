//! Names as registrars tell them.

use std::collections::BTreeSet;

use catalyst_core::Result;

use super::cause::unreadable;
use super::{NameServers, RegisteredDomain};
use crate::DomainName;

/// The most domains that are read of one account.
const MAX_DOMAINS: usize = 100_000;

/// The domains of an account, page by page.
#[derive(Debug, Default)]
pub(super) struct Listing {
    domains: BTreeSet<RegisteredDomain>,
    /// As told, with those that are no registered domain, such as a name below somebody's private suffix.
    told: usize,
}

impl Listing {
    /// Takes a page in.
    ///
    /// # Errors
    /// If the account has more domains than anybody has.
    pub(super) fn add<T: AsRef<str>>(
        &mut self,
        operation: &'static str,
        page: impl IntoIterator<Item = T>,
    ) -> Result<()> {
        for name in page {
            self.told += 1;
            if self.told > MAX_DOMAINS {
                return Err(unreadable(operation, "the account has over 100,000 domains"));
            }
            match name.as_ref().parse::<RegisteredDomain>() {
                Ok(domain) => {
                    self.domains.insert(domain);
                }
                Err(error) => tracing::debug!(%error, "a domain of the account is left out"),
            }
        }
        Ok(())
    }

    /// How many names were told.
    pub(super) fn told(&self) -> usize {
        self.told
    }

    pub(super) fn finish(self) -> Vec<RegisteredDomain> {
        self.domains.into_iter().collect()
    }
}

/// Name servers as a registrar tells them.
///
/// # Errors
/// If one is no name; its text is not repeated.
pub(super) fn servers<T: AsRef<str>>(
    operation: &'static str,
    names: impl IntoIterator<Item = T>,
) -> Result<NameServers> {
    let names: Result<Vec<DomainName>> = names
        .into_iter()
        .map(|name| {
            DomainName::from_server(name.as_ref().trim())
                .map_err(|_invalid| unreadable(operation, "a name server is no name"))
        })
        .collect();
    Ok(NameServers::from_registrar(names?))
}
