use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use serde_json::json;

use super::component::{Component, Key, Mark};
use super::plan::{Action, KeyPolicy, KeyStep, Next, next};
use crate::jose::Algorithm;

const SETTLE: Duration = Duration::from_secs(3600);
const LIFE: Duration = Duration::from_secs(86_400);
const START: u64 = 1_795_387_096;

fn policy() -> KeyPolicy {
    KeyPolicy::new(Algorithm::Rs256).settle(SETTLE).token_life(LIFE)
}

fn time(after: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(START + after)
}

/// A realm with keys, and what verifiers know of it.
#[derive(Clone, Debug)]
struct Realm {
    keys: Vec<Key>,
    /// When each key began to sign, and until when tokens of it may be shown.
    tokens: Vec<(String, SystemTime)>,
    /// When each key was published.
    published: Vec<(String, SystemTime)>,
    made: u32,
}

impl Realm {
    fn new(priorities: &[(i64, bool)]) -> Self {
        let mut realm = Self { keys: Vec::new(), tokens: Vec::new(), published: Vec::new(), made: 0 };
        for (priority, generated) in priorities {
            realm.add(*priority, *generated, None, UNIX_EPOCH);
        }
        realm
    }

    fn add(&mut self, priority: i64, generated: bool, mark: Option<Mark>, now: SystemTime) {
        self.made += 1;
        let id = format!("key-{}", self.made);
        self.published.push((id.clone(), now));
        self.keys.push(Key { id, priority, active: true, enabled: true, generated, mark });
    }

    fn signer(&self) -> Option<&Key> {
        self.keys.iter().filter(|key| key.enabled && key.active).max_by_key(|key| key.priority)
    }

    fn key(&mut self, id: &str) -> &mut Key {
        self.keys.iter_mut().find(|key| key.id == id).unwrap()
    }

    fn apply(&mut self, action: &Action, now: SystemTime) {
        match action {
            Action::Publish { priority, mark } => self.add(*priority, true, Some(*mark), now),
            Action::Activate { id, priority, mark } => {
                let key = self.key(id);
                (key.priority, key.mark) = (*priority, Some(*mark));
            }
            Action::Retire { id } => self.key(id).active = false,
            Action::Disable { id } => self.key(id).enabled = false,
            Action::Delete { id, .. } => self.keys.retain(|key| key.id != *id),
        }
        self.sign(now);
    }

    /// The key that signs does, and every token that may be shown can be verified by whoever fetched in time.
    fn sign(&mut self, now: SystemTime) {
        let signer = self.signer().expect("a key that signs").id.clone();
        let since = self.published.iter().find(|(id, _)| *id == signer).unwrap().1;
        assert!(now >= since + SETTLE || since == UNIX_EPOCH, "{signer} signs before verifiers know it");
        self.tokens.push((signer, now + LIFE));
        for (id, until) in &self.tokens {
            let published = self.keys.iter().any(|key| key.id == *id && key.enabled);
            assert!(published || *until <= now, "tokens of {id} cannot be verified any more");
        }
    }
}

/// Everything that may happen: time passes, a worker makes a step, one that read earlier makes a late step.
#[derive(Clone, Debug)]
enum Event {
    Pass(u32),
    Step { start: bool },
    Late { start: bool },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..40_000_u32).prop_map(Event::Pass),
        prop::bool::weighted(0.2).prop_map(|start| Event::Step { start }),
        prop::bool::weighted(0.2).prop_map(|start| Event::Late { start }),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_every_token_can_be_verified_and_a_rotation_ends(
        first in proptest::collection::vec((-50..500_i64, any::<bool>()), 1..4),
        events in proptest::collection::vec(event(), 1..60),
    ) {
        let mut realm = Realm::new(&first);
        let (mut now, mut earlier) = (time(0), realm.keys.clone());
        realm.sign(now);
        for event in events {
            let (keys, start) = match event {
                Event::Pass(by) => {
                    now += Duration::from_secs(by.into());
                    realm.sign(now);
                    earlier.clone_from(&realm.keys);
                    continue;
                }
                Event::Step { start } => (realm.keys.clone(), start),
                // Another process read when the last event was over, and acts only now.
                Event::Late { start } => (earlier.clone(), start),
            };
            earlier.clone_from(&realm.keys);
            if let Next::Act(action) = next(&policy(), &keys, start, now) {
                let gone = match &action {
                    Action::Activate { id, .. } | Action::Retire { id } | Action::Disable { id } | Action::Delete { id, .. } => {
                        !realm.keys.iter().any(|key| key.id == *id)
                    }
                    Action::Publish { .. } => false,
                };
                if !gone {
                    realm.apply(&action, now);
                }
            }
        }
        let mut steps = 0;
        loop {
            match next(&policy(), &realm.keys, false, now) {
                Next::Act(action) => realm.apply(&action, now),
                Next::Wait(_, at) => { prop_assert!(at > now); now = at; realm.sign(now); }
                Next::Nothing => break,
            }
            steps += 1;
            prop_assert!(steps < 100, "it does not end: {:?}", realm.keys);
        }
    }
}

#[test]
fn a_rotation_goes_step_by_step() {
    let mut realm = Realm::new(&[(100, true)]);
    let Next::Act(publish) = next(&policy(), &realm.keys, true, time(0)) else { panic!("publishes") };
    assert_eq!(publish, Action::Publish { priority: 99, mark: Mark { published: START, activated: None } });
    realm.apply(&publish, time(0));
    assert_eq!(realm.signer().unwrap().id, "key-1", "published below the active priority");
    let wait = Next::Wait(KeyStep::Activate, time(3600));
    assert_eq!(next(&policy(), &realm.keys, true, time(10)), wait, "one rotation at a time");
    let mut steps = Vec::new();
    for now in [3600, 90_000] {
        while let Next::Act(action) = next(&policy(), &realm.keys, false, time(now)) {
            steps.push(action.step());
            realm.apply(&action, time(now));
        }
    }
    assert_eq!(steps, [KeyStep::Activate, KeyStep::Retire, KeyStep::Remove]);
    assert_eq!(realm.keys.len(), 1);
    assert_eq!(realm.signer().unwrap().priority, 110);
    assert_eq!(next(&policy(), &realm.keys, false, time(99_000)), Next::Nothing);
}

#[test]
fn a_key_that_was_brought_is_disabled_and_not_lost() {
    let mark = Some(Mark { published: START, activated: Some(START + 3600) });
    let mut realm = Realm::new(&[(100, false)]);
    realm.keys[0].active = false;
    realm.add(110, true, mark, time(0));
    let late = time(3600 + 86_400);
    assert_eq!(next(&policy(), &realm.keys, false, late), Next::Act(Action::Disable { id: "key-1".into() }));
    realm.keys[0].enabled = false;
    assert_eq!(next(&policy(), &realm.keys, false, late), Next::Nothing);
}

#[test]
fn two_that_were_published_at_once_become_one() {
    let mut realm = Realm::new(&[(100, true)]);
    for published in [START + 1, START] {
        realm.add(99, true, Some(Mark { published, activated: None }), time(0));
    }
    let extra = Next::Act(Action::Delete { id: "key-2".into(), discard: true });
    assert_eq!(next(&policy(), &realm.keys, false, time(5)), extra);
}

#[test]
fn keys_are_read_as_the_server_shows_them() {
    let component = |name: &str, provider: &str, config: serde_json::Value| -> Component {
        serde_json::from_value(json!({
            "id": "1", "name": name, "providerId": provider, "parentId": "r", "config": config,
        }))
        .unwrap()
    };
    let own = component("rsa-generated", "rsa-generated", json!({ "priority": ["100"] }));
    let key = own.key(Algorithm::Rs256).unwrap();
    assert_eq!((key.priority, key.active, key.enabled, key.mark), (100, true, true, None));
    assert!(own.key(Algorithm::Ps256).is_none());
    let mark = Mark { published: 7, activated: Some(9) };
    let named = component(&mark.name(Algorithm::Es256), "ecdsa-generated", json!({ "active": ["false"] }));
    assert_eq!(named.key(Algorithm::Es256).unwrap().mark, Some(mark));
    assert!(!named.key(Algorithm::Es256).unwrap().active);
    assert!(component("x", "rsa-enc-generated", json!({})).key(Algorithm::Rs256).is_none());
    assert!(component("x", "hmac-generated", json!({})).key(Algorithm::Rs256).is_none());
    for odd in [
        "catalyst",
        "catalyst RS256",
        "catalyst RS256 published=x",
        "catalyst RS256 published=1 activated=2 3",
    ] {
        assert_eq!(
            component(odd, "rsa-generated", json!({})).key(Algorithm::Rs256).unwrap().mark,
            None,
            "{odd}"
        );
    }
}
