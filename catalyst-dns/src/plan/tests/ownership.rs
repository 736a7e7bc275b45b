//! Whose a record set is, and what follows from that.

use super::super::{PlanPolicy, RefusalCode, Resource, ZonePlan};
use super::*;

fn refused(plan: &ZonePlan) -> Vec<(String, RefusalCode)> {
    plan.refusals().map(|refusal| (refusal.set.key().to_string(), refusal.code)).collect()
}

#[test]
fn a_new_set_comes_with_its_mark_before_it() {
    let plan = plan([a("www", "192.0.2.1")], [], PlanPolicy::default());
    let changes = plan.change_set().unwrap();
    let shown: Vec<String> = changes.changes().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "replace _externaldns.a-www.example.org 300 TXT \"heritage=external-dns,\
             external-dns/owner=sovereign.example,external-dns/resource=catalyst\"",
            "replace www.example.org 60 A 192.0.2.1",
        ]
    );
}

#[test]
fn a_set_that_is_not_wanted_goes_with_its_mark_after_it() {
    let current = [a("www", "192.0.2.1"), ours("_externaldns.a-www")];
    let plan = plan([], current, PlanPolicy::default());
    let shown: Vec<String> = plan.change_set().unwrap().changes().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["delete www.example.org A", "delete _externaldns.a-www.example.org TXT"]);
}

#[test]
fn nothing_without_a_mark_of_ours_is_deleted() {
    let current = [
        a("pdm", "192.0.2.1"),
        a("shop", "192.0.2.2"),
        mark("_externaldns.a-shop", "openova", "ingress/shop/web"),
        set("old", "CNAME", &["shop.example.org."]),
        mark("_externaldns.old", "openova", "ingress/shop/old"),
        // The same owner, written by external-dns.
        a("mine", "192.0.2.3"),
        mark("_externaldns.a-mine", OURS, "ingress/shop/mine"),
        // A mark of ours, for another type.
        a("typed", "192.0.2.4"),
        ours("_externaldns.aaaa-typed"),
        set("typed", "AAAA", &["2001:db8::1"]),
    ];
    let plan = plan([], current, PlanPolicy::default());
    assert_eq!(lines(&plan), ["- typed.example.org 60 AAAA 2001:db8::1"]);
}

#[test]
fn one_resource_leaves_what_the_owner_has_for_others_alone() {
    let only = |sets: Vec<RecordSet>| {
        let shop = Resource::new("application/acme-prod/shop").unwrap();
        let desired = Desired::builder(Owner::new(OURS).unwrap()).only(shop).allow_empty().zone(&zone());
        desired.sets(&zone(), sets).build().unwrap()
    };
    let current = || {
        let shop = "catalyst/application/acme-prod/shop";
        let sets = [
            a("shop", "192.0.2.1"),
            mark("_externaldns.a-shop", OURS, shop),
            a("blog", "192.0.2.2"),
            mark("_externaldns.a-blog", OURS, "catalyst/application/acme-prod/blog"),
            a("plain", "192.0.2.3"),
            ours("_externaldns.a-plain"),
        ];
        infrastructure().into_iter().chain(sets).collect::<Vec<_>>()
    };
    let plan = |sets| ZonePlan::new(&only(sets).zones()[0], &Arc::new(PlanPolicy::default()), current());
    assert_eq!(lines(&plan(vec![])), ["- shop.example.org 60 A 192.0.2.1"]);
    assert!(plan(vec![a("shop", "192.0.2.1")]).is_empty());
    let taken = plan(vec![a("blog", "192.0.2.9")]);
    assert_eq!(refused(&taken), [("blog.example.org A".to_owned(), RefusalCode::ForeignOwner)]);
    assert!(taken.to_string().contains("application/acme-prod/blog"), "{taken}");
}

#[test]
fn what_pool_domain_manager_wrote_is_refused_with_a_way_out() {
    let names = ["@", "*", "console", "api", "gitea", "harbor"];
    let current = names.map(|name| a(name, "192.0.2.1"));
    let wanted = names.map(|name| set(name, "LUA", &[r#"A "ifportup(443, {'192.0.2.1'})""#]));
    let plan = plan(wanted, current, PlanPolicy::default());
    assert_eq!(plan.refusals().count(), names.len());
    assert!(plan.refusals().all(|refusal| refusal.code == RefusalCode::TypeConflict));
    let error = plan.change_set().unwrap_err();
    assert_eq!((error.code(), error.target()), (Some("type_conflict"), Some("example.org LUA")));
    assert!(error.help().unwrap().contains("PlanPolicy::adopt"), "{error}");
    assert!(error.help().unwrap().contains("5 more are refused"), "{error}");
}

#[test]
fn an_adopted_set_in_the_way_is_deleted_in_the_same_request() {
    let lua = set("console", "LUA", &[r#"A "ifportup(443, {'192.0.2.1'})""#]);
    let policy = PlanPolicy::default().adopt(key("console", "A"));
    let plan = plan([lua.clone()], [a("console", "192.0.2.1"), a("api", "192.0.2.1")], policy);
    let deleted_then_created = ["- console.example.org 60 A 192.0.2.1".to_owned(), format!("+ {lua}")];
    assert_eq!(lines(&plan), deleted_then_created);
    assert_eq!(plan.change_set().unwrap().changes()[0].to_string(), "delete console.example.org A");
}

#[test]
fn what_somebody_wrote_beside_a_set_of_ours_is_refused_until_it_is_adopted() {
    let lua = set("www", "LUA", &[r#"A "ifportup(443, {'192.0.2.1'})""#]);
    let current = [lua.clone(), ours("_externaldns.lua-www"), a("www", "192.0.2.9")];
    let refusing = plan([lua.clone()], current.clone(), PlanPolicy::default());
    assert_eq!(refused(&refusing), [("www.example.org LUA".to_owned(), RefusalCode::TypeConflict)]);
    let adopting = plan([lua], current, PlanPolicy::default().adopt(key("www", "A")));
    assert_eq!(lines(&adopting), ["- www.example.org 60 A 192.0.2.9"]);
}

#[test]
fn adoption_of_what_is_neither_wanted_nor_in_the_way_does_nothing() {
    let policy = PlanPolicy::default().adopt(key("api", "A")).share_names();
    let plan = plan([set("api", "TXT", &["\"x\""])], [a("api", "192.0.2.1")], policy);
    assert_eq!(lines(&plan), ["+ api.example.org 60 TXT \"x\""]);
}

#[test]
fn an_unowned_set_is_adopted_by_name_only() {
    let (wanted, current) = ([a("www", "192.0.2.2")], [a("www", "192.0.2.1")]);
    let refusing = plan(wanted.clone(), current.clone(), PlanPolicy::default());
    assert_eq!(refused(&refusing), [("www.example.org A".to_owned(), RefusalCode::Unowned)]);
    for policy in [PlanPolicy::default().adopt(key("www", "A")), PlanPolicy::default().adopt_unowned()] {
        let plan = plan(wanted.clone(), current.clone(), policy);
        assert_eq!(lines(&plan), ["* www.example.org 60 A 192.0.2.1 -> 192.0.2.2 (adopted)"]);
        assert!(after(&plan).contains(&ours_at_300("_externaldns.a-www")));
    }
}

fn ours_at_300(name: &str) -> RecordSet {
    ours(name).with_ttl(Ttl::from_secs(300).unwrap())
}

#[test]
fn two_owners_share_a_zone_without_touching_each_other() {
    let theirs =
        [a("www", "192.0.2.1"), mark("_externaldns.a-www", "another.example", "catalyst/application/shop")];
    let removing = plan([], theirs.clone(), PlanPolicy::default());
    assert!(removing.is_empty(), "{removing}");
    let wanting = plan([a("www", "192.0.2.2")], theirs, PlanPolicy::default().adopt_unowned());
    assert_eq!(
        lines(&wanting),
        ["! www.example.org A refused: owned by \"another.example\" (catalyst/application/shop)"]
    );
}

#[test]
fn a_transfer_names_the_owner_before() {
    let wanted = [a("www", "192.0.2.1")];
    let current = [a("www", "192.0.2.1"), mark("_externaldns.a-www", "openova", "ingress/shop/web")];
    let owner = |name| Owner::new(name).unwrap();
    let of_another = PlanPolicy::default().transfer(key("www", "A"), owner("somebody"));
    let refusing = plan(wanted.clone(), current.clone(), of_another.adopt_unowned());
    assert_eq!(refused(&refusing), [("www.example.org A".to_owned(), RefusalCode::ForeignOwner)]);
    for policy in [
        PlanPolicy::default().transfer(key("www", "A"), owner("openova")),
        PlanPolicy::default().transfer_from(owner("openova")),
    ] {
        let plan = plan(wanted.clone(), current.clone(), policy);
        assert_eq!(lines(&plan), ["* www.example.org 60 A 192.0.2.1 (from \"openova\")"]);
        assert!(after(&plan).contains(&ours_at_300("_externaldns.a-www")));
    }
}

#[test]
fn a_mark_that_cannot_be_read_is_somebodys() {
    let encrypted = set("_externaldns.a-www", "TXT", &["\"h8UQ6jelUFUsEIn7SbFktc2MYXPx\""]);
    let policy = PlanPolicy::default().adopt_unowned().transfer_from(Owner::new("openova").unwrap());
    let plan = plan([a("www", "192.0.2.1")], [a("www", "192.0.2.1"), encrypted], policy);
    assert_eq!(refused(&plan), [("www.example.org A".to_owned(), RefusalCode::ForeignOwner)]);
    assert!(plan.to_string().contains("a mark that cannot be read"), "{plan}");
}

#[test]
fn a_mark_itself_is_never_taken() {
    let current = [mark("www", "openova", "ingress/shop/web")];
    let policy =
        PlanPolicy::default().transfer(key("www", "TXT"), Owner::new("openova").unwrap()).adopt_unowned();
    let plan = plan([set("www", "TXT", &["\"x\""])], current, policy);
    assert_eq!(refused(&plan), [("www.example.org TXT".to_owned(), RefusalCode::ForeignOwner)]);
}

#[test]
fn a_mark_of_two_owners_proves_nothing() {
    // Ours stands first, in canonical order.
    let both = [ours("_externaldns.a-www"), mark("_externaldns.a-www", "zebra", "ingress/shop/web")];
    let records = both.iter().flat_map(|mark| mark.records().to_vec());
    let both = RecordSet::new(both[0].name().clone(), Ttl::MINUTE, records).unwrap();
    let plan = plan([], [a("www", "192.0.2.1"), both], PlanPolicy::default());
    assert!(plan.is_empty(), "{plan}");
}

#[test]
fn marks_of_older_versions_of_external_dns_are_read() {
    for place in ["_externaldns.www", "a-www", "www"] {
        let current = [a("www", "192.0.2.1"), mark(place, "openova", "ingress/shop/web")];
        let plan = plan([a("www", "192.0.2.1")], current, PlanPolicy::default().adopt_unowned());
        assert_eq!(
            lines(&plan),
            ["! www.example.org A refused: owned by \"openova\" (ingress/shop/web)"],
            "{place}"
        );
    }
}

#[test]
fn a_name_that_somebody_has_is_refused_unless_names_are_shared() {
    let wanted = [set("www", "TXT", &["\"x\""])];
    let plan_by = |policy| plan(wanted.clone(), [a("www", "192.0.2.1")], policy);
    let refusing = plan_by(PlanPolicy::default());
    assert_eq!(refused(&refusing), [("www.example.org TXT".to_owned(), RefusalCode::NameTaken)]);
    assert_eq!(lines(&plan_by(PlanPolicy::default().share_names())), ["+ www.example.org 60 TXT \"x\""]);
}

#[test]
fn shared_names_do_not_lead_to_two_places() {
    for (ours, theirs, code) in [
        (set("www", "AAAA", &["2001:db8::1"]), a("www", "192.0.2.1"), RefusalCode::TypeConflict),
        (set("www", "ALIAS", &["x.example."]), a("www", "192.0.2.1"), RefusalCode::TypeConflict),
        (set("www", "CNAME", &["x.example."]), a("www", "192.0.2.1"), RefusalCode::CnameConflict),
        (set("www", "TXT", &["\"x\""]), set("www", "CNAME", &["x.example."]), RefusalCode::CnameConflict),
        (
            set("www", "LUA", &["CNAME \"'x.example.'\""]),
            set("www", "MX", &["0 ."]),
            RefusalCode::CnameConflict,
        ),
    ] {
        let plan = plan([ours.clone()], [theirs.clone()], PlanPolicy::default().share_names());
        assert_eq!(refused(&plan), [(ours.key().to_string(), code)], "{ours} beside {theirs}");
    }
}

#[test]
fn a_set_of_ours_changes_its_type_in_one_request() {
    let marks = [ours("_externaldns.cname-www")];
    let current = [set("www", "CNAME", &["x.example."])].into_iter().chain(marks);
    let plan = plan([a("www", "192.0.2.1")], current, PlanPolicy::default());
    let shown: Vec<String> =
        plan.change_set().unwrap().changes().iter().map(|change| change.key().to_string()).collect();
    assert_eq!(
        shown,
        [
            "www.example.org CNAME",
            "_externaldns.cname-www.example.org TXT",
            "_externaldns.a-www.example.org TXT",
            "www.example.org A"
        ]
    );
}

#[test]
fn a_mark_of_ours_whose_set_somebody_removed_is_forgotten() {
    let plan = plan([], [ours("_externaldns.a-www")], PlanPolicy::default());
    assert_eq!(lines(&plan), ["- _externaldns.a-www.example.org (a mark without its record)"]);
    assert!(after(&plan).iter().all(|set| set.kind() != RecordType::Txt));
}

#[test]
fn a_mark_of_others_whose_set_is_not_there_keeps_the_name() {
    let current = [mark("_externaldns.a-www", "openova", "ingress/shop/web")];
    let refusing = plan([a("www", "192.0.2.1")], current.clone(), PlanPolicy::default());
    assert_eq!(refused(&refusing), [("www.example.org A".to_owned(), RefusalCode::ForeignOwner)]);
    let policy = PlanPolicy::default().transfer_from(Owner::new("openova").unwrap());
    let taking = plan([a("www", "192.0.2.1")], current, policy);
    assert_eq!(lines(&taking), ["* www.example.org 60 A 192.0.2.1 (from \"openova\")"]);
}

#[test]
fn what_asked_for_a_set_stands_in_its_mark_and_can_change() {
    let current = [a("www", "192.0.2.1"), mark("_externaldns.a-www", OURS, "catalyst/application/old")];
    let resource = super::super::Resource::new("application/shop").unwrap();
    let desired = Desired::builder(Owner::new(OURS).unwrap())
        .set_for(&zone(), a("www", "192.0.2.1"), resource)
        .build()
        .unwrap();
    let plan = ZonePlan::new(&desired.zones()[0], &Arc::default(), current.to_vec());
    assert_eq!(lines(&plan), ["* www.example.org 60 A 192.0.2.1 (its mark)"]);
    let after = ZonePlan::new(&desired.zones()[0], &Arc::default(), after(&plan));
    assert!(after.is_empty(), "{after}");
}

#[test]
fn what_lies_below_a_delegation_is_refused_but_for_its_own_records() {
    let cut = set("sub", "NS", &["ns1.sub.example.org.", "ns1.example.net."]);
    let wanted = [a("www.sub", "192.0.2.1"), a("ns1.sub", "192.0.2.2"), set("sub", "DS", &[DS])];
    let plan = plan(wanted, [cut], PlanPolicy::default().share_names().skip_refused());
    assert_eq!(refused(&plan), [("www.sub.example.org A".to_owned(), RefusalCode::BelowCut)]);
    assert_eq!(plan.summary().create, 2);
}

const DS: &str = "1 13 2 0000000000000000000000000000000000000000000000000000000000000000";
