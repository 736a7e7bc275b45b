//! Connections and roles of the database engine.

use std::time::Duration;

use catalyst_core::ErrorKind;

use super::{done, refused};
use crate::database_admin::{
    ConnectionName, ConnectionTarget, DatabaseConnection, DatabaseRole, PostgresRole, Rule, StaticRole,
};
use crate::{DatabaseAdmin, DynamicCredentials, Mount, OpenBao, RoleName, StaticCredentials};

/// The database that the checks are made on: a PostgreSQL.
#[derive(Clone, Debug)]
pub struct AdminSetting<'a> {
    /// Where the engine is.
    pub mount: &'a Mount,
    /// Where the database is, and who manages it. Its password is rotated by the last check.
    pub target: ConnectionTarget,
    /// A role of the database that users can be made members of.
    pub group: &'a str,
    /// A user of the database whose password can be changed.
    pub static_user: &'a str,
}

/// All checks, one after the other. The last one rotates the managing user's password: the target is good for one run.
pub async fn all(bao: &OpenBao, setting: &AdminSetting<'_>) {
    a_connection_comes_back_without_its_password(bao, setting).await;
    a_role_is_checked_before_it_is_written(bao, setting).await;
    users_are_made_by_what_was_written(bao, setting).await;
    a_role_that_its_connection_does_not_list_is_written_and_makes_no_users(bao, setting).await;
    a_static_role_changes_a_password(bao, setting).await;
    what_is_not_there_is_told(bao, setting).await;
    the_managing_user_gets_a_password_that_only_the_server_knows(bao, setting).await;
}

fn fresh<T: std::str::FromStr<Err = catalyst_core::Error>>() -> T {
    done(format!("contract-{:016x}", fastrand::u64(..)).parse(), "a name for the contract")
}

async fn connect(admin: &DatabaseAdmin, setting: &AdminSetting<'_>) -> ConnectionName {
    let name = fresh();
    let connection = DatabaseConnection::new(setting.target.clone()).allow_all_roles();
    done(admin.configure(&name, &connection).await, "configure a connection");
    name
}

fn members(setting: &AdminSetting<'_>, connection: &ConnectionName) -> DatabaseRole {
    let template = done(PostgresRole::member_of(setting.group), "a template");
    template.role(connection).default_ttl(Duration::from_secs(60)).max_ttl(Duration::from_secs(120))
}

/// What is not written again stays as it was.
pub async fn a_connection_comes_back_without_its_password(bao: &OpenBao, setting: &AdminSetting<'_>) {
    let admin = bao.database_admin(setting.mount.clone());
    let (name, role) = (fresh(), fresh::<RoleName>());
    assert!(done(admin.connection(&name).await, "read a connection that is not there").is_none());
    let connection = DatabaseConnection::new(setting.target.clone())
        .allow_role(&role)
        .username_template("v-{{random 20}}");
    done(admin.configure(&name, &connection).await, "configure it");
    let found = done(admin.connection(&name).await, "read it");
    let Some(found) = found else { panic!("{name} is not there") };
    assert!(connection.is_met_by(&found), "{found:?}");
    assert!(found.allows(&role) && !found.allows(&fresh()));
    assert!(done(admin.connections().await, "list").contains(&name.to_string()));

    let other = DatabaseConnection::new(setting.target.clone()).allow_all_roles().unverified();
    done(admin.configure(&name, &other).await, "write it again");
    let found = done(admin.connection(&name).await, "read it again");
    let template = found.as_ref().and_then(|found| found.details.username_template.as_deref());
    assert_eq!(template, Some("v-{{random 20}}"), "a write is a merge");
    assert!(found.is_some_and(|found| found.allows(&fresh())));
    done(admin.reset(&name).await, "reset");
    for _ in 0..2 {
        done(admin.delete_connection(&name).await, "delete");
    }
}

/// Nothing of a role that is refused reaches the server.
pub async fn a_role_is_checked_before_it_is_written(bao: &OpenBao, setting: &AdminSetting<'_>) {
    let admin = bao.database_admin(setting.mount.clone());
    let (connection, name) = (connect(&admin, setting).await, fresh::<RoleName>());
    let create = r#"CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"#;
    let bad = DatabaseRole::new(connection.clone()).creation_statements([create]);
    refused(admin.write_role(&name, &bad).await, ErrorKind::InvalidRequest, "statements_refused");
    assert!(done(admin.role(&name).await, "read the refused role").is_none());
    let found =
        done(admin.write_role(&name, &bad.allow(Rule::ServerRevocation)).await, "write it all the same");
    let rules: Vec<Rule> = found.iter().map(|finding| finding.rule).collect();
    assert!(rules.contains(&Rule::ServerRevocation) && rules.contains(&Rule::NoRights), "{rules:?}");

    let good = members(setting, &connection);
    assert_eq!(done(admin.write_role(&name, &good).await, "write a good one"), []);
    let kept = done(admin.role(&name).await, "read it");
    assert!(kept.as_ref().is_some_and(|kept| good.is_met_by(kept)), "{kept:?}");
    assert!(done(admin.roles().await, "list").contains(&name.to_string()));
    for _ in 0..2 {
        done(admin.delete_role(&name).await, "delete");
    }
    assert!(done(admin.role(&name).await, "read the deleted role").is_none());
    let lost = fresh::<ConnectionName>();
    let role = DatabaseRole::new(lost.clone()).creation_statements([create]);
    refused(admin.write_role(&name, &role).await, ErrorKind::NotFound, "unknown_connection");
    let found =
        done(admin.check_role(&name, &members(setting, &lost)).await, "check a role of no connection");
    assert_eq!(found.first().map(|finding| finding.rule), Some(Rule::UnknownConnection));
    done(admin.delete_connection(&connection).await, "delete");
}

/// For the term that was written.
pub async fn users_are_made_by_what_was_written(bao: &OpenBao, setting: &AdminSetting<'_>) {
    let (admin, database) = (bao.database_admin(setting.mount.clone()), bao.database(setting.mount.clone()));
    let (connection, name) = (connect(&admin, setting).await, fresh::<RoleName>());
    done(admin.write_role(&name, &members(setting, &connection)).await, "write a role");
    let lease = done(database.issue(&name).await, "make a user");
    assert_eq!(lease.term.ttl, Duration::from_secs(60));
    done(database.revoke(&lease.id).await, "end it");
    done(admin.delete_role(&name).await, "delete");
    refused(database.issue(&name).await, ErrorKind::NotFound, "unknown_role");
    done(admin.delete_connection(&connection).await, "delete");
}

/// Which a check finds, and a write does not.
pub async fn a_role_that_its_connection_does_not_list_is_written_and_makes_no_users(
    bao: &OpenBao,
    setting: &AdminSetting<'_>,
) {
    let (admin, database) = (bao.database_admin(setting.mount.clone()), bao.database(setting.mount.clone()));
    let (connection, name) = (fresh::<ConnectionName>(), fresh::<RoleName>());
    let nobody = DatabaseConnection::new(setting.target.clone());
    done(admin.configure(&connection, &nobody).await, "configure a connection for nobody");
    let role = members(setting, &connection);
    let found = done(admin.check_role(&name, &role).await, "check");
    let rules: Vec<Rule> = found.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::NotAmongAllowed]);
    assert_eq!(done(admin.write_role(&name, &role).await, "write"), []);
    refused(database.issue(&name).await, ErrorKind::PermissionDenied, "role_not_allowed");
    let fixed = StaticRole::new(connection.clone(), setting.static_user, Duration::from_secs(3600));
    let refusal = admin.write_static_role(&fresh(), &fixed).await;
    refused(refusal, ErrorKind::PermissionDenied, "role_not_allowed");
    done(admin.delete_connection(&connection).await, "delete the connection");
    refused(database.issue(&name).await, ErrorKind::NotFound, "unknown_connection");
    done(admin.delete_role(&name).await, "delete");
}

/// When it is made, and when it is told to.
pub async fn a_static_role_changes_a_password(bao: &OpenBao, setting: &AdminSetting<'_>) {
    let (admin, database) = (bao.database_admin(setting.mount.clone()), bao.database(setting.mount.clone()));
    let (connection, name) = (connect(&admin, setting).await, fresh::<RoleName>());
    let role = StaticRole::new(connection.clone(), setting.static_user, Duration::from_secs(3600));
    let hasty = StaticRole::new(connection.clone(), setting.static_user, Duration::from_secs(4));
    refused(admin.write_static_role(&name, &hasty).await, ErrorKind::InvalidRequest, "invalid_request");
    done(admin.write_static_role(&name, &role).await, "write a static role");
    let kept = done(admin.static_role(&name).await, "read it");
    let rotated = kept.as_ref().is_some_and(|kept| role.is_met_by(kept) && kept.last_rotation.is_some());
    assert!(rotated, "{kept:?}");
    assert!(done(admin.static_roles().await, "list").contains(&name.to_string()));

    let first = done(database.read(&name).await, "read the password");
    assert_eq!(first.credentials.username, setting.static_user);
    done(admin.rotate_role(&name).await, "rotate");
    let second = done(database.read(&name).await, "read the password again");
    assert!(first.credentials.password != second.credentials.password);

    let other = StaticRole::new(connection.clone(), "another", Duration::from_secs(3600));
    refused(admin.write_static_role(&name, &other).await, ErrorKind::InvalidRequest, "invalid_request");
    let same_name = admin.write_role(&name, &members(setting, &connection)).await;
    refused(same_name, ErrorKind::Conflict, "role_exists");
    for _ in 0..2 {
        done(admin.delete_static_role(&name).await, "delete");
    }
    assert!(done(admin.static_role(&name).await, "read the deleted role").is_none());
    done(admin.delete_connection(&connection).await, "delete");
}

/// As what it is.
pub async fn what_is_not_there_is_told(bao: &OpenBao, setting: &AdminSetting<'_>) {
    let admin = bao.database_admin(setting.mount.clone());
    let (connection, role) = (fresh::<ConnectionName>(), fresh::<RoleName>());
    refused(admin.reset(&connection).await, ErrorKind::NotFound, "unknown_connection");
    refused(admin.rotate_root(&connection).await, ErrorKind::NotFound, "unknown_connection");
    refused(admin.rotate_role(&role).await, ErrorKind::NotFound, "unknown_role");
    let fixed = StaticRole::new(connection, setting.static_user, Duration::from_secs(3600));
    refused(admin.write_static_role(&role, &fixed).await, ErrorKind::NotFound, "unknown_connection");
}

/// The connection goes on with it.
pub async fn the_managing_user_gets_a_password_that_only_the_server_knows(
    bao: &OpenBao,
    setting: &AdminSetting<'_>,
) {
    let (admin, database) = (bao.database_admin(setting.mount.clone()), bao.database(setting.mount.clone()));
    let (connection, name) = (connect(&admin, setting).await, fresh::<RoleName>());
    done(admin.write_role(&name, &members(setting, &connection)).await, "write a role");
    done(admin.rotate_root(&connection).await, "rotate");
    done(admin.rotate_root(&connection).await, "rotate again");
    let lease = done(database.issue(&name).await, "make a user");
    done(database.revoke(&lease.id).await, "end it");
    done(admin.delete_role(&name).await, "delete");
    done(admin.delete_connection(&connection).await, "delete");
}
