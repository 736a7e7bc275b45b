//! Recorded values against actual ones, where names stand for what differs each time.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

/// What the recorded names stand for in this run.
#[derive(Debug, Default)]
pub(super) struct Bindings(HashMap<String, String>);

/// Members of key sets that cannot be compared.
const KEY_MATERIAL: [&str; 4] = ["n", "e", "x", "y"];

impl Bindings {
    pub(super) fn bind(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// A recorded text with what its names stand for. A name that stands for nothing yet stays.
    pub(super) fn fill(&self, text: &str) -> String {
        let parts = parts(text).into_iter().map(|part| match part {
            Part::Name(name) => self.0.get(name).map_or(name, String::as_str),
            Part::Plain(plain) => plain,
        });
        parts.collect()
    }

    /// Fails, naming the place, unless the actual value is the recorded one.
    pub(super) fn unify(&mut self, recorded: &Value, actual: &Value, at: &str) -> Result<(), String> {
        match (recorded, actual) {
            (Value::Object(wanted), Value::Object(found)) => {
                for (name, value) in wanted {
                    let there = found.get(name).ok_or_else(|| format!("{at}/{name} is missing"))?;
                    self.unify(value, there, &format!("{at}/{name}"))?;
                }
                let more = found
                    .keys()
                    .find(|name| !wanted.contains_key(*name) && !KEY_MATERIAL.contains(&name.as_str()));
                more.map_or(Ok(()), |name| Err(format!("{at}/{name} was not recorded: {}", found[name])))
            }
            (Value::Array(wanted), Value::Array(found)) => {
                if wanted.len() != found.len() {
                    return Err(format!(
                        "{at}: {} values instead of {}: {actual}",
                        found.len(),
                        wanted.len()
                    ));
                }
                if wanted.iter().all(Value::is_string) {
                    let set = |values: &[Value]| -> BTreeSet<String> {
                        values.iter().map(|value| self.fill(value.as_str().unwrap_or_default())).collect()
                    };
                    let (wanted, found) = (set(wanted), set(found));
                    return if wanted == found {
                        Ok(())
                    } else {
                        Err(format!("{at}: {found:?} instead of {wanted:?}"))
                    };
                }
                wanted.iter().enumerate().try_for_each(|(index, value)| {
                    let there = &found[index];
                    let fellow = found.iter().find(|one| !same_name(value, there) && same_name(value, one));
                    let fellow = fellow.unwrap_or(there);
                    self.unify(value, fellow, &format!("{at}/{index}"))
                })
            }
            (Value::String(wanted), Value::String(found)) => self.unify_text(wanted, found, at),
            (Value::Number(wanted), Value::Number(found)) => {
                let close = match (wanted.as_i64(), found.as_i64()) {
                    // Moments, and what is left of a term.
                    (Some(wanted), Some(found)) if wanted > 1_000_000_000 => found > 1_000_000_000,
                    (Some(wanted), Some(found)) => {
                        (wanted - found).abs() <= i64::from(at.ends_with("expires_in"))
                    }
                    _ => wanted == found,
                };
                if close { Ok(()) } else { Err(format!("{at}: {found} instead of {wanted}")) }
            }
            _ if recorded == actual => Ok(()),
            _ => Err(format!("{at}: {actual} instead of {recorded}")),
        }
    }

    fn unify_text(&mut self, wanted: &str, found: &str, at: &str) -> Result<(), String> {
        let wrong = || Err(format!("{at}: {found:?} instead of {wanted:?}"));
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
        // The order of scopes means nothing.
        if is_moment(wanted) && is_moment(found) || at.ends_with("scope") && words(wanted) == words(found) {
            return Ok(());
        }
        let mut rest = found;
        for part in parts(wanted) {
            let length = match part {
                Part::Plain(plain) if rest.starts_with(plain) => plain.len(),
                Part::Plain(_) => return wrong(),
                Part::Name(name) => match self.0.get(name) {
                    Some(known) if rest.starts_with(known.as_str()) => known.len(),
                    Some(_) => return wrong(),
                    None => {
                        let length = match name.split('#').next() {
                            Some("ID") => 36,
                            Some("SECRET") => 86,
                            Some("SESSION") => 24,
                            _ => rest.len(),
                        };
                        let Some(value) = rest.get(..length) else { return wrong() };
                        self.0.insert(name.to_owned(), value.to_owned());
                        length
                    }
                },
            };
            rest = &rest[length..];
        }
        if rest.is_empty() { Ok(()) } else { wrong() }
    }
}

enum Part<'a> {
    Plain(&'a str),
    Name(&'a str),
}

/// `{server}`, `{jwks}`, `ID#4` and their like, and what stands between them.
fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let next = ["{server}", "{jwks}", "ID#", "KID#", "SECRET#", "SESSION#", "TOKEN#"]
            .iter()
            .filter_map(|kind| rest.find(kind).map(|at| (at, *kind)))
            .min_by_key(|(at, kind)| (*at, std::cmp::Reverse(kind.len())));
        let Some((at, kind)) = next else {
            parts.push(Part::Plain(rest));
            break;
        };
        let digits = if kind.starts_with('{') { "" } else { &rest[at + kind.len()..] };
        let digits = digits.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if at > 0 {
            parts.push(Part::Plain(&rest[..at]));
        }
        parts.push(Part::Name(&rest[at..at + kind.len() + digits]));
        rest = &rest[at + kind.len() + digits..];
    }
    parts
}

/// Ten digits: seconds since 1970, as attributes hold them.
fn is_moment(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether two objects of a list are the same thing.
fn same_name(one: &Value, other: &Value) -> bool {
    let name = |value: &Value| {
        let names = ["clientId", "alias", "username", "name", "algorithm"];
        names.iter().find_map(|name| value.get(name)?.as_str().map(str::to_owned))
    };
    name(one).is_some() && name(one) == name(other)
}
