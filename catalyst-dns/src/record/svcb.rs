//! How to reach a service.

use std::collections::BTreeMap;
use std::fmt;

use catalyst_core::Result;

use super::fields::{Fields, refused};
use crate::DomainName;

/// How to reach a service (RFC 9460): a priority, a target and parameters. Priority 0 is an alias without parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Svcb {
    priority: u16,
    target: DomainName,
    params: BTreeMap<Box<str>, Box<str>>,
}

impl Svcb {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let (priority, target) = (fields.parse("the priority")?, fields.name("the target")?);
        let mut params = BTreeMap::new();
        while !fields.is_empty() {
            let field = fields.next("a parameter")?;
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            if params.insert(key.into(), value.trim_matches('"').into()).is_some() {
                return Err(refused(fields.kind, "a parameter stands there twice"));
            }
        }
        Ok(Self { priority, target, params })
    }
}

impl fmt::Display for Svcb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.priority, self.target.as_str())?;
        self.params.iter().try_for_each(|(key, value)| {
            if value.is_empty() { write!(f, " {key}") } else { write!(f, " {key}={value}") }
        })
    }
}
