//! A world of servers that lag, caches that keep, processes that end, and a planner that must never break the chain.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::{Checkpoint, Facts, Phase, Rollover, Seen, Step, Timing};
use crate::dnssec::{KeyId, KeyRole, ZoneKey};
use crate::{Dnskey, Ds, Ttl, ZoneName};

/// What is authoritative at one moment, by the ids of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    published: BTreeSet<u32>,
    sign_keys: BTreeSet<u32>,
    sign_records: BTreeSet<u32>,
    ds: BTreeSet<u32>,
}

struct World {
    zone: ZoneName,
    now: u64,
    keys: Vec<ZoneKey>,
    /// Also those that are gone: servers that lag and caches have them.
    ever: Vec<ZoneKey>,
    ds: Vec<Ds>,
    /// Each state with the second in which it began.
    history: Vec<(u64, State)>,
    ttls: [u64; 3],
    lag: u64,
    next: u32,
}

fn dnskey(id: u32, role: KeyRole, algorithm: u8) -> Dnskey {
    let flags = if role == KeyRole::Zsk { 256 } else { 257 };
    Dnskey { flags, protocol: 3, algorithm, public_key: vec![u8::try_from(id).unwrap(); 32] }
}

fn key(id: u32, role: KeyRole, algorithm: u8) -> ZoneKey {
    let dnskey = dnskey(id, role, algorithm);
    ZoneKey { id: KeyId(id), role, active: true, published: true, dnskey, ds: Vec::new() }
}

impl World {
    fn new(keys: Vec<ZoneKey>, ttls: [u64; 3], lag: u64, secure: bool) -> Self {
        let zone: ZoneName = "example.org".parse().unwrap();
        let entry = keys.iter().filter(|key| secure && key.dnskey.is_entry_point());
        let ds = entry.map(|key| Ds::from_dnskey(&zone, &key.dnskey)).collect();
        let ever = keys.clone();
        let mut world =
            Self { zone, now: 1_000_000, keys, ever, ds, history: Vec::new(), ttls, lag, next: 10 };
        world.record();
        world.now += 10_000;
        world
    }

    fn record(&mut self) {
        let ids = |wanted: &dyn Fn(&ZoneKey) -> bool| {
            self.keys.iter().filter(|key| wanted(key)).map(|key| key.id.0).collect()
        };
        let state = State {
            published: ids(&|key| key.published),
            sign_keys: ids(&|key| key.active && key.role != KeyRole::Zsk),
            sign_records: ids(&|key| key.active && key.role != KeyRole::Ksk),
            ds: ids(&|key| self.ds.iter().any(|ds| ds.is_of(&self.zone, &key.dnskey))),
        };
        if self.history.last().is_none_or(|(_, last)| *last != state) {
            self.history.push((self.now, state));
        }
    }

    /// The states that some server served between `from` and now.
    fn between(&self, from: u64) -> impl Iterator<Item = &State> {
        let ends = self.history.iter().skip(1).map(|(began, _)| *began).chain([u64::MAX]);
        self.history.iter().zip(ends).filter(move |(_, end)| *end > from).map(|((_, state), _)| state)
    }

    fn facts(&self) -> Facts {
        let lagging = self.between(self.now - self.lag).next().unwrap();
        let all = self.history.last().map(|(_, state)| state).unwrap();
        let keys = |state: &State| {
            let published = self.ever.iter().filter(|key| state.published.contains(&key.id.0));
            published.map(|key| key.dnskey.clone()).collect::<Vec<_>>()
        };
        let ds = |state: &State| {
            let named = self.ever.iter().filter(|key| state.ds.contains(&key.id.0));
            named.map(|key| Ds::from_dnskey(&self.zone, &key.dnskey)).collect::<Vec<_>>()
        };
        Facts::new(
            SystemTime::UNIX_EPOCH + Duration::from_secs(self.now),
            self.keys.clone(),
            Seen::new(&[keys(all), keys(lagging)]),
            Seen::new(&[ds(all), ds(lagging)]),
        )
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::AddKey(spec) => {
                let mut key = key(self.next, spec.role, 13);
                (key.active, key.published) = (spec.active, spec.published);
                self.ever.push(key.clone());
                self.keys.push(key);
                self.next += 1;
            }
            Step::ChangeKey { key, active, published } => {
                let key = self.keys.iter_mut().find(|other| other.id == *key).unwrap();
                (key.active, key.published) = (*active, *published);
            }
            Step::RemoveKey(id) => self.keys.retain(|key| key.id != *id),
            Step::SetDs(ds) => self.ds.clone_from(ds),
            _ => {}
        }
        self.record();
    }

    /// Every combination of what caches may have must be valid, by the strictest reading (RFC 4035 section 2.2).
    fn check(&self) {
        let [dnskey_ttl, ds_ttl, zone_ttl] = self.ttls;
        let algorithm = |id: &u32| self.ever.iter().find(|key| key.id.0 == *id).unwrap().dnskey.algorithm;
        for parent in self.between(self.now - ds_ttl - self.lag) {
            if parent.ds.is_empty() {
                continue;
            }
            for keys in self.between(self.now - dnskey_ttl - self.lag) {
                for wanted in parent.ds.iter().map(algorithm) {
                    let follows = |id: &&u32| {
                        parent.ds.contains(id) && keys.published.contains(id) && algorithm(id) == wanted
                    };
                    let held = keys.sign_keys.iter().any(|id| follows(&id));
                    assert!(held, "at {}: DS {parent:?} does not lead to keys {keys:?}", self.now);
                }
                for records in self.between(self.now - zone_ttl - self.lag) {
                    for wanted in keys.published.iter().map(algorithm) {
                        let signs = |id: &u32| keys.published.contains(id) && algorithm(id) == wanted;
                        let held = records.sign_records.iter().any(signs);
                        assert!(held, "at {}: records {records:?} are not signed by {keys:?}", self.now);
                    }
                }
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Setup {
    Csk,
    OldCsk,
    Ksk,
    Zsk,
}

/// Rolls a key over and returns the phases that were seen. `other` is a key that signs and is published, or not, which
/// somebody else made; `chaos` says, step by step, whether the process ends before
/// it (1), after it (2), or after it with its checkpoint lost (3).
fn roll(
    setup: Setup,
    other: Option<(bool, bool)>,
    ttls: [u64; 3],
    lag: u64,
    secure: bool,
    chaos: &[u8],
) -> Vec<Phase> {
    let keys = match setup {
        Setup::Csk => vec![key(1, KeyRole::Csk, 13)],
        Setup::OldCsk => vec![key(1, KeyRole::Csk, 8)],
        Setup::Ksk => vec![key(1, KeyRole::Ksk, 13), key(2, KeyRole::Zsk, 13)],
        Setup::Zsk => vec![key(1, KeyRole::Zsk, 13), key(2, KeyRole::Ksk, 13)],
    };
    let old = keys[0].clone();
    let mut world = World::new(keys, ttls, lag, secure);
    if let (Some((active, published)), false) = (other, matches!(setup, Setup::OldCsk)) {
        // Somebody made another key of the role, a moment ago.
        let mut key = key(3, old.role, 13);
        (key.active, key.published) = (active, published);
        world.ever.push(key.clone());
        world.keys.push(key);
        world.record();
        world.now += 1;
    }
    let [dnskey, ds, zone] = ttls.map(|ttl| Ttl::from_secs(u32::try_from(ttl).unwrap()).unwrap());
    let timing = Timing::new(dnskey, ds, zone).margin(Duration::from_secs(lag));
    let start = || Rollover::new("example.org".parse().unwrap(), old.clone(), timing);
    let (mut rollover, mut saved): (_, Option<Checkpoint>) = (start(), None);
    let mut chaos = chaos.iter().copied();
    let mut phases = Vec::new();
    for _ in 0..400 {
        let step = rollover.next(&world.facts()).unwrap();
        let phase = rollover.checkpoint().unwrap().phase;
        if phases.last() != Some(&phase) {
            phases.push(phase);
        }
        match &step {
            Step::Done => {
                // Everything runs out of the caches.
                for _ in 0..40 {
                    world.now += 50;
                    world.check();
                }
                return phases;
            }
            Step::WaitUntil(end) => {
                let end = end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
                world.now = (world.now + 40).min(end);
            }
            Step::Propagate => world.now += 7,
            act => {
                let fate = chaos.next().unwrap_or_default();
                if fate != 1 {
                    world.take(act);
                }
                saved = if fate == 3 { None } else { rollover.checkpoint() };
                if fate > 0 {
                    rollover =
                        saved.map_or_else(start, |saved| start().resume(saved.to_string().parse().unwrap()));
                }
                world.now += 1;
            }
        }
        world.check();
    }
    panic!("does not end: {phases:?}, checkpoint {saved:?}");
}

fn setup() -> impl Strategy<Value = Setup> {
    prop_oneof![Just(Setup::Csk), Just(Setup::OldCsk), Just(Setup::Ksk), Just(Setup::Zsk)]
}

/// Often very different from each other, so that each wait is needed by itself.
fn ttl() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(299), 0_u64..300]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_chain_holds_at_every_moment_and_the_rollover_ends(
        setup in setup(),
        other in proptest::option::of(any::<(bool, bool)>()),
        ttls in [ttl(), ttl(), ttl()],
        lag in 0_u64..60,
        secure in any::<bool>(),
        chaos in proptest::collection::vec(0_u8..4, 0..12),
    ) {
        let phases = roll(setup, other, ttls, lag, secure, &chaos);
        prop_assert_eq!(phases.last(), Some(&Phase::Done));
    }
}

#[test]
fn a_csk_goes_through_double_signature_and_double_ds() {
    use Phase::{AddDs, Begin, BothDs, Done, NewDs, Publish, Published};
    let phases = roll(Setup::Csk, None, [60, 120, 300], 10, true, &[]);
    assert_eq!(phases, [Begin, Publish, Published, AddDs, BothDs, NewDs, Done]);
}

#[test]
fn a_zsk_is_published_before_it_signs_and_a_new_algorithm_signs_before_it_is_published() {
    use Phase::{Activated, Begin, BothSign, Done, Publish, Published};
    let phases = roll(Setup::Zsk, None, [60, 120, 300], 10, true, &[]);
    assert_eq!(phases, [Begin, Publish, Published, BothSign, Activated, Done]);
    let phases = roll(Setup::OldCsk, None, [60, 120, 300], 10, true, &[]);
    let place = |wanted| phases.iter().position(|phase| *phase == wanted).unwrap();
    assert!(place(Phase::Sign) < place(Published) && place(Phase::Withdrawn) < place(Done), "{phases:?}");
}

#[test]
fn a_ksk_alone_does_not_change_its_algorithm() {
    let world = World::new(vec![key(1, KeyRole::Ksk, 8)], [60; 3], 0, true);
    let timing = Timing::new(Ttl::MINUTE, Ttl::MINUTE, Ttl::MINUTE);
    let mut rollover = Rollover::new(world.zone.clone(), world.keys[0].clone(), timing);
    assert_eq!(rollover.next(&world.facts()).unwrap_err().code(), Some("algorithm_change"));
}

#[test]
fn what_was_noted_of_another_key_spares_no_wait() {
    let keys = vec![key(1, KeyRole::Zsk, 13), key(3, KeyRole::Zsk, 13), key(2, KeyRole::Ksk, 13)];
    let world = World::new(keys, [60; 3], 0, true);
    let timing = Timing::new(Ttl::MINUTE, Ttl::MINUTE, Ttl::MINUTE);
    let step = |checkpoint: &str| {
        let rollover = Rollover::new(world.zone.clone(), world.keys[0].clone(), timing);
        rollover.resume(checkpoint.parse().unwrap()).next(&world.facts()).unwrap()
    };
    assert!(matches!(step("both-sign 1 3 5"), Step::ChangeKey { key: KeyId(1), active: false, .. }));
    for other in ["both-sign 1 4 5", "both-sign 9 3 5", "both-sign 1 3 1999999999", "published 1 3 5"] {
        assert!(matches!(step(other), Step::WaitUntil(_)), "{other}");
    }
}

#[test]
fn servers_that_were_not_asked_do_not_pass_for_a_parent_without_ds() {
    let world = World::new(vec![key(1, KeyRole::Csk, 13)], [60; 3], 0, true);
    let timing = Timing::new(Ttl::MINUTE, Ttl::MINUTE, Ttl::MINUTE);
    let mut rollover = Rollover::new(world.zone.clone(), world.keys[0].clone(), timing);
    let facts = Facts { ds: Seen::new(&[]), ..world.facts() };
    assert_eq!(rollover.next(&facts).unwrap_err().code(), Some("nothing_seen"));
}

#[test]
fn checkpoints_are_read_back_and_nonsense_is_refused() {
    for text in ["published 4 7 1764254000", "begin 4 - 0"] {
        assert_eq!(text.parse::<Checkpoint>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "published",
        "nowhere 1 2 3",
        "published 1 2 x",
        "published 1 2 18446744073709551615",
        "begin 1 - 2 3",
    ] {
        assert_eq!(text.parse::<Checkpoint>().unwrap_err().code(), Some("invalid_checkpoint"), "{text}");
    }
}
