use proptest::prelude::*;

use super::{DomainName, ZoneName};

fn name(text: &str) -> DomainName {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Names as servers hold them: any octet in any label.
fn any_name() -> impl Strategy<Value = DomainName> {
    let octet =
        prop_oneof![8 => b'a'..=b'z', 1 => any::<u8>(), 1 => prop::sample::select(&b".*\\_-/XY;\" "[..])];
    let written = octet.prop_map(|octet| format!("\\{octet:03}"));
    let label = prop::collection::vec(written, 1..8).prop_map(|octets| octets.concat());
    prop::collection::vec(label, 0..6).prop_map(|labels| {
        let text = if labels.is_empty() { ".".to_owned() } else { labels.join(".") };
        DomainName::from_server(&text).unwrap()
    })
}

proptest! {
    #[test]
    fn what_a_server_writes_is_read_as_the_same_name(name in any_name()) {
        prop_assert_eq!(&DomainName::from_server(name.as_str()).unwrap(), &name);
        prop_assert_eq!(&DomainName::from_server(name.without_dot()).unwrap_or_else(|_| DomainName::root()), &name);
    }

    #[test]
    fn what_is_shown_is_read_as_the_same_name(name in any_name()) {
        prop_assert_eq!(&name.to_string().parse::<DomainName>().unwrap(), &name);
    }

    #[test]
    fn parent_and_child_are_inverse(name in any_name()) {
        prop_assume!(!name.is_root());
        let parent = name.parent().unwrap();
        let first = name.labels().next().unwrap().to_owned();
        prop_assert!(name.is_within(&parent) && !parent.is_within(&name));
        prop_assert_eq!(name.labels().count(), parent.labels().count() + 1);
        let joined = DomainName::from_server(&format!("{first}.{}", parent.as_str().trim_start_matches('.'))).unwrap();
        prop_assert_eq!(joined, name);
    }

    #[test]
    fn relative_and_child_are_inverse(name in any_name(), zone in "[a-z]{1,5}\\.[a-z]{1,5}") {
        let zone: ZoneName = zone.parse().unwrap();
        prop_assert_eq!(zone.relative(&name).is_some(), zone.contains(&name));
        let below = DomainName::from_server(&format!("{}{zone}", name.as_str().trim_start_matches('.'))).unwrap_or(name);
        if zone.contains(&below) {
            let relative = zone.relative(&below).unwrap();
            let again = match &*relative {
                "@" => zone.apex().clone(),
                _ => DomainName::from_server(&format!("{relative}.{}", zone.as_str())).unwrap(),
            };
            prop_assert_eq!(again, below);
        }
    }

    #[test]
    fn the_order_is_one_and_keeps_subtrees_together(a in any_name(), b in any_name(), c in any_name()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a == b, a.cmp(&b).is_eq());
        if a <= b && b <= c {
            prop_assert!(a <= c);
            if a.is_within(&c) {
                prop_assert!(a == c);
            }
        }
        if let Some(parent) = a.parent() {
            prop_assert!(parent < a);
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,80}", raw in "[a-z*_.\\\\0-9xn\u{fc}\u{df}-]{0,40}") {
        for text in [text, raw] {
            if let Ok(name) = text.parse::<DomainName>() {
                prop_assert!(name.as_str().is_ascii() && name.as_str().ends_with('.'));
                prop_assert_eq!(&name.to_string().parse::<DomainName>().unwrap(), &name);
                prop_assert_eq!(DomainName::from_server(name.as_str()).unwrap(), name);
            }
            let _read = DomainName::from_server(&text);
        }
    }
}

#[test]
fn names_sort_as_in_rfc_4034_section_6_1() {
    let order = [
        "example.",
        "a.example.",
        "yljkjljk.a.example.",
        "Z.a.example.",
        "zABC.a.EXAMPLE.",
        "z.example.",
        "\\001.z.example.",
        "*.z.example.",
        "\\200.z.example.",
    ];
    let names: Vec<_> = order.iter().map(|text| name(text)).collect();
    let mut sorted = names.clone();
    sorted.reverse();
    sorted.sort();
    assert_eq!(sorted, names);
}

#[test]
fn spellings_of_one_name_are_equal() {
    let spellings = [
        ["WWW.Example.ORG.", "www.example.org"],
        ["bücher.example", "xn--bcher-kva.example."],
        ["BÜCHER.example", "XN--BCHER-KVA.example"],
        ["bu\u{308}cher.example", "bücher.example"],
        ["bücher。example", "bücher.example"],
        ["_dmarc.bücher.example", "_dmarc.xn--bcher-kva.example"],
        ["*.bücher.example", "*.xn--bcher-kva.example"],
        ["_été.example", "xn--_t-bjab.example"],
        ["\\119ww.example", "www.example"],
        ["\\042.example", "*.example"],
    ];
    for [one, other] in spellings {
        assert_eq!(name(one), name(other), "{one} {other}");
    }
}

#[test]
fn sharp_s_keeps_its_own_name() {
    assert_eq!(name("straße.example").as_str(), "xn--strae-oqa.example.");
    assert_ne!(name("straße.example"), name("strasse.example"));
    assert_eq!(name("xn--strae-oqa.example").to_string(), "straße.example");
}

#[test]
fn punycode_that_means_nothing_is_kept_and_shown_as_it_is() {
    for text in [
        "xn--a.example",
        "xn--99999999.example",
        "xn--.example",
        "xn--bcher-kva-.example",
        "xn--ls8h=.x",
        "xn--xn--bcher-kv6a.de",
    ] {
        let Ok(read) = text.parse::<DomainName>() else { continue };
        assert_eq!(read.to_string(), text);
        assert_eq!(name(&read.to_string()), read);
    }
    assert_eq!(name("xn--99999999.example").as_str(), "xn--99999999.example.");
}

#[test]
fn limits_count_octets_and_not_characters() {
    let label = "a".repeat(63);
    assert!(label.parse::<DomainName>().is_ok());
    assert!(format!("{label}a").parse::<DomainName>().is_err());
    assert!("\\001".repeat(63).parse::<DomainName>().is_ok());
    let longest = format!("{label}.{label}.{label}.{}", "b".repeat(61));
    assert!(longest.parse::<DomainName>().is_ok());
    assert!(format!("{longest}b").parse::<DomainName>().is_err());
    assert!(name(&longest).child("x").is_err());
    assert!("ü".repeat(60).parse::<DomainName>().is_err(), "its A-label is longer than 63");
}

#[test]
fn what_is_no_name_is_refused_with_a_reason() {
    let bad = [
        ("", "empty label"),
        ("..", "empty label"),
        ("a..b", "empty label"),
        (".a", "empty label"),
        ("a b", "letters, digits"),
        ("a.*", "asterisk"),
        ("a*.b", "asterisk"),
        ("a\\", "escape"),
        ("a\\25", "escape"),
        ("a\\256", "escape"),
        ("a\u{200b}\u{fffd}.b", "UTS 46"),
        ("ü\\.b", "escapes"),
        ("a@b", "letters"),
    ];
    for (text, reason) in bad {
        let error = text.parse::<DomainName>().unwrap_err();
        assert_eq!(error.code(), Some("invalid_name"), "{text}");
        assert!(error.to_string().contains(reason), "{text}: {error}");
    }
    for text in [".", "*.example", "*"] {
        assert!(text.parse::<ZoneName>().is_err(), "{text}");
    }
}

#[test]
fn a_dot_inside_of_a_label_divides_nothing() {
    let odd = name("a\\.b.example");
    assert_eq!(odd.labels().collect::<Vec<_>>(), ["a\\.b", "example"]);
    assert!(!odd.is_within(&name("b.example")));
    assert!(!name("x\\.example").is_within(&name("example")));
    assert_eq!(odd.parent(), Some(name("example")));
}

#[test]
fn children_are_relative() {
    let zone: ZoneName = "example.org".parse().unwrap();
    assert_eq!(zone.child("@").unwrap(), name("example.org"));
    assert_eq!(zone.child("*").unwrap(), name("*.example.org"));
    assert_eq!(zone.child("ü.www").unwrap().as_str(), "xn--tda.www.example.org.");
    assert!(zone.child("www.").is_err() && zone.child("").is_err());
    assert_eq!(zone.relative(&name("notexample.org")), None);
    assert_eq!(DomainName::root().child("org").unwrap(), name("org"));
}
