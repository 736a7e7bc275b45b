//! One item or many, and what goes wrong with each.

use serde_json::{Map, Value, json};

use crate::encoded;
use crate::mock::model::Refusal;
use crate::mock::wire::{Asked, Content, Envelope};

/// What is wrong with an item: the words, and whether the server blames itself when the item comes alone.
pub(super) struct Fault {
    pub(super) text: String,
    pub(super) internal: bool,
}

impl Fault {
    pub(super) fn user(text: impl Into<String>) -> Self {
        Self { text: text.into(), internal: false }
    }

    pub(super) fn internal(text: impl Into<String>) -> Self {
        Self { text: text.into(), internal: true }
    }

    fn into_refusal(self) -> Refusal {
        if self.internal { Refusal::internal(&self.text) } else { Refusal::bad_request(&self.text) }
    }
}

pub(super) type Item = Map<String, Value>;

/// What was sent: the fields, and the items if it is a batch.
pub(super) struct Input {
    pub(super) fields: Item,
    items: Option<Vec<Item>>,
}

impl Input {
    pub(super) fn read(asked: &Asked) -> Result<Self, Refusal> {
        let mut fields = asked.fields();
        let items = match fields.remove("batch_input") {
            None | Some(Value::Null) => None,
            Some(Value::Array(items)) if items.is_empty() => {
                return Err(Refusal::bad_request("missing batch input to process"));
            }
            Some(Value::Array(items)) => {
                Some(items.into_iter().map(|item| item.as_object().cloned().unwrap_or_default()).collect())
            }
            Some(_) => return Err(Refusal::internal("failed to parse batch input: expected an array")),
        };
        Ok(Self { fields, items })
    }

    /// The items, or the fields as the only one.
    pub(super) fn items(&self) -> &[Item] {
        self.items.as_deref().unwrap_or(std::slice::from_ref(&self.fields))
    }

    /// Whether it is no batch.
    pub(super) fn is_single(&self) -> bool {
        self.items.is_none()
    }

    /// Refuses a batch that lacks `field` somewhere.
    pub(super) fn require(&self, field: &str, purpose: &str) -> Result<(), Refusal> {
        for (number, item) in self.items.iter().flatten().enumerate() {
            if !item.contains_key(field) {
                let text =
                    format!("failed to parse batch input: '[{number}].{field}' missing {field} to {purpose}");
                return Err(Refusal::internal(&text));
            }
        }
        Ok(())
    }

    /// Refuses a batch in which some items have a context and some have none.
    pub(super) fn check_contexts(&self) -> Result<(), Refusal> {
        let has = |item: &Item| !text(item, "context").is_empty();
        match self.items() {
            [first, rest @ ..] if rest.iter().any(|item| has(item) != has(first)) => {
                Err(Refusal::bad_request("context should be set either in all the request blocks or in none"))
            }
            _ => Ok(()),
        }
    }

    /// Does `act` with each item. Where `strict`, the status of a batch is that of the worst item.
    pub(super) fn each(
        &self,
        strict: bool,
        empty: &Value,
        mut act: impl FnMut(&Item) -> Result<Value, Fault>,
    ) -> Result<Content, Refusal> {
        let Some(items) = &self.items else {
            return act(&self.fields).map(Content::data).map_err(Fault::into_refusal);
        };
        let (mut good, mut status) = (false, 200);
        let mut results = Vec::with_capacity(items.len());
        for item in items {
            let mut result = match act(item) {
                Ok(value) => {
                    good = true;
                    value
                }
                Err(fault) => {
                    status = match status {
                        400 => 400,
                        _ if fault.internal => 500,
                        _ => 400,
                    };
                    let mut result = empty.clone();
                    result["error"] = fault.text.into();
                    result
                }
            };
            result["reference"] = text(item, "reference").into();
            results.push(result);
        }
        let envelope = Envelope { data: json!({ "batch_results": results }), ..Envelope::default() };
        if !strict || status == 200 {
            return Ok(Content::Envelope(envelope));
        }
        let wished = self.fields.get("partial_failure_response_code").and_then(Value::as_u64);
        let wished = wished.and_then(|code| u16::try_from(code).ok()).filter(|_| good);
        Ok(Content::Bare(wished.unwrap_or(status), envelope.to_json()))
    }
}

pub(super) fn text<'i>(item: &'i Item, name: &str) -> &'i str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn number(item: &Item, name: &str) -> i64 {
    item.get(name).and_then(Value::as_i64).unwrap_or(0)
}

/// A field's bytes; in Go's words if they are no base64.
pub(super) fn bytes(item: &Item, name: &str) -> Result<Vec<u8>, String> {
    let text = text(item, name);
    encoded::decode(text).map(<[u8]>::into_vec).ok_or_else(|| {
        let bad = |byte: u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'/' | b'=');
        let at = text.bytes().position(bad).unwrap_or(text.len().saturating_sub(1));
        format!("illegal base64 data at input byte {at}")
    })
}

/// The context; an empty one is none.
pub(super) fn context(item: &Item) -> Result<Option<Vec<u8>>, String> {
    Ok(Some(bytes(item, "context")?).filter(|context| !context.is_empty()))
}
