//! Each rule has statements that break it and statements that keep it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::token::{Quoting, tokens};
use super::{Rule, Severity, StatementList};
use crate::database_admin::{
    ConnectionName, DatabaseRole, Dialect, MySqlFlavor, MySqlRole, PostgresRole, StaticRole, ValkeyRole,
};

const PG_CREATE: &str = r#"CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE app_rw"#;
const PG_REVOKE: &str = r#"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{{name}}'; GRANT "{{name}}" TO m; REASSIGN OWNED BY "{{name}}" TO app_rw; DROP OWNED BY "{{name}}"; DROP ROLE IF EXISTS "{{name}}""#;
const MY_CREATE: &str =
    "CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}'; GRANT SELECT ON app.* TO '{{name}}'@'%'";
const MY_REVOKE: &str = "KILL CONNECTION USER '{{name}}'@'%'; DROP USER IF EXISTS '{{name}}'@'%'";

fn connection() -> ConnectionName {
    "db".parse().unwrap()
}

fn role(creation: &str, revocation: &str) -> DatabaseRole {
    let filled = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
    DatabaseRole::new(connection())
        .creation_statements(filled(creation))
        .revocation_statements(filled(revocation))
}

fn rules(dialect: Dialect, role: &DatabaseRole) -> BTreeSet<Rule> {
    role.lint(dialect).into_iter().map(|finding| finding.rule).collect()
}

/// Fails unless exactly these rules are broken.
#[track_caller]
fn breaks(dialect: Dialect, role: &DatabaseRole, expected: &[Rule]) {
    let found = rules(dialect, role);
    assert_eq!(found, expected.iter().copied().collect(), "{role:?}: {:?}", role.lint(dialect));
}

#[test]
fn statements_that_keep_all_rules_are_left_alone() {
    breaks(Dialect::PostgreSql, &role(PG_CREATE, PG_REVOKE), &[]);
    breaks(Dialect::MySql, &role(MY_CREATE, MY_REVOKE), &[]);
    breaks(Dialect::Valkey, &role(r#"["~orders:*", "+@read"]"#, ""), &[]);
}

#[test]
fn postgres_creation() {
    let changed = |from: &str, to: &str| PG_CREATE.replace(from, to);
    for (creation, broken) in [
        (String::new(), vec![Rule::NoCreation]),
        (changed(" VALID UNTIL '{{expiration}}'", ""), vec![Rule::NoExpiration]),
        (changed("'{{expiration}}'", "'infinity'"), vec![Rule::NoExpiration]),
        (changed("\"{{name}}\"", "{{name}}"), vec![Rule::UnquotedPlaceholder]),
        (changed("'{{password}}'", "\"{{password}}\""), vec![Rule::UnquotedPlaceholder]),
        (changed("'{{password}}'", "{{password}}"), vec![Rule::UnquotedPlaceholder]),
        (changed("'{{password}}'", "'secret'"), vec![Rule::PasswordInClear, Rule::PasswordMissing]),
        (changed("{{name}}", "fixed"), vec![Rule::NameMissing]),
        (changed("{{name}}", "{{ name }}"), vec![Rule::NameMissing, Rule::UnknownPlaceholder]),
        (changed("LOGIN", "LOGIN SUPERUSER"), vec![Rule::Privileged]),
        (changed("LOGIN", "LOGIN CreateRole"), vec![Rule::Privileged]),
        (changed(" IN ROLE app_rw", ""), vec![Rule::NoRights]),
        (changed(" IN ROLE app_rw", "; GRANT app_rw TO \"{{name}}\""), vec![]),
        (changed(" IN ROLE app_rw", "; GRANT SELECT ON t TO \"{{name}}\""), vec![Rule::ObjectGrants]),
        (
            changed(" IN ROLE app_rw", "; GRANT app_rw TO \"{{name}}\" WITH ADMIN OPTION"),
            vec![Rule::GrantOption],
        ),
        (changed("app_rw", "\"a;b\""), vec![Rule::CutBySemicolon]),
        (changed("app_rw", "app_rw -- all; of it"), vec![Rule::CutBySemicolon]),
        (changed("app_rw", "app_rw /* END; */"), vec![]),
        (changed("app_rw", "app_rw /* not ended"), vec![Rule::Unterminated]),
        (changed("LOGIN", "NOSUPERUSER NOCREATEDB LOGIN"), vec![]),
        (changed("app_rw", "app_rw -- SUPERUSER"), vec![]),
    ] {
        breaks(Dialect::PostgreSql, &role(&creation, PG_REVOKE), &broken);
    }
}

#[test]
fn postgres_revocation() {
    let changed = |from: &str, to: &str| PG_REVOKE.replace(from, to);
    for (revocation, broken) in [
        (String::new(), vec![Rule::ServerRevocation]),
        (changed("pg_terminate_backend", "pg_cancel_backend"), vec![Rule::SessionsStayOpen]),
        (
            changed("REASSIGN OWNED", "-- REASSIGN OWNED"),
            vec![Rule::OwnedObjects, Rule::NotDropped, Rule::CutBySemicolon],
        ),
        (changed("DROP OWNED BY \"{{name}}\";", ""), vec![Rule::OwnedObjects]),
        (changed("REASSIGN OWNED BY \"{{name}}\" TO app_rw;", ""), vec![Rule::OwnedObjects]),
        (changed("DROP ROLE IF EXISTS \"{{name}}\"", ""), vec![Rule::NotDropped]),
        (changed("IF EXISTS ", ""), vec![Rule::DropNotRepeatable]),
        (changed("'{{name}}'", "'{{password}}'"), vec![Rule::UnknownPlaceholder]),
    ] {
        breaks(Dialect::PostgreSql, &role(PG_CREATE, &revocation), &broken);
    }
}

#[test]
fn the_order_in_which_what_is_owned_is_handed_over_counts() {
    let late = r#"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{{name}}'; DROP OWNED BY "{{name}}"; REASSIGN OWNED BY "{{name}}" TO app_rw; DROP ROLE IF EXISTS "{{name}}""#;
    breaks(Dialect::PostgreSql, &role(PG_CREATE, late), &[Rule::OwnedObjects]);
    let apart = PG_REVOKE.split("; ").map(str::to_owned);
    let apart = role(PG_CREATE, "").revocation_statements(apart);
    breaks(Dialect::PostgreSql, &apart, &[]);
}

#[test]
fn a_block_is_looked_into_and_left_whole_only_with_its_end() {
    let block =
        PostgresRole::member_of("app_rw").unwrap().role(&connection()).revocation_statements.remove(0);
    breaks(Dialect::PostgreSql, &role(PG_CREATE, &block), &[]);
    let cut = block.replace("END", "FIN");
    assert!(rules(Dialect::PostgreSql, &role(PG_CREATE, &cut)).contains(&Rule::CutBySemicolon));
    // An `END` in quotes is none.
    let quoted = block.replace("END", "FIN") + " -- 'END'";
    assert!(rules(Dialect::PostgreSql, &role(PG_CREATE, &quoted)).contains(&Rule::CutBySemicolon));
    // What prolongs a term is cut in any case.
    let renewing = role(PG_CREATE, &block)
        .renew_statements(["DO $$ BEGIN ALTER ROLE \"{{name}}\" VALID UNTIL '{{expiration}}'; END $$"]);
    breaks(Dialect::PostgreSql, &renewing, &[Rule::CutBySemicolon]);
}

#[test]
fn mysql() {
    let create = |from: &str, to: &str| role(&MY_CREATE.replace(from, to), MY_REVOKE);
    let revoke = |from: &str, to: &str| role(MY_CREATE, &MY_REVOKE.replace(from, to));
    for (role, broken) in [
        (role("", MY_REVOKE), vec![Rule::NoCreation]),
        (role(MY_CREATE, ""), vec![Rule::ServerRevocation]),
        (create("'{{password}}'", "'x'"), vec![Rule::PasswordInClear, Rule::PasswordMissing]),
        (create("BY '{{password}}'", "WITH p AS '*ABC'"), vec![Rule::PasswordInClear, Rule::PasswordMissing]),
        (create("'{{password}}'", "{{password}}"), vec![Rule::UnquotedPlaceholder]),
        (create("app.*", "*.*"), vec![Rule::GlobalGrants]),
        (create("GRANT SELECT", "GRANT SUPER, SELECT"), vec![Rule::Privileged]),
        (create("GRANT SELECT", "GRANT CREATE USER"), vec![Rule::Privileged]),
        (create("TO '{{name}}'@'%'", "TO '{{name}}'@'%' WITH GRANT OPTION"), vec![Rule::GrantOption]),
        (create("; GRANT SELECT ON app.* TO '{{name}}'@'%'", ""), vec![Rule::NoRights]),
        (create("'@'%' IDENT", "' IDENT"), vec![Rule::NoHost]),
        (create("'@'%' IDENT", "'@'10.%' IDENT"), vec![Rule::OtherHost]),
        (create("app.*", "`a;b`.*"), vec![Rule::CutBySemicolon]),
        (revoke("KILL CONNECTION USER '{{name}}'@'%';", ""), vec![Rule::SessionsStayOpen]),
        (revoke("KILL CONNECTION USER '{{name}}'@'%'", "CALL admin.end_sessions('{{name}}')"), vec![]),
        (revoke("IF EXISTS ", ""), vec![Rule::DropNotRepeatable]),
        (revoke("DROP USER IF EXISTS '{{name}}'@'%'", ""), vec![Rule::NotDropped]),
        (revoke("DROP USER", "# DROP USER"), vec![Rule::NotDropped]),
    ] {
        breaks(Dialect::MySql, &role, &broken);
    }
    breaks(Dialect::MySql, &role(MY_CREATE, MY_REVOKE).renew_statements(["x"]), &[Rule::Ignored]);
}

#[test]
fn valkey() {
    for (rules, broken) in [
        (vec![], vec![Rule::AllKeys]),
        (vec![r#"["~*", "+@read"]"#], vec![Rule::AllKeys]),
        (vec!["allkeys", "+@read"], vec![Rule::AllKeys]),
        (vec![r#"["~a:*", "+@all"]"#], vec![Rule::AllCommands]),
        (vec!["~a:*", "+@admin"], vec![Rule::Privileged]),
        (vec!["~a:*", "+acl|setuser"], vec![Rule::Privileged]),
        (vec!["~a:* +@read"], vec![Rule::MalformedRules, Rule::NoRights]),
        (vec!["~a:*", "+@read", ">secret"], vec![Rule::PasswordInClear]),
        (vec!["~a:*", "+@read", "nopass"], vec![Rule::PasswordMissing]),
        (vec!["~a:*", "+@read", "nonsense"], vec![Rule::MalformedRules]),
        (vec!["~a:*"], vec![Rule::NoRights]),
        (vec!["+@read"], vec![Rule::NoRights]),
        (vec![r#"["~a:*", "+@read"]"#, "+@write"], vec![Rule::Ignored]),
        (vec!["%R~a:*", "&c", "resetchannels", "+@read", "-@dangerous"], vec![]),
    ] {
        breaks(Dialect::Valkey, &role("", "").creation_statements(rules), &broken);
    }
    let revoking = role(r#"["~a:*", "+@read"]"#, "ACL DELUSER {{name}}");
    breaks(Dialect::Valkey, &revoking, &[Rule::Ignored]);
}

#[test]
fn what_changes_a_password_needs_it_and_is_always_cut() {
    let lint = |dialect, statement: &str| -> Vec<Rule> {
        let role = StaticRole::new(connection(), "app", std::time::Duration::from_secs(60));
        let found = role.rotation_statements([statement]).lint(dialect);
        found.into_iter().map(|finding| finding.rule).collect()
    };
    let good = r#"ALTER ROLE "{{name}}" WITH PASSWORD '{{password}}'"#;
    assert_eq!(lint(Dialect::PostgreSql, good), []);
    assert_eq!(
        lint(Dialect::PostgreSql, "DO $$ BEGIN; END $$ '{{name}}' '{{password}}'"),
        [Rule::CutBySemicolon]
    );
    assert_eq!(lint(Dialect::MySql, "SELECT '{{username}}'"), [Rule::PasswordMissing]);
    assert_eq!(lint(Dialect::Valkey, "x"), [Rule::Ignored]);
}

#[test]
fn what_is_allowed_is_a_warning_and_what_is_worst_comes_first() {
    let allowed = role(PG_CREATE, "").renew_statements(["ALTER ROLE x"]).allow(Rule::ServerRevocation);
    let found = allowed.rollback_statements(["x"]).lint(Dialect::PostgreSql);
    let severities: Vec<Severity> = found.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Error, Severity::Warning, Severity::Warning]);
    assert_eq!(found[0].place.list, Some(StatementList::Renewal));
    let shown = found[0].to_string();
    assert!(shown.starts_with("no_expiration in renew_statements: "), "{shown}");
    let lasting = role(PG_CREATE, PG_REVOKE)
        .default_ttl(std::time::Duration::from_secs(2))
        .max_ttl(std::time::Duration::from_secs(1));
    breaks(Dialect::PostgreSql, &lasting, &[Rule::TermTooLong]);
}

#[test]
fn every_template_keeps_every_rule() {
    let to = connection();
    let postgres = || PostgresRole::member_of("app rw").unwrap();
    let mysql = MySqlFlavor::MySql { schema: "admin".to_owned(), procedure: "end_sessions".to_owned() };
    for (dialect, role) in [
        (Dialect::PostgreSql, postgres().role(&to)),
        (Dialect::PostgreSql, postgres().superuser_manager().connection_limit(3).role(&to)),
        (
            Dialect::PostgreSql,
            postgres()
                .also_member_of("more")
                .unwrap()
                .leaving_to("heir")
                .unwrap()
                .acting_as_group()
                .role(&to),
        ),
        (Dialect::MySql, MySqlRole::on_database(MySqlFlavor::MariaDb, "app").unwrap().role(&to)),
        (
            Dialect::MySql,
            MySqlRole::on_database(mysql, "app").unwrap().host("10.%").unwrap().connection_limit(5).role(&to),
        ),
        (Dialect::Valkey, ValkeyRole::on_keys(["orders:*"]).unwrap().in_cluster().role(&to)),
        (
            Dialect::Valkey,
            ValkeyRole::on_keys(["a:*", "%R~b:*"])
                .unwrap()
                .channel("c")
                .unwrap()
                .command("scan")
                .unwrap()
                .role(&to),
        ),
    ] {
        assert_eq!(role.dialect, Some(dialect));
        assert_eq!(role.lint(dialect), [], "{role:?}");
    }
}

#[test]
fn templates_refuse_names_that_could_leave_their_quotes() {
    assert!(PostgresRole::member_of("a\" SUPERUSER").is_err());
    assert!(MySqlRole::on_database(MySqlFlavor::MariaDb, "a`").is_err());
    let app = MySqlRole::on_database(MySqlFlavor::MariaDb, "app").unwrap();
    assert!(app.clone().privileges(["ALL ON *.* TO x;"]).is_err());
    assert!(app.clone().privileges(Vec::<String>::new()).is_err());
    assert!(app.host("%' --").is_err());
    assert!(ValkeyRole::on_keys(["a b"]).is_err());
}

#[test]
fn each_rule_has_a_name_of_its_own_and_says_what_to_do() {
    let names: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
    assert!(Rule::ALL.iter().all(|rule| rule.help().len() > 20));
}

/// Texts as people write statements, and worse.
fn statement() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "'",
        "\"",
        "`",
        "$$",
        "$a$",
        "--",
        "/*",
        "*/",
        "#",
        ";",
        "\\",
        "{{name}}",
        "{{password}}",
        "{{",
        "}}",
        "E'",
        "END",
        "DO",
        "GRANT",
        "ON",
        "TO",
        "PASSWORD",
        "IDENTIFIED BY",
        "DROP ROLE",
        "@",
        "ä",
        "\n",
        " ",
        "[\"~*\"]",
        "(",
        ")",
        "+@all",
        "~",
    ]);
    prop::collection::vec(parts, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_statement_makes_the_checks_panic(text in "\\PC{0,40}", written in statement()) {
        for text in [text, written] {
            let role = role(&text, &text).renew_statements([text.clone()]).rollback_statements([text.clone()]);
            for dialect in [Dialect::PostgreSql, Dialect::MySql, Dialect::Valkey] {
                let found = role.lint(dialect);
                prop_assert!(found.iter().all(|finding| finding.place.offset.is_none_or(|at| at < text.len())));
                let _rotation = StaticRole::new(connection(), "u", std::time::Duration::ZERO)
                    .rotation_statements([text.clone()])
                    .lint(dialect);
            }
        }
    }

    #[test]
    fn the_parts_of_a_statement_are_all_of_it_but_the_space(text in statement()) {
        for quoting in [Quoting::PostgreSql, Quoting::MySql] {
            let mut rest = 0;
            for token in tokens(&text, quoting) {
                prop_assert!(text[rest..token.at].chars().all(char::is_whitespace));
                prop_assert_eq!(&text[token.at..token.at + token.text.len()], token.text);
                prop_assert!(token.text.contains(token.inner()));
                rest = token.at + token.text.len();
            }
            prop_assert!(text[rest..].chars().all(char::is_whitespace));
        }
    }
}
