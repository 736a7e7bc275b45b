//! The calls as one writes them with nothing but `reqwest` and serde.

use std::collections::BTreeMap;
use std::time::Duration;

use catalyst_core::tls::TlsConfig;
use serde::{Deserialize, Serialize};

pub(crate) struct Bare {
    client: reqwest::Client,
    address: String,
    token: String,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
pub(crate) struct Read {
    pub(crate) data: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(crate) struct Signed {
    pub(crate) signature: String,
}

#[derive(Deserialize)]
pub(crate) struct Minted {
    pub(crate) username: String,
}

#[derive(Serialize)]
struct Input<'a> {
    input: &'a str,
}

impl Bare {
    pub(crate) fn new(address: &str, token: &str, tls: &TlsConfig) -> Self {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls.to_rustls().unwrap()).clone())
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        Self { client, address: address.trim_end_matches('/').to_owned(), token: token.to_owned() }
    }

    pub(crate) async fn read(&self, path: &str) -> BTreeMap<String, String> {
        self.get::<Read>(&format!("secret/data/{path}")).await.data
    }

    pub(crate) async fn mint(&self, role: &str) -> String {
        self.get::<Minted>(&format!("database/creds/{role}")).await.username
    }

    pub(crate) async fn sign(&self, key: &str, base64: &str) -> String {
        let url = format!("{}/v1/transit/sign/{key}", self.address);
        let request = self.client.post(url).header("x-vault-token", &self.token).json(&Input { input: base64 });
        read::<Signed>(request).await.signature
    }

    /// Writes whatever the stage needs.
    pub(crate) async fn write(&self, path: &str, body: &serde_json::Value) {
        let url = format!("{}/v1/{path}", self.address);
        let request = self.client.post(url).header("x-vault-token", &self.token).json(body);
        let answer = request.send().await.unwrap();
        // Mounted already, from a run before.
        assert!(answer.status().is_success() || answer.status() == 400, "{path}: {}", answer.status());
    }

    pub(crate) async fn delete(&self, path: &str) {
        let url = format!("{}/v1/{path}", self.address);
        self.client.delete(url).header("x-vault-token", &self.token).send().await.unwrap();
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        let url = format!("{}/v1/{path}", self.address);
        read(self.client.get(url).header("x-vault-token", &self.token)).await
    }
}

async fn read<T: serde::de::DeserializeOwned>(request: reqwest::RequestBuilder) -> T {
    let answer = request.send().await.unwrap().error_for_status().unwrap();
    serde_json::from_slice::<Answer<T>>(&answer.bytes().await.unwrap()).unwrap().data
}
