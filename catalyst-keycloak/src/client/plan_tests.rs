//! The planner against a model of how the server merges updates.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::plan::{Patch, converge, create};
use super::representation::Representation;
use super::{Authentication, ClientSpec, Profile};
use crate::Error;
use crate::jose::{Algorithm, SigningKey};

fn spec() -> ClientSpec {
    ClientSpec::new("wordpress".parse().unwrap(), "acme/prod/wordpress".parse().unwrap())
        .redirect_uri("https://blog.test/cb".parse().unwrap())
}

fn read(client: &Value) -> Representation {
    serde_json::from_value(client.clone()).unwrap()
}

/// What the server does with an update: fields and attributes are merged, mappers are replaced, an attribute that is
/// set to nothing goes.
fn merge(client: &mut Value, patch: &Patch) {
    for (name, value) in &patch.body {
        if name == "attributes" {
            for (key, value) in value.as_object().unwrap() {
                match value.as_str().unwrap() {
                    "" => drop(client["attributes"].as_object_mut().unwrap().remove(key)),
                    text => client["attributes"][key] = json!(text),
                }
            }
        } else {
            client[name] = value.clone();
        }
    }
}

/// A client as the server keeps it: with a secret, and with settings that we know nothing of.
fn stored(spec: &ClientSpec) -> Value {
    let mut client = Value::Object(create(spec).unwrap());
    client["id"] = json!("7554b165");
    client["secret"] = json!("canary-secret");
    client["surrogateAuthRequired"] = json!(false);
    client["nodeReRegistrationTimeout"] = json!(-1);
    client["attributes"]["realm_client"] = json!("false");
    client["attributes"]["client.secret.rotated"] = json!("canary-rotated");
    client["protocolMappers"].as_array_mut().unwrap().push(json!({
        "id": "1", "name": "tenant", "protocol": "openid-connect",
        "protocolMapper": "oidc-hardcoded-claim-mapper", "config": {"claim.name": "tenant"}
    }));
    client
}

fn patch(spec: &ClientSpec, client: &Value) -> Result<Option<Patch>, Error> {
    converge(spec, &read(client), false)
}

#[test]
fn what_was_created_needs_no_update() {
    let client = stored(&spec());
    assert!(patch(&spec(), &client).unwrap().is_none());
}

#[test]
fn drift_is_told_and_mended_with_the_fields_that_differ() {
    let mut client = stored(&spec());
    client["redirectUris"] = json!(["https://blog.test/cb", "https://evil.test/*"]);
    client["directAccessGrantsEnabled"] = json!(true);
    client["attributes"].as_object_mut().unwrap().remove("pkce.code.challenge.method");
    client["protocolMappers"].as_array_mut().unwrap().remove(0);
    let mended = patch(&spec(), &client).unwrap().unwrap();
    let fields: Vec<_> = mended.body.keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        ["attributes", "clientId", "directAccessGrantsEnabled", "protocolMappers", "redirectUris"]
    );
    assert_eq!(mended.body["attributes"], json!({"pkce.code.challenge.method": "S256"}));
    assert_eq!(mended.changes.len(), 4, "{:?}", mended.changes);
    assert!(mended.changes.iter().any(|change| change.contains("evil.test")));
    let names: Vec<_> =
        mended.body["protocolMappers"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["tenant", "catalyst: audience wordpress"], "a foreign mapper stays");
    merge(&mut client, &mended);
    assert!(patch(&spec(), &client).unwrap().is_none());
}

#[test]
fn another_owner_and_none_are_refused() {
    let mut client = stored(&spec());
    client["attributes"]["catalyst.owner"] = json!("other/prod/blog");
    let error = patch(&spec(), &client).unwrap_err();
    assert_eq!(error.code(), Some("not_owned"));
    assert!(error.to_string().contains("other/prod/blog"), "{error}");
    client["attributes"].as_object_mut().unwrap().remove("catalyst.owner");
    assert!(patch(&spec(), &client).unwrap_err().to_string().contains("catalyst.owner"));
    let adopted = converge(&spec(), &read(&client), true).unwrap().unwrap();
    assert_eq!(adopted.body["attributes"]["catalyst.owner"], "acme/prod/wordpress");
}

#[test]
fn declarations_that_contradict_themselves_are_refused_before_anything_is_asked() {
    let id = || "app".parse().unwrap();
    let owner = || "acme/prod/app".parse().unwrap();
    let empty = ClientSpec::new(id(), owner());
    let public_service = spec().authentication(Authentication::Public).service_account(true);
    let fapi_with_secret = spec().profile(Profile::Fapi2);
    let rsa = SigningKey::generate(Algorithm::Rs256).unwrap().public_set();
    let fapi_with_rs256 = spec().profile(Profile::Fapi2).authentication(Authentication::PrivateKeyJwt(rsa));
    for bad in [empty, public_service, fapi_with_secret, fapi_with_rs256] {
        assert_eq!(create(&bad).unwrap_err().code(), Some("invalid_spec"));
    }
}

#[test]
fn a_fapi_client_is_sender_constrained_and_pushes_its_requests() {
    let keys = SigningKey::generate(Algorithm::Es256).unwrap().public_set();
    let fapi = spec().profile(Profile::Fapi2).authentication(Authentication::PrivateKeyJwt(keys));
    let client = create(&fapi).unwrap();
    let attributes = &client["attributes"];
    assert_eq!(attributes["dpop.bound.access.tokens"], "true");
    assert_eq!(attributes["require.pushed.authorization.requests"], "true");
    assert_eq!(attributes["access.token.signed.response.alg"], "PS256");
    assert_eq!(client["fullScopeAllowed"], false);
    // Back to the standard profile: what the profile set goes again.
    let mut stored = Value::Object(client);
    let standard = patch(&spec(), &stored).unwrap().unwrap();
    merge(&mut stored, &standard);
    assert!(stored["attributes"].get("dpop.bound.access.tokens").is_none());
    assert!(stored["attributes"].get("jwks.string").is_none());
}

fn specs() -> impl Strategy<Value = ClientSpec> {
    let federated =
        Authentication::Federated { issuer: "spire".into(), subject: "spiffe://x/ns/a/sa/b".into() };
    let how = prop_oneof![
        Just(Authentication::Secret),
        Just(Authentication::MutualTls { subject: "CN=app".into() }),
        Just(federated),
    ];
    let roles = prop::collection::btree_set("[a-z]{1,5}", 0..3);
    let audiences = prop::collection::btree_set("[a-z]{1,5}", 0..3);
    let uris = prop::collection::btree_set("[a-z]{1,5}", 1..3);
    (how, roles, audiences, uris, any::<(bool, bool)>(), prop::option::of("[a-z ]{0,9}")).prop_map(
        |(how, roles, audiences, uris, (account, exchange), name)| {
            let mut spec = spec().authentication(how).service_account(account).token_exchange(exchange);
            spec = roles.into_iter().fold(spec, ClientSpec::role);
            spec = audiences.into_iter().fold(spec, ClientSpec::audience);
            let uri = |path: String| format!("https://blog.test/{path}").parse().unwrap();
            spec = uris.into_iter().fold(spec, |spec, path| spec.redirect_uri(uri(path)));
            match name {
                Some(name) => spec.name(name),
                None => spec,
            }
        },
    )
}

proptest! {
    #[test]
    fn one_update_leads_from_any_declaration_to_any_other(before in specs(), after in specs()) {
        let mut client = stored(&before);
        let unknown = |client: &Value| {
            (client["nodeReRegistrationTimeout"].clone(), client["attributes"]["realm_client"].clone())
        };
        let kept = unknown(&client);
        if let Some(update) = patch(&after, &client).unwrap() {
            let text = Value::Object(update.body.clone()).to_string();
            prop_assert!(!text.contains("canary"), "an update carries a secret");
            let shown = format!("{update:?}");
            prop_assert!(!shown.contains("canary"));
            merge(&mut client, &update);
        }
        prop_assert!(patch(&after, &client).unwrap().is_none());
        prop_assert_eq!(unknown(&client), kept);
        prop_assert_eq!(&client["secret"], "canary-secret");
        let foreign = client["protocolMappers"].as_array().unwrap().iter().any(|it| it["name"] == "tenant");
        prop_assert!(foreign);
    }

    #[test]
    fn no_answer_of_the_server_breaks_the_planner(text in ".{0,200}") {
        let mut fields = Map::new();
        fields.insert("clientId".into(), json!("wordpress"));
        fields.insert("attributes".into(), json!({ "catalyst.owner": "acme/prod/wordpress", "x": text }));
        fields.insert("redirectUris".into(), json!(text));
        if let Ok(client) = serde_json::from_value(Value::Object(fields)) {
            prop_assert!(converge(&spec(), &client, false).is_ok());
        }
    }
}
