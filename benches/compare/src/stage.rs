//! The server, and the four who call it.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::hint::black_box;

use catalyst_core::tls::TlsConfig;
use catalyst_openbao::{
    Database, DynamicCredentials, KeyName, Kv2, Login, Message, OpenBao, RoleName, Secret, SecretPath, SecretStore,
    SignatureScheme, Signing, Transit,
};
use openbao::secrets::transit::TransitSignRequest;
use openbao::{Authenticated, Client, SecretString};
use serde_json::json;
use tokio::runtime::Runtime;
use vaultrs::client::VaultClient;

use crate::bare::Bare;
use crate::rival;
use crate::turn::{Side, median, timed};

const SECRET: &str = "catalyst-compare";
const KEY: &str = "catalyst-compare";
const MESSAGE: &[u8] = b"twelve hundred bytes would change little; a hash or a token head is what one signs";
const BASE64: &str = "dHdlbHZlIGh1bmRyZWQgYnl0ZXMgd291bGQgY2hhbmdlIGxpdHRsZTsgYSBoYXNoIG9yIGEgdG9rZW4gaGVhZCBpcyB3aGF0IG9uZSBzaWducw==";

pub(crate) struct Stage {
    runtime: Runtime,
    role: Option<String>,
    bare: Bare,
    kv: Kv2,
    transit: Transit,
    database: Database,
    vaultrs: VaultClient,
    openbao: Client<Authenticated>,
    names: Names,
}

struct Names {
    secret: SecretPath,
    key: KeyName,
    role: RoleName,
}

impl Stage {
    pub(crate) fn from_environment() -> Self {
        let (address, token) = (env::var("BAO_ADDR").unwrap(), env::var("BAO_TOKEN").unwrap());
        let ca_file = env::var("BAO_CACERT").unwrap();
        let ca_pem = fs::read(&ca_file).unwrap();
        let role = env::var("BAO_ROLE").ok();
        let tls = TlsConfig::new().ca_pem(&ca_pem).unwrap();
        // For the rivals, which take the process's provider.
        rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap();
        // One thread, so that what the connections' tasks allocate is counted.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let bao = OpenBao::builder(&address).unwrap().login(Login::token(Secret::new(token.as_str())));
        let bao = bao.tls(tls.clone()).build().unwrap();
        Self {
            bare: Bare::new(&address, &token, &tls),
            kv: bao.kv("secret".parse().unwrap()),
            transit: bao.transit("transit".parse().unwrap()),
            database: bao.database("database".parse().unwrap()),
            vaultrs: rival::vaultrs(&address, &token, &ca_file),
            openbao: rival::openbao(&address, &token, &ca_pem),
            names: Names {
                secret: SECRET.parse().unwrap(),
                key: KEY.parse().unwrap(),
                role: role.as_deref().unwrap_or("none").parse().unwrap(),
            },
            role,
            runtime,
        }
    }

    pub(crate) fn prepare(&self) {
        let values = json!({ "host": "db.internal:5432", "password": "nJ1-0vXk7Zs9qWmLr4Tu", "user": "orders" });
        self.runtime.block_on(async {
            self.bare.write("sys/mounts/transit", &json!({ "type": "transit" })).await;
            self.bare.write(&format!("transit/keys/{KEY}"), &json!({ "type": "ed25519" })).await;
            self.bare.write(&format!("transit/keys/{KEY}/config"), &json!({ "deletion_allowed": true })).await;
            self.bare.write(&format!("secret/data/{SECRET}"), &json!({ "data": values })).await;
        });
    }

    pub(crate) fn tidy(&self) {
        self.runtime.block_on(async {
            self.bare.delete(&format!("secret/metadata/{SECRET}")).await;
            self.bare.delete(&format!("transit/keys/{KEY}")).await;
        });
    }

    pub(crate) fn has_database(&self) -> bool {
        self.role.is_some()
    }

    pub(crate) fn reads(&self) -> Vec<Side<'_>> {
        vec![
            Side::new("bare reqwest", || drop(black_box(self.runtime.block_on(self.bare.read(SECRET))))),
            Side::new("this client", || {
                drop(black_box(self.runtime.block_on(self.kv.read(&self.names.secret, None)).unwrap()));
            }),
            Side::new("vaultrs", || {
                let read = vaultrs::kv2::read::<BTreeMap<String, String>>(&self.vaultrs, "secret", SECRET);
                drop(black_box(self.runtime.block_on(read).unwrap()));
            }),
            Side::new("openbao", || {
                let read = async {
                    let kv = self.openbao.kv2("secret").unwrap();
                    kv.read::<BTreeMap<String, SecretString>>(SECRET).await.unwrap()
                };
                drop(black_box(self.runtime.block_on(read)));
            }),
        ]
    }

    pub(crate) fn signs(&self) -> Vec<Side<'_>> {
        vec![
            Side::new("bare reqwest", || drop(black_box(self.runtime.block_on(self.bare.sign(KEY, BASE64))))),
            Side::new("this client", || self.sign_one()),
            Side::new("vaultrs", || {
                let sign = vaultrs::transit::data::sign(&self.vaultrs, "transit", KEY, BASE64, None);
                drop(black_box(self.runtime.block_on(sign).unwrap()));
            }),
            Side::new("openbao", || {
                let sign = async {
                    let transit = self.openbao.transit("transit").unwrap();
                    let request = TransitSignRequest::new(SecretString::from(BASE64.to_owned()));
                    transit.sign(KEY, None, &request).await.unwrap()
                };
                drop(black_box(self.runtime.block_on(sign)));
            }),
        ]
    }

    pub(crate) fn mints(&self) -> Vec<Side<'_>> {
        let role = self.role.as_deref().unwrap_or_default();
        vec![
            Side::new("bare reqwest", || drop(black_box(self.runtime.block_on(self.bare.mint(role))))),
            Side::new("this client", || {
                drop(black_box(self.runtime.block_on(self.database.issue(&self.names.role)).unwrap()));
            }),
            Side::new("vaultrs", move || {
                let mint = vaultrs::database::role::creds(&self.vaultrs, "database", role);
                drop(black_box(self.runtime.block_on(mint).unwrap()));
            }),
            Side::new("openbao", move || {
                let mint = async {
                    let database = self.openbao.database("database").unwrap();
                    database.credentials(role).await.unwrap()
                };
                drop(black_box(self.runtime.block_on(mint)));
            }),
        ]
    }

    /// A batch beside as many single calls, which are measured over a tenth of them.
    pub(crate) fn batch(&self, items: usize) {
        let messages = vec![Message::new(MESSAGE); items];
        let batch = || {
            let signing = self.transit.sign_all(&self.names.key, &messages, SignatureScheme::default());
            let signed = self.runtime.block_on(signing).unwrap();
            assert!(signed.len() == items && signed.iter().all(Result::is_ok));
        };
        let single = || (0..items / 10).for_each(|_| self.sign_one());
        let ratios = (0..11).map(|_| timed(&single) * 10.0 / timed(&batch));
        println!("a batch of {items} to single calls: {:.1} times the rate", median(ratios));
    }

    fn sign_one(&self) {
        let sign = self.transit.sign(&self.names.key, Message::new(MESSAGE), SignatureScheme::default());
        drop(black_box(self.runtime.block_on(sign).unwrap()));
    }
}
