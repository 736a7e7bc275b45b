//! Entities, aliases, groups, and identity tokens.

use std::time::Duration;

use catalyst_core::{ErrorKind, Secret};

use super::{done, refused};
use crate::auth_method::AuthMethodType;
use crate::identity::{
    AliasId, EntityId, EntitySettings, GroupKind, GroupSettings, IdentityName, Introspection, Lookup,
    NewAlias, OidcAlgorithm, OidcKey, OidcRole,
};
use crate::system::MountSettings;
use crate::{KeyName, Mount, OpenBao, RoleName};

/// All checks but those of tokens, for which the client's token must be of a login.
pub async fn all(bao: &OpenBao) {
    an_entity_is_what_was_said_of_it(bao).await;
    an_alias_is_one_name_at_one_login_method(bao).await;
    a_group_has_members_and_no_circles(bao).await;
    merged_entities_are_one(bao).await;
    a_key_and_a_role_come_back_as_they_were_written(bao).await;
}

fn fresh<T: std::str::FromStr<Err = catalyst_core::Error>>() -> T {
    done(format!("contract-{:016x}", fastrand::u64(..)).parse(), "a name for the contract")
}

async fn entity(bao: &OpenBao) -> EntityId {
    done(bao.identity().write_entity(&fresh(), &EntitySettings::new()).await, "write an entity")
}

/// A login method of its own, and its accessor.
async fn login_method(bao: &OpenBao) -> (Mount, String) {
    let mount: Mount = fresh();
    let kind = AuthMethodType::Userpass;
    done(bao.system().enable_auth(&mount, &kind, &MountSettings::new()).await, "enable a login method");
    let found = done(bao.system().auth_method(&mount).await, "read it");
    let Some(found) = found else { panic!("{mount} is not there") };
    (mount, found.accessor)
}

/// What is written again replaces it, and its identifier stays.
pub async fn an_entity_is_what_was_said_of_it(bao: &OpenBao) {
    let (identity, name) = (bao.identity(), fresh::<IdentityName>());
    assert!(done(identity.entity_named(&name).await, "read one that is not there").is_none());
    let settings = EntitySettings::new().metadata("team", "shop").policies(["default", "p"]);
    let id = done(identity.write_entity(&name, &settings).await, "write");
    let found = done(identity.entity(&id).await, "read");
    let Some(found) = found else { panic!("{id} is not there") };
    assert!(settings.is_met_by(&found) && !found.disabled, "{found:?}");
    assert_eq!((&found.name, &found.id), (&name, &id));
    assert!(found.created_at.is_some() && found.aliases.is_empty());

    let other = EntitySettings::new().metadata("team", "other").disabled(true);
    assert_eq!(done(identity.write_entity(&name, &other).await, "write again"), id);
    let found = done(identity.entity_named(&name).await, "read by name");
    assert!(
        found.as_ref().is_some_and(|found| other.is_met_by(found) && !settings.is_met_by(found)),
        "{found:?}"
    );
    for by in [Lookup::Id { id: id.clone() }, Lookup::Name { name: name.clone() }] {
        let found = done(identity.look_up_entity(&by).await, "look up");
        assert_eq!(found.map(|found| found.id), Some(id.clone()));
    }
    assert!(done(identity.look_up_entity(&Lookup::Name { name: fresh() }).await, "look up").is_none());
    assert!(
        done(identity.entities().await, "list").iter().any(|listed| listed.id == id && listed.name == name)
    );
    for _ in 0..2 {
        done(identity.delete_entity(&id).await, "delete");
    }
    assert!(done(identity.entity(&id).await, "read the deleted").is_none());
}

/// Twice the same is one, another one is refused, and it goes with its entity.
pub async fn an_alias_is_one_name_at_one_login_method(bao: &OpenBao) {
    let (identity, id) = (bao.identity(), entity(bao).await);
    let (mount, accessor) = login_method(bao).await;
    let new = NewAlias::new(&id, "ann", &accessor).custom_metadata("k", "v");
    let alias = done(identity.write_entity_alias(&new).await, "write an alias");
    assert_eq!(done(identity.write_entity_alias(&new).await, "write it again"), alias);
    let found = done(identity.entity_alias(&alias).await, "read it");
    let Some(found) = found else { panic!("{alias} is not there") };
    assert_eq!((found.name.as_str(), found.canonical_id.as_str()), ("ann", id.as_str()));
    assert_eq!((&found.at.accessor, found.at.path), (&accessor, format!("auth/{mount}/")));
    assert_eq!(found.custom_metadata.get("k").map(String::as_str), Some("v"));
    assert!(done(identity.entity_aliases().await, "list").contains(&alias));
    let by = Lookup::Alias { alias_name: "ann".to_owned(), alias_mount_accessor: accessor.clone() };
    assert_eq!(done(identity.look_up_entity(&by).await, "look up").map(|found| found.id), Some(id.clone()));
    let by = Lookup::AliasId { alias_id: alias.clone() };
    assert_eq!(done(identity.look_up_entity(&by).await, "look up").map(|found| found.id), Some(id.clone()));

    let second = NewAlias::new(&id, "second", &accessor);
    refused(identity.write_entity_alias(&second).await, ErrorKind::Conflict, "alias_exists");
    let nowhere = NewAlias::new(&id, "ann", "nowhere");
    refused(identity.write_entity_alias(&nowhere).await, ErrorKind::NotFound, "unknown_mount_accessor");
    let nobody = NewAlias::new(&fresh::<EntityId>(), "nobody", &accessor);
    refused(identity.write_entity_alias(&nobody).await, ErrorKind::NotFound, "unknown_entity");

    let external =
        done(identity.write_group(&fresh(), &GroupSettings::external()).await, "an external group");
    let internal = done(identity.write_group(&fresh(), &GroupSettings::new()).await, "an internal group");
    let new = NewAlias::new(&external, "admins", &accessor);
    let of_group: AliasId = done(identity.write_group_alias(&new).await, "write an alias of a group");
    assert!(done(identity.group_alias(&of_group).await, "read it").is_some());
    assert!(done(identity.group_aliases().await, "list").contains(&of_group));
    let group = done(identity.group(&external).await, "read the group");
    let shown = group.and_then(|group| group.alias).map(|alias| alias.name);
    assert_eq!(shown.as_deref(), Some("admins"));
    let wrong = identity.write_group_alias(&NewAlias::new(&internal, "admins", &accessor)).await;
    refused(wrong, ErrorKind::InvalidRequest, "invalid_request");
    for _ in 0..2 {
        done(identity.delete_group_alias(&of_group).await, "delete");
    }
    for group in [external, internal] {
        done(identity.delete_group(&group).await, "delete");
    }
    done(identity.delete_entity(&id).await, "delete");
    assert!(done(identity.entity_alias(&alias).await, "read the alias of one that is gone").is_none());
    done(identity.delete_entity_alias(&alias).await, "delete it");
    done(bao.system().disable_auth(&mount).await, "disable the login method");
}

/// Members of members count.
pub async fn a_group_has_members_and_no_circles(bao: &OpenBao) {
    let (identity, id) = (bao.identity(), entity(bao).await);
    let (inner_name, outer_name) = (fresh::<IdentityName>(), fresh::<IdentityName>());
    let settings = GroupSettings::new().metadata("a", "b").policies(["p"]).member_entities([id.clone()]);
    let inner = done(identity.write_group(&inner_name, &settings).await, "write a group");
    let above = GroupSettings::new().member_groups([inner.clone()]);
    let outer = done(identity.write_group(&outer_name, &above).await, "write one above");
    let found = done(identity.group(&inner).await, "read");
    let Some(found) = found else { panic!("{inner} is not there") };
    assert!(settings.is_met_by(&found) && found.alias.is_none(), "{found:?}");
    assert_eq!((found.kind, found.parents), (GroupKind::Internal, vec![outer.clone()]));
    let member = done(identity.entity(&id).await, "read the member");
    let groups = member.map(|member| (member.direct_groups, member.inherited_groups));
    assert_eq!(groups, Some((vec![inner.clone()], vec![outer.clone()])));

    // What is not said of members leaves them alone.
    let same =
        done(identity.write_group(&inner_name, &GroupSettings::new().policies(["q"])).await, "write again");
    assert_eq!(same, inner);
    let found = done(identity.group_named(&inner_name).await, "read by name");
    assert!(found.is_some_and(|found| found.member_entities == [id.clone()] && found.policies == ["q"]));
    let by = Lookup::Name { name: outer_name.clone() };
    assert_eq!(done(identity.look_up_group(&by).await, "look up").map(|found| found.id), Some(outer.clone()));
    assert!(done(identity.groups().await, "list").iter().any(|listed| listed.id == outer));

    for (settings, kind, code) in [
        (GroupSettings::new().member_groups([outer.clone()]), ErrorKind::InvalidRequest, "invalid_request"),
        (GroupSettings::new().member_groups([inner.clone()]), ErrorKind::InvalidRequest, "invalid_request"),
        (GroupSettings::external(), ErrorKind::InvalidRequest, "invalid_request"),
        (GroupSettings::new().member_entities([fresh()]), ErrorKind::NotFound, "unknown_entity"),
        (GroupSettings::new().member_groups([fresh()]), ErrorKind::NotFound, "unknown_group"),
    ] {
        refused(identity.write_group(&inner_name, &settings).await, kind, code);
    }
    done(identity.delete_entity(&id).await, "delete the member");
    let found = done(identity.group(&inner).await, "read");
    assert!(found.is_some_and(|found| found.member_entities.is_empty()));
    for group in [&inner, &outer, &outer] {
        done(identity.delete_group(group).await, "delete");
    }
}

/// The aliases and groups of the others are the first one's.
pub async fn merged_entities_are_one(bao: &OpenBao) {
    let (identity, into, from) = (bao.identity(), entity(bao).await, entity(bao).await);
    let (mount, accessor) = login_method(bao).await;
    let new = NewAlias::new(&from, "ann", &accessor);
    let alias = done(identity.write_entity_alias(&new).await, "write an alias");
    let merged = identity.merge_entities(std::slice::from_ref(&from), &into).await;
    done(merged, "merge");
    assert!(done(identity.entity(&from).await, "read the merged").is_none());
    let found = done(identity.entity(&into).await, "read the one that is left");
    let Some(found) = found else { panic!("{into} is not there") };
    assert_eq!(found.merged, std::slice::from_ref(&from));
    assert_eq!(found.aliases.first().map(|alias| alias.id.clone()), Some(alias));
    let again = identity.merge_entities(&[from], &into).await;
    refused(again, ErrorKind::NotFound, "unknown_entity");
    done(identity.delete_entity(&into).await, "delete");
    done(bao.system().disable_auth(&mount).await, "disable the login method");
}

/// A key cannot go while a role names it.
pub async fn a_key_and_a_role_come_back_as_they_were_written(bao: &OpenBao) {
    let (identity, key_name, role_name) = (bao.identity(), fresh::<KeyName>(), fresh::<RoleName>());
    let hour = Duration::from_secs(3600);
    let key =
        OidcKey::new(OidcAlgorithm::Es256).rotation_period(hour).verification_ttl(2 * hour).allow_client("c");
    assert!(done(identity.oidc_key(&key_name).await, "read a key that is not there").is_none());
    done(identity.write_oidc_key(&key_name, &key).await, "write a key");
    let found = done(identity.oidc_key(&key_name).await, "read it");
    assert!(found.as_ref().is_some_and(|found| key.is_met_by(found)), "{found:?}");
    let keys = done(identity.oidc_keys().await, "list");
    assert!(keys.contains(&key_name.to_string()) && keys.contains(&"default".to_owned()));
    let long = key.clone().verification_ttl(11 * hour);
    refused(identity.write_oidc_key(&key_name, &long).await, ErrorKind::InvalidRequest, "invalid_request");
    done(identity.rotate_oidc_key(&key_name, Some(hour)).await, "rotate");
    done(identity.rotate_oidc_key(&key_name, None).await, "rotate");
    refused(identity.rotate_oidc_key(&fresh(), None).await, ErrorKind::NotFound, "key_not_found");

    let role =
        OidcRole::new(&key_name).client_id("c").ttl(hour).template(r#"{"a": {{identity.entity.name}}}"#);
    done(identity.write_oidc_role(&role_name, &role).await, "write a role");
    let found = done(identity.oidc_role(&role_name).await, "read it");
    assert!(found.as_ref().is_some_and(|found| role.is_met_by(found)), "{found:?}");
    assert!(done(identity.oidc_roles().await, "list").contains(&role_name.to_string()));
    let of_no_key = OidcRole::new(&fresh());
    refused(identity.write_oidc_role(&fresh(), &of_no_key).await, ErrorKind::NotFound, "key_not_found");
    for bad in [role.clone().ttl(3 * hour), role.clone().template("{{")] {
        let refusal = identity.write_oidc_role(&role_name, &bad).await;
        refused(refusal, ErrorKind::InvalidRequest, "invalid_request");
    }
    refused(identity.delete_oidc_key(&key_name).await, ErrorKind::Conflict, "key_in_use");
    done(identity.delete_oidc_role(&role_name).await, "delete the role");
    assert!(done(identity.oidc_role(&role_name).await, "read the deleted role").is_none());
    for _ in 0..2 {
        done(identity.delete_oidc_key(&key_name).await, "delete the key");
    }
}

/// It is good for its audience, and can be checked with the published keys. `loginless` has a token of no login.
pub async fn a_token_says_who_the_caller_is(bao: &OpenBao, loginless: &OpenBao) {
    let (identity, key_name, role_name) = (bao.identity(), fresh::<KeyName>(), fresh::<RoleName>());
    let key = OidcKey::new(OidcAlgorithm::EdDsa).allow_client("*");
    done(identity.write_oidc_key(&key_name, &key).await, "write a key");
    let role = OidcRole::new(&key_name).client_id("shop").ttl(Duration::from_secs(60));
    done(identity.write_oidc_role(&role_name, &role).await, "write a role");
    done(identity.set_oidc_issuer(Some("https://bao.example.test:8200")).await, "set the issuer");
    assert_eq!(
        done(identity.oidc_issuer().await, "read it").as_deref(),
        Some("https://bao.example.test:8200")
    );
    let bad = identity.set_oidc_issuer(Some("https://bao.example.test/path")).await;
    refused(bad, ErrorKind::InvalidRequest, "invalid_request");
    let discovery = done(identity.discovery().await, "discover");
    assert_eq!(discovery.issuer, "https://bao.example.test:8200/v1/identity/oidc");
    assert_eq!(discovery.jwks_uri, format!("{}/.well-known/keys", discovery.issuer));

    let token = done(identity.token(&role_name).await, "issue");
    assert_eq!((token.client_id.as_str(), token.ttl), ("shop", Duration::from_secs(60)));
    assert_eq!(token.token.expose().split('.').count(), 3);
    assert!(!format!("{token:?}").contains(token.token.expose()));
    for (client, active) in [(None, true), (Some("shop"), true), (Some("other"), false)] {
        let said = done(identity.introspect(&token.token, client).await, "introspect");
        assert_eq!(said == Introspection::Active, active, "{client:?} {said:?}");
    }
    let forged = format!("{}AAAA", &token.token.expose()[..token.token.expose().len() - 4]);
    for bad in [forged.as_str(), "nonsense", ""] {
        let said = done(identity.introspect(&Secret::new(bad), None).await, "introspect");
        assert!(matches!(said, Introspection::Inactive(ref why) if !why.is_empty()), "{said:?}");
    }
    done(identity.rotate_oidc_key(&key_name, None).await, "rotate");
    let said = done(identity.introspect(&token.token, None).await, "introspect after a rotation");
    assert_eq!(said, Introspection::Active);
    let published = done(identity.jwks().await, "read the keys");
    let ours = published.iter().filter(|key| key.kty == "OKP" && key.x.is_some()).count();
    assert!(ours >= 2, "{published:?}");

    refused(identity.token(&fresh()).await, ErrorKind::NotFound, "unknown_role");
    refused(loginless.identity().token(&role_name).await, ErrorKind::InvalidRequest, "no_entity");
    let strict = OidcKey::new(OidcAlgorithm::EdDsa).allow_client("other");
    done(identity.write_oidc_key(&key_name, &strict).await, "allow another client only");
    refused(identity.token(&role_name).await, ErrorKind::PermissionDenied, "client_not_allowed");
    done(identity.set_oidc_issuer(None).await, "set the issuer back");
    assert!(done(identity.oidc_issuer().await, "read it").is_none());
    done(identity.delete_oidc_role(&role_name).await, "delete the role");
    done(identity.delete_oidc_key(&key_name).await, "delete the key");
}
