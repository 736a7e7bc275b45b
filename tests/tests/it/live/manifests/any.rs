//! Every manifest that the builders can make.

use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_sdk::Error;
use catalyst_sdk::manifest::{
    ApiVersion, Auth, CaBundle, CaSource, ClusterSecretStore, CreationPolicy, Decoding, DeletionPolicy,
    ExternalSecret, ExternalSecretBuilder, JwtSource, KvVersion, Labels, NamespaceName, Provider,
    PushDeletionPolicy, PushSecret, PushSecretBuilder, Refresh, RemoteKey, RemoteRef, SecretKey,
    SecretKeyRef, SecretStore, SecretStoreKind, SecretType, ServiceAccountRef, StoreRef, Target, Template,
    TemplateText, UpdatePolicy,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

/// A manifest as text.
pub(super) fn manifest() -> impl Strategy<Value = String> {
    prop_oneof![secret_store(), cluster_secret_store(), external_secret(), push_secret()]
}

/// What `pattern` makes, parsed; what the type refuses is left out.
fn parsed<T: FromStr<Err = Error> + std::fmt::Debug>(
    pattern: &'static str,
) -> impl Strategy<Value = T> + Clone {
    pattern.prop_filter_map("the type refuses it", |text: String| text.parse().ok())
}

const LABEL: &str = "[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?";
const SUBDOMAIN: &str = "[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?){0,3}";
const KEY: &str = "[-._a-zA-Z0-9]{1,253}";
const PATH: &str = "\\PC{1,30}|[a-z0-9/-]{1,60}";

fn version() -> impl Strategy<Value = ApiVersion> {
    prop_oneof![Just(ApiVersion::V1Beta1), Just(ApiVersion::V1)]
}

fn span() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_secs)
}

fn labels() -> impl Strategy<Value = Labels> {
    let key = "([a-z]{1,9}\\.[a-z]{1,9}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?";
    btree_map(key, "([A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?)?", 0..4).prop_map(|entries| {
        let add = |labels: Labels, (key, value): (String, String)| labels.with(&key, &value).unwrap();
        entries.into_iter().fold(Labels::new(), add)
    })
}

/// With a namespace, if one is given.
fn secret_key(namespace: Option<NamespaceName>) -> impl Strategy<Value = SecretKeyRef> {
    (parsed(SUBDOMAIN), parsed(KEY)).prop_map(move |(name, key)| {
        let reference = SecretKeyRef::new(name, key);
        namespace.iter().cloned().fold(reference, SecretKeyRef::namespace)
    })
}

fn account(namespace: Option<NamespaceName>) -> impl Strategy<Value = ServiceAccountRef> {
    (parsed(SUBDOMAIN), vec(parsed("[!-~]{1,40}"), 0..3)).prop_map(move |(name, audiences)| {
        let account = audiences.into_iter().fold(ServiceAccountRef::new(name), ServiceAccountRef::audience);
        namespace.iter().cloned().fold(account, ServiceAccountRef::namespace)
    })
}

fn auth(namespace: Option<&NamespaceName>) -> impl Strategy<Value = Auth> + use<> {
    let key = || secret_key(namespace.cloned());
    let account = || account(namespace.cloned());
    let login = || (parsed(PATH), parsed(PATH));
    let token = prop_oneof![account().prop_map(JwtSource::ServiceAccount), key().prop_map(JwtSource::Secret)];
    prop_oneof![
        (login(), account()).prop_map(|((mount, role), service_account)| Auth::Kubernetes {
            mount,
            role,
            service_account
        }),
        (login(), token).prop_map(|((mount, role), token)| Auth::Jwt { mount, role, token }),
        (parsed(PATH), key(), key()).prop_map(|(mount, role_id, secret_id)| Auth::AppRole {
            mount,
            role_id,
            secret_id
        }),
        (key(), key()).prop_map(|(certificate, key)| Auth::Cert { certificate, key }),
        key().prop_map(Auth::Token),
    ]
}

fn authorities(namespace: Option<NamespaceName>) -> impl Strategy<Value = CaSource> {
    let bundle = vec(any::<u8>(), 0..100).prop_map(|body| {
        let der = [&[0x30, u8::try_from(body.len()).unwrap()][..], &body].concat();
        let encoded = STANDARD.encode(der);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n");
        CaSource::Bundle(CaBundle::from_pem(&pem).unwrap())
    });
    prop_oneof![
        bundle,
        secret_key(namespace.clone()).prop_map(CaSource::Secret),
        secret_key(namespace).prop_map(CaSource::ConfigMap),
    ]
}

/// For a store of the cluster if `namespace` is given: there, authorities name one.
fn provider(namespace: Option<&NamespaceName>) -> impl Strategy<Value = Provider> + use<> {
    let key = || secret_key(namespace.cloned());
    let server = "https?://[a-z]{1,9}\\.example\\.test(:[1-9][0-9]{0,3})?(/[a-z]{1,9})?";
    let parts = (server, auth(namespace), option::of(parsed(PATH)), any::<bool>());
    let more = (
        option::of(parsed("[!-~]{1,20}")),
        option::of(authorities(namespace.cloned())),
        option::of((key(), key())),
        any::<[bool; 2]>(),
    );
    (parts, more).prop_map(|((server, auth, mount, first), (namespace, ca, client, [own, forward]))| {
        let mut provider = Provider::new(&server, auth).unwrap();
        provider = provider.version(if first { KvVersion::V1 } else { KvVersion::V2 });
        provider = mount.into_iter().fold(provider, Provider::mount);
        provider = namespace.into_iter().fold(provider, Provider::namespace);
        provider = ca.into_iter().fold(provider, Provider::ca);
        provider = client.into_iter().fold(provider, |it, (one, key)| it.client_certificate(one, key));
        provider = if own { provider.read_your_writes() } else { provider };
        if forward { provider.forward_inconsistent() } else { provider }
    })
}

fn secret_store() -> BoxedStrategy<String> {
    let place = (parsed(SUBDOMAIN), parsed(LABEL), provider(None));
    let options = (version(), labels(), option::of(span()), option::of((any::<u32>(), span())));
    let store =
        (place, options).prop_map(|((name, namespace, provider), (version, labels, refresh, retry))| {
            let mut store =
                SecretStore::new(name, namespace, provider).unwrap().version(version).labels(labels);
            store = refresh.into_iter().fold(store, SecretStore::refresh);
            retry.into_iter().fold(store, |store, (retries, span)| store.retry(retries, span)).to_string()
        });
    store.boxed()
}

fn cluster_secret_store() -> BoxedStrategy<String> {
    let provider = parsed::<NamespaceName>(LABEL).prop_flat_map(|namespace| provider(Some(&namespace)));
    let conditions = (option::of(vec(parsed(LABEL), 1..4)), option::of(labels()));
    let parts = (parsed(SUBDOMAIN), provider, version(), labels(), conditions);
    let store = parts.prop_map(|(name, provider, version, labels, (namespaces, labelled))| {
        let mut store = ClusterSecretStore::new(name, provider).unwrap().version(version).labels(labels);
        if let Some(namespaces) = namespaces {
            store = store.for_namespaces(namespaces).unwrap();
        }
        match labelled {
            Some(labels) if !labels.is_empty() => store.for_labelled(labels).unwrap().to_string(),
            _ => store.to_string(),
        }
    });
    store.boxed()
}

fn store_ref() -> impl Strategy<Value = StoreRef> {
    let kind = prop_oneof![Just(SecretStoreKind::SecretStore), Just(SecretStoreKind::ClusterSecretStore)];
    (kind, parsed(SUBDOMAIN)).prop_map(|(kind, name)| StoreRef::new(kind, name))
}

fn remote_key() -> impl Strategy<Value = RemoteKey> {
    (option::of(parsed(PATH)), parsed(PATH)).prop_map(|(mount, path)| match mount {
        Some(mount) => RemoteKey::of(&mount, &path),
        None => RemoteKey::below(&path),
    })
}

fn remote() -> impl Strategy<Value = RemoteRef> {
    let decoding = prop_oneof![
        Just(Decoding::None),
        Just(Decoding::Auto),
        Just(Decoding::Base64),
        Just(Decoding::Base64Url)
    ];
    let property = option::of(parsed("\\PC{1,30}"));
    (remote_key(), property, option::of(any::<u64>()), decoding).prop_map(
        |(key, property, version, decoding)| {
            let remote = property.into_iter().fold(RemoteRef::new(key), RemoteRef::property);
            version.into_iter().fold(remote, RemoteRef::version).decoding(decoding)
        },
    )
}

/// One that refers to `keys`.
fn template(keys: Vec<SecretKey>) -> impl Strategy<Value = Template> {
    let kind = prop_oneof![
        Just(SecretType::Opaque),
        Just(SecretType::Tls),
        Just(SecretType::DockerConfigJson),
        Just(SecretType::BasicAuth),
        Just(SecretType::SshAuth)
    ];
    (kind, labels(), btree_set(parsed(KEY), 0..3), any::<bool>()).prop_map(
        move |(kind, labels, made, merge)| {
            let text = || {
                let text = TemplateText::new().text("{{ not an expression }}").number(5432);
                keys.iter().fold(text, |text, key| text.reference(key).text("{"))
            };
            let template = Template::new().secret_type(kind).labels(labels);
            let template = made.into_iter().fold(template, |template, key| template.key(key, text()));
            if merge { template.merge() } else { template }
        },
    )
}

fn target(keys: Vec<SecretKey>) -> impl Strategy<Value = Target> {
    use CreationPolicy as Create;
    use DeletionPolicy as Delete;
    let policies = prop_oneof![
        Just((Create::Owner, Delete::Delete)),
        Just((Create::Orphan, Delete::Merge)),
        Just((Create::Merge, Delete::Merge)),
        Just((Create::None, Delete::Retain)),
    ];
    let parts = (option::of(parsed(SUBDOMAIN)), policies, any::<bool>(), option::of(template(keys)));
    parts.prop_map(|(name, (creation, deletion), immutable, template)| {
        let target = name.into_iter().fold(Target::new(), Target::name).creation(creation).deletion(deletion);
        let target = if immutable { target.immutable() } else { target };
        template.into_iter().fold(target, Target::template)
    })
}

fn external_secret() -> BoxedStrategy<String> {
    let refresh = prop_oneof![
        4 => span().prop_map(Refresh::Every),
        1 => Just(Refresh::OnChange),
        1 => Just(Refresh::CreatedOnce)
    ];
    let content = btree_map(parsed::<SecretKey>(KEY), remote(), 1..4).prop_flat_map(|data| {
        let keys = data.keys().cloned().collect();
        (Just(data), target(keys))
    });
    let find = option::of((parsed("[ -~]{1,40}"), option::of(parsed(PATH))));
    let head = (parsed(SUBDOMAIN), parsed(LABEL), store_ref(), version(), labels(), refresh);
    let parts = (head, content, vec(remote(), 0..2), find);
    let secret =
        parts.prop_map(|((name, namespace, store, version, labels, refresh), (data, target), sets, find)| {
            let builder = ExternalSecret::builder(name, namespace, store).version(version).labels(labels);
            let builder = builder.refresh(refresh).target(target);
            let builder = data.into_iter().fold(builder, |builder, (key, remote)| builder.data(key, remote));
            let builder = sets.into_iter().fold(builder, ExternalSecretBuilder::extract);
            let builder =
                find.into_iter().fold(builder, |builder, (names, below)| builder.find(names, below));
            builder.build().unwrap().to_string()
        });
    secret.boxed()
}

fn push_secret() -> BoxedStrategy<String> {
    let update = prop_oneof![Just(UpdatePolicy::Replace), Just(UpdatePolicy::IfNotExists)];
    let deletion = prop_oneof![Just(PushDeletionPolicy::None), Just(PushDeletionPolicy::Delete)];
    let head = (parsed(SUBDOMAIN), parsed(LABEL), store_ref(), parsed(SUBDOMAIN), labels());
    let options = (update, deletion, span(), vec(store_ref(), 0..2), option::of(template(Vec::new())));
    let data = vec((parsed(KEY), remote_key(), parsed("\\PC{1,30}")), 0..4);
    let parts = (head, options, data, remote_key());
    let pushed = parts.prop_filter_map("two values go to one place", |(head, options, data, whole)| {
        let (name, namespace, store, source, labels) = head;
        let (update, deletion, refresh, stores, template) = options;
        let builder = PushSecret::builder(name, namespace, store, source).labels(labels).refresh(refresh);
        let builder = builder.update(update).deletion(deletion).whole(whole);
        let builder = stores.into_iter().fold(builder, PushSecretBuilder::store);
        let builder = template.into_iter().fold(builder, PushSecretBuilder::template);
        let add = |builder: PushSecretBuilder, (key, remote, property)| builder.data(key, remote, property);
        data.into_iter().fold(builder, add).build().ok().map(|push| push.to_string())
    });
    pushed.boxed()
}
