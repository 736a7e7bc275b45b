//! What is refused before the operator would refuse it.

use catalyst_sdk::ErrorKind;
use catalyst_sdk::manifest::{
    Auth, CaSource, ClusterSecretStore, CreationPolicy, DeletionPolicy, ExternalSecret,
    ExternalSecretBuilder, JwtSource, Labels, Platform, Provider, PushSecret, RemoteKey, SecretStore,
    ServiceAccountRef, Target, Template, TemplateText,
};

use super::{key, read, remote};

fn secret() -> ExternalSecretBuilder {
    let store = Platform::new("region1").unwrap().store();
    ExternalSecret::builder("app".parse().unwrap(), "ns".parse().unwrap(), store)
}

fn help(error: &catalyst_sdk::Error) -> String {
    assert_eq!(error.kind(), ErrorKind::Config);
    error.help().expect("it says what to do").to_owned()
}

#[test]
fn a_secret_of_nothing_and_a_key_named_twice_are_refused() {
    assert!(help(&secret().build().unwrap_err()).contains("at least one key"));
    let twice = secret().data("a".parse().unwrap(), remote("x")).data("a".parse().unwrap(), remote("y"));
    assert!(help(&twice.build().unwrap_err()).contains("twice"));
}

#[test]
fn policies_that_exclude_each_other_are_refused() {
    use CreationPolicy as Create;
    use DeletionPolicy as Delete;
    let build = |creation, deletion| {
        let target = Target::new().creation(creation).deletion(deletion);
        secret().data("a".parse().unwrap(), remote("x")).target(target).build()
    };
    for creation in [Create::Owner, Create::Orphan, Create::Merge, Create::None] {
        assert!(build(creation, Delete::Retain).is_ok());
        let owns = matches!(creation, Create::Owner | Create::Orphan);
        assert_eq!(build(creation, Delete::Delete).is_ok(), owns, "{creation:?}");
        assert_eq!(build(creation, Delete::Merge).is_ok(), creation != Create::None, "{creation:?}");
    }
}

#[test]
fn a_template_refers_to_what_the_manifest_brings() {
    let text = TemplateText::new().reference(&"nosuch".parse().unwrap());
    let target = Target::new().template(Template::new().key("url".parse().unwrap(), text));
    let builder = secret().data("a".parse().unwrap(), remote("x")).target(target);
    assert!(help(&builder.clone().build().unwrap_err()).contains("template"));
    assert!(builder.extract(remote("y")).build().is_ok(), "a set may bring it");
}

#[test]
fn two_values_do_not_go_to_one_place() {
    let below = |path: &str| RemoteKey::below(&path.parse().unwrap());
    let push = || {
        let store = Platform::new("region1").unwrap().store();
        PushSecret::builder("a".parse().unwrap(), "ns".parse().unwrap(), store, "source".parse().unwrap())
    };
    let part = |key: &str, property: &str| (key.parse().unwrap(), below("x"), property.parse().unwrap());
    assert!(push().build().is_err());
    let add = |builder: catalyst_sdk::manifest::PushSecretBuilder, (key, remote, property)| {
        builder.data(key, remote, property)
    };
    assert!(add(add(push(), part("a", "p")), part("b", "q")).build().is_ok());
    assert!(add(add(push(), part("a", "p")), part("b", "p")).build().is_err());
    assert!(add(push(), part("a", "p")).whole(below("x")).build().is_err());
    assert!(push().whole(below("x")).whole(below("x")).build().is_err());
    assert!(push().whole(below("x")).whole(below("y")).build().is_ok());
}

#[test]
fn a_store_of_one_namespace_names_no_other() {
    let store = |provider| SecretStore::new("openbao".parse().unwrap(), "own".parse().unwrap(), provider);
    let within = |namespace: &str| key("login", "token").namespace(namespace.parse().unwrap());
    let account = |namespace: &str| {
        ServiceAccountRef::new("app".parse().unwrap()).namespace(namespace.parse().unwrap())
    };
    let mount = || "m".parse().unwrap();
    for namespace in ["own", "other"] {
        let methods = [
            Auth::Token(within(namespace)),
            Auth::Kubernetes {
                mount: mount(),
                role: "r".parse().unwrap(),
                service_account: account(namespace),
            },
            Auth::Jwt {
                mount: mount(),
                role: "r".parse().unwrap(),
                token: JwtSource::ServiceAccount(account(namespace)),
            },
            Auth::Jwt {
                mount: mount(),
                role: "r".parse().unwrap(),
                token: JwtSource::Secret(within(namespace)),
            },
            Auth::AppRole { mount: mount(), role_id: key("a", "id"), secret_id: within(namespace) },
            Auth::Cert { certificate: within(namespace), key: key("a", "tls.key") },
        ];
        for auth in methods {
            let built = store(Provider::new("https://bao:8200", auth.clone()).unwrap());
            assert_eq!(built.is_ok(), namespace == "own", "{auth:?}");
        }
        let provider = Provider::new("https://bao:8200", Auth::Token(key("login", "token"))).unwrap();
        let built = store(provider.client_certificate(within(namespace), key("tls", "tls.key")));
        assert_eq!(built.is_ok(), namespace == "own");
    }
}

#[test]
fn authorities_are_named_with_their_namespace_in_a_store_of_the_cluster_alone() {
    let provider = |ca| Provider::new("https://bao:8200", Auth::Token(key("t", "t"))).unwrap().ca(ca);
    let bare = || CaSource::Secret(key("ca", "ca.crt"));
    let named = || CaSource::ConfigMap(key("ca", "ca.crt").namespace("own".parse().unwrap()));
    let name = || "openbao".parse().unwrap();
    assert!(ClusterSecretStore::new(name(), provider(bare())).is_err());
    assert!(ClusterSecretStore::new(name(), provider(named())).is_ok());
    assert!(SecretStore::new(name(), "own".parse().unwrap(), provider(bare())).is_ok());
    assert!(SecretStore::new(name(), "own".parse().unwrap(), provider(named())).is_err());
    assert!(Platform::new("region1").unwrap().ca(bare()).cluster_secret_store().is_err());
}

#[test]
fn a_condition_of_nothing_would_open_the_store_to_all_and_is_refused() {
    let store = || ClusterSecretStore::platform("region1").unwrap();
    assert!(store().for_namespaces([]).is_err() && store().for_labelled(Labels::new()).is_err());
    let labels = Labels::new().with("openova.io/organization", "acme").unwrap();
    let store = store().for_namespaces(["a".parse().unwrap(), "b".parse().unwrap()]).unwrap();
    let yaml = read(&store.for_labelled(labels).unwrap());
    let conditions = &yaml["spec"]["conditions"];
    assert_eq!(conditions[0]["namespaces"][1], "b");
    assert_eq!(conditions[1]["namespaceSelector"]["matchLabels"]["openova.io/organization"], "acme");
}

#[test]
fn every_name_of_the_platform_can_be_another() {
    let platform = Platform::new("region2")
        .unwrap()
        .store_name("bao-local".parse().unwrap())
        .server("https://bao.hz01.example.test")
        .unwrap()
        .mount("team/kv".parse().unwrap())
        .login_mount("k8s".parse().unwrap())
        .role("reader".parse().unwrap())
        .service_account(
            ServiceAccountRef::new("eso".parse().unwrap()).namespace("catalyst-eso".parse().unwrap()),
        );
    let yaml = read(&platform.cluster_secret_store().unwrap());
    assert_eq!(yaml["metadata"]["name"], "bao-local");
    let vault = &yaml["spec"]["provider"]["vault"];
    assert_eq!(vault["server"], "https://bao.hz01.example.test");
    assert_eq!(vault["path"], "team/kv");
    let login = &vault["auth"]["kubernetes"];
    assert_eq!(login["mountPath"], "k8s");
    assert_eq!(login["role"], "reader");
    assert_eq!(login["serviceAccountRef"]["name"], "eso");
    assert_eq!(login["serviceAccountRef"]["namespace"], "catalyst-eso");
    let entry = secret().data("a".parse().unwrap(), platform.remote(&"x".parse().unwrap())).build().unwrap();
    assert_eq!(read(&entry)["spec"]["data"][0]["remoteRef"]["key"], "team/kv/data/x");
    for bad in ["", "Region1", "a.b", "region 1"] {
        assert!(Platform::new(bad).is_err(), "{bad:?}");
    }
}
