//! One zone: settings, records, keys, metadata, and what is done to it.

use serde_json::{Value, json};

use super::answer::Answer;
use super::asked::{Asked, Verb};
use super::route::Answered;
use crate::DomainName;
use crate::mock::model::{Edit, Refusal, Shown, State};

pub(super) fn answer(state: &mut State, asked: &Asked, id: &str, rest: &[&str]) -> Answered {
    if id.is_empty() {
        return Err(Refusal::not_found());
    }
    let zone = &State::zone_of_id(id)?;
    match (rest, asked.verb) {
        ([], verb) => itself(state, asked, zone, verb),
        (["cryptokeys", rest @ ..], verb) => keys(state, asked, zone, (rest, verb)),
        (["metadata", rest @ ..], verb) => metadata(state, asked, zone, (rest, verb)),
        (["export"], Verb::Get) => {
            let text = state.export(zone)?;
            Ok(if asked.takes_json() { Answer::json(json!({ "zone": text })) } else { Answer::text(text) })
        }
        (["rectify"], Verb::Put) => state.rectify(zone).map(Answer::json),
        (["notify"], Verb::Put) => state.notify(zone).map(Answer::json),
        (["axfr-retrieve"], Verb::Put) => state.retrieve(zone).map(Answer::json),
        (["export" | "rectify" | "notify" | "axfr-retrieve"], _) => Err(Refusal::wrong_method()),
        _ => Err(Refusal::not_found()),
    }
}

fn itself(state: &mut State, asked: &Asked, zone: &DomainName, verb: Verb) -> Answered {
    match verb {
        Verb::Get => {
            let (name, kind) = (asked.query("rrset_name"), asked.query("rrset_type"));
            let without_records = asked.query("rrsets") == Some("false");
            state.show_zone(zone, &Shown { without_records, name, kind }).map(Answer::json)
        }
        Verb::Put => {
            state.expect_zone(zone)?;
            state.change_zone(zone, &asked.json()?).map(|()| Answer::done())
        }
        Verb::Delete => state.delete_zone(zone).map(|()| Answer::done()),
        Verb::Patch => patch(state, asked, zone),
        _ => Err(Refusal::wrong_method()),
    }
}

fn patch(state: &mut State, asked: &Asked, zone: &DomainName) -> Answered {
    state.expect_zone(zone)?;
    let document = asked.json()?;
    let sets = document["rrsets"].as_array();
    let sets = sets.ok_or_else(|| Refusal::unprocessable("No rrsets given in update request"))?;
    let now = state.now();
    let patched = state.patch(zone, sets.iter().map(|set| Edit::read(set, now)))?;
    let answer = Answer::done();
    Ok(match patched.serials {
        Some((old, new)) => {
            answer.with("x-pdns-old-serial", old.to_string()).with("x-pdns-new-serial", new.to_string())
        }
        None => answer,
    })
}

fn keys(state: &mut State, asked: &Asked, zone: &DomainName, (rest, verb): (&[&str], Verb)) -> Answered {
    match (rest, verb) {
        ([], Verb::Get) => state.keys(zone).map(Answer::json),
        ([], Verb::Post) => {
            state.expect_zone(zone)?;
            state.create_key(zone, &asked.json()?).map(Answer::created)
        }
        ([id], Verb::Get) => state.key(zone, id).map(Answer::json),
        ([id], Verb::Put) => state.change_key(zone, id, &body(asked)).map(|()| Answer::done()),
        ([id], Verb::Delete) => state.remove_key(zone, id).map(|()| Answer::done()),
        ([] | [_], _) => Err(Refusal::wrong_method()),
        _ => Err(Refusal::not_found()),
    }
}

fn metadata(state: &mut State, asked: &Asked, zone: &DomainName, (rest, verb): (&[&str], Verb)) -> Answered {
    match (rest, verb) {
        ([], Verb::Get) => state.metadata(zone).map(Answer::json),
        ([], Verb::Post) => state.add_metadata(zone, &asked.json()?).map(Answer::created),
        ([kind], Verb::Get) => state.metadata_of(zone, kind).map(Answer::json),
        ([kind], Verb::Put) => state.set_metadata(zone, kind, &asked.json()?).map(Answer::json),
        ([kind], Verb::Delete) => state.remove_metadata(zone, kind).map(|()| Answer::done_with_ok()),
        ([] | [_], _) => Err(Refusal::wrong_method()),
        _ => Err(Refusal::not_found()),
    }
}

/// The document; what cannot be read has no members.
fn body(asked: &Asked) -> Value {
    asked.json().unwrap_or_default()
}
