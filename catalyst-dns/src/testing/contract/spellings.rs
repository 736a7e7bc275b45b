//! Records of every type that the platform uses, in spellings that people and servers write.

use crate::RecordType;

/// A type, and contents that mean the same.
pub(super) const SPELLINGS: &[(RecordType, &[&str])] = &[
    (RecordType::A, &["192.0.2.1"]),
    (RecordType::Aaaa, &["2001:db8::1", "2001:DB8:0:0::1", "2001:0db8:0000:0000:0000:0000:0000:0001"]),
    (RecordType::Cname, &["target.example.org.", "Target.Example.ORG"]),
    (RecordType::Alias, &["target.example.org.", "Target.Example.ORG"]),
    (RecordType::Txt, &[r#""v=spf1 -all""#, r#""v=spf1" " -all""#]),
    (RecordType::Txt, &[r#""say \"hi\" \\ there""#]),
    (RecordType::Txt, &[r#""b\195\188cher""#, r#""bücher""#]),
    (RecordType::Txt, &[r#""""#]),
    (RecordType::Mx, &["10 mail.example.org.", "10  Mail.example.org", "010 mail.example.org."]),
    (RecordType::Mx, &["0 ."]),
    (RecordType::Ns, &["ns1.example.org.", "NS1.example.org"]),
    (RecordType::Srv, &["10 60 8443 host.example.org.", "10\t60 8443 Host.example.org"]),
    (RecordType::Srv, &["0 0 0 ."]),
    (RecordType::Caa, &[r#"0 issue "letsencrypt.org""#, "0 ISSUE letsencrypt.org"]),
    (RecordType::Caa, &[r#"128 iodef "mailto:security@example.org""#]),
    (RecordType::Ptr, &["host.example.org.", "host.example.org"]),
    (
        RecordType::Ds,
        &[
            "60485 13 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a",
            "60485 13 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0 614B93C4F9E99B8383F6A1E4469DA50A",
        ],
    ),
    (
        RecordType::Tlsa,
        &[
            "3 1 1 abababababababababababababababababababababababababababababababab",
            "3 1 1 ABABABABABABABABABABABABABABABAB ABABABABABABABABABABABABABABABAB",
        ],
    ),
    (
        RecordType::Sshfp,
        &[
            "4 2 cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
            "4 2 CDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCDCD",
        ],
    ),
    (RecordType::Https, &["1 . alpn=h2", r#"1 . alpn="h2""#]),
    (RecordType::Https, &["0 target.example.org.", "0 Target.example.org"]),
    (RecordType::Svcb, &["1 svc.example.org. port=8443", "1 Svc.example.org port=8443"]),
    (RecordType::Dname, &["elsewhere.example.org.", "Elsewhere.example.org"]),
];

/// LUA records, which some servers do not let the API write.
pub(super) const LUA: &[&str] = &[
    r#"A "ifurlup('https://www.example.org/healthz', {{'192.0.2.1'}, {'192.0.2.2'}}, {selector='all'})""#,
    r#"AAAA "pickrandom({'2001:db8::1', '2001:db8::2'})""#,
    r#"A ";if (true) then return '192.0.2.1' else return '192.0.2.2' end""#,
];

/// Names below a zone, as people write them.
pub(super) const NAMES: &[&str] =
    &["www", "WWW.Deep.er", "*", "*.apps", "_acme-challenge.www", "_sip._tcp", "bücher", "xn--nxasmq6b.x"];
