//! Which names a role allows, checked in the server's order.

use std::net::IpAddr;

use super::fields::{Fields, flag, text, texts};

/// Whether a role allows a name of DNS or an address of e-mail.
pub(super) fn is_allowed(role: &Fields, name: &str) -> bool {
    let (host, is_mail) = match name.split('@').collect::<Vec<_>>().as_slice() {
        [host] => (*host, false),
        [_, host] => (*host, true),
        _ => return false,
    };
    let is_wildcard = host.contains('*');
    let (label, reduced) = if is_wildcard { host.split_once('.').unwrap_or((host, "")) } else { ("", host) };
    if is_wildcard {
        let malformed = host.matches('*').count() > 1 || reduced.contains('*');
        if is_mail || malformed || !flag(role, "allow_wildcard_certificates") {
            return false;
        }
    }
    if flag(role, "enforce_hostnames") {
        let bad_label = is_wildcard && !is_host(&label.replacen('*', "a", 1));
        if bad_label || !reduced.is_empty() && !is_host(reduced) {
            return false;
        }
    }
    if flag(role, "allow_any_name") {
        return true;
    }
    let below = flag(role, "allow_subdomains");
    if flag(role, "allow_localhost") {
        let local = ["localhost", "localdomain"];
        let inside = |base: &str| reduced.ends_with(&format!(".{base}")) || is_wildcard && reduced == base;
        if local.contains(&reduced) || below && local.iter().any(|base| inside(base)) {
            return true;
        }
    }
    texts(role, "allowed_domains").iter().filter(|domain| !domain.is_empty()).any(|domain| {
        let bare = name.eq_ignore_ascii_case(domain) || is_mail && host.eq_ignore_ascii_case(domain);
        let inside =
            reduced.ends_with(&format!(".{domain}")) || is_wildcard && reduced.eq_ignore_ascii_case(domain);
        flag(role, "allow_bare_domains") && bare
            || below && inside
            || flag(role, "allow_glob_domains") && domain.contains('*') && fits(domain, name)
    })
}

/// Why a role does not allow an address, if so, in the server's words.
pub(super) fn address_refused(role: &Fields, address: IpAddr, source: &str) -> Option<String> {
    if !flag(role, "allow_ip_sans") {
        return Some(format!(
            "IP Subject Alternative Names are not allowed in this role, but was provided via {source}"
        ));
    }
    let blocks = texts(role, "allowed_ip_sans_cidr");
    let inside = blocks.is_empty() || blocks.iter().any(|block| is_inside(address, block));
    (!inside).then(|| format!("the IP address \"{address}\" is not allowed in this role"))
}

/// Why a role does not allow a URI, if so, in the server's words.
pub(super) fn uri_refused(role: &Fields, uri: &str, source: &str) -> Option<String> {
    let allowed = texts(role, "allowed_uri_sans");
    if allowed.is_empty() {
        return Some(format!(
            "URI Subject Alternative Names are not allowed in this role, but were provided via {source}"
        ));
    }
    let known = allowed.iter().any(|pattern| fits(pattern, uri));
    (!known).then(|| {
        format!("URI Subject Alternative Names were provided via {source} which are not valid for this role")
    })
}

/// Whether names of other kinds are refused, in the server's words.
pub(super) fn other_refused(role: &Fields, other: &str) -> Option<String> {
    let allowed = texts(role, "allowed_other_sans");
    let (oid, value) = other.split_once(';').unwrap_or((other, ""));
    if allowed.iter().any(|pattern| pattern == "*") {
        return None;
    }
    let of_oid: Vec<&str> =
        allowed.iter().filter_map(|pattern| pattern.strip_prefix(oid)?.strip_prefix(';')).collect();
    if of_oid.is_empty() {
        return Some(format!("other SAN OID {oid} not allowed by this role"));
    }
    let name = value.split_once(':').map_or("", |(_, name)| name);
    let known = of_oid.iter().any(|pattern| fits(pattern.split_once(':').map_or("", |(_, name)| name), name));
    (!known).then(|| format!("other SAN {name} not allowed for OID {oid} by this role"))
}

/// Whether what is asked for is a name of a host, perhaps with a wildcard in front.
pub(super) fn is_host(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        inner && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn is_inside(address: IpAddr, block: &str) -> bool {
    let (base, length) = block.split_once('/').unwrap_or((block, ""));
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let length = length.parse::<u32>().unwrap_or(whole).min(whole);
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let same = |base: IpAddr| {
        let shift = whole - length;
        base.is_ipv4() == address.is_ipv4() && (shift >= 128 || bits(base) >> shift == bits(address) >> shift)
    };
    base.parse().is_ok_and(same)
}

/// A pattern with `*` in the place of any text.
fn fits(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether the common name is of a kind that the role allows.
pub(super) fn common_name_is_allowed(role: &Fields, name: &str) -> bool {
    let kinds = texts(role, "cn_validations");
    if kinds == ["disabled"] {
        return true;
    }
    let wanted = if name.contains('@') { "email" } else { "hostname" };
    is_allowed(role, name) && (kinds.is_empty() || kinds.iter().any(|kind| kind == wanted))
}

/// Whether the subject may have a user identifier.
pub(super) fn user_is_allowed(role: &Fields, user: &str) -> bool {
    texts(role, "allowed_user_ids")
        .iter()
        .any(|allowed| allowed.eq_ignore_ascii_case(user) || allowed.contains('*') && fits(allowed, user))
}

/// Which kind of key a role wants; none is any.
pub(super) fn key_kind(role: &Fields) -> Option<&str> {
    Some(text(role, "key_type")).filter(|kind| *kind != "any")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn role(fields: &serde_json::Value) -> Fields {
        let mut role = json!({ "enforce_hostnames": true, "cn_validations": ["email", "hostname"] });
        for (name, value) in fields.as_object().unwrap() {
            role[name] = value.clone();
        }
        role.as_object().unwrap().clone()
    }

    /// Each was tried on the real server.
    #[test]
    fn names_are_allowed_as_the_server_allows_them() {
        let web = role(&json!({
            "allowed_domains": ["example.test", "*.glob.test"], "allow_subdomains": true, "allow_glob_domains": true,
            "allow_localhost": true, "allow_wildcard_certificates": true,
        }));
        for (name, allowed) in [
            ("a.example.test", true),
            ("x.glob.test", true),
            ("*.example.test", true),
            ("localhost", true),
            ("glob.test", false),
            ("example.test", false),
            ("a_b.example.test", false),
            ("A.EXAMPLE.TEST", false),
            ("a b.example.test", false),
            ("evil.test", false),
            ("a@evil.test", false),
            ("*.*.example.test", false),
            ("a.*.example.test", false),
        ] {
            assert_eq!(common_name_is_allowed(&web, name), allowed, "{name}");
        }
        let bare = role(&json!({ "allowed_domains": ["example.test"], "allow_bare_domains": true }));
        for (name, allowed) in [("EXAMPLE.test", true), ("a@example.test", true), ("a.example.test", false)] {
            assert_eq!(is_allowed(&bare, name), allowed, "{name}");
        }
    }

    #[test]
    fn addresses_and_uris_are_allowed_by_block_and_pattern() {
        let ten = role(
            &json!({ "allow_ip_sans": true, "allowed_ip_sans_cidr": ["10.0.0.0/8", "::1/128", "0.0.0.0/33"] }),
        );
        for (address, allowed) in [("10.1.2.3", true), ("::1", true), ("127.0.0.1", false), ("::2", false)] {
            assert_eq!(
                address_refused(&ten, address.parse().unwrap(), "the API").is_none(),
                allowed,
                "{address}"
            );
        }
        let spiffe = role(&json!({ "allowed_uri_sans": ["spiffe://td/*"] }));
        for (uri, allowed) in [("spiffe://td/a", true), ("spiffe://other/a", false)] {
            assert_eq!(uri_refused(&spiffe, uri, "the API").is_none(), allowed, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_fits_what_is_put_in_the_place_of_its_stars(parts in proptest::collection::vec("[a-c.]{0,3}", 1..4), fill in "[a-c.]{0,3}") {
            prop_assert!(fits(&parts.join("*"), &parts.join(&fill)));
        }
    }
}
