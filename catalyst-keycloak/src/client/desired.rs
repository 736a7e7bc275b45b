//! What a declaration means in the server's terms: the fields that we own, and no others.

use std::collections::{BTreeMap, BTreeSet};

use catalyst_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::representation::Mapper;
use super::{Authentication, ClientSpec, Profile, attribute};
use crate::refusal::SERVICE;

/// Names of our mappers begin with this; others are left alone.
pub(crate) const MAPPER_PREFIX: &str = "catalyst: ";

/// The fields of a client that a declaration settles.
#[derive(Debug)]
pub(crate) struct Desired {
    /// Fields of the representation. Lists are sets.
    pub(crate) fields: Map<String, Value>,
    /// Attributes; an empty text stands for one that must not be there.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) mappers: Vec<Mapper>,
}

impl Desired {
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if the declaration contradicts itself.
    pub(crate) fn of(spec: &ClientSpec) -> Result<Self> {
        check(spec)?;
        Ok(Self { fields: fields(spec), attributes: attributes(spec)?, mappers: mappers(spec) })
    }
}

fn check(spec: &ClientSpec) -> Result<()> {
    let bad = |help: &str| {
        Err(Error::new(ErrorKind::InvalidRequest, "plan client")
            .with_service(SERVICE)
            .with_target(spec.id.as_str())
            .with_code("invalid_spec")
            .with_help(help))
    };
    if spec.login && spec.redirect_uris.is_empty() {
        return bad("a client that users log in through needs a redirect URI; or declare login(false)");
    }
    if !spec.login && !spec.service_account && spec.authentication == Authentication::Public {
        return bad("a public client without logins can do nothing");
    }
    if spec.service_account && spec.authentication == Authentication::Public {
        return bad("a public client has no tokens of its own: anybody could ask for them");
    }
    if !spec.default_scopes.is_disjoint(&spec.optional_scopes) {
        return bad("a scope is either granted always or when asked for, not both");
    }
    match (&spec.authentication, spec.profile) {
        (Authentication::Secret | Authentication::Public, Profile::Fapi2) => {
            bad("FAPI 2.0 knows no stored secret: use private_key_jwt, mutual TLS or a federated identity")
        }
        (Authentication::PrivateKeyJwt(keys), _) if keys.keys.is_empty() => {
            bad("private_key_jwt needs a public key")
        }
        (Authentication::PrivateKeyJwt(keys), Profile::Fapi2)
            if keys
                .keys
                .iter()
                .any(|key| !matches!(key.alg.as_deref(), Some("PS256" | "ES256" | "EdDSA"))) =>
        {
            bad("FAPI 2.0 allows the algorithms PS256, ES256 and EdDSA, named in each key")
        }
        (Authentication::MutualTls { subject }, _) if subject.trim().is_empty() => {
            bad("mutual TLS needs the subject of the certificate")
        }
        (Authentication::Federated { issuer, subject }, _)
            if issuer.is_empty() || subject.is_empty() || subject.contains(['"', '\\']) =>
        {
            bad("a federated client needs the alias of its issuer, and a subject without quotes")
        }
        _ => Ok(()),
    }
}

fn fields(spec: &ClientSpec) -> Map<String, Value> {
    let texts = |set: &BTreeSet<crate::RedirectUri>| -> Vec<String> {
        set.iter().map(|uri| uri.as_str().to_owned()).collect()
    };
    let web_origins: Vec<_> = match (spec.web_origins.is_empty(), spec.login) {
        (false, _) => spec.web_origins.iter().cloned().collect(),
        (true, true) => vec!["+".to_owned()],
        (true, false) => Vec::new(),
    };
    let fapi = spec.profile == Profile::Fapi2;
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| fields.insert(name.into(), value);
    set("clientId", json!(spec.id.as_str()));
    set("protocol", json!("openid-connect"));
    set("publicClient", json!(spec.authentication == Authentication::Public));
    set("bearerOnly", json!(false));
    set("clientAuthenticatorType", json!(authenticator(&spec.authentication)));
    set("standardFlowEnabled", json!(spec.login));
    set("implicitFlowEnabled", json!(false));
    set("directAccessGrantsEnabled", json!(false));
    set("serviceAccountsEnabled", json!(spec.service_account));
    set("fullScopeAllowed", json!(!fapi));
    set("redirectUris", json!(texts(&spec.redirect_uris)));
    set("webOrigins", json!(web_origins));
    if fapi {
        set("consentRequired", json!(true));
    }
    if let Some(name) = &spec.name {
        set("name", json!(name));
    }
    if let Some(text) = &spec.description {
        set("description", json!(text));
    }
    fields
}

fn authenticator(authentication: &Authentication) -> &'static str {
    match authentication {
        Authentication::Secret | Authentication::Public => "client-secret",
        Authentication::PrivateKeyJwt(_) => "client-jwt",
        Authentication::MutualTls { .. } => "client-x509",
        Authentication::Federated { .. } => "federated-jwt",
    }
}

fn attributes(spec: &ClientSpec) -> Result<BTreeMap<String, String>> {
    use attribute as name;
    let mut attributes = spec.attributes.clone();
    let mut set = |key: &str, value: Option<String>| attributes.insert(key.into(), value.unwrap_or_default());
    let when = |on: bool| on.then(|| "true".to_owned());
    let joined = |uris: &BTreeSet<crate::RedirectUri>| {
        let texts: Vec<_> = uris.iter().map(crate::RedirectUri::as_str).collect();
        if texts.is_empty() { "+".to_owned() } else { texts.join("##") }
    };
    let (fapi, login) = (spec.profile == Profile::Fapi2, spec.login);
    let roles: Vec<_> = spec.roles.iter().map(String::as_str).collect();
    set(name::OWNER, Some(spec.owner.as_str().into()));
    set(name::ROLES, (!roles.is_empty()).then(|| roles.join("##")));
    set(name::PROFILE, fapi.then(|| name::FAPI2.into()));
    set(name::PKCE, login.then(|| "S256".into()));
    set(name::POST_LOGOUT, login.then(|| joined(&spec.post_logout_redirect_uris)));
    let logout = spec.back_channel_logout.as_ref();
    set(name::BACK_CHANNEL_LOGOUT, logout.map(|uri| uri.as_str().into()));
    if logout.is_some() {
        set(name::BACK_CHANNEL_SESSION, when(true));
    }
    set(name::TOKEN_EXCHANGE, when(spec.token_exchange));

    let (mut jwks, mut algorithm) = (None, None);
    let (mut subject_dn, mut issuer, mut subject) = (None, None, None);
    match &spec.authentication {
        Authentication::Secret | Authentication::Public => {}
        Authentication::PrivateKeyJwt(keys) => {
            jwks =
                Some(serde_json::to_string(keys).map_err(|error| {
                    Error::new(ErrorKind::InvalidRequest, "plan client").with_source(error)
                })?);
            algorithm = keys.keys.first().and_then(|key| key.alg.clone());
        }
        Authentication::MutualTls { subject } => subject_dn = Some(subject.clone()),
        Authentication::Federated { issuer: alias, subject: who } => {
            (issuer, subject) = (Some(alias.clone()), Some(who.clone()));
        }
    }
    set(name::USE_JWKS, when(jwks.is_some()));
    set(name::JWKS, jwks);
    set(name::ASSERTION_ALGORITHM, algorithm);
    if subject_dn.is_some() {
        set(name::SUBJECT_DN_PATTERN, Some("false".into()));
    }
    set(name::SUBJECT_DN, subject_dn);
    set(name::FEDERATED_ISSUER, issuer);
    set(name::FEDERATED_SUBJECT, subject);

    let mtls = matches!(spec.authentication, Authentication::MutualTls { .. });
    set(name::MTLS_BOUND, when(fapi && mtls));
    set(name::DPOP_BOUND, when(fapi && !mtls));
    set(name::PUSHED, when(fapi && login));
    set(name::ACCESS_TOKEN_ALGORITHM, fapi.then(|| "PS256".into()));
    set(name::ID_TOKEN_ALGORITHM, fapi.then(|| "PS256".into()));
    Ok(attributes)
}

fn mappers(spec: &ClientSpec) -> Vec<Mapper> {
    let mapper = |name: String, kind: &str, config: &[(&str, &str)]| Mapper {
        name: format!("{MAPPER_PREFIX}{name}"),
        protocol: "openid-connect".into(),
        kind: kind.into(),
        config: config.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        rest: Map::new(),
    };
    let own = ("included.client.audience", spec.id.as_str());
    // A foreign audience is a text: it may be a service that is no client of this realm.
    let others = spec.audiences.iter().filter(|audience| audience.as_str() != spec.id.as_str());
    let others = others.map(|audience| ("included.custom.audience", audience.as_str()));
    let mut mappers: Vec<_> = std::iter::once(own)
        .chain(others)
        .map(|(key, audience)| {
            let config = [
                (key, audience),
                ("access.token.claim", "true"),
                ("introspection.token.claim", "true"),
                ("id.token.claim", "false"),
            ];
            mapper(format!("audience {audience}"), "oidc-audience-mapper", &config)
        })
        .collect();
    if !spec.roles.is_empty() {
        let config = [
            ("usermodel.clientRoleMapping.clientId", spec.id.as_str()),
            ("claim.name", "resource_access.${client_id}.roles"),
            ("jsonType.label", "String"),
            ("multivalued", "true"),
            ("access.token.claim", "true"),
            ("id.token.claim", "true"),
            ("introspection.token.claim", "true"),
        ];
        mappers.push(mapper("client roles".into(), "oidc-usermodel-client-role-mapper", &config));
    }
    mappers
}
