//! What a LUA record means.

use catalyst_core::Result;

use super::address::{AddressSets, AddressUrls, WeightedAddresses};
use super::check::{HealthCheck, Probe, fits};
use super::shape::{By, Shape};
use super::value::{Key, Value};
use super::{CheckOptions, Selector, WeightedSelector, refused};
use crate::{LuaRecord, RecordData, RecordType};

/// The most addresses of a snippet that loops over them: PowerDNS stops a snippet after 1,000 instructions
/// (`lua-records-exec-limit`), of which each address takes up to 20.
pub(super) const MAX_SCRIPTED: usize = 32;

/// A health-checked record, as it is meant.
///
/// ```
/// use catalyst_dns::RecordData;
/// use catalyst_dns::lua::{AddressSets, CheckOptions, HealthCheck, Lua, Selector};
///
/// let check = HealthCheck::url("https://shop.example.org/healthz".parse()?, CheckOptions::new())?;
/// let sets = AddressSets::by_priority([["192.0.2.1".parse()?], ["198.51.100.1".parse()?]])?;
/// let lua = Lua::failover(check, sets, Selector::All)?;
/// let RecordData::Lua(record) = lua.data()? else { unreachable!() };
/// assert!(record.snippet().contains("{{'192.0.2.1'},{'198.51.100.1'}}"));
/// assert_eq!(Lua::read(&record), Some(lua));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lua(pub(super) Rule);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rule {
    IfUp(IfUp),
    Failover { check: HealthCheck, sets: AddressSets, selector: Selector },
    Weighted { check: HealthCheck, weights: WeightedAddresses, selector: WeightedSelector },
    Pick { selector: Selector, addresses: AddressSets },
    PickWeighted { selector: WeightedSelector, weights: WeightedAddresses },
    PickSelfWeighted { check: HealthCheck, addresses: AddressSets },
}

impl Lua {
    /// The addresses that are up of the first set that has any (`ifurlup` or `ifportup`), as PowerDNS does it.
    ///
    /// Fit for one set, all of it active. For a primary and a standby prefer [`failover`](Self::failover): before 5.1,
    /// the backup selector picks among **all** sets, so that the standby gets its share of the answers before the
    /// first check and when the check itself is broken.
    pub fn if_up(check: HealthCheck, addresses: AddressSets) -> IfUp {
        IfUp::new(Checked::Same(check, addresses))
    }

    /// As [`if_up`](Self::if_up), where each address has a URL of its own (`ifurlextup`).
    pub fn if_ext_url_up(addresses: AddressUrls, options: CheckOptions) -> IfUp {
        IfUp::new(Checked::Each(addresses, options))
    }

    /// The addresses that are up of the first set that has any, and the first set when nothing is known to be up:
    /// before the first check, and when everything is down. `selector` picks among them.
    ///
    /// Works the same on every version from 4.7 on, checks every set all the time, and never answers with a standby
    /// that was not found up. Right after the first question, where the first check of a standby ends before that of
    /// the primary, the standby answers for the time in between (measured): a server cannot tell what is not known yet
    /// from what is down.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_lua`: over 32 addresses, the
    /// selector [`Selector::Empty`], a source of the other family.
    pub fn failover(check: HealthCheck, sets: AddressSets, selector: Selector) -> Result<Self> {
        fits(check.options(), sets.kind())?;
        not_empty(selector)?;
        scripted(sets.addresses().count())?;
        Ok(Self(Rule::Failover { check, sets, selector }))
    }

    /// One of the addresses that are up, by weight; one of all, by weight, when nothing is known to be up. What is
    /// down leaves its share to the others in proportion to theirs.
    ///
    /// # Errors
    /// As [`failover`](Self::failover).
    pub fn weighted(
        check: HealthCheck,
        weights: WeightedAddresses,
        selector: WeightedSelector,
    ) -> Result<Self> {
        fits(check.options(), weights.kind())?;
        scripted(weights.weights().len())?;
        Ok(Self(Rule::Weighted { check, weights, selector }))
    }

    /// One address at random, not checked (`pickrandom`).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_lua` for priority sets.
    pub fn pick_random(addresses: AddressSets) -> Result<Self> {
        Self::pick(Selector::Random, addresses)
    }

    /// One address, always the same for an address that asks, not checked (`pickhashed`).
    ///
    /// # Errors
    /// As [`pick_random`](Self::pick_random).
    pub fn pick_hashed(addresses: AddressSets) -> Result<Self> {
        Self::pick(Selector::Hashed, addresses)
    }

    /// The address closest to the client, not checked (`pickclosest`).
    ///
    /// # Errors
    /// As [`pick_random`](Self::pick_random).
    pub fn pick_closest(addresses: AddressSets) -> Result<Self> {
        Self::pick(Selector::PickClosest, addresses)
    }

    /// One address by weight, not checked (`pickwhashed`, `pickwrandom`).
    pub fn pick_weighted(weights: WeightedAddresses, selector: WeightedSelector) -> Self {
        Self(Rule::PickWeighted { selector, weights })
    }

    /// One address by the weight that is the body of its URL (`pickselfweighted`, from 5.0). SERVFAIL while nothing is
    /// up, which includes the first question: its sum of weights is zero.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_lua` for priority sets, and
    /// for a check that is no URL.
    pub fn pick_self_weighted(check: HealthCheck, addresses: AddressSets) -> Result<Self> {
        flat(&addresses)?;
        fits(check.options(), addresses.kind())?;
        if matches!(check.probe(), Probe::Port(_)) {
            return Err(refused("the weight is the body of a URL"));
        }
        Ok(Self(Rule::PickSelfWeighted { check, addresses }))
    }

    pub(super) fn pick(selector: Selector, addresses: AddressSets) -> Result<Self> {
        flat(&addresses)?;
        Ok(Self(Rule::Pick { selector, addresses }))
    }

    /// The type of the answers: A or AAAA.
    pub fn kind(&self) -> RecordType {
        match &self.0 {
            Rule::IfUp(IfUp { checked: Checked::Each(urls, _), .. }) => urls.kind(),
            Rule::IfUp(IfUp { checked: Checked::Same(_, addresses), .. })
            | Rule::Failover { sets: addresses, .. }
            | Rule::Pick { addresses, .. }
            | Rule::PickSelfWeighted { addresses, .. } => addresses.kind(),
            Rule::Weighted { weights, .. } | Rule::PickWeighted { weights, .. } => weights.kind(),
        }
    }

    /// The options of its checks, if it has checks.
    pub fn check_options(&self) -> Option<&CheckOptions> {
        match &self.0 {
            Rule::IfUp(IfUp { checked: Checked::Each(_, options), .. }) => Some(options),
            Rule::IfUp(IfUp { checked: Checked::Same(check, _), .. })
            | Rule::Failover { check, .. }
            | Rule::Weighted { check, .. }
            | Rule::PickSelfWeighted { check, .. } => Some(check.options()),
            Rule::Pick { .. } | Rule::PickWeighted { .. } => None,
        }
    }

    /// The record.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_record` if the snippet is
    /// larger than 16 KiB.
    pub fn record(&self) -> Result<LuaRecord> {
        LuaRecord::from_snippet(self.kind(), &self.snippet())
    }

    /// The record as data of a record set.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn data(&self) -> Result<RecordData> {
        self.record().map(RecordData::Lua)
    }

    pub(super) fn snippet(&self) -> String {
        let (shape, values) = match &self.0 {
            Rule::IfUp(rule) => rule.parts(),
            Rule::Failover { check, sets, selector } => {
                (Shape::Failover(By::of(check.probe()), *selector), scripted_values(check, sets.to_nested()))
            }
            Rule::Weighted { check, weights, selector } => (
                Shape::Weighted(By::of(check.probe()), *selector),
                scripted_values(check, weights.to_value()),
            ),
            Rule::Pick { selector, addresses } => (Shape::Pick(*selector), vec![addresses.to_value()]),
            Rule::PickWeighted { selector, weights } => {
                (Shape::PickWeighted(*selector), vec![weights.to_value()])
            }
            Rule::PickSelfWeighted { check, addresses } => {
                let options = Value::Map(check.options().entries());
                (Shape::PickSelfWeighted, vec![target(check), addresses.to_value(), options])
            }
        };
        shape.write(&values)
    }
}

/// Answers with what is up; made by [`Lua::if_up`] and [`Lua::if_ext_url_up`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct IfUp {
    pub(super) checked: Checked,
    pub(super) selector: Selector,
    pub(super) backup: Selector,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Checked {
    Same(HealthCheck, AddressSets),
    Each(AddressUrls, CheckOptions),
}

impl IfUp {
    fn new(checked: Checked) -> Self {
        Self { checked, selector: Selector::Random, backup: Selector::Random }
    }

    /// Which of the addresses that are up are the answer; one at random if not set.
    pub fn selector(self, selector: Selector) -> Self {
        Self { selector, ..self }
    }

    /// Which addresses are the answer when nothing is up, and before the first check; one at random if not set. It
    /// picks among the first set from 5.1 on, among the addresses of all sets before.
    pub fn backup_selector(self, selector: Selector) -> Self {
        Self { backup: selector, ..self }
    }

    /// The record that it means.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_lua` for the selector
    /// [`Selector::Empty`], and for a source of the other family.
    pub fn build(self) -> Result<Lua> {
        not_empty(self.selector)?;
        // A check of a URL of its own goes wherever that leads, whatever the family of the answer.
        if let Checked::Same(check, addresses) = &self.checked {
            fits(check.options(), addresses.kind())?;
        }
        Ok(Lua(Rule::IfUp(self)))
    }

    fn parts(&self) -> (Shape, Vec<Value>) {
        let options = |options| selecting(self.selector, self.backup, options);
        match &self.checked {
            Checked::Same(check, addresses) => {
                let values = vec![target(check), addresses.to_value(), options(check.options())];
                (Shape::IfUp(By::of(check.probe())), values)
            }
            Checked::Each(urls, own) => (Shape::IfUrlExtUp, vec![urls.to_value(), options(own)]),
        }
    }
}

fn target(check: &HealthCheck) -> Value {
    match check.probe() {
        Probe::Url(url) => Value::text(url.as_str()),
        Probe::Port(port) => Value::Number((*port).into()),
    }
}

fn selecting(selector: Selector, backup: Selector, options: &CheckOptions) -> Value {
    let selectors = [("selector", selector), ("backupSelector", backup)];
    let entry =
        |(name, selector): (&str, Selector)| (Key::Word(name.to_owned()), Value::text(selector.as_str()));
    Value::Map(selectors.into_iter().map(entry).chain(options.entries()).collect())
}

/// The selectors of a script count what is up; see [`Shape`].
fn scripted_values(check: &HealthCheck, addresses: Value) -> Vec<Value> {
    let options = selecting(Selector::All, Selector::Random, check.options());
    vec![target(check), options, addresses]
}

fn not_empty(selector: Selector) -> Result<()> {
    match selector {
        Selector::Empty => {
            Err(refused("an empty answer is no choice among what is up, only when nothing is"))
        }
        _ => Ok(()),
    }
}

fn flat(addresses: &AddressSets) -> Result<()> {
    if addresses.sets().len() > 1 {
        return Err(refused("this function takes one set: it has no order of preference"));
    }
    Ok(())
}

fn scripted(addresses: usize) -> Result<()> {
    if addresses > MAX_SCRIPTED {
        return Err(refused(format!(
            "at most {MAX_SCRIPTED} addresses: PowerDNS stops a snippet after 1,000 instructions"
        )));
    }
    Ok(())
}
