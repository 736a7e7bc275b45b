//! Many items in one request, each with an outcome of its own.

use catalyst_core::{Error, ErrorKind, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use serde::ser::{Serialize, Serializer};

use super::Transit;
use crate::operation::{Operation, Subject};
use crate::refusal::{Remains, SERVICE, refusal};

/// How many strings the items of one request have in JSON, the names of members among them: the server takes 1,000 in
/// a body, and what holds for all items needs some.
const PART_STRINGS: usize = 1000 - 16;
/// How many bytes the items of one request hold, unless a single one has more. The answer is some larger, and has to
/// keep below the 4 MiB that a client takes.
const PART_BYTES: usize = 1 << 20;
/// How many requests of one batch are on their way at once: the server works on one request with one core.
const PARTS_AT_ONCE: usize = 4;
/// How many items are taken at all.
const MAX_ITEMS: usize = 100_000;
/// How long one input may be, in bytes: as base64, the server takes no more in a request.
const MAX_INPUT: usize = 16 << 20;

/// What an item takes up in a request.
#[derive(Clone, Copy)]
pub(super) struct Load {
    pub(super) bytes: usize,
    /// Members and their values, as far as these are strings.
    pub(super) strings: usize,
}

/// An item as the server answers it.
pub(super) trait Outcome: DeserializeOwned {
    type Value;

    /// What went wrong, empty if nothing did, and the value.
    fn split(self) -> (String, Option<Self::Value>);
}

#[derive(serde::Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Results<T> {
    batch_results: Vec<T>,
}

/// The items of one request, each written as what `of` makes of it.
pub(super) struct Each<'a, I, B> {
    items: &'a [I],
    of: fn(&'a I) -> B,
}

impl<I, B: Serialize> Serialize for Each<'_, I, B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.items.iter().map(self.of))
    }
}

/// What is to be asked of many items.
pub(super) struct Batch<'a, I, B> {
    pub(super) operation: &'static str,
    /// Behind `/v1/`, escaped.
    pub(super) path: &'a [&'a str],
    pub(super) items: &'a [I],
    /// What an item takes up.
    pub(super) load: fn(&I) -> Load,
    /// An item as the server wants it.
    pub(super) of: fn(&'a I) -> B,
}

impl Transit {
    /// Asks for all items, in as many requests as that takes, a few at a time.
    pub(super) async fn ask_all<'a, I, B, R, W>(
        &self,
        batch: Batch<'a, I, B>,
        body: impl Fn(Each<'a, I, B>) -> R + Sync,
    ) -> Result<Vec<Result<W::Value>>>
    where
        I: Sync,
        B: Serialize,
        R: Serialize + Sync,
        W: Outcome,
    {
        let Batch { operation, path, items, load, of } = batch;
        if items.len() > MAX_ITEMS {
            return Err(refused(
                operation,
                "batch_too_large",
                "a batch has at most 100,000 items; make several",
            ));
        }
        if items.iter().any(|item| load(item).bytes > MAX_INPUT) {
            return Err(too_large(operation));
        }
        let target = path.concat();
        let ask = |part| {
            let (body, target) = (body(Each { items: part, of }), &target);
            async move {
                let answer: Results<W> = self.at(operation, path).batch().exchange(&body).await?;
                if answer.batch_results.len() != part.len() {
                    return Err(unreadable(
                        operation,
                        "the answer has another number of results than there were items",
                    ));
                }
                let outcomes = answer.batch_results.into_iter().map(|item| outcome(operation, target, item));
                Ok(outcomes.collect::<Vec<_>>())
            }
        };
        // A list, because rustc cannot prove that a stream which makes them on the way may be sent.
        let asked: Vec<_> = parts(items, load).map(ask).collect();
        let mut outcomes = Vec::with_capacity(items.len());
        let mut answers = stream::iter(asked).buffered(PARTS_AT_ONCE);
        while let Some(answered) = answers.try_next().await? {
            outcomes.extend(answered);
        }
        Ok(outcomes)
    }
}

/// Refuses an input that no request can carry.
pub(super) fn check_size(operation: &'static str, bytes: usize) -> Result<()> {
    if bytes > MAX_INPUT { Err(too_large(operation)) } else { Ok(()) }
}

pub(super) fn refused(operation: &'static str, code: &'static str, help: &'static str) -> Error {
    Error::new(ErrorKind::InvalidRequest, operation).with_service(SERVICE).with_code(code).with_help(help)
}

fn too_large(operation: &'static str) -> Error {
    refused(
        operation,
        "input_too_large",
        "one input has at most 16 MiB; encrypt larger ones yourself, with a data key of transit",
    )
}

fn unreadable(operation: &'static str, help: &'static str) -> Error {
    Error::new(ErrorKind::Decode, operation)
        .with_service(SERVICE)
        .with_code("unreadable_answer")
        .with_help(help)
}

fn outcome<W: Outcome>(operation: &'static str, target: &str, item: W) -> Result<W::Value> {
    match item.split() {
        (error, _) if !error.is_empty() => {
            // As the item by itself would have been refused.
            let operation = Operation::Of(Subject::Transit, operation);
            Err(refusal(operation, 400, &[error], Remains::Nothing).with_target(target))
        }
        (_, Some(value)) => Ok(value),
        (_, None) => Err(unreadable(operation, "an item of the answer has neither a value nor an error")),
    }
}

/// The items in their order, in parts that fit into a request.
fn parts<I>(mut items: &[I], load: fn(&I) -> Load) -> impl Iterator<Item = &[I]> {
    std::iter::from_fn(move || {
        let (mut bytes, mut strings) = (0_usize, 0_usize);
        let fitting = items.iter().take_while(|item| {
            let load = load(item);
            bytes = bytes.saturating_add(load.bytes);
            strings = strings.saturating_add(load.strings);
            bytes <= PART_BYTES && strings <= PART_STRINGS
        });
        // One that is too large for any part goes by itself.
        let count = fitting.count().max(1).min(items.len());
        let (part, rest) = items.split_at(count);
        items = rest;
        (!part.is_empty()).then_some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_hold_all_items_in_their_order_and_fit(
            sizes in proptest::collection::vec(0..3 * PART_BYTES / 2, 0..40),
            many in 0..3000_usize,
            strings in 2..9_usize,
        ) {
            let small = std::iter::repeat_n(100, many);
            let items: Vec<(usize, usize)> = sizes.into_iter().chain(small).map(|size| (size, strings)).collect();
            let parts: Vec<&[(usize, usize)]> = parts(&items, |item| Load { bytes: item.0, strings: item.1 }).collect();
            prop_assert_eq!(&parts.concat(), &items);
            for part in parts {
                prop_assert!(!part.is_empty() && part.len() * strings <= PART_STRINGS);
                prop_assert!(part.len() == 1 || part.iter().map(|item| item.0).sum::<usize>() <= PART_BYTES);
            }
        }
    }
}
