//! Which function answers what.

use serde_json::json;

use super::answer::Answer;
use super::asked::{Asked, Verb};
use super::zones;
use crate::mock::model::{Refusal, State};

pub(super) type Answered = Result<Answer, Refusal>;

/// The segments of a path below the one server that there is.
pub(super) fn below_server<'a>(segments: &'a [&'a str]) -> Option<&'a [&'a str]> {
    match segments {
        ["api", "v1", "servers", "localhost", rest @ ..] => Some(rest),
        _ => None,
    }
}

pub(super) fn answer(state: &mut State, asked: &Asked, segments: &[&str]) -> Answered {
    match segments {
        ["api"] => get(asked, || Ok(json!([{ "url": "/api/v1", "version": 1 }]))),
        ["api", "v1", "servers"] => get(asked, || Ok(json!([state.server()]))),
        _ => match below_server(segments) {
            Some(segments) => of_server(state, asked, segments),
            None => Err(Refusal::not_found()),
        },
    }
}

fn of_server(state: &mut State, asked: &Asked, segments: &[&str]) -> Answered {
    match segments {
        [] => get(asked, || Ok(state.server())),
        ["config"] => get(asked, || Ok(state.whole_config())),
        ["statistics"] => get(asked, || state.statistics(asked.query("statistic"))),
        ["autoprimaries"] => get(asked, || Ok(json!([]))),
        ["search-data"] => get(asked, || {
            let query = asked.query("q").unwrap_or_default();
            state.search(query, asked.query("max"), asked.query("object_type"))
        }),
        ["cache", "flush"] if asked.verb == Verb::Put => {
            State::flush(asked.query("domain").unwrap_or_default()).map(Answer::json)
        }
        ["cache", "flush"] => Err(Refusal::wrong_method()),
        ["tsigkeys", rest @ ..] => tsig_keys(state, asked, rest),
        ["zones"] => match asked.verb {
            Verb::Get => {
                let with_dnssec = asked.query("dnssec") != Some("false");
                state.zone_list(asked.query("zone"), with_dnssec).map(Answer::json)
            }
            Verb::Post => state.create_zone(&asked.json()?).map(Answer::created),
            _ => Err(Refusal::wrong_method()),
        },
        ["zones", id, rest @ ..] => zones::answer(state, asked, id, rest),
        _ => Err(Refusal::not_found()),
    }
}

fn tsig_keys(state: &mut State, asked: &Asked, rest: &[&str]) -> Answered {
    match (rest, asked.verb) {
        ([], Verb::Get) => Ok(Answer::json(state.tsig_keys())),
        ([], Verb::Post) => state.create_tsig_key(&asked.json()?).map(Answer::created),
        ([id], Verb::Get) => state.tsig_key(id).map(Answer::json),
        ([id], Verb::Put) => state.change_tsig_key(id, &asked.json()?).map(Answer::json),
        ([id], Verb::Delete) => state.delete_tsig_key(id).map(|()| Answer::done()),
        ([] | [_], _) => Err(Refusal::wrong_method()),
        _ => Err(Refusal::not_found()),
    }
}

/// Of what can only be read.
fn get(asked: &Asked, read: impl FnOnce() -> Result<serde_json::Value, Refusal>) -> Answered {
    if asked.verb == Verb::Get { read().map(Answer::json) } else { Err(Refusal::wrong_method()) }
}
