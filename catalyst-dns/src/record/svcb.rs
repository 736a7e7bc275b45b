//! How to reach a service.

use std::fmt;
use std::num::NonZeroU16;

use catalyst_core::Result;

use super::RecordType;
use super::fields::{Fields, refused};
use super::svcb_param::{self, SvcKey, SvcParam};
use crate::DomainName;

/// How to reach a service (RFC 9460): an [`alias`](Self::alias), which has no parameters, or one of several
/// [`service`](Self::service)s with a priority. The target `.` is the owner itself.
///
/// `Display` writes what PowerDNS takes: parameters by their number, `1 . alpn=h2 port=8443`, values without quotes
/// except those of `ech` and of keys that have no name.
///
/// ```
/// use std::num::NonZeroU16;
/// use catalyst_dns::{DomainName, RecordData, Svcb, SvcParam};
///
/// let params = [SvcParam::Port(8443), SvcParam::Alpn(vec!["h3".into(), "h2".into()])];
/// let svcb = Svcb::service(NonZeroU16::MIN, DomainName::root(), params)?;
/// assert_eq!(RecordData::Https(svcb).to_string(), "1 . alpn=h3,h2 port=8443");
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Svcb {
    priority: u16,
    target: DomainName,
    params: Vec<SvcParam>,
}

impl Svcb {
    /// The service is that of `target` (RFC 9460 section 2.4.2).
    pub fn alias(target: DomainName) -> Self {
        Self { priority: 0, target, params: Vec::new() }
    }

    /// The service is at `target`, as the parameters say (RFC 9460 section 2.4.3). They come in any order.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_record` for a parameter that
    /// stands there twice or whose value is none, for `mandatory` that names a parameter which is not there, and for
    /// `no-default-alpn` without `alpn`.
    pub fn service(
        priority: NonZeroU16,
        target: DomainName,
        params: impl IntoIterator<Item = SvcParam>,
    ) -> Result<Self> {
        Self::new(priority.get(), target, params.into_iter().collect())
            .map_err(|fault| refused(RecordType::Svcb, fault))
    }

    /// Lower is tried first; 0 is an alias.
    pub fn priority(&self) -> u16 {
        self.priority
    }

    /// The host, or the owner of further records.
    pub fn target(&self) -> &DomainName {
        &self.target
    }

    /// The parameters, by number.
    pub fn params(&self) -> &[SvcParam] {
        &self.params
    }

    fn new(
        priority: u16,
        target: DomainName,
        params: Vec<SvcParam>,
    ) -> std::result::Result<Self, &'static str> {
        let mut params: Vec<_> = params.into_iter().map(SvcParam::checked).collect::<Result<_, _>>()?;
        params.sort_by_key(SvcParam::key);
        let has = |key: SvcKey| params.binary_search_by_key(&key, SvcParam::key).is_ok();
        let mandatory_there = |param: &SvcParam| match param {
            SvcParam::Mandatory(keys) => keys.iter().all(|key| has(*key)),
            _ => true,
        };
        if params.windows(2).any(|pair| pair[0].key() == pair[1].key()) {
            Err("a parameter stands there twice")
        } else if priority == 0 && !params.is_empty() {
            Err("an alias (priority 0) has no parameters")
        } else if !params.iter().all(mandatory_there) {
            Err("mandatory names a parameter that is not there")
        } else if has(SvcKey::NO_DEFAULT_ALPN) && !has(SvcKey::ALPN) {
            Err("no-default-alpn needs alpn")
        } else {
            Ok(Self { priority, target, params })
        }
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let (priority, target) = (fields.parse("the priority")?, fields.name("the target")?);
        let mut params = Vec::new();
        while !fields.is_empty() {
            let field = fields.next("a parameter")?;
            params.push(svcb_param::read(field).map_err(|fault| refused(fields.kind, fault))?);
        }
        Self::new(priority, target, params).map_err(|fault| refused(fields.kind, fault))
    }
}

impl fmt::Display for Svcb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.priority, self.target.as_str())?;
        self.params.iter().try_for_each(|param| write!(f, " {param}"))
    }
}
