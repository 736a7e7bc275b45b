//! Answers as Namecheap gives them.

use catalyst_core::ErrorKind;
use proptest::prelude::*;

use super::answer::{all, named, with_body, yes};
use super::refusal;

const DNS: &str = include_str!("../../../tests/recorded/namecheap/dns_get_list.xml");
const ERROR: &str = include_str!("../../../tests/recorded/namecheap/error_ip.xml");

#[test]
fn a_documented_answer_is_read() {
    let (names, house) = with_body("read", DNS.as_bytes(), |root| {
        let result = named(root, "DomainDNSGetListResult").unwrap();
        let names: Vec<_> = all(result, "Nameserver").map(|node| node.text().unwrap().to_owned()).collect();
        Ok((names, yes(result, "IsUsingOurDNS")))
    })
    .unwrap();
    assert_eq!(names, ["dns1.registrar-servers.com", "dns2.registrar-servers.com"]);
    assert!(house);
}

#[test]
fn an_address_that_is_not_allowed_is_explained() {
    let error = with_body("read", ERROR.as_bytes(), |_| Ok(())).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("bad_credential")));
    assert!(error.help().unwrap().contains("client_ip"), "{error}");
    assert_eq!(error.server_message(), Some("Invalid request IP: 192.0.2.1"));
}

#[test]
fn each_documented_number_has_its_code() {
    for (number, code) in [
        (1_010_101, "bad_credential"),
        (1_011_102, "bad_credential"),
        (1_011_105, "bad_credential"),
        (1_011_150, "bad_credential"),
        (1_017_150, "bad_credential"),
        (1_016_103, "bad_credential"),
        (2_019_166, "not_in_account"),
        (2_016_166, "not_in_account"),
        (2_030_166, "protected_domain"),
        (3_031_510, "unavailable"),
        (3_050_900, "unavailable"),
        (4_022_288, "unavailable"),
        (500_000, "rate_limited"),
        (2_010_324, "refused"),
    ] {
        assert_eq!(refusal::refused("x", number, "").code(), Some(code), "{number}");
    }
}

#[test]
fn a_document_type_is_refused() {
    let bomb = r#"<!DOCTYPE a [<!ENTITY b "x">]><ApiResponse Status="OK">&b;</ApiResponse>"#;
    let error = with_body("read", bomb.as_bytes(), |_| Ok(())).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, Some("unavailable")));
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(with_body("read", &body, |_| Ok(())).is_err());
    }

    #[test]
    fn no_broken_answer_makes_it_panic(at in 0usize..600, byte in any::<u8>()) {
        let mut body = DNS.as_bytes().to_vec();
        let at = at % body.len();
        body[at] = byte;
        if let Err(error) = with_body("read", &body, |_| Ok(())) {
            prop_assert!(error.code().is_some());
        }
    }
}
