//! What holds for every plan.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Action, Limits, Owner, PlanPolicy, ZonePlan};
use super::corpus::PAIRS;
use super::*;
use crate::{ChangeSet, DomainName};

const NAMES: [&str; 9] = ["@", "*", "www", "api", "a.b", "b", "bücher", "_sip._tcp", "sub"];

/// Whose a set is that stands in a generated zone.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whose {
    Ours,
    Nobodys,
    Marked,
    MarkedAsBefore,
    MarkedWithOurName,
    AnotherSovereigns,
}

#[derive(Clone, Debug)]
struct Found {
    set: RecordSet,
    whose: Whose,
}

fn any_set() -> impl Strategy<Value = (usize, usize, bool, bool)> {
    (0..NAMES.len(), 0..PAIRS.len(), any::<bool>(), any::<bool>())
}

fn build((name, pair, respelled, hour): (usize, usize, bool, bool)) -> RecordSet {
    let (kind, one, another) = PAIRS[pair];
    let set = set(NAMES[name], kind, &[if respelled { another } else { one }]);
    if hour { set.with_ttl(Ttl::HOUR) } else { set }
}

fn any_zone() -> impl Strategy<Value = Vec<Found>> {
    let whose = prop_oneof![
        3 => Just(Whose::Ours),
        2 => Just(Whose::Nobodys),
        1 => Just(Whose::Marked),
        1 => Just(Whose::MarkedAsBefore),
        1 => Just(Whose::MarkedWithOurName),
        1 => Just(Whose::AnotherSovereigns),
    ];
    prop::collection::vec((any_set(), whose), 0..24).prop_map(|found| {
        let found = found.into_iter().map(|(set, whose)| Found { set: build(set), whose });
        let by_key: BTreeMap<_, _> = found.map(|found| (found.set.key(), found)).collect();
        by_key
            .into_values()
            .filter(|found| found.set.name() != zone().apex() || found.set.kind() != RecordType::Ns)
            .collect()
    })
}

/// The zone with its marks.
fn current(found: &[Found]) -> Vec<RecordSet> {
    let mut sets: BTreeMap<RecordKey, RecordSet> =
        infrastructure().into_iter().map(|set| (set.key(), set)).collect();
    for Found { set, whose } in found {
        sets.insert(set.key(), set.clone());
        let kind = set.kind().as_str().to_ascii_lowercase();
        let name = match zone().relative(set.name()).unwrap().as_str() {
            "@" => "_apex".to_owned(),
            "*" => "_wildcard".to_owned(),
            name => name.to_owned(),
        };
        let typed = format!("_externaldns.{kind}-{name}");
        let mark = match whose {
            Whose::Ours => ours(&typed),
            Whose::Nobodys => continue,
            Whose::Marked => mark(&typed, "openova", "ingress/x/y"),
            Whose::MarkedAsBefore => mark(&format!("_externaldns.{name}"), "openova", "ingress/x/y"),
            Whose::MarkedWithOurName => mark(&typed, OURS, "ingress/x/y"),
            Whose::AnotherSovereigns => mark(&typed, "another.example", "catalyst"),
        };
        sets.insert(mark.key(), mark);
    }
    sets.into_values().collect()
}

fn any_policy() -> impl Strategy<Value = PlanPolicy> {
    (any::<bool>(), any::<bool>()).prop_map(|(keep, share)| {
        let policy = PlanPolicy::default().limits(Limits::none()).skip_refused();
        let policy = if keep { policy.upsert_only() } else { policy };
        if share { policy.share_names() } else { policy }
    })
}

/// A desired state without contradictions; sets that would bring one in are left out.
fn any_desired() -> impl Strategy<Value = Desired> {
    prop::collection::vec(any_set(), 0..16).prop_map(|sets| {
        let mut kept: Vec<RecordSet> = Vec::new();
        for set in sets.into_iter().map(build) {
            kept.push(set);
            let builder = Desired::builder(Owner::new(OURS).unwrap()).allow_empty().zone(&zone());
            if builder.sets(&zone(), kept.clone()).build().is_err() {
                kept.pop();
            }
        }
        desired(kept)
    })
}

fn is_mark_of_ours(set: &RecordSet) -> bool {
    set.to_string().contains("owner=sovereign.example,external-dns/resource=catalyst")
}

fn by_key(sets: &[RecordSet]) -> BTreeMap<RecordKey, &RecordSet> {
    sets.iter().map(|set| (set.key(), set)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_of_what_was_applied_is_empty(found in any_zone(), desired in any_desired(), policy in any_policy()) {
        let policy = Arc::new(policy);
        let first = ZonePlan::new(&desired.zones()[0], &policy, current(&found));
        let second = ZonePlan::new(&desired.zones()[0], &policy, after(&first));
        prop_assert!(second.change_set().unwrap().is_empty(), "{first}{second}");
        let refused = |plan: &ZonePlan| plan.refusals().map(|refusal| refusal.set.key()).collect::<Vec<_>>();
        prop_assert_eq!(refused(&first), refused(&second), "{}{}", first, second);
    }

    #[test]
    fn what_is_not_refused_is_there_afterwards(found in any_zone(), desired in any_desired(), policy in any_policy()) {
        let plan = ZonePlan::new(&desired.zones()[0], &Arc::new(policy), current(&found));
        let refused: Vec<RecordKey> = plan.refusals().map(|refusal| refusal.set.key()).collect();
        let after = after(&plan);
        let there = by_key(&after);
        for set in desired.zones()[0].sets() {
            prop_assert!(refused.contains(&set.key()) || there.get(&set.key()) == Some(&set), "{set}: {plan}");
        }
    }

    #[test]
    fn what_is_not_ours_never_changes(found in any_zone(), desired in any_desired(), policy in any_policy()) {
        let before = current(&found);
        let plan = ZonePlan::new(&desired.zones()[0], &Arc::new(policy), before.clone());
        let after = after(&plan);
        let there = by_key(&after);
        // The sets, the marks, and what the server made; marks of ours may change with their sets.
        let our_keys: Vec<RecordKey> =
            found.iter().filter(|found| found.whose == Whose::Ours).map(|found| found.set.key()).collect();
        let is_ours = |set: &RecordSet| our_keys.contains(&set.key()) || is_mark_of_ours(set);
        for set in before.iter().filter(|set| !is_ours(set)) {
            prop_assert_eq!(there.get(&set.key()), Some(&set), "{}", plan);
        }
    }

    #[test]
    fn only_what_has_a_mark_of_ours_is_deleted(found in any_zone(), desired in any_desired(), policy in any_policy()) {
        let plan = ZonePlan::new(&desired.zones()[0], &Arc::new(policy.clone()), current(&found));
        for action in plan.actions() {
            if let Action::Delete(set) = action {
                let found = found.iter().find(|found| found.set.key() == set.key());
                prop_assert_eq!(found.map(|found| found.whose), Some(Whose::Ours), "{}", plan);
            }
        }
    }

    #[test]
    fn sets_of_ours_have_exactly_their_marks_afterwards(found in any_zone(), desired in any_desired()) {
        let policy = Arc::new(PlanPolicy::default().limits(Limits::none()).skip_refused());
        let plan = ZonePlan::new(&desired.zones()[0], &policy, current(&found));
        let after = after(&plan);
        let marks = after.iter().filter(|set| is_mark_of_ours(set)).count();
        let refused: Vec<RecordKey> = plan.refusals().map(|refusal| refusal.set.key()).collect();
        let written = desired.zones()[0].sets().filter(|set| !refused.contains(&set.key())).count();
        // A refused set may still be there, and ours.
        let kept = found.iter().filter(|found| found.whose == Whose::Ours && refused.contains(&found.set.key())).count();
        prop_assert_eq!(marks, written + kept, "{}", plan);
    }

    #[test]
    fn a_write_that_was_cut_anywhere_is_made_good(
        found in any_zone(), desired in any_desired(), policy in any_policy(), cut in any::<prop::sample::Index>(),
    ) {
        let policy = Arc::new(policy);
        let whole = ZonePlan::new(&desired.zones()[0], &policy, current(&found));
        let changes = whole.change_set().unwrap().changes().to_vec();
        let made = cut.index(changes.len() + 1);
        let mut sets = current(&found);
        store::change(&mut sets, &ChangeSet::new(changes.into_iter().take(made)).unwrap());
        let rest = ZonePlan::new(&desired.zones()[0], &policy, sets);
        let (in_one, in_two) = (after(&whole), after(&rest));
        prop_assert_eq!(by_key(&in_one), by_key(&in_two), "{}{}", whole, rest);
    }

    #[test]
    fn the_order_of_what_is_there_changes_no_plan(found in any_zone(), desired in any_desired(), seed in any::<u64>()) {
        let policy = Arc::new(PlanPolicy::default());
        let mut shuffled = current(&found);
        let plan = ZonePlan::new(&desired.zones()[0], &policy, shuffled.clone());
        fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
        let another = ZonePlan::new(&desired.zones()[0], &policy, shuffled);
        prop_assert_eq!(plan.to_string(), another.to_string());
    }

    #[test]
    fn reading_marks_never_fails(text in ".{0,300}", owner in "[!-~]{0,20}") {
        let name = DomainName::from_server("_externaldns.a-www.example.org.").unwrap();
        let records = [RecordData::Txt(Text::new(&text).unwrap())];
        let mark = RecordSet::new(name, Ttl::MINUTE, records).unwrap();
        let plan = plan([a("www", "192.0.2.1")], [a("www", "192.0.2.1"), mark], PlanPolicy::default());
        prop_assert!(plan.summary().refused == 1);
        prop_assert!(Owner::new(&owner).is_ok() == (!owner.is_empty() && !owner.contains([',', '=', '"', '\\'])));
    }

    #[test]
    fn names_are_in_the_order_of_their_labels_from_the_right(
        one in r"([ab]|\\\.|-){1,3}(\.([ab]|\\\.|-){1,2}){0,3}",
        other in r"([ab]|\\\.|-){1,3}(\.([ab]|\\\.|-){1,2}){0,3}",
    ) {
        let [one, other]: [DomainName; 2] = [one, other].map(|name| name.parse().unwrap());
        let labels = |name: &DomainName| {
            let mut labels: Vec<String> = name.labels().map(str::to_owned).collect();
            labels.reverse();
            labels
        };
        prop_assert_eq!(one.cmp(&other), labels(&one).cmp(&labels(&other)), "{:?} {:?}", one, other);
        prop_assert_eq!(one.cmp(&other).is_eq(), one == other);
    }
}
