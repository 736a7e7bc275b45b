//! Lists of names inside claims, read where they stand.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::compact::Word;

/// Whether `json`, a text or a list of texts, holds `wanted`. Does not allocate unless texts are escaped.
pub(super) fn holds(json: &str, wanted: &str) -> bool {
    let mut found = false;
    visit(json, |name| found |= name == wanted) && found
}

/// The texts of `json`, a text or a list of texts; none if it is neither.
pub(super) fn names(json: &str) -> Vec<Cow<'_, str>> {
    let mut names = Vec::new();
    if visit(json, |name| names.push(name)) { names } else { Vec::new() }
}

/// The list `roles` of `json`, as in `realm_access`.
pub(super) fn roles(json: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Access<'a> {
        #[serde(borrow)]
        roles: &'a RawValue,
    }
    object::<Access<'_>>(json).map(|access| access.roles.get())
}

/// The value of the member `name` of the object `json`.
pub(super) fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    let object = members(json, |key, value| {
        if key == name {
            found = Some(value);
        }
    });
    found.filter(|_value| object)
}

/// Calls `each` with the members of the object `json`; false if it is none.
pub(super) fn members<'a>(json: &'a str, each: impl FnMut(Cow<'a, str>, &'a str)) -> bool {
    struct Members<F>(F);
    impl<'a, F: FnMut(Cow<'a, str>, &'a str)> Visitor<'a> for Members<F> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((name, value)) = map.next_entry::<Word<'a>, &'a RawValue>()? {
                (self.0)(name.into_inner(), value.get());
            }
            Ok(())
        }
    }
    serde_json::Deserializer::from_str(json).deserialize_map(Members(each)).is_ok()
}

/// Calls `each` with the texts of `json`; false if it is something else.
fn visit<'a>(json: &'a str, each: impl FnMut(Cow<'a, str>)) -> bool {
    struct Texts<F>(F);
    impl<'a, F: FnMut(Cow<'a, str>)> Visitor<'a> for Texts<F> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or a list of texts")
        }
        fn visit_borrowed_str<E>(mut self, text: &'a str) -> Result<(), E> {
            (self.0)(Cow::Borrowed(text));
            Ok(())
        }
        fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
            (self.0)(Cow::Owned(text.to_owned()));
            Ok(())
        }
        fn visit_seq<A: SeqAccess<'a>>(mut self, mut list: A) -> Result<(), A::Error> {
            while let Some(text) = list.next_element::<Word<'a>>()? {
                (self.0)(text.into_inner());
            }
            Ok(())
        }
    }
    impl<'a, F: FnMut(Cow<'a, str>)> DeserializeSeed<'a> for Texts<F> {
        type Value = ();
        fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_any(self)
        }
    }
    Texts(each).deserialize(&mut serde_json::Deserializer::from_str(json)).is_ok()
}

/// The object `json` as a type; serde alone would take a list for a struct, too.
pub(super) fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    if json.trim_start().starts_with('{') { serde_json::from_str(json).ok() } else { None }
}

/// Whether `json` is an object.
pub(super) fn is_object(json: &str) -> bool {
    object::<IgnoredAny>(json).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_and_a_list_are_alike_and_anything_else_holds_nothing() {
        assert!(holds(r#""a""#, "a") && holds(r#"["b","a"]"#, "a") && holds(r#"["\u0061"]"#, "a"));
        for json in ["[]", r#"["a",5]"#, "{}", "5", "", r#"["a""#] {
            assert!(!holds(json, "a"), "{json}");
            assert!(names(json).is_empty(), "{json}");
        }
        assert_eq!(roles(r#"{"roles":["x"],"verify_caller":true}"#), Some(r#"["x"]"#));
        assert_eq!(member(r#"{"account":{"roles":[]}}"#, "account"), Some(r#"{"roles":[]}"#));
        assert_eq!(roles(r#"[["x"]]"#), None);
        assert_eq!(member("[]", "account"), None);
        assert!(is_object(" {}".trim()) && !is_object("[]") && !is_object("{"));
    }
}
