//! Anything that can be built.

use std::net::IpAddr;
use std::time::Duration;

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::super::*;

/// A text that an option takes: all of Unicode, with what is dangerous to Lua more often.
pub(super) fn any_text() -> impl Strategy<Value = String> {
    let nasty = prop_oneof![
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("]]".to_owned()),
        Just("--".to_owned()),
        Just("')os.exit()--".to_owned()),
        Just("\\39".to_owned()),
        Just("..".to_owned()),
        Just("?".to_owned()),
        "[ -~]{1,20}",
        "\\PC{1,5}",
    ];
    vec(nasty, 1..6).prop_map(|parts| parts.concat())
}

pub(super) fn any_url() -> impl Strategy<Value = url::Url> {
    let url = ("https?", "[a-z]{1,10}(\\.[a-z0-9]{1,10}){0,2}x", option::of(1..=65535_u16), "[!-~]{0,250}");
    url.prop_filter_map("a URL", |(scheme, host, port, path)| {
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        let mut url: url::Url = format!("{scheme}://{host}{port}/{path}").parse().ok()?;
        url.set_fragment(None);
        Some(url)
    })
}

pub(super) fn any_options() -> impl Strategy<Value = CheckOptions> {
    let times = (option::of(1..=3600_u64), option::of(1..=60_u64), 1..=1000_u32, any::<bool>());
    let texts =
        (option::of(any_text()), option::of(any_text()), option::of(("[A-Za-z0-9-]{1,9}", any_text())));
    (times, texts, option::of(100..=599_u16), option::of(1..=100_000_u32)).prop_map(
        |(times, texts, code, limit)| {
            let mut options = timed(times);
            if let Some(text) = texts.0 {
                options = options.string_match(&text).unwrap();
            }
            if let Some(text) = texts.1 {
                options = options.user_agent(&text).unwrap();
            }
            if let Some((name, text)) = texts.2 {
                options = options.header(&name, &text).unwrap();
            }
            if let Some(code) = code {
                options = options.http_code(code).unwrap();
            }
            limit.map_or(options.clone(), |limit| options.bytes_limit(limit).unwrap())
        },
    )
}

fn timed((interval, timeout, failures, incomplete): (Option<u64>, Option<u64>, u32, bool)) -> CheckOptions {
    let mut options = CheckOptions::new().minimum_failures(failures).unwrap();
    if let Some(interval) = interval {
        options = options.interval(Duration::from_secs(interval)).unwrap();
    }
    if let Some(timeout) = timeout {
        options = options.timeout(Duration::from_secs(timeout)).unwrap();
    }
    if incomplete { options.fail_on_incomplete_check() } else { options }
}

fn any_check() -> impl Strategy<Value = HealthCheck> {
    let times = (option::of(1..=3600_u64), option::of(1..=60_u64), 1..=1000_u32, any::<bool>());
    prop_oneof![
        (any_url(), any_options()).prop_map(|(url, options)| HealthCheck::url(url, options).unwrap()),
        (1..=65535_u16, times).prop_map(|(port, times)| HealthCheck::port(port, timed(times)).unwrap()),
    ]
}

/// Different addresses of one family.
pub(super) fn any_addresses(most: usize) -> impl Strategy<Value = Vec<IpAddr>> {
    (any::<bool>(), btree_set(1..u16::MAX, 1..=most)).prop_map(|(v4, numbers)| {
        let address = |number: u16| match (v4, number.to_be_bytes()) {
            (true, [high, low]) => IpAddr::from([198, 18, high, low]),
            (false, [high, low]) => {
                IpAddr::from([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, low])
            }
        };
        numbers.into_iter().map(address).collect()
    })
}

pub(super) fn any_sets() -> impl Strategy<Value = AddressSets> {
    (any_addresses(20), 1..=7_usize).prop_map(|(addresses, size)| {
        AddressSets::by_priority(addresses.chunks(size).map(<[IpAddr]>::to_vec)).unwrap()
    })
}

pub(super) fn any_weights() -> impl Strategy<Value = WeightedAddresses> {
    (any_addresses(20), vec(1..=10_000_u32, 20))
        .prop_map(|(addresses, weights)| WeightedAddresses::new(weights.into_iter().zip(addresses)).unwrap())
}

pub(super) fn any_selector() -> impl Strategy<Value = Selector> {
    prop::sample::select(vec![Selector::All, Selector::Random, Selector::PickClosest, Selector::Hashed])
}

pub(super) fn any_lua() -> impl Strategy<Value = Lua> {
    let backup = prop_oneof![any_selector(), Just(Selector::Empty)];
    let weighted = || prop::sample::select(vec![WeightedSelector::Hashed, WeightedSelector::Random]);
    let flat = || any_addresses(20).prop_map(|addresses| AddressSets::one(addresses).unwrap());
    let ext = (vec(any_url(), 4), any_addresses(4)).prop_map(|(urls, addresses)| {
        let pairs: Vec<_> = addresses.into_iter().zip(urls).collect();
        AddressUrls::by_priority(pairs.chunks(2).map(<[_]>::to_vec)).unwrap()
    });
    prop_oneof![
        (any_check(), any_sets(), any_selector(), backup).prop_map(|(check, sets, selector, backup)| {
            Lua::if_up(check, sets).selector(selector).backup_selector(backup).build().unwrap()
        }),
        (ext, any_options(), any_selector()).prop_map(|(urls, options, selector)| {
            Lua::if_ext_url_up(urls, options).selector(selector).build().unwrap()
        }),
        (any_check(), any_sets(), any_selector())
            .prop_map(|(check, sets, selector)| Lua::failover(check, sets, selector).unwrap()),
        (any_check(), any_weights(), weighted())
            .prop_map(|(check, weights, selector)| Lua::weighted(check, weights, selector).unwrap()),
        flat().prop_map(|addresses| Lua::pick_random(addresses).unwrap()),
        flat().prop_map(|addresses| Lua::pick_hashed(addresses).unwrap()),
        flat().prop_map(|addresses| Lua::pick_closest(addresses).unwrap()),
        (any_weights(), weighted()).prop_map(|(weights, selector)| Lua::pick_weighted(weights, selector)),
        (any_url(), any_options(), flat()).prop_map(|(url, options, addresses)| {
            Lua::pick_self_weighted(HealthCheck::url(url, options).unwrap(), addresses).unwrap()
        }),
    ]
}
