//! Users of RabbitMQ.

use std::time::Duration;

use catalyst_core::{ErrorKind, Secret};

use super::{Doorman, DynamicSetting, done, dynamic, refused};
use crate::{RabbitConnection, RabbitMq, RabbitRole, RoleName, TopicPermissions, VhostPermissions};

/// All checks, one after the other, on an engine that is not configured yet. They take some 20 s.
pub async fn all(rabbitmq: &RabbitMq, connection: &RabbitConnection, doorman: &dyn Doorman) {
    a_connection_is_whole(rabbitmq, connection).await;
    a_role_comes_back_as_it_was_written(rabbitmq).await;
    users_live_as_long_as_their_lease(rabbitmq, doorman).await;
}

fn fresh() -> RoleName {
    done(format!("contract-{:016x}", fastrand::u64(..)).parse(), "a role for the contract")
}

fn worker() -> RabbitRole {
    RabbitRole::new()
        .tag("management")
        .vhost("/", VhostPermissions::new("^$", "orders-.*", "orders-.*"))
        .topic("/", "amq.topic", TopicPermissions::new("a", "b"))
}

/// Without an address, a user or a password there is none.
pub async fn a_connection_is_whole(rabbitmq: &RabbitMq, connection: &RabbitConnection) {
    let mut nameless = connection.clone().unverified();
    nameless.username = String::new();
    let mut addressless = connection.clone().unverified();
    addressless.address = String::new();
    let mut open = connection.clone().unverified();
    open.password = Secret::new("");
    for bad in [nameless, addressless, open] {
        refused(rabbitmq.configure(&bad).await, ErrorKind::InvalidRequest, "invalid_request");
    }
    done(rabbitmq.configure(connection).await, "configure");
}

/// It has a tag or a virtual host at least.
pub async fn a_role_comes_back_as_it_was_written(rabbitmq: &RabbitMq) {
    let name = fresh();
    refused(rabbitmq.read_role(&name).await, ErrorKind::NotFound, "not_found");
    done(rabbitmq.write_role(&name, &worker()).await, "write");
    assert_eq!(done(rabbitmq.read_role(&name).await, "read"), worker());
    assert!(done(rabbitmq.list_roles().await, "list").contains(&name.to_string()));
    let tagged = RabbitRole::new().tag("monitoring").tag("management");
    done(rabbitmq.write_role(&name, &tagged).await, "write again");
    assert_eq!(done(rabbitmq.read_role(&name).await, "read"), tagged);
    let nothing = rabbitmq.write_role(&name, &RabbitRole::new()).await;
    refused(nothing, ErrorKind::InvalidRequest, "invalid_request");
    for _ in 0..2 {
        done(rabbitmq.delete_role(&name).await, "delete");
    }
    refused(rabbitmq.read_role(&name).await, ErrorKind::NotFound, "not_found");
}

/// As those of databases do.
pub async fn users_live_as_long_as_their_lease(rabbitmq: &RabbitMq, doorman: &dyn Doorman) {
    let (role, ttl, max_ttl) = (fresh(), Duration::from_secs(2), Duration::from_secs(5));
    done(rabbitmq.configure_lease(ttl, max_ttl).await, "configure leases");
    done(rabbitmq.write_role(&role, &worker()).await, "write a role");
    dynamic::all(rabbitmq, &DynamicSetting { role: &role, ttl, max_ttl, database: doorman }).await;
    done(rabbitmq.delete_role(&role).await, "delete the role");
}
