//! Record data: one canonical form, which PowerDNS takes and gives back.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::num::NonZeroU16;

use catalyst_dns::{
    Caa, Dnskey, DomainName, Ds, LuaRecord, Mx, RecordData, RecordSet, RecordType, Serial, Soa, Srv, Sshfp,
    SvcKey, SvcParam, Svcb, Text, Tlsa, Ttl,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn read(kind: RecordType, content: &str) -> RecordData {
    RecordData::parse(kind, content).unwrap_or_else(|error| panic!("{kind} {content}: {error}"))
}

fn names() -> impl Strategy<Value = DomainName> {
    prop_oneof![
        1 => Just(DomainName::root()),
        8 => vec("[a-z0-9_-]{1,12}|\\\\00[0-9]|a\\\\[.]b|\u{fc}ber", 1..5).prop_map(|labels| {
            let text = labels.join(".");
            let text = if text.contains('\\') { text.replace('\u{fc}', "u") } else { text };
            text.parse().unwrap()
        }),
    ]
}

fn params() -> impl Strategy<Value = Vec<SvcParam>> {
    let alpn = vec("[a-z0-9./=+-]{1,8}", 1..4).prop_map(SvcParam::Alpn);
    let others =
        (7_u16..65_534, vec(any::<u8>(), 0..20)).prop_map(|(key, value)| SvcParam::Other(SvcKey(key), value));
    (
        prop::option::of(alpn),
        any::<bool>(),
        prop::option::of(any::<u16>().prop_map(SvcParam::Port)),
        prop::option::of(vec(any::<std::net::Ipv4Addr>(), 1..3).prop_map(SvcParam::Ipv4Hint)),
        prop::option::of(vec(any::<u8>(), 1..20).prop_map(SvcParam::Ech)),
        prop::option::of(vec(any::<Ipv6Addr>(), 1..3).prop_map(SvcParam::Ipv6Hint)),
        prop::option::of(others),
    )
        .prop_map(|(alpn, no_default, port, four, ech, six, other)| {
            let no_default = (no_default && alpn.is_some()).then_some(SvcParam::NoDefaultAlpn);
            let mut all: Vec<_> =
                [other, six, ech, four, port, no_default, alpn].into_iter().flatten().collect();
            if all.len() > 2 {
                all.push(SvcParam::Mandatory(all.iter().take(2).map(SvcParam::key).collect()));
            }
            all
        })
}

fn svcb() -> impl Strategy<Value = Svcb> {
    prop_oneof![
        names().prop_map(Svcb::alias),
        (1_u16.., names(), params()).prop_map(|(priority, target, params)| {
            Svcb::service(NonZeroU16::new(priority).unwrap(), target, params).unwrap()
        }),
    ]
}

fn lua() -> impl Strategy<Value = LuaRecord> {
    let token = prop_oneof![
        "[a-z]{1,12}",
        "[0-9]{1,4}",
        "'[a-z0-9:/. ,{}-]{0,60}'",
        "'([a-z]|\\\\[\\\\'n]|\\\\0[0-9]{2}){0,30}'",
        " {1,3}",
        "[{},()=;<>+*]",
        "\\.\\.",
        "--\\[\\[[a-zA-Z0-9 ]{0,400}\\]\\]",
        "\\[=\\[[a-z']{0,20}\\]=\\]",
        "~=|==|<=",
    ];
    let tokens = vec(token, 1..60).prop_map(|tokens| tokens.join(" "));
    (prop::sample::select(RecordType::KNOWN), tokens, any::<bool>()).prop_filter_map(
        "empty",
        |(kind, text, comment)| {
            let end = if comment { "-- the end" } else { "" };
            LuaRecord::from_snippet(kind, &format!("{text}{end}")).ok()
        },
    )
}

fn digest(size: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), size..=size)
}

fn keys() -> impl Strategy<Value = Dnskey> {
    (any::<u16>(), any::<u8>(), any::<u8>(), vec(any::<u8>(), 1..70)).prop_map(
        |(flags, protocol, algorithm, public_key)| Dnskey { flags, protocol, algorithm, public_key },
    )
}

fn digests() -> impl Strategy<Value = Ds> {
    let kinds = prop_oneof![
        (Just(1), digest(20)),
        (Just(2), digest(32)),
        (Just(4), digest(48)),
        (Just(0), digest(1)),
        (Just(200), digest(7)),
    ];
    (any::<u16>(), any::<u8>(), kinds).prop_map(|(key_tag, algorithm, (digest_type, digest))| Ds {
        key_tag,
        algorithm,
        digest_type,
        digest,
    })
}

/// Data of every type that the crate reads.
fn data() -> impl Strategy<Value = RecordData> {
    let soa = (names(), names(), any::<[u32; 5]>()).prop_map(|(primary, mailbox, n)| {
        let [serial, refresh, retry, expire, minimum] = n;
        RecordData::Soa(Soa { primary, mailbox, serial: Serial(serial), refresh, retry, expire, minimum })
    });
    let caa = ("[a-z0-9]{1,15}", "[ -~]{0,40}", any::<bool>()).prop_map(|(tag, value, critical)| {
        let caa = Caa::new(&tag, &value).unwrap();
        RecordData::Caa(if critical { caa.critical() } else { caa })
    });
    let tlsa =
        (0_u8..=3, 0_u8..=1, prop_oneof![(Just(0), digest(5)), (Just(1), digest(32)), (Just(2), digest(64))])
            .prop_map(|(usage, selector, (matching, data))| {
                RecordData::Tlsa(Tlsa { usage, selector, matching, data })
            });
    let sshfp =
        (any::<u8>(), prop_oneof![(Just(1), digest(20)), (Just(2), digest(32)), (Just(9), digest(3))])
            .prop_map(|(algorithm, (fingerprint_type, fingerprint))| {
                RecordData::Sshfp(Sshfp { algorithm, fingerprint_type, fingerprint })
            });
    let hosts =
        prop_oneof![
            (any::<u16>(), names())
                .prop_map(|(preference, exchange)| RecordData::Mx(Mx { preference, exchange })),
            (any::<[u16; 3]>(), names()).prop_map(|([priority, weight, port], target)| RecordData::Srv(
                Srv { priority, weight, port, target }
            )),
            names().prop_map(RecordData::Ns),
            names().prop_map(RecordData::Cname),
            names().prop_map(RecordData::Alias),
            names().prop_map(RecordData::Ptr),
            names().prop_map(RecordData::Dname),
        ];
    let mapped = any::<u32>().prop_map(|low| std::net::Ipv4Addr::from(low).to_ipv6_mapped().into());
    prop_oneof![
        3 => hosts,
        1 => any::<std::net::Ipv4Addr>().prop_map(RecordData::from),
        1 => prop_oneof![any::<Ipv6Addr>().prop_map(RecordData::from), mapped],
        2 => vec(any::<u8>(), 0..700).prop_map(|octets| RecordData::txt(octets).unwrap()),
        1 => caa,
        1 => digests().prop_map(RecordData::Ds),
        1 => digests().prop_map(RecordData::Cds),
        1 => keys().prop_map(RecordData::Dnskey),
        1 => keys().prop_map(RecordData::Cdnskey),
        1 => tlsa,
        1 => sshfp,
        2 => svcb().prop_map(RecordData::Svcb),
        2 => svcb().prop_map(RecordData::Https),
        3 => lua().prop_map(RecordData::from),
        1 => soa,
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(data in data()) {
        let content = data.to_string();
        let again = RecordData::parse(data.kind(), &content);
        prop_assert_eq!(again.as_ref().ok(), Some(&data), "{}", content);
        prop_assert_eq!(again.unwrap().to_string(), content);
    }

    #[test]
    fn no_content_breaks_the_reader(kind in 0..RecordType::KNOWN.len(), content in "\\PC{0,120}", odd in "[0-9a-f.\"\\\\ =,'-]{0,60}") {
        for content in [content, odd] {
            if let Ok(data) = RecordData::parse(RecordType::KNOWN[kind], &content) {
                let again = RecordData::parse(data.kind(), &data.to_string());
                prop_assert_eq!(again.ok(), Some(data));
            }
        }
    }

    #[test]
    fn a_snippet_is_cut_only_where_white_space_means_nothing(lua in lua()) {
        let content = lua.to_string();
        let (_, strings) = content.split_once(' ').unwrap();
        let parts: Vec<&str> = strings.trim_matches('"').split("\" \"").collect();
        prop_assert!(parts.iter().all(|part| (1..=255).contains(&part.len()) && *part != " " && !part.contains('"')));
        prop_assert_eq!(parts.concat(), lua.snippet(), "servers from 5.0");
        // Servers before 5.0: the same tokens, whatever stands between them.
        let spaced = LuaRecord::from_snippet(lua.kind(), &parts.join("   ")).unwrap();
        prop_assert_eq!(tokens(spaced.snippet()), tokens(lua.snippet()));
    }

    #[test]
    fn text_is_equal_however_it_is_cut(octets in "[ -~]{1,600}", at in 0_usize..600) {
        let escaped = |part: &str| format!("\"{}\"", part.replace('\\', "\\\\").replace('"', "\\\""));
        let (one, two) = octets.split_at(at.min(octets.len()));
        let cut = read(RecordType::Txt, &format!("{} {}", escaped(one), escaped(two)));
        prop_assert_eq!(cut, RecordData::txt(&octets).unwrap());
    }
}

/// The tokens of a snippet: an independent and simple reading of Lua, with comments and white space left out.
fn tokens(mut rest: &str) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let end = if let Some(comment) = rest.strip_prefix("--[[") {
            let end = comment.find("]]").unwrap() + 6;
            rest = &rest[end..];
            continue;
        } else if rest.starts_with("--") {
            break;
        } else if let Some(long) = rest.strip_prefix("[=[") {
            long.find("]=]").unwrap() + 6
        } else if first == '\'' {
            let mut escaped = false;
            let after = rest[1..].find(|c| {
                let ends = c == '\'' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            after.map_or(rest.len(), |end| end + 2)
        } else if first.is_alphanumeric() {
            rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())
        } else {
            1
        };
        if first != ' ' {
            found.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
    }
    found
}

/// What a real PowerDNS 4.7.3 answered to a PATCH of each content, and what it gave back.
#[test]
fn powerdns_takes_our_contents_and_gives_them_back() {
    let recorded = include_str!("../recorded/record-content.json");
    let recorded: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_str(recorded).unwrap();
    assert!(recorded.len() > 60);
    for case in recorded {
        let text = |key: &str| case[key].as_str().unwrap();
        let kind: RecordType = text("type").parse().unwrap();
        let ours = read(kind, text("content"));
        assert_eq!(ours.to_string(), text("content"), "{kind}: the canonical form that was sent");
        assert_eq!(case["status"], 204, "{kind} {ours}");
        assert_eq!(read(kind, text("answer")), ours, "{kind}");
    }
}

#[test]
fn spellings_that_mean_the_same_are_equal() {
    let pairs = [
        (RecordType::Aaaa, "2001:DB8:0:0:0::1", "2001:db8::1"),
        (RecordType::Aaaa, "::ffff:192.0.2.1", "::ffff:c000:201"),
        (RecordType::Cname, "WWW.Example.org", "www.example.org."),
        (RecordType::Mx, "10  Mail.Example.org", "10 mail.example.org."),
        (RecordType::Txt, "\"a\" \"b\"", "\"ab\""),
        (RecordType::Txt, "\"a\"\"b\"", "\"ab\""),
        (RecordType::Txt, "\"\\097\"", "\"a\""),
        (RecordType::Txt, "bare", "\"bare\""),
        (RecordType::Txt, "\"\u{e9}\"", "\"\\195\\169\""),
        (RecordType::Caa, "0 ISSUE \"ca.example\"", "0 issue \"ca.example\""),
        (
            RecordType::Ds,
            "1 13 1 ABCDEF0123 4567890123 456789ABCDEF01234567",
            "1 13 1 abcdef01234567890123456789abcdef01234567",
        ),
        (RecordType::Dnskey, "257 3 13 AQID BAUG", "257 3 13 AQIDBAUG"),
        (RecordType::Https, "1 . port=8443 alpn=\"h3,h2\"", "1 . alpn=h3,h2 port=8443"),
        (
            RecordType::Https,
            "1 . mandatory=port,alpn alpn=h2 port=1 dohpath=/q",
            "1 . key7=\"/q\" mandatory=alpn,port port=1 alpn=h2",
        ),
        (RecordType::Https, "1 . ech=AEX+DQA=", "1 . ech=\"AEX+DQA=\""),
        (RecordType::Lua, "a \"f( \" \"1)\"", "A \"f( 1)\""),
        ("LOC".parse().unwrap(), "51  56 N", "51 56 N"),
        ("type1".parse().unwrap(), "192.0.2.1", "192.0.2.1"),
    ];
    for (kind, one, other) in pairs {
        assert_eq!(read(kind, one), read(kind, other), "{kind}");
    }
    assert_eq!("TYPE65534".parse::<RecordType>().unwrap().code(), Some(65534));
    assert_eq!("TYPE016".parse::<RecordType>().unwrap(), RecordType::Txt);
}

#[test]
fn contents_that_mean_nothing_are_refused_by_field() {
    let bad = [
        (RecordType::A, "192.0.2.256", "address"),
        (RecordType::A, "192.0.2.1 x", "too many"),
        (RecordType::Aaaa, "192.0.2.1", "address"),
        (RecordType::Mx, "ten mail.example", "preference"),
        (RecordType::Srv, "1 2 3", "target is missing"),
        (RecordType::Txt, "\"open", "quotes"),
        (RecordType::Txt, "\"a\nb\"", "control"),
        (RecordType::Caa, "0 is-sue \"x\"", "tag"),
        (RecordType::Ds, "1 13 2 abab", "32 bytes"),
        (RecordType::Ds, "1 13 2 abc", "hexadecimal"),
        (RecordType::Dnskey, "257 3 13 ???", "base64"),
        (RecordType::Tlsa, "4 1 1 ab", "usage"),
        (RecordType::Https, "0 pool.example alpn=h2", "alias"),
        (RecordType::Https, "1 . alpn=h2 alpn=h3", "twice"),
        (RecordType::Https, "1 . mandatory=port alpn=h2", "not there"),
        (RecordType::Https, "1 . mandatory=mandatory", "once"),
        (RecordType::Https, "1 . no-default-alpn", "needs alpn"),
        (RecordType::Https, "1 . key1=x", "is alpn"),
        (RecordType::Https, "1 . key65535=x", "65535"),
        (RecordType::Https, "1 . colour=red", "keyNNNNN"),
        (RecordType::Https, "1 . port", "value"),
        (RecordType::Https, "1 . alpn=\"a\\\\,b\"", "h2"),
        (RecordType::Lua, "A", "snippet"),
        (RecordType::Lua, "A f()", "double quotes"),
        (RecordType::Lua, "A \"f(\\\"x\\\")\"", "double quotes"),
        (RecordType::Lua, "A \"f('x\"", "does not end"),
        (RecordType::Lua, "A \"f('x\" \"y')\"", "cut inside a token"),
        (RecordType::Lua, "A \"ret\" \"urn 1\"", "cut inside a token"),
        ("LOC".parse().unwrap(), "", "empty"),
    ];
    for (kind, content, reason) in bad {
        let error = RecordData::parse(kind, content).unwrap_err();
        assert_eq!(error.code(), Some("invalid_record"), "{kind} {content}");
        assert!(error.to_string().contains(reason), "{kind} {content}: {error}");
    }
}

#[test]
fn a_literal_that_no_string_holds_is_refused_with_the_way_out() {
    let long = "x".repeat(254);
    let error = LuaRecord::from_snippet(RecordType::Txt, &format!("'{long}'")).unwrap_err();
    assert!(error.to_string().contains(".."), "{error}");
    let joined = format!("'{long}..'..'x'").replacen("x..", "", 2);
    assert_eq!(
        LuaRecord::from_snippet(RecordType::Txt, &joined).unwrap().to_string().matches('"').count(),
        4
    );
}

#[test]
fn sets_refuse_what_servers_and_resolvers_refuse() {
    let set = |name: &str, kind: RecordType, contents: &[&str]| {
        let records: Vec<_> = contents.iter().map(|content| read(kind, content)).collect();
        RecordSet::new(name.parse().unwrap(), Ttl::MINUTE, records)
    };
    let good: [(&str, RecordType, &[&str]); 14] = [
        ("*.example", RecordType::Cname, &["a.example"]),
        ("a_b.example", RecordType::A, &["192.0.2.1"]),
        ("*.a.example", RecordType::Aaaa, &["::1", "::2"]),
        ("a/b.example", RecordType::Cname, &["0-25.example"]),
        ("example", RecordType::Mx, &["0 ."]),
        ("_s._tcp.example", RecordType::Srv, &["0 0 0 ."]),
        ("example", RecordType::Ns, &["ns1.example", "ns2.example"]),
        ("example", RecordType::Alias, &["a_b.example"]),
        ("www.example", RecordType::Cname, &["a_b.example"]),
        ("_dmarc.example", RecordType::Txt, &["\"v=DMARC1\""]),
        ("example", "LOC".parse().unwrap(), &["51 56 0.123 N 5 54 0.000 E 4.00m 1.00m 10000.00m 10.00m"]),
        ("*.example", RecordType::Lua, &["A \"f()\""]),
        ("example", RecordType::Https, &["0 svc_x.example"]),
        ("1.2.0.192.in-addr.arpa", RecordType::Ptr, &["host.example"]),
    ];
    for (name, kind, contents) in good {
        assert!(set(name, kind, contents).is_ok(), "{name} {kind} {contents:?}");
    }
    let bad: [(&str, RecordType, &[&str], &str); 18] = [
        ("example", RecordType::A, &[], "at least one"),
        ("example", RecordType::A, &["192.0.2.1", "192.0.2.1"], "twice"),
        ("x.example", RecordType::Cname, &["a.example", "b.example"], "only one"),
        ("x.example", RecordType::Cname, &["X.example."], "itself"),
        ("x.example", RecordType::Cname, &["*.example"], "wildcard"),
        ("example", RecordType::Mx, &["10 *.example"], "wildcard"),
        ("example", RecordType::Mx, &["10 a_b.example"], "no host"),
        ("example", RecordType::Mx, &["10 ."], "0 ."),
        ("example", RecordType::Mx, &["0 .", "10 a.example"], "alone"),
        ("example", RecordType::Mx, &["10 192.0.2.1"], "address"),
        ("example", RecordType::Ns, &["192.0.2.1"], "address"),
        ("example", RecordType::Ns, &["-a.example"], "no host"),
        ("example", RecordType::Ns, &["."], "root"),
        ("_s._tcp.example", RecordType::Srv, &["1 1 1 *.example"], "wildcard"),
        ("-a.example", RecordType::A, &["192.0.2.1"], "host"),
        ("a/b.example", RecordType::A, &["192.0.2.1"], "host"),
        ("a\\.b.example", RecordType::Txt, &["\"x\""], "letters, digits"),
        (".", RecordType::Txt, &["\"x\""], "root"),
    ];
    for (name, kind, contents, reason) in bad {
        let error = set(name, kind, contents).unwrap_err();
        assert_eq!(error.code(), Some("invalid_record"));
        assert!(error.to_string().contains(reason), "{name} {kind} {contents:?}: {error}");
    }
    let mixed = [RecordData::from(std::net::Ipv4Addr::LOCALHOST), RecordData::from(Ipv6Addr::LOCALHOST)];
    assert!(RecordSet::new("example".parse().unwrap(), Ttl::MINUTE, mixed).is_err(), "two types");
}

#[test]
fn sets_with_the_same_records_are_equal_in_any_order() {
    let set = |contents: [&str; 2]| {
        let records = contents.map(|content| read(RecordType::Aaaa, content));
        RecordSet::new("A.example".parse().unwrap(), Ttl::HOUR, records).unwrap()
    };
    assert_eq!(set(["::2", "0:0::1"]), set(["::1", "::2"]));
    assert_ne!(set(["::1", "::2"]).with_ttl(Ttl::MINUTE), set(["::1", "::2"]));
}

#[test]
fn text_is_at_most_what_a_record_holds() {
    assert!(Text::new(vec![b'x'; 65_278]).is_ok());
    assert!(Text::new(vec![b'x'; 65_536]).is_err());
    assert_eq!(Text::new(vec![b'x'; 256]).unwrap().to_string().matches('"').count(), 4);
    assert_eq!(Text::new("").unwrap().to_string(), "\"\"");
}
