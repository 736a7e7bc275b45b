//! Values of a running snippet.

use std::cell::RefCell;
use std::rc::Rc;

/// A value. Tables are shared, as in Lua.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    Number(f64),
    Text(Rc<[u8]>),
    Table(Rc<RefCell<Table>>),
    /// A function of the server, by its name.
    Function(Rc<str>),
}

/// A table: a list from 1, and whatever else.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) list: Vec<Value>,
    pub(super) others: Vec<(Value, Value)>,
}

impl Value {
    pub(super) fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Text(text.as_ref().into())
    }

    pub(super) fn list(values: impl IntoIterator<Item = Self>) -> Self {
        Self::Table(Rc::new(RefCell::new(Table { list: values.into_iter().collect(), others: Vec::new() })))
    }

    pub(super) fn is_true(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    /// As text, which numbers are too.
    pub(super) fn to_text(&self) -> Option<String> {
        match self {
            Self::Text(octets) => Some(String::from_utf8_lossy(octets).into_owned()),
            Self::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn to_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => self.to_text()?.trim().parse().ok(),
            _ => None,
        }
    }

    /// The list of a table.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::Table(table) => Some(table.borrow().list.clone()),
            _ => None,
        }
    }

    /// The entries of a table that are not in its list.
    pub(super) fn entries(&self) -> Vec<(Self, Self)> {
        match self {
            Self::Table(table) => table.borrow().others.clone(),
            _ => Vec::new(),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(one), Self::Bool(two)) => one == two,
            (Self::Number(one), Self::Number(two)) => one.total_cmp(two).is_eq(),
            (Self::Text(one), Self::Text(two)) => one == two,
            (Self::Table(one), Self::Table(two)) => Rc::ptr_eq(one, two),
            (Self::Function(one), Self::Function(two)) => one == two,
            _ => false,
        }
    }
}

impl Table {
    pub(super) fn get(&self, key: &Value) -> Value {
        if let Some(value) = position(key).and_then(|at| self.list.get(at)) {
            return value.clone();
        }
        self.others.iter().find(|(there, _)| there == key).map_or(Value::Nil, |(_, value)| value.clone())
    }

    pub(super) fn set(&mut self, key: Value, value: Value) {
        if let Some(at) = position(&key).filter(|at| *at <= self.list.len()) {
            match self.list.get_mut(at) {
                Some(there) => *there = value,
                None => self.list.push(value),
            }
        } else if let Some((_, there)) = self.others.iter_mut().find(|(there, _)| *there == key) {
            *there = value;
        } else {
            self.others.push((key, value));
        }
    }
}

/// The place in the list that a key means.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a small whole number"
)]
fn position(key: &Value) -> Option<usize> {
    match key {
        Value::Number(number) if *number >= 1.0 && *number <= 65_535.0 && number.fract() == 0.0 => {
            Some(*number as usize - 1)
        }
        _ => None,
    }
}
