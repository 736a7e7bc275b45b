//! Reading a snippet of ours back.

use super::address::{AddressSets, AddressUrls, WeightedAddresses};
use super::shape::{By, Shape, unmarked};
use super::token::tokens;
use super::value::{Key, Value};
use super::{CheckOptions, HealthCheck, Lua, Selector};
use crate::LuaRecord;

impl Lua {
    /// What `record` means, if it was written by this crate and is still as it was written; white space that servers
    /// put between strings does not count.
    ///
    /// The snippet itself is read, not a description beside it, so that what is returned is what the server runs.
    pub fn read(record: &LuaRecord) -> Option<Self> {
        let tokens = tokens(record.snippet())?;
        let code = unmarked(&tokens)?;
        let lua = Shape::all().find_map(|shape| built(shape, &shape.read(code)?))?;
        // Options in another order, an address written another way: not ours.
        let again = lua.snippet();
        let same = super::token::tokens(&again).is_some_and(|again| unmarked(&again) == Some(code));
        (same && lua.kind() == record.kind()).then_some(lua)
    }
}

fn built(shape: Shape, values: &[Value]) -> Option<Lua> {
    match (shape, values) {
        (Shape::IfUp(by), [target, addresses, options]) => {
            let (selectors, options) = split(options)?;
            let check = check(by, target, options)?;
            selecting(Lua::if_up(check, AddressSets::from_value(addresses)?), selectors)
        }
        (Shape::IfUrlExtUp, [urls, options]) => {
            let (selectors, options) = split(options)?;
            selecting(Lua::if_ext_url_up(AddressUrls::from_value(urls)?, options), selectors)
        }
        (Shape::Failover(by, selector), [target, options, sets]) => {
            let check = check(by, target, split(options)?.1)?;
            Lua::failover(check, AddressSets::from_value(sets)?, selector).ok()
        }
        (Shape::Weighted(by, selector), [target, options, weights]) => {
            let check = check(by, target, split(options)?.1)?;
            Lua::weighted(check, WeightedAddresses::from_value(weights)?, selector).ok()
        }
        (Shape::Pick(selector), [addresses]) => Lua::pick(selector, AddressSets::from_value(addresses)?).ok(),
        (Shape::PickWeighted(selector), [weights]) => {
            Some(Lua::pick_weighted(WeightedAddresses::from_value(weights)?, selector))
        }
        (Shape::PickSelfWeighted, [target, addresses, options]) => {
            let check = check(By::Url, target, split(options)?.1)?;
            Lua::pick_self_weighted(check, AddressSets::from_value(addresses)?).ok()
        }
        _ => None,
    }
}

fn check(by: By, target: &Value, options: CheckOptions) -> Option<HealthCheck> {
    match (by, target) {
        (By::Url, url) => HealthCheck::url(url.as_str()?.parse().ok()?, options).ok(),
        (By::Port, Value::Number(port)) => HealthCheck::port(u16::try_from(*port).ok()?, options).ok(),
        (By::Port, _) => None,
    }
}

type Selectors = [Option<Selector>; 2];

/// The selectors, and the options of the check itself.
fn split(options: &Value) -> Option<(Selectors, CheckOptions)> {
    let (mut selectors, mut own) = ([None; 2], CheckOptions::new());
    for (key, value) in options.map()? {
        let Key::Word(name) = key else { return None };
        match (name.as_str(), value) {
            ("selector", Value::Text(text)) => selectors[0] = Some(Selector::parse(text)?),
            ("backupSelector", Value::Text(text)) => selectors[1] = Some(Selector::parse(text)?),
            (name, value) => own = own.with_entry(name, value)?,
        }
    }
    Some((selectors, own))
}

fn selecting(rule: super::IfUp, selectors: Selectors) -> Option<Lua> {
    let [Some(selector), Some(backup)] = selectors else { return None };
    rule.selector(selector).backup_selector(backup).build().ok()
}
