//! YAML in which text is text.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// What a manifest is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Text(String),
    Number(u64),
    Bool(bool),
    List(Vec<Node>),
    Map(Map),
}

/// Fields in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Map(Vec<(Cow<'static, str>, Node)>);

impl Map {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A field that the schema names. Fields of ours are words that YAML reads as nothing else.
    pub(super) fn field(mut self, name: &'static str, value: impl Into<Node>) -> Self {
        self.0.push((Cow::Borrowed(name), value.into()));
        self
    }

    /// The field, if there is something to say.
    pub(super) fn some(self, name: &'static str, value: Option<impl Into<Node>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// An entry whose key comes from outside: it is quoted like any text, for `on` and `no` are not text otherwise.
    pub(super) fn entry(mut self, key: &str, value: impl Into<Node>) -> Self {
        self.0.push((Cow::Owned(key.to_owned()), value.into()));
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Node {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Vec<Node>> for Node {
    fn from(items: Vec<Node>) -> Self {
        Self::List(items)
    }
}

impl From<Map> for Node {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

/// The document, in block style.
impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_map(f, self, 0)
    }
}

/// The fields of `map`, the first one where the writer stands, the others below it.
fn write_map(f: &mut fmt::Formatter<'_>, map: &Map, indent: usize) -> fmt::Result {
    for (index, (key, value)) in map.0.iter().enumerate() {
        if index > 0 {
            write!(f, "{:indent$}", "")?;
        }
        match key {
            Cow::Borrowed(name) => f.write_str(name)?,
            Cow::Owned(key) => f.write_str(&quoted(key))?,
        }
        f.write_str(":")?;
        write_value(f, value, indent)?;
    }
    Ok(())
}

fn write_value(f: &mut fmt::Formatter<'_>, value: &Node, indent: usize) -> fmt::Result {
    let inner = indent + 2;
    match value {
        Node::Text(text) => writeln!(f, " {}", quoted(text)),
        Node::Number(number) => writeln!(f, " {number}"),
        Node::Bool(value) => writeln!(f, " {value}"),
        Node::List(items) if items.is_empty() => f.write_str(" []\n"),
        Node::List(items) => {
            f.write_str("\n")?;
            items.iter().try_for_each(|item| {
                write!(f, "{:inner$}-", "")?;
                match item {
                    Node::Map(map) if !map.is_empty() => {
                        f.write_str(" ")?;
                        write_map(f, map, inner + 2)
                    }
                    other => write_value(f, other, inner),
                }
            })
        }
        Node::Map(map) if map.is_empty() => f.write_str(" {}\n"),
        Node::Map(map) => {
            write!(f, "\n{:inner$}", "")?;
            write_map(f, map, inner)
        }
    }
}

/// `text` as a double-quoted scalar (YAML 1.2 section 7.3.1): everything that could end it, and everything beyond
/// printable ASCII, is escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            // Writing to a String cannot fail.
            _ => write!(quoted, "\\U{:08X}", u32::from(c)).unwrap_or_default(),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_yaml_ng::Value;

    fn read(map: &Map) -> Value {
        serde_yaml_ng::from_str(&map.to_string()).unwrap()
    }

    #[test]
    fn lists_of_maps_of_lists_are_indented() {
        let inner = Map::new().field("a", 1_u64).field("b", vec![Node::from("x"), Map::new().into()]);
        let map = Map::new().field("list", vec![inner.clone().into(), inner.into()]).field("end", true);
        let one = "  - a: 1\n    b:\n      - \"x\"\n      - {}\n";
        assert_eq!(map.to_string(), format!("list:\n{one}{one}end: true\n"));
    }

    #[test]
    fn words_that_yaml_takes_for_something_else_stay_text() {
        for word in
            ["on", "no", "null", "~", "1e3", "0x10", "2001-01-01", "", "{{ .a }}", "- a", "# b", "a: b"]
        {
            let yaml = read(&Map::new().entry(word, word));
            assert_eq!(yaml[word].as_str(), Some(word), "{word:?}");
        }
    }

    /// Nodes of every kind, with texts of every kind.
    fn node() -> impl Strategy<Value = Node> {
        let text = "\\PC{0,12}|[a-z:#'\"{}\\[\\]&*!|>%@`, \\n\\r\\t\\x00\\u{85}\\u{2028}\\u{feff}-]{0,12}";
        let leaf = prop_oneof![
            text.prop_map(Node::Text),
            any::<u64>().prop_map(Node::Number),
            any::<bool>().prop_map(Node::Bool),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            let entries = prop::collection::btree_map(text, inner.clone(), 0..4);
            let map = entries.prop_map(|entries| {
                let add = |map: Map, (key, value): (String, Node)| map.entry(&key, value);
                Node::Map(entries.into_iter().fold(Map::new(), add))
            });
            prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Node::List), map]
        })
    }

    /// What a reader should find.
    fn expected(node: &Node) -> Value {
        match node {
            Node::Text(text) => Value::from(text.as_str()),
            Node::Number(number) => Value::from(*number),
            Node::Bool(value) => Value::from(*value),
            Node::List(items) => Value::Sequence(items.iter().map(expected).collect()),
            Node::Map(map) => {
                let entry =
                    |(key, value): &(Cow<'static, str>, Node)| (Value::from(key.as_ref()), expected(value));
                Value::Mapping(map.0.iter().map(entry).collect())
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(node in node()) {
            let map = Map::new().field("root", node.clone());
            prop_assert_eq!(&read(&map)["root"], &expected(&node));
        }
    }
}
