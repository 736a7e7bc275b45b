//! Records of every type, each in two spellings that mean the same.

use super::super::{PlanPolicy, ZonePlan};
use super::*;

/// Type, one spelling, another spelling.
pub(super) const PAIRS: &[(&str, &str, &str)] = &[
    ("A", "192.0.2.1", " 192.0.2.1 "),
    ("A", "192.0.2.2", "192.0.2.2"),
    ("AAAA", "2001:db8::1", "2001:0DB8:0:0:0:0:0:1"),
    ("AAAA", "::ffff:192.0.2.1", "::ffff:c000:201"),
    ("CNAME", "target.example.net.", "Target.EXAMPLE.net"),
    ("ALIAS", "target.example.net.", "TARGET.example.net."),
    ("TXT", "\"some text\"", "\"some\" \" text\""),
    ("TXT", "\"v=DKIM1\\; p=abc\"", "\"v=DKIM1; p=\" \"abc\""),
    ("TXT", "\"\\065\"", "\"A\""),
    ("MX", "10 mail.example.net.", "10   Mail.Example.Net"),
    ("NS", "ns1.example.net.", "NS1.example.net"),
    ("SRV", "0 5 5060 sip.example.net.", "0\t5 5060 SIP.example.net"),
    ("CAA", "0 issue \"letsencrypt.org\"", "0 Issue letsencrypt.org"),
    ("PTR", "host.example.net.", "HOST.example.net."),
    (
        "DS",
        "1 13 2 00aa000000000000000000000000000000000000000000000000000000000000",
        "1 13 2 00AA0000000000000000000000000000 00000000000000000000000000000000",
    ),
    (
        "TLSA",
        "3 1 1 00aa000000000000000000000000000000000000000000000000000000000000",
        "3 1 1 00AA0000000000000000000000000000 00000000000000000000000000000000",
    ),
    ("HTTPS", "1 . alpn=h2", "1 . alpn=\"h2\""),
    ("SVCB", "1 svc.example.net. port=8443", "1 SVC.example.net port=8443"),
    (
        "SSHFP",
        "4 2 00aa000000000000000000000000000000000000000000000000000000000000",
        "4 2 00AA000000000000000000000000000000000000000000000000000000000000",
    ),
    ("LUA", "A \"ifportup(443, {'192.0.2.1'})\"", "a \"ifportup(443, {'192.0.2.1'})\""),
    ("DNSKEY", "257 3 13 AAAA", "257 3 13 AA AA"),
    (
        "CDS",
        "1 13 2 00aa000000000000000000000000000000000000000000000000000000000000",
        "1 13 2 00AA000000000000000000000000000000000000000000000000000000000000",
    ),
    ("CDNSKEY", "257 3 13 AAAA", "257 3 13 AA AA"),
    ("DNAME", "else.example.net.", "ELSE.example.net"),
    (
        "LOC",
        "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
        "52 22 23.000 N  4 53 32.000 E -2.00m 0.00m 10000m 10m",
    ),
];

#[test]
fn what_was_applied_in_one_spelling_is_nothing_to_do_in_another() {
    for (kind, one, another) in PAIRS {
        for (name, respelled) in
            [("WWW", "www"), ("bücher", "xn--bcher-kva"), ("*.shop", "*.Shop"), ("_dmarc", "_DMARC")]
        {
            let first = plan([set(name, kind, &[one])], [], PlanPolicy::default());
            let wanted = desired([set(respelled, kind, &[another])]);
            let again = ZonePlan::new(&wanted.zones()[0], &Arc::default(), after(&first));
            assert!(again.is_empty(), "{again}");
        }
    }
}

#[test]
fn the_corpus_has_every_type_that_may_stand_anywhere() {
    for kind in RecordType::KNOWN.iter().filter(|kind| **kind != RecordType::Soa) {
        assert!(PAIRS.iter().any(|(name, ..)| *name == kind.as_str()), "{kind}");
    }
}

#[test]
fn the_order_of_records_and_of_sets_means_nothing() {
    let one = set("www", "A", &["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
    let another = set("www", "A", &["192.0.2.3", "192.0.2.1", "192.0.2.2"]);
    let first = plan([one, a("api", "192.0.2.1")], [], PlanPolicy::default());
    let mut current = after(&first);
    current.reverse();
    let wanted = desired([a("api", "192.0.2.1"), another]);
    assert!(ZonePlan::new(&wanted.zones()[0], &Arc::default(), current).is_empty());
}

#[test]
fn another_ttl_and_disabled_records_are_differences() {
    let current = [a("www", "192.0.2.1"), ours("_externaldns.a-www")];
    let ttl = plan([a("www", "192.0.2.1").with_ttl(Ttl::HOUR)], current.clone(), PlanPolicy::default());
    assert_eq!(ttl.summary().update, 1);
    let [www, mark] = current;
    let records = www.records().to_vec();
    let disabled = vec![RecordData::parse(RecordType::A, "192.0.2.2").unwrap()];
    let www = RecordSet::from_server(www.name().clone(), www.kind(), www.ttl(), records, disabled);
    let plan = plan([a("www", "192.0.2.1")], [www, mark], PlanPolicy::default());
    assert_eq!(lines(&plan), ["~ www.example.org 60 A 192.0.2.1 and 1 disabled ->"]);
}
