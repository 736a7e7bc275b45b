//! `/search-data`.

use serde_json::{Value, json};

use super::{Refusal, State, names};

impl State {
    /// Zones, records and comments whose name or content fits `query`, in which `*` and `?` are wildcards.
    pub(crate) fn search(
        &self,
        query: &str,
        max: Option<&str>,
        object: Option<&str>,
    ) -> Result<Value, Refusal> {
        if query.is_empty() {
            return Err(Refusal::unprocessable("Query q can't be blank"));
        }
        let max: usize =
            max.map_or(Ok(100), |text| text.parse::<usize>().map_err(|_invalid| Refusal::status_only(500)))?;
        if max == 0 {
            return Err(Refusal::unprocessable("Maximum entries must be larger than 0"));
        }
        let object = object.unwrap_or("all");
        if !["all", "zone", "record", "comment"].contains(&object) {
            let text = "object_type must be one of the following options: all, zone, record, comment";
            return Err(Refusal::unprocessable(text));
        }
        let wanted = |kind: &str| object == "all" || object == kind;
        let mut found = Vec::new();
        if wanted("zone") {
            found.extend(self.zones_like(query).take(max));
        }
        for kind in ["record", "comment"] {
            if wanted(kind) {
                found.extend(self.entries_like(query, kind).take(max));
            }
        }
        Ok(found.into())
    }

    fn zones_like(&self, query: &str) -> impl Iterator<Item = Value> {
        self.all_zones().filter(move |zone| fits(query, zone.name.without_dot())).map(|zone| {
            let name = zone.name.as_str();
            json!({ "object_type": "zone", "name": name, "zone_id": names::id(name) })
        })
    }

    fn entries_like(&self, query: &str, object: &'static str) -> impl Iterator<Item = Value> {
        let sets = self.all_zones().flat_map(|zone| zone.sets.iter().map(move |(key, set)| (zone, key, set)));
        sets.flat_map(move |(zone, key, set)| {
            let named = fits(query, key.name.without_dot());
            let zone = zone.name.as_str();
            let base = json!({
                "object_type": object, "name": key.name.as_str(), "type": key.kind.as_str(), "zone": zone,
                "zone_id": names::id(zone),
            });
            let entry = |content: &str, disabled: Option<bool>| {
                let mut entry = base.clone();
                entry["content"] = content.into();
                if let Some(disabled) = disabled {
                    entry["disabled"] = disabled.into();
                    entry["ttl"] = set.ttl.into();
                }
                (named || fits(query, content)).then_some(entry)
            };
            let found: Vec<Value> = if object == "record" {
                let records = set.records.iter();
                records.filter_map(|record| entry(&record.content, Some(record.disabled))).collect()
            } else {
                set.comments.iter().filter_map(|comment| entry(&comment.content, None)).collect()
            };
            found
        })
    }
}

/// Whether `text` is what `pattern` describes, whatever the case.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let (pattern, text) = (pattern.trim_end_matches('.').as_bytes(), text.as_bytes());
    let (mut at, mut from, mut star) = (0, 0, None);
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(b'?') => (at, from) = (at + 1, from + 1),
            Some(byte) if *byte == text[from] => (at, from) = (at + 1, from + 1),
            _ => match star {
                Some((before, matched)) => {
                    star = Some((before, matched + 1));
                    (at, from) = (before + 1, matched + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}
