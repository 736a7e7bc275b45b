//! The claims of usual tokens, in one pass without a general reader: that is most of what a verification costs beside
//! its signature.
//!
//! It reads plain JSON or gives up: escapes, numbers that are no whole seconds, and anything that is not as it should
//! be are left to [`Fields::read_any`], which has the last word. What it does read, it reads as that does; a property
//! test compares them.

use super::fields::{Fields, Slot, Span, Text};
use super::names::Names;

/// Values nested deeper are left to the general reader.
const DEEPEST: u32 = 32;
/// The longest date in digits; it fits into 64 bits.
const LONGEST_DATE: usize = 18;
/// A one in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The claims of `payload` and their names.
pub(super) fn read(payload: &str, platform: &str) -> Option<(Fields, Names)> {
    let mut scanner = Scanner { payload, at: 0 };
    let (mut fields, mut names) = (Fields::default(), Names::new());
    scanner.members(|scanner, name| {
        let name = name.of(payload);
        names.meet(name);
        match fields.slot(name, platform) {
            Slot::Text(place) => *place = Some(Text::At(scanner.text()?)),
            Slot::Date(place) => *place = Some(scanner.date()?),
            Slot::Flag(place) => *place = Some(scanner.flag()?),
            Slot::Value(place) => {
                let start = scanner.at;
                let null = scanner.peek() == Some(b'n');
                scanner.value(0)?;
                *place = if null { None } else { Some(Span::new(start, scanner.at)?) };
            }
            Slot::Nowhere => scanner.value(0)?,
        }
        Some(())
    })?;
    scanner.space();
    (scanner.at == payload.len()).then_some((fields, names))
}

struct Scanner<'p> {
    payload: &'p str,
    at: usize,
}

impl<'p> Scanner<'p> {
    /// An object; `each` reads a value.
    fn members(&mut self, mut each: impl FnMut(&mut Self, Span) -> Option<()>) -> Option<()> {
        self.space();
        self.take(b'{')?;
        self.space();
        if self.take(b'}').is_some() {
            return Some(());
        }
        loop {
            let name = self.text()?;
            self.space();
            self.take(b':')?;
            self.space();
            each(self, name)?;
            self.space();
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
            self.space();
        }
    }

    /// Passes over any value.
    fn value(&mut self, depth: u32) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            b'"' => self.text().map(drop),
            b'{' => self.members(|scanner, _name| scanner.value(depth + 1)),
            b'[' => self.elements(depth),
            b't' | b'f' => self.flag().map(drop),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    fn elements(&mut self, depth: u32) -> Option<()> {
        self.take(b'[')?;
        self.space();
        if self.take(b']').is_some() {
            return Some(());
        }
        loop {
            self.value(depth + 1)?;
            self.space();
            if self.take(b',').is_none() {
                return self.take(b']');
            }
            self.space();
        }
    }

    /// What is between two quotes, without an escape in it.
    fn text(&mut self) -> Option<Span> {
        self.take(b'"')?;
        let start = self.at;
        while let Some(eight) = self.rest().first_chunk::<8>() {
            let special = specials(u64::from_le_bytes(*eight));
            if special != 0 {
                self.at += special.trailing_zeros() as usize / 8;
                break;
            }
            self.at += 8;
        }
        while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.at += 1;
        }
        let span = Span::new(start, self.at);
        self.take(b'"')?;
        span
    }

    /// Whole seconds after 1970.
    fn date(&mut self) -> Option<i64> {
        let digits = self.digits();
        let plain =
            (1..=LONGEST_DATE).contains(&digits.len()) && (digits.len() == 1 || !digits.starts_with('0'));
        if !plain || matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        digits.parse().ok()
    }

    fn number(&mut self) -> Option<()> {
        let _sign = self.take(b'-');
        let whole = self.digits();
        if whole.is_empty() || whole.len() > 1 && whole.starts_with('0') {
            return None;
        }
        // Fractions and exponents have limits of their own in the general reader.
        (!matches!(self.peek(), Some(b'.' | b'e' | b'E'))).then_some(())
    }

    fn digits(&mut self) -> &'p str {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.payload.get(start..self.at).unwrap_or_default()
    }

    fn flag(&mut self) -> Option<bool> {
        match self.peek()? {
            b't' => self.word("true").map(|()| true),
            _ => self.word("false").map(|()| false),
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let there = self.rest().starts_with(word.as_bytes());
        self.at += if there { word.len() } else { 0 };
        there.then_some(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there.then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.payload.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.payload.as_bytes().get(self.at..).unwrap_or_default()
    }
}

/// The high bit of each byte that is a quote, a backslash or a control character; right up to the first such byte.
fn specials(eight: u64) -> u64 {
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let controls = eight.wrapping_sub(ONES * 0x20) & !eight;
    (controls | zeros(eight ^ (ONES * u64::from(b'"'))) | zeros(eight ^ (ONES * u64::from(b'\\'))))
        & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn agrees(payload: &str) -> bool {
        let usual = read(payload, "org").map(|(fields, names)| (fields, names.repeat(payload)));
        let any = Fields::read_any(payload, "org").map(|(fields, names)| (fields, names.repeat(payload)));
        usual.is_none_or(|usual| any == Ok(usual))
    }

    #[test]
    fn usual_tokens_are_read_here() {
        let payload = json!({"exp": 1_795_317_883, "iss": "https://ключ.test/realms/acme", "aud": ["a", "b"],
            "email_verified": true, "realm_access": {"roles": [], "x": [{}, [1, -2, null, false]]}, "cnf": null});
        for text in [payload.to_string(), serde_json::to_string_pretty(&payload).unwrap(), "{}".into()] {
            assert!(read(&text, "org").is_some() && agrees(&text), "{text}");
        }
    }

    #[test]
    fn what_is_unusual_is_left_alone() {
        for text in [
            "",
            "{",
            "[]",
            "null",
            r#"{"a":1}x"#,
            r#"{"a":01}"#,
            r#"{"a":1,}"#,
            r"{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"sub":null}"#,
            r#"{"exp":1.5}"#,
            r#"{"exp":-1}"#,
            r#"{"exp":1e3}"#,
            r#"{"exp":9999999999999999999}"#,
            r#"{"sub":"a\u0062"}"#,
            r#"{"s\u0075b":"a"}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":tru}"#,
            r#"{"a":[1 2]}"#,
            r#"{"a":"#,
            r#"{"a":"b"#,
            r#"{"a":--1}"#,
            r#"{"a":+1}"#,
            r#"{"a":.5}"#,
            r#"{"sub":5}"#,
        ] {
            assert!(read(text, "org").is_none(), "{text}");
        }
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(50), "]".repeat(50));
        assert!(read(&deep, "org").is_none() && Fields::read_any(&deep, "org").is_ok());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-z \\\\\"\u{0}-\u{1f}é🔑]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-z\"\\\\]{0,9}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn fuzz_it_reads_as_the_general_reader_does(
            claims in proptest::collection::vec(("sub|exp|aud|cnf|email_verified|org|[a-z]{1,3}", any_json()), 0..8),
            change in proptest::option::of((any::<proptest::sample::Index>(), "[\\[\\]{}:,\"\\\\0-9 a-z.-]")),
        ) {
            let members: Vec<_> = claims.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            let mut text = format!("{{{}}}", members.join(","));
            if let Some((at, byte)) = change {
                let at = at.index(text.len());
                if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
                    text.replace_range(at..=at, &byte);
                }
            }
            prop_assert!(agrees(&text), "{text}");
        }
    }
}
