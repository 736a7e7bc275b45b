//! Entities, groups and identity tokens against recorded answers.

use std::time::Duration;

use catalyst_core::ErrorKind;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer};
use crate::Secret;
use crate::identity::{
    EntityId, EntitySettings, GroupKind, GroupSettings, Introspection, Lookup, NewAlias, OidcAlgorithm,
    OidcKey, OidcRole,
};

fn id(text: &str) -> EntityId {
    text.parse().unwrap()
}

#[tokio::test]
async fn an_entity_is_read_with_its_aliases_and_groups() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/identity/entity/id/grouped", answer("identity-entity-read-grouped")).await;
    stub.on("GET", "/v1/identity/entity/name/ann", answer("identity-entity-read-by-name")).await;
    stub.on("GET", "/v1/identity/entity/name/nope", answer("identity-entity-missing-error")).await;
    stub.on("LIST", "/v1/identity/entity/id", answer("identity-entity-list")).await;
    stub.on("POST", "/v1/identity/lookup/entity", answer("identity-lookup-entity-alias-name")).await;
    let identity = stub.client().identity();
    let entity = identity.entity(&id("grouped")).await.unwrap().unwrap();
    assert_eq!((entity.name.as_str(), entity.direct_groups.len()), ("ann", 1));
    assert_eq!((entity.aliases[0].name.as_str(), entity.aliases[0].at.kind.as_str()), ("ann", "userpass"));
    assert!(entity.created_at.is_some() && entity.created_at <= entity.updated_at);
    let plain = identity.entity_named(&"ann".parse().unwrap()).await.unwrap().unwrap();
    assert!(EntitySettings::new().metadata("team", "shop").policies(["p", "default"]).is_met_by(&plain));
    assert!(identity.entity_named(&"nope".parse().unwrap()).await.unwrap().is_none());
    assert_eq!(identity.entities().await.unwrap().len(), 2);
    let by = Lookup::Alias { alias_name: "ann".to_owned(), alias_mount_accessor: "a".to_owned() };
    assert!(identity.look_up_entity(&by).await.unwrap().is_some());
    assert_eq!(stub.last_body().await, json!({ "alias_name": "ann", "alias_mount_accessor": "a" }));
}

#[tokio::test]
async fn one_that_is_written_has_an_identifier_also_where_the_server_says_nothing() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/identity/entity/name/new", answer("identity-entity-create-by-name")).await;
    stub.on("POST", "/v1/identity/entity/name/old", answer("identity-entity-update-by-name")).await;
    stub.on("GET", "/v1/identity/entity/name/old", answer("identity-entity-read")).await;
    stub.on("POST", "/v1/identity/group/name/new", answer("identity-group-create-by-name")).await;
    stub.on("POST", "/v1/identity/entity-alias", answer("identity-alias-create")).await;
    stub.on("POST", "/v1/identity/lookup/group", answer("identity-lookup-group-missing")).await;
    let identity = stub.client().identity();
    let settings = EntitySettings::new().metadata("a", "b");
    let new = identity.write_entity(&"new".parse().unwrap(), &settings).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "metadata": { "a": "b" }, "policies": [] }));
    let old = identity.write_entity(&"old".parse().unwrap(), &settings).await.unwrap();
    assert_ne!(new, old);
    let settings = GroupSettings::new().member_entities([new.clone()]);
    identity.write_group(&"new".parse().unwrap(), &settings).await.unwrap();
    let body =
        json!({ "type": "internal", "metadata": {}, "policies": [], "member_entity_ids": [new.as_str()] });
    assert_eq!(stub.last_body().await, body);
    identity.write_entity_alias(&NewAlias::new(&new, "ann", "acc")).await.unwrap();
    let body = json!({ "canonical_id": new.as_str(), "name": "ann", "mount_accessor": "acc", "custom_metadata": {} });
    assert_eq!(stub.last_body().await, body);
    let by = Lookup::Name { name: "nope".parse().unwrap() };
    assert!(identity.look_up_group(&by).await.unwrap().is_none());
}

#[tokio::test]
async fn groups_and_aliases_are_read_as_what_they_are() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/identity/group/id/g", answer("identity-group-read")).await;
    stub.on("GET", "/v1/identity/group/id/x", answer("identity-group-read-external")).await;
    stub.on("GET", "/v1/identity/group/name/nope", answer("identity-group-missing-error")).await;
    stub.on("LIST", "/v1/identity/group/id", answer("identity-group-list")).await;
    stub.on("GET", "/v1/identity/entity-alias/id/a", answer("identity-alias-read")).await;
    stub.on("GET", "/v1/identity/group-alias/id/a", answer("identity-group-alias-read")).await;
    stub.on("LIST", "/v1/identity/entity-alias/id", answer("identity-alias-list")).await;
    stub.on("LIST", "/v1/identity/group-alias/id", answer("identity-group-alias-list")).await;
    let identity = stub.client().identity();
    let group = identity.group(&"g".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(
        (group.kind, group.member_entities.len(), group.alias.is_none()),
        (GroupKind::Internal, 1, true)
    );
    let external = identity.group(&"x".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((external.kind, external.parents.len()), (GroupKind::External, 1));
    assert_eq!(external.alias.unwrap().name, "ext");
    assert!(identity.group_named(&"nope".parse().unwrap()).await.unwrap().is_none());
    assert_eq!(identity.groups().await.unwrap().len(), 2);
    let alias = identity.entity_alias(&"a".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((alias.custom_metadata["k"].as_str(), alias.at.path.as_str()), ("v", "auth/userpass/"));
    assert!(identity.group_alias(&"a".parse().unwrap()).await.unwrap().is_some());
    assert_eq!(identity.entity_aliases().await.unwrap().len(), 1);
    assert_eq!(identity.group_aliases().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_refused_says_why() {
    use ErrorKind::{Conflict, InvalidRequest, NotFound, PermissionDenied};
    let new = NewAlias::new(&id("e"), "ann", "acc");
    for (file, kind, code) in [
        ("identity-alias-bad-accessor-error", NotFound, "unknown_mount_accessor"),
        ("identity-alias-bad-entity-error", NotFound, "unknown_entity"),
        ("identity-alias-entity-missing-error", NotFound, "unknown_entity"),
        ("identity-alias-second-error", Conflict, "alias_exists"),
    ] {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/identity/entity-alias", answer(file)).await;
        let error = stub.client().identity().write_entity_alias(&new).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
    }
    for (file, kind, code) in [
        ("identity-group-bad-member-error", NotFound, "unknown_entity"),
        ("identity-group-bad-group-error", NotFound, "unknown_group"),
        ("identity-group-cycle-error", InvalidRequest, "invalid_request"),
        ("identity-group-deep-cycle-error", InvalidRequest, "invalid_request"),
        ("identity-group-type-error", InvalidRequest, "invalid_request"),
        ("identity-group-external-members-error", InvalidRequest, "invalid_request"),
    ] {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/identity/group/name/g", answer(file)).await;
        let error = stub
            .client()
            .identity()
            .write_group(&"g".parse().unwrap(), &GroupSettings::new())
            .await
            .unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
        assert!(!error.outcome_unknown(), "{file}");
    }
    for file in ["identity-merge-missing-error", "identity-merge-bad-target-error"] {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/identity/entity/merge", answer(file)).await;
        let error = stub.client().identity().merge_entities(&[id("a")], &id("b")).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (NotFound, Some("unknown_entity")), "{file}");
    }
    for (file, kind, code) in [
        ("identity-oidc-token-no-entity-error", InvalidRequest, "no_entity"),
        ("identity-oidc-token-missing-role-error", NotFound, "unknown_role"),
        ("identity-oidc-token-client-error", PermissionDenied, "client_not_allowed"),
    ] {
        let stub = Stub::start().await;
        stub.on("GET", "/v1/identity/oidc/token/r", answer(file)).await;
        let error = stub.client().identity().token(&"r".parse().unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
    }
    for (verb, at, file, kind, code) in [
        ("POST", "key/k/rotate", "identity-oidc-key-rotate-missing-error", NotFound, "key_not_found"),
        ("DELETE", "key/k", "identity-oidc-key-in-use-error", Conflict, "key_in_use"),
        ("POST", "role/k", "identity-oidc-role-missing-key-error", NotFound, "key_not_found"),
    ] {
        let stub = Stub::start().await;
        stub.on(verb, &format!("/v1/identity/oidc/{at}"), answer(file)).await;
        let (identity, key) = (stub.client().identity(), "k".parse().unwrap());
        let error = match verb {
            "DELETE" => identity.delete_oidc_key(&key).await,
            _ if at.starts_with("role") => {
                identity.write_oidc_role(&"k".parse().unwrap(), &OidcRole::new(&key)).await
            }
            _ => identity.rotate_oidc_key(&key, None).await,
        }
        .unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
    }
}

#[tokio::test]
async fn identity_tokens_are_secrets_and_their_keys_are_read() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/identity/oidc/token/r", answer("identity-oidc-token")).await;
    stub.on("GET", "/v1/identity/oidc/.well-known/keys", answer("identity-oidc-keys")).await;
    stub.on("GET", "/v1/identity/oidc/.well-known/openid-configuration", answer("identity-oidc-discovery"))
        .await;
    stub.on("GET", "/v1/identity/oidc/key/k", answer("identity-oidc-key-read")).await;
    stub.on("GET", "/v1/identity/oidc/role/r", answer("identity-oidc-role-read")).await;
    stub.on("GET", "/v1/identity/oidc/config", answer("identity-oidc-config-read")).await;
    stub.on("POST", "/v1/identity/oidc/config", answer("identity-oidc-config-write")).await;
    stub.on("POST", "/v1/identity/oidc/key/k/rotate", ResponseTemplate::new(204)).await;
    let identity = stub.client().identity();
    let token = identity.token(&"r".parse().unwrap()).await.unwrap();
    assert_eq!((token.client_id.as_str(), token.ttl), ("shop", Duration::from_secs(60)));
    assert!(!format!("{token:?}").contains(token.token.expose()));
    let keys = identity.jwks().await.unwrap();
    assert!(
        keys.iter().all(|key| key.alg == "ES256" && key.crv.as_deref() == Some("P-256") && key.y.is_some())
    );
    let again = serde_json::to_value(&keys[0]).unwrap();
    assert_eq!((again["use"].as_str(), again.get("n")), (Some("sig"), None));
    assert!(identity.discovery().await.unwrap().algorithms.contains(&"EdDSA".to_owned()));
    let key = identity.oidc_key(&"k".parse().unwrap()).await.unwrap().unwrap();
    let hour = Duration::from_secs(3600);
    let wanted =
        OidcKey::new(OidcAlgorithm::Es256).rotation_period(hour).verification_ttl(2 * hour).allow_client("*");
    assert_eq!(key, wanted);
    let role = identity.oidc_role(&"r".parse().unwrap()).await.unwrap().unwrap();
    assert!(OidcRole::new(&"k".parse().unwrap()).client_id("shop").is_met_by(&role));
    assert_eq!(identity.oidc_issuer().await.unwrap().as_deref(), Some("https://bao.example.test:8200"));
    identity.set_oidc_issuer(None).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "issuer": "" }));
    identity.rotate_oidc_key(&"k".parse().unwrap(), Some(Duration::from_secs(60))).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "verification_ttl": 60 }));
}

#[tokio::test]
async fn a_token_that_is_not_good_is_no_error() {
    for (file, active) in [
        ("identity-oidc-introspect", true),
        ("identity-oidc-introspect-client", true),
        ("identity-oidc-introspect-wrong-client", false),
        ("identity-oidc-introspect-bad", false),
        ("identity-oidc-introspect-nonsense", false),
        ("identity-oidc-introspect-disabled", false),
    ] {
        let stub = Stub::start().await;
        stub.on("POST", "/v1/identity/oidc/introspect", answer(file)).await;
        let said = stub.client().identity().introspect(&Secret::new("t"), Some("shop")).await.unwrap();
        assert_eq!(said == Introspection::Active, active, "{file}");
        assert_eq!(stub.last_body().await, json!({ "token": "t", "client_id": "shop" }));
    }
}
