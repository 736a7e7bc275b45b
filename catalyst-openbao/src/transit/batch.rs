//! Many items in one request, each with an outcome of its own.

use catalyst_core::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde::ser::{Serialize, Serializer};

use super::Transit;
use crate::operation::{Operation, Subject};
use crate::refusal::{Remains, SERVICE, refusal};

/// How many items one request carries.
const PART_ITEMS: usize = 1000;
/// How many bytes the items of one request hold, unless a single one has more. The answer is some larger, and has to
/// keep below the 4 MiB that a client takes.
const PART_BYTES: usize = 1 << 20;
/// How many items are taken at all.
const MAX_ITEMS: usize = 100_000;
/// How long one input may be, in bytes: as base64, the server takes no more in a request.
const MAX_INPUT: usize = 16 << 20;

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
    /// How many bytes an item holds.
    pub(super) size: fn(&I) -> usize,
    /// An item as the server wants it.
    pub(super) of: fn(&'a I) -> B,
}

impl Transit {
    /// Asks for all items, in as many requests as that takes, one after the other.
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
        let Batch { operation, path, items, size, of } = batch;
        if items.len() > MAX_ITEMS {
            return Err(refused(
                operation,
                "batch_too_large",
                "a batch has at most 100,000 items; make several",
            ));
        }
        if items.iter().any(|item| size(item) > MAX_INPUT) {
            return Err(too_large(operation));
        }
        let mut outcomes = Vec::with_capacity(items.len());
        for part in parts(items, size) {
            let body = body(Each { items: part, of });
            let answer: Results<W> = self.at(operation, path).batch().exchange(&body).await?;
            if answer.batch_results.len() != part.len() {
                return Err(unreadable(
                    operation,
                    "the answer has another number of results than there were items",
                ));
            }
            let target = path.concat();
            outcomes.extend(answer.batch_results.into_iter().map(|item| outcome(operation, &target, item)));
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
fn parts<I>(mut items: &[I], size: fn(&I) -> usize) -> impl Iterator<Item = &[I]> {
    std::iter::from_fn(move || {
        let mut bytes = 0_usize;
        let fitting = items.iter().take(PART_ITEMS).take_while(|item| {
            bytes = bytes.saturating_add(size(item));
            bytes <= PART_BYTES
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
        fn parts_hold_all_items_in_their_order_and_fit(sizes in proptest::collection::vec(0..3 * PART_BYTES / 2, 0..40), many in 0..3000_usize) {
            let sizes: Vec<usize> = sizes.into_iter().chain(std::iter::repeat_n(100, many)).collect();
            let parts: Vec<&[usize]> = parts(&sizes, |size| *size).collect();
            prop_assert_eq!(parts.concat(), sizes);
            for part in parts {
                prop_assert!(!part.is_empty() && part.len() <= PART_ITEMS);
                prop_assert!(part.len() == 1 || part.iter().sum::<usize>() <= PART_BYTES);
            }
        }
    }
}
