//! Encryption over HTTP.

use async_trait::async_trait;
use catalyst_core::{Result, SecretBytes};
use serde::{Deserialize, Serialize};

use super::batch::{Batch, Each, Outcome, check_size, refused};
use super::{Ciphertext, DataKey, DataKeyRequest, Encryption, Plaintext, Sealed, Transit};
use crate::KeyName;
use crate::encoded::{Decoded, Encoded};

const ENCRYPT: &str = "encrypt";
const DECRYPT: &str = "decrypt";
const REWRAP: &str = "rewrap";
const DATA_KEY: &str = "make data key";

#[async_trait]
impl Encryption for Transit {
    async fn encrypt(&self, key: &KeyName, plaintext: Plaintext<'_>) -> Result<Ciphertext> {
        check_size(ENCRYPT, plaintext.load().bytes)?;
        let path = [self.mount.escaped(), "/encrypt/", key.escaped()];
        let body = EncryptBody::from(&plaintext);
        Ok(self.at(ENCRYPT, &path).exchange::<CiphertextWire>(&body).await?.ciphertext)
    }

    async fn decrypt(&self, key: &KeyName, sealed: Sealed<'_>) -> Result<SecretBytes> {
        check_size(DECRYPT, sealed.load().bytes)?;
        let path = [self.mount.escaped(), "/decrypt/", key.escaped()];
        let body = DecryptBody::from(&sealed);
        Ok(self.at(DECRYPT, &path).exchange::<PlaintextWire>(&body).await?.plaintext.into_secret())
    }

    async fn rewrap(&self, key: &KeyName, sealed: Sealed<'_>) -> Result<Ciphertext> {
        check_size(REWRAP, sealed.load().bytes)?;
        check_rewrap(&sealed)?;
        let path = [self.mount.escaped(), "/rewrap/", key.escaped()];
        let body = DecryptBody::from(&sealed);
        Ok(self.at(REWRAP, &path).exchange::<CiphertextWire>(&body).await?.ciphertext)
    }

    async fn data_key(&self, key: &KeyName, request: DataKeyRequest<'_>) -> Result<DataKey> {
        let path = [self.mount.escaped(), "/datakey/plaintext/", key.escaped()];
        let body = DataKeyBody::from(&request);
        let wire: DataKeyWire = self.at(DATA_KEY, &path).exchange(&body).await?;
        Ok(DataKey::new(wire.plaintext.into_secret(), wire.ciphertext))
    }

    async fn wrapped_data_key(&self, key: &KeyName, request: DataKeyRequest<'_>) -> Result<Ciphertext> {
        let path = [self.mount.escaped(), "/datakey/wrapped/", key.escaped()];
        let body = DataKeyBody::from(&request);
        Ok(self.at(DATA_KEY, &path).exchange::<CiphertextWire>(&body).await?.ciphertext)
    }

    async fn encrypt_all(
        &self,
        key: &KeyName,
        plaintexts: &[Plaintext<'_>],
    ) -> Result<Vec<Result<Ciphertext>>> {
        let path = [self.mount.escaped(), "/encrypt/", key.escaped()];
        let batch = Batch {
            operation: ENCRYPT,
            path: &path,
            items: plaintexts,
            load: Plaintext::load,
            of: |plaintext| EncryptBody::from(plaintext),
        };
        self.ask_all::<_, _, _, CiphertextItem>(batch, |batch_input| Items { batch_input }).await
    }

    async fn decrypt_all(&self, key: &KeyName, sealed: &[Sealed<'_>]) -> Result<Vec<Result<SecretBytes>>> {
        let path = [self.mount.escaped(), "/decrypt/", key.escaped()];
        let batch = Batch {
            operation: DECRYPT,
            path: &path,
            items: sealed,
            load: Sealed::load,
            of: |sealed| DecryptBody::from(sealed),
        };
        self.ask_all::<_, _, _, PlaintextItem>(batch, |batch_input| Items { batch_input }).await
    }

    async fn rewrap_all(&self, key: &KeyName, sealed: &[Sealed<'_>]) -> Result<Vec<Result<Ciphertext>>> {
        sealed.iter().try_for_each(check_rewrap)?;
        let path = [self.mount.escaped(), "/rewrap/", key.escaped()];
        let batch = Batch {
            operation: REWRAP,
            path: &path,
            items: sealed,
            load: Sealed::load,
            of: |sealed| DecryptBody::from(sealed),
        };
        self.ask_all::<_, _, _, CiphertextItem>(batch, |batch_input| Items { batch_input }).await
    }
}

/// The server would pass associated data over, and find that the ciphertext is not authentic.
fn check_rewrap(sealed: &Sealed<'_>) -> Result<()> {
    match sealed.associated_data {
        Some(data) if !data.is_empty() => Err(refused(
            REWRAP,
            "unsupported_by_key",
            "the server does not rewrap what is bound to associated data; decrypt it and encrypt it again",
        )),
        _ => Ok(()),
    }
}

#[derive(Serialize)]
#[serde(bound = "B: Serialize")]
struct Items<'a, I, B: Serialize> {
    batch_input: Each<'a, I, B>,
}

#[derive(Serialize)]
struct EncryptBody<'a> {
    plaintext: Encoded<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated_data: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_version: Option<u64>,
}

impl<'a> From<&Plaintext<'a>> for EncryptBody<'a> {
    fn from(plaintext: &Plaintext<'a>) -> Self {
        Self {
            plaintext: Encoded(plaintext.bytes),
            context: plaintext.context.map(Encoded),
            associated_data: plaintext.associated_data.map(Encoded),
            key_version: plaintext.key_version,
        }
    }
}

#[derive(Serialize)]
struct DecryptBody<'a> {
    ciphertext: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated_data: Option<Encoded<'a>>,
}

impl<'a> From<&Sealed<'a>> for DecryptBody<'a> {
    fn from(sealed: &Sealed<'a>) -> Self {
        Self {
            ciphertext: sealed.ciphertext.as_str(),
            context: sealed.context.map(Encoded),
            associated_data: sealed.associated_data.map(Encoded),
        }
    }
}

#[derive(Serialize)]
struct DataKeyBody<'a> {
    bits: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated_data: Option<Encoded<'a>>,
}

impl<'a> From<&DataKeyRequest<'a>> for DataKeyBody<'a> {
    fn from(request: &DataKeyRequest<'a>) -> Self {
        Self {
            bits: request.size.bits(),
            context: request.context.map(Encoded),
            associated_data: request.associated_data.map(Encoded),
        }
    }
}

#[derive(Deserialize)]
struct CiphertextWire {
    ciphertext: Ciphertext,
}

#[derive(Deserialize)]
struct PlaintextWire {
    plaintext: Decoded,
}

#[derive(Deserialize)]
struct DataKeyWire {
    plaintext: Decoded,
    ciphertext: Ciphertext,
}

#[derive(Deserialize)]
struct CiphertextItem {
    #[serde(default)]
    error: String,
    #[serde(default)]
    ciphertext: Option<Ciphertext>,
}

impl Outcome for CiphertextItem {
    type Value = Ciphertext;

    fn split(self) -> (String, Option<Ciphertext>) {
        (self.error, self.ciphertext)
    }
}

#[derive(Deserialize)]
struct PlaintextItem {
    #[serde(default)]
    error: String,
    #[serde(default)]
    plaintext: Option<Decoded>,
}

impl Outcome for PlaintextItem {
    type Value = SecretBytes;

    fn split(self) -> (String, Option<SecretBytes>) {
        (self.error, self.plaintext.map(Decoded::into_secret))
    }
}
