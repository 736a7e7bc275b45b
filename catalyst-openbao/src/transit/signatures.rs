//! Signatures and HMACs over HTTP.

use async_trait::async_trait;
use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::batch::{Batch, Each, Outcome, check_size};
use super::{
    HashAlgorithm, Hmac, Marshaling, Message, RsaPadding, Signature, SignatureScheme, Signing, Transit,
};
use crate::KeyName;
use crate::encoded::Encoded;

const SIGN: &str = "sign";
const VERIFY: &str = "verify signature";
const HMAC: &str = "make HMAC";
const VERIFY_HMAC: &str = "verify HMAC";

#[async_trait]
impl Signing for Transit {
    async fn sign(&self, key: &KeyName, message: Message<'_>, scheme: SignatureScheme) -> Result<Signature> {
        check_size(SIGN, message.load().bytes)?;
        let path = [self.mount.escaped(), "/sign/", key.escaped()];
        let body = Single { item: Item::from(&message), scheme: Scheme::from(scheme) };
        Ok(self.at(SIGN, &path).exchange::<SignatureWire>(&body).await?.signature)
    }

    async fn verify(
        &self,
        key: &KeyName,
        message: Message<'_>,
        signature: &Signature,
        scheme: SignatureScheme,
    ) -> Result<bool> {
        check_size(VERIFY, message.load().bytes)?;
        let path = [self.mount.escaped(), "/verify/", key.escaped()];
        let item = Item { signature: Some(signature.as_str()), ..Item::from(&message) };
        let body = Single { item, scheme: Scheme::to_verify(scheme) };
        Ok(self.at(VERIFY, &path).exchange::<ValidWire>(&body).await?.valid)
    }

    async fn hmac(&self, key: &KeyName, message: Message<'_>, hash: HashAlgorithm) -> Result<Hmac> {
        check_size(HMAC, message.load().bytes)?;
        let path = [self.mount.escaped(), "/hmac/", key.escaped()];
        let body = Single { item: Item::without_context(&message), scheme: Scheme::of_hmac(hash) };
        Ok(self.at(HMAC, &path).exchange::<HmacWire>(&body).await?.hmac)
    }

    async fn verify_hmac(
        &self,
        key: &KeyName,
        message: Message<'_>,
        hmac: &Hmac,
        hash: HashAlgorithm,
    ) -> Result<bool> {
        check_size(VERIFY_HMAC, message.load().bytes)?;
        let path = [self.mount.escaped(), "/verify/", key.escaped()];
        let item = Item { hmac: Some(hmac.as_str()), ..Item::without_context(&message) };
        let body = Single { item, scheme: Scheme::of_hmac(hash) };
        Ok(self.at(VERIFY_HMAC, &path).exchange::<ValidWire>(&body).await?.valid)
    }

    async fn sign_all(
        &self,
        key: &KeyName,
        messages: &[Message<'_>],
        scheme: SignatureScheme,
    ) -> Result<Vec<Result<Signature>>> {
        let path = [self.mount.escaped(), "/sign/", key.escaped()];
        let scheme = Scheme::from(scheme);
        let batch = Batch {
            operation: SIGN,
            path: &path,
            items: messages,
            load: Message::load,
            of: |message| Item::from(message),
        };
        self.ask_all::<_, _, _, SignatureItem>(batch, |batch_input| Many { batch_input, scheme }).await
    }

    async fn verify_all(
        &self,
        key: &KeyName,
        signed: &[(Message<'_>, &Signature)],
        scheme: SignatureScheme,
    ) -> Result<Vec<Result<bool>>> {
        let path = [self.mount.escaped(), "/verify/", key.escaped()];
        let scheme = Scheme::to_verify(scheme);
        let batch = Batch {
            operation: VERIFY,
            path: &path,
            items: signed,
            load: |(message, signature)| message.load_with(signature.as_str()),
            of: |(message, signature)| Item { signature: Some(signature.as_str()), ..Item::from(message) },
        };
        self.ask_all::<_, _, _, ValidItem>(batch, |batch_input| Many { batch_input, scheme }).await
    }

    async fn hmac_all(
        &self,
        key: &KeyName,
        messages: &[Message<'_>],
        hash: HashAlgorithm,
    ) -> Result<Vec<Result<Hmac>>> {
        let path = [self.mount.escaped(), "/hmac/", key.escaped()];
        let scheme = Scheme::of_hmac(hash);
        let batch = Batch {
            operation: HMAC,
            path: &path,
            items: messages,
            load: Message::load,
            of: |message| Item::without_context(message),
        };
        self.ask_all::<_, _, _, HmacItem>(batch, |batch_input| Many { batch_input, scheme }).await
    }

    async fn verify_hmac_all(
        &self,
        key: &KeyName,
        made: &[(Message<'_>, &Hmac)],
        hash: HashAlgorithm,
    ) -> Result<Vec<Result<bool>>> {
        let path = [self.mount.escaped(), "/verify/", key.escaped()];
        let scheme = Scheme::of_hmac(hash);
        let batch = Batch {
            operation: VERIFY_HMAC,
            path: &path,
            items: made,
            load: |(message, hmac)| message.load_with(hmac.as_str()),
            of: |(message, hmac)| Item { hmac: Some(hmac.as_str()), ..Item::without_context(message) },
        };
        self.ask_all::<_, _, _, ValidItem>(batch, |batch_input| Many { batch_input, scheme }).await
    }
}

#[derive(Serialize)]
struct Single<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    #[serde(flatten)]
    scheme: Scheme,
}

#[derive(Serialize)]
#[serde(bound = "B: Serialize")]
struct Many<'a, I, B: Serialize> {
    batch_input: Each<'a, I, B>,
    #[serde(flatten)]
    scheme: Scheme,
}

#[derive(Serialize)]
struct Item<'a> {
    input: Encoded<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hmac: Option<&'a str>,
}

impl<'a> Item<'a> {
    fn without_context(message: &Message<'a>) -> Self {
        Self { input: Encoded(message.bytes), context: None, signature: None, hmac: None }
    }
}

impl<'a> From<&Message<'a>> for Item<'a> {
    fn from(message: &Message<'a>) -> Self {
        Self { context: message.context.map(Encoded), ..Self::without_context(message) }
    }
}

/// What holds for all items.
#[derive(Clone, Copy, Default, Serialize)]
struct Scheme {
    #[serde(skip_serializing_if = "Option::is_none")]
    hash_algorithm: Option<&'static str>,
    /// Of an HMAC.
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    prehashed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt_length: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marshaling_algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_version: Option<u64>,
}

impl Scheme {
    fn of_hmac(hash: HashAlgorithm) -> Self {
        Self { algorithm: Some(hash.as_str()), ..Self::default() }
    }

    fn to_verify(scheme: SignatureScheme) -> Self {
        Self { key_version: None, ..Self::from(scheme) }
    }
}

impl From<SignatureScheme> for Scheme {
    fn from(scheme: SignatureScheme) -> Self {
        let (signature_algorithm, salt_length) = match scheme.padding {
            None => (None, None),
            Some(RsaPadding::Pss) => (Some("pss"), None),
            Some(RsaPadding::PssWithSaltOfHash) => (Some("pss"), Some("hash")),
            Some(RsaPadding::Pkcs1v15) => (Some("pkcs1v15"), None),
        };
        let marshaling_algorithm = scheme.marshaling.map(|marshaling| match marshaling {
            Marshaling::Asn1 => "asn1",
            Marshaling::Jws => "jws",
        });
        Self {
            hash_algorithm: scheme.hash.map(HashAlgorithm::as_str),
            algorithm: None,
            prehashed: scheme.prehashed,
            signature_algorithm,
            salt_length,
            marshaling_algorithm,
            key_version: scheme.key_version,
        }
    }
}

#[derive(Deserialize)]
struct SignatureWire {
    signature: Signature,
}

#[derive(Deserialize)]
struct HmacWire {
    hmac: Hmac,
}

#[derive(Deserialize)]
struct ValidWire {
    valid: bool,
}

#[derive(Deserialize)]
struct SignatureItem {
    #[serde(default)]
    error: String,
    #[serde(default)]
    signature: Option<Signature>,
}

impl Outcome for SignatureItem {
    type Value = Signature;

    fn split(self) -> (String, Option<Signature>) {
        (self.error, self.signature)
    }
}

#[derive(Deserialize)]
struct HmacItem {
    #[serde(default)]
    error: String,
    #[serde(default)]
    hmac: Option<Hmac>,
}

impl Outcome for HmacItem {
    type Value = Hmac;

    fn split(self) -> (String, Option<Hmac>) {
        (self.error, self.hmac)
    }
}

#[derive(Deserialize)]
struct ValidItem {
    #[serde(default)]
    error: String,
    /// Left out where it is false.
    #[serde(default)]
    valid: bool,
}

impl Outcome for ValidItem {
    type Value = bool;

    fn split(self) -> (String, Option<bool>) {
        (self.error, Some(self.valid))
    }
}
