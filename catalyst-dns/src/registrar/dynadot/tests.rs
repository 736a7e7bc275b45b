//! Vectors and answers.

use proptest::prelude::*;

use super::answer::{Domains, Servers, number, parse};
use super::dnssec::{DsSteps, steps};
use super::refusal::meaning;
use super::sign::{request_id, signature};
use crate::Ds;

/// The inputs of lego's test; the outputs were computed with Python's hmac.
#[test]
fn the_signatures_are_those_of_the_documented_recipe() {
    let path = "/restful/v2/domains/example.com/records";
    assert_eq!(
        signature("key", "secret", path, "req-id", r#"{"sub_list":[]}"#),
        "JpmoEmbAXU8E/603XwGcyhYENG+5dHwNq2TKl9xLfgE="
    );
    assert_eq!(signature("key", "secret", path, "", ""), "bmpyYo9wpBlZBrcjmZOGrHdp1nQcsesmr8fxibvpefA=");
    let body = r#"{"nameserver_list":["ns1.example.net","ns2.example.net"]}"#;
    assert_eq!(
        signature("key", "secret", "/restful/v1/domains/example.com/nameservers", "req-id", body),
        "WSArFHdfdN3O7aQpdqYKob9IOx00eXDPlFguIuwsb0A="
    );
}

#[test]
fn an_identifier_is_a_random_uuid() {
    let id = request_id();
    let parts: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12]);
    assert_eq!(id.as_bytes()[14], b'4');
    assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    assert_ne!(id, request_id());
}

#[test]
fn servers_and_domains_are_read_as_both_versions_write_them() {
    for body in [
        r#"{"code":200,"message":"Success","data":{"name_servers":[{"host":"0","ns_name":"ns1.example.net"},{"host":"1","ns_name":"ns2.example.net"}]}}"#,
        r#"{"code":"200","data":{"nameserver_list":[{"server_name":"ns1.example.net"},"ns2.example.net"]}}"#,
        r#"{"code":200,"data":{"name_servers":[{"host":"ns1.example.net"},{"host":"ns2.example.net","ns_name":""}]}}"#,
    ] {
        let servers: Servers = parse("x", body.as_bytes()).unwrap();
        assert_eq!(servers.names().collect::<Vec<_>>(), ["ns1.example.net", "ns2.example.net"], "{body}");
    }
    for body in [
        r#"{"code":200,"data":{"domainInfo":[{"domainName":"example.com","expiration":1}]}}"#,
        r#"{"code":200,"data":{"domain_info_list":[{"domain_name":"example.com"}]}}"#,
    ] {
        assert_eq!(parse::<Domains>("x", body.as_bytes()).unwrap().names(), ["example.com"]);
    }
}

#[test]
fn each_documented_refusal_has_its_code() {
    for (http, body, code) in [
        (200, r#"{"code":200,"message":"Success"}"#, None),
        (200, r#"{"code":"429","message":"Too Many Requests"}"#, Some("rate_limited")),
        (249, "", Some("rate_limited")),
        (401, r#"{"code":401,"message":"Unauthorized"}"#, Some("bad_credential")),
        (402, r#"{"code":402,"message":"Payment Required"}"#, Some("account_tier")),
        (403, r#"{"code":403,"error":{"description":"The domain is locked."}}"#, Some("protected_domain")),
        (
            403,
            r#"{"code":403,"error":{"description":"Not for the price level of your account"}}"#,
            Some("account_tier"),
        ),
        (403, r#"{"code":403,"error":{"description":"The domain doesn't have main dns."}}"#, Some("refused")),
        (
            400,
            r#"{"code":400,"error":{"description":"could not find domain in your account"}}"#,
            Some("not_in_account"),
        ),
        (404, r#"{"code":404,"message":"Not Found"}"#, Some("not_in_account")),
        (503, "<html>busy</html>", Some("unavailable")),
    ] {
        let error = meaning("x", http, body.as_bytes());
        assert_eq!(error.and_then(|error| error.code()), code, "{http} {body}");
    }
}

#[test]
fn a_label_with_a_number_in_it_is_read() {
    for (value, expected) in
        [("\"13\"", Some(13)), ("13", Some(13)), ("\"SHA-256 (2)\"", Some(2)), ("\"x\"", None), ("900", None)]
    {
        assert_eq!(number(&serde_json::from_str(value).unwrap()), expected);
    }
}

#[test]
fn records_are_cleared_only_when_one_has_to_go() {
    let ds = |key_tag| Ds { key_tag, algorithm: 13, digest_type: 2, digest: vec![1; 32] };
    assert_eq!(steps(&[ds(1)], &[ds(1)]), DsSteps { clear: false, set: vec![] });
    assert_eq!(steps(&[ds(1)], &[ds(1), ds(2)]), DsSteps { clear: false, set: vec![ds(2)] });
    assert_eq!(steps(&[ds(1), ds(2)], &[ds(2)]), DsSteps { clear: true, set: vec![ds(2)] });
    assert_eq!(steps(&[ds(1)], &[]), DsSteps { clear: true, set: vec![] });
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(http in 200u16..600, body in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(meaning("x", http, &body));
        drop(parse::<Servers>("x", &body));
        drop(parse::<Domains>("x", &body));
    }
}
