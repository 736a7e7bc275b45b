//! Finding a key allocates nothing, and verifying a token next to nothing. A binary of its own, for the allocator that
//! counts is the whole process's.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should fail there")]
#![allow(clippy::disallowed_methods, reason = "the issuer of these tokens lives in the machine's time")]

use std::hint::black_box;

use allocation_counter::measure;
use catalyst_keycloak::jose::{Algorithm, KeySet};
use futures_util::FutureExt as _;

#[path = "../benches/issuer/mod.rs"]
mod issuer;

use issuer::{Bare, Issuer, block_on};

/// How often the current thread allocates in `work`.
fn allocations(work: impl FnOnce()) -> u64 {
    measure(work).count_total
}

#[test]
fn a_key_is_found_without_an_allocation() {
    let issuer = Issuer::new(Algorithm::Es256);
    let set = KeySet::from_jwks(&issuer.key.public_set()).unwrap();
    let find = || {
        assert!(black_box(set.find(issuer.key.kid(), Algorithm::Es256)).is_some());
        assert!(black_box(set.find("another", Algorithm::Es256)).is_none());
    };
    assert_eq!(allocations(|| (0..1000).for_each(|_| find())), 0);
}

#[test]
fn a_verification_allocates_for_its_claims_alone() {
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        let issuer = Issuer::new(algorithm);
        let (verifier, token) = (issuer.warm(), issuer.token());
        let bare = Bare::new(&issuer.key, &token);
        let verify = || drop(black_box(verifier.verify_access(&token).now_or_never().unwrap().unwrap()));
        // What a thread sets up once.
        verify();
        bare.verify();
        let ours = allocations(|| (0..100).for_each(|_| verify()));
        let beside = allocations(|| (0..100).for_each(|_| bare.verify()));
        // The payload, the claims around it, and room to read nested values in.
        assert!(ours <= beside + 3 * 100, "{algorithm}: {ours} to {beside}");
    }
}

#[test]
fn a_remembered_token_allocates_nothing() {
    let issuer = Issuer::new(Algorithm::Es256);
    let verifier = issuer.builder().remember(16).build().unwrap();
    let token = issuer.token();
    block_on(verifier.verify_access(&token)).unwrap();
    let verify = || drop(black_box(verifier.verify_access(&token).now_or_never().unwrap().unwrap()));
    verify();
    assert_eq!(allocations(|| (0..100).for_each(|_| verify())), 0);
    assert_eq!(issuer.fetches(), 1);
}

#[test]
fn a_cached_token_is_handed_out_without_an_allocation() {
    use catalyst_keycloak::testing::FakeKeycloak;
    use catalyst_keycloak::{ClientCredential, OidcClient, Secret, TokenSource};

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (_fake, source) = runtime.block_on(async {
        let fake = FakeKeycloak::start().await;
        fake.model().set_realm("acme");
        fake.model().set_service_account("acme", "blog", "hunter2", &[]);
        let credential = ClientCredential::Secret(Secret::new("hunter2"));
        let client = OidcClient::builder(fake.realm("acme").unwrap(), "blog".parse().unwrap(), credential);
        let source = TokenSource::new(client.build().unwrap());
        source.get().await.unwrap();
        (fake, source)
    });
    let get = || drop(black_box(source.get().now_or_never().unwrap().unwrap()));
    get();
    assert_eq!(allocations(|| (0..1000).for_each(|_| get())), 0);
}
