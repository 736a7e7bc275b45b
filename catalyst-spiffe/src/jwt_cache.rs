//! JWT-SVIDs by identity and audiences, each fetched once for all who ask.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use catalyst_core::{Clock, Error, ErrorKind, Fetched, Jitter, Result, TokenCache};
use tokio::time::Instant;

use crate::{JwtIdentity, SpiffeId};

/// Sets of audiences that are cached at the same time; beyond, the one longest unused is forgotten.
const MAX_KEYS: usize = 256;
const MAX_AUDIENCES: usize = 32;
const MAX_AUDIENCE: usize = 2048;

/// The audiences of a token: sorted, each once, none empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Audiences(Arc<[String]>);

impl Audiences {
    pub(crate) fn new(given: &[&str]) -> Result<Self> {
        let fail = |help: &str| {
            Err(Error::new(ErrorKind::Config, "fetch JWT-SVID")
                .with_code("bad_audience")
                .with_help(help.to_owned()))
        };
        let mut sorted: Vec<String> = given.iter().map(|&audience| audience.to_owned()).collect();
        sorted.sort_unstable();
        sorted.dedup();
        match sorted.as_slice() {
            [] => fail("name at least one audience"),
            [first, ..] if first.is_empty() => fail("an audience is empty"),
            all if all.len() > MAX_AUDIENCES => fail("more than 32 audiences"),
            all if all.iter().any(|one| one.len() > MAX_AUDIENCE) => fail("an audience exceeds 2048 bytes"),
            _ => Ok(Self(sorted.into())),
        }
    }

    pub(crate) fn as_slice(&self) -> &[String] {
        &self.0
    }
}

#[derive(Debug)]
struct Entry {
    cache: Arc<TokenCache<JwtIdentity>>,
    used: Instant,
}

#[derive(Debug)]
pub(crate) struct JwtCache {
    entries: Mutex<HashMap<(SpiffeId, Audiences), Entry>>,
    clock: Clock,
}

impl JwtCache {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { entries: Mutex::default(), clock }
    }

    /// The token from the cache, or from `fetch`, which must ask for `id` and `audiences`.
    pub(crate) async fn get<F, Fut>(
        &self,
        id: &SpiffeId,
        audiences: &Audiences,
        fetch: F,
    ) -> Result<Arc<JwtIdentity>>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<JwtIdentity>>,
    {
        let cache = self.entry(id, audiences);
        let fetch = || async { self.accept(fetch().await?, id, audiences) };
        let token = cache.get(fetch).await?;
        // The cache counts on the monotonic clock, which stands still while the host sleeps.
        if !token.remaining(&self.clock).is_zero() {
            return Ok(token);
        }
        cache.invalidate(&token);
        cache.get(fetch).await
    }

    /// Forgets all tokens, and those that are just being fetched.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn entry(&self, id: &SpiffeId, audiences: &Audiences) -> Arc<TokenCache<JwtIdentity>> {
        let key = (id.clone(), audiences.clone());
        let mut entries = self.lock();
        if entries.len() >= MAX_KEYS && !entries.contains_key(&key) {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            oldest.and_then(|key| entries.remove(&key));
        }
        let used = Instant::now();
        let entry = entries.entry(key).or_insert_with(|| Entry { cache: Arc::default(), used });
        entry.used = used;
        Arc::clone(&entry.cache)
    }

    fn accept(&self, token: JwtIdentity, id: &SpiffeId, wanted: &Audiences) -> Result<Fetched<JwtIdentity>> {
        let wrong = |help: &str| {
            Error::new(ErrorKind::Decode, "fetch JWT-SVID")
                .with_service("spiffe")
                .with_code("malformed_jwt")
                .with_help(help.to_owned())
        };
        if token.id() != id {
            return Err(wrong("the agent sent a token of another identity"));
        }
        if !wanted.as_slice().iter().all(|audience| token.audience().contains(audience)) {
            return Err(wrong("the agent sent a token that lacks an audience"));
        }
        let now = Instant::now();
        let life = plan(self.clock.now(), token.issued_at(), token.expires_at(), Jitter::Random.draw());
        let life =
            life.ok_or_else(|| wrong("the agent sent a token that has expired; compare the clocks"))?;
        Ok(Fetched { value: token, refresh_at: now + life.refresh_in, expires_at: now + life.usable_for })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(SpiffeId, Audiences), Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Life {
    refresh_in: Duration,
    usable_for: Duration,
}

/// A token lives this long at most as far as we are concerned; keeps the arithmetic within its bounds.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Refreshes at half of the life, up to a tenth earlier; a token that is already older, which an agent hands out
/// while its server is away, at a quarter of what is left, so that it is not asked for at every call.
/// A tenth of the remaining life, at most five seconds, is kept for the way to whoever checks it.
fn plan(now: SystemTime, issued: SystemTime, expires: SystemTime, jitter: f64) -> Option<Life> {
    let left = expires.duration_since(now).ok().filter(|left| !left.is_zero())?.min(LONGEST);
    let whole = expires.duration_since(issued).unwrap_or(left).min(LONGEST);
    let half_life = left.saturating_sub(whole / 2).mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 10.0);
    let refresh_in = half_life.clamp(left / 4, left / 2);
    let usable_for = left.saturating_sub((left / 10).min(Duration::from_secs(5)));
    Some(Life { refresh_in, usable_for })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn audiences_are_sorted_unique_and_bounded() {
        let one = Audiences::new(&["b", "a", "b"]).unwrap();
        assert_eq!(one, Audiences::new(&["a", "b"]).unwrap());
        let long = "x".repeat(MAX_AUDIENCE + 1);
        let many: Vec<String> = (0..=MAX_AUDIENCES).map(|number| number.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for bad in [&[][..], &[""], &["a", ""], &[&long], &many] {
            assert_eq!(Audiences::new(bad).unwrap_err().code(), Some("bad_audience"));
        }
    }

    #[test]
    fn a_fresh_token_is_refreshed_at_half_life_and_an_aged_one_not_at_every_call() {
        let fresh = plan(at(1000), at(1000), at(1300), 0.0).unwrap();
        assert_eq!((fresh.refresh_in.as_secs(), fresh.usable_for.as_secs()), (150, 295));
        let aged = plan(at(1200), at(1000), at(1300), 0.0).unwrap();
        assert_eq!(aged.refresh_in.as_secs(), 25);
        assert_eq!(plan(at(1300), at(1000), at(1300), 0.0), None);
    }

    proptest! {
        #[test]
        fn a_token_is_refreshed_before_it_ends(now in 0u64..4_000_000_000, issued in 0u64..4_000_000_000, left in 1u64..400_000_000, jitter in 0.0f64..1.0) {
            let life = plan(at(now), at(issued), at(now + left), jitter).unwrap();
            prop_assert!(life.refresh_in > Duration::ZERO);
            prop_assert!(life.refresh_in < life.usable_for);
            prop_assert!(life.usable_for < Duration::from_secs(left));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_cached_audiences_is_bounded() {
        let cache = JwtCache::new(Clock::system());
        let id: SpiffeId = "spiffe://a.test/x".parse().unwrap();
        for number in 0..MAX_KEYS + 50 {
            cache.entry(&id, &Audiences::new(&[&number.to_string()]).unwrap());
        }
        assert_eq!(cache.lock().len(), MAX_KEYS);
    }
}
