//! One key and its versions.

use std::collections::BTreeMap;

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::batch::Fault;
use super::cryptography::{Material, derive, public_key};

pub(super) const TYPES: [&str; 12] = [
    "aes128-gcm96",
    "aes256-gcm96",
    "chacha20-poly1305",
    "xchacha20-poly1305",
    "ecdsa-p256",
    "ecdsa-p384",
    "ecdsa-p521",
    "ed25519",
    "rsa-2048",
    "rsa-3072",
    "rsa-4096",
    "hmac",
];

const NO_CONTEXT: &str = "missing 'context' for key derivation; the key was created using a derived key, which \
                          means additional, per-request information must be included in order to perform operations \
                          with the key";

#[derive(Clone, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "as the server keeps them")]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) derived: bool,
    pub(super) convergent: bool,
    pub(super) exportable: bool,
    pub(super) plaintext_backup: bool,
    pub(super) deletion_allowed: bool,
    /// In seconds.
    pub(super) auto_rotate: u64,
    pub(super) size: u64,
    pub(super) versions: BTreeMap<u64, Version>,
    pub(super) min_decryption: u64,
    pub(super) min_encryption: u64,
    pub(super) min_available: u64,
    pub(super) backed_up: Option<i64>,
    pub(super) restored: Option<i64>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) material: Material,
    pub(super) hmac: Material,
    /// Seconds since 1970.
    pub(super) created: i64,
}

impl Key {
    pub(super) fn latest(&self) -> u64 {
        self.versions.last_key_value().map_or(0, |(number, _)| *number)
    }

    pub(super) fn rotate(&mut self, random: &mut fastrand::Rng, now: i64) {
        let mut bytes = || {
            let mut bytes = [0; 32];
            random.fill(&mut bytes);
            bytes
        };
        let version = Version { material: bytes(), hmac: bytes(), created: now };
        self.versions.insert(self.latest() + 1, version);
    }

    pub(super) fn is_symmetric(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "aes128-gcm96" | "aes256-gcm96" | "chacha20-poly1305" | "xchacha20-poly1305"
        )
    }

    pub(super) fn is_rsa(&self) -> bool {
        self.kind.starts_with("rsa-")
    }

    pub(super) fn encrypts(&self) -> bool {
        self.is_symmetric() || self.is_rsa()
    }

    pub(super) fn signs(&self) -> bool {
        self.is_rsa() || self.kind == "ed25519" || self.kind.starts_with("ecdsa-")
    }

    pub(super) fn derives(&self) -> bool {
        self.is_symmetric() || self.kind == "ed25519"
    }

    /// A version that is not put away.
    pub(super) fn version(&self, number: u64) -> Option<&Version> {
        self.versions.get(&number).filter(|_| number >= self.min_decryption)
    }

    /// The version to encrypt or sign with, zero meaning the newest.
    pub(super) fn version_for(&self, purpose: &str, asked: i64) -> Result<u64, Fault> {
        let latest = self.latest();
        let number = match u64::try_from(asked) {
            Ok(0) => return Ok(latest),
            Ok(number) => number,
            Err(_negative) => {
                return Err(Fault::user(format!("requested version for {purpose} is negative")));
            }
        };
        if number > latest {
            let text = format!("requested version for {purpose} is higher than the latest key version");
            return Err(Fault::user(text));
        }
        if number < self.min_encryption {
            let text =
                format!("requested version for {purpose} is less than the minimum encryption key version");
            return Err(Fault::user(text));
        }
        Ok(number)
    }

    /// The key proper.
    pub(super) fn proper(&self, version: &Version, context: Option<&[u8]>) -> Result<Material, Fault> {
        match (self.derived, context) {
            (false, _) => Ok(version.material),
            (true, Some(context)) => Ok(derive(&version.material, context)),
            (true, None) => Err(Fault::user(NO_CONTEXT)),
        }
    }

    /// As the server describes it.
    pub(super) fn describe(&self) -> Value {
        let mut about = json!({
            "allow_plaintext_backup": self.plaintext_backup,
            "auto_rotate_period": self.auto_rotate,
            "deletion_allowed": self.deletion_allowed,
            "derived": self.derived,
            "exportable": self.exportable,
            "imported_key": false,
            "latest_version": self.latest(),
            "min_available_version": self.min_available,
            "min_decryption_version": self.min_decryption,
            "min_encryption_version": self.min_encryption,
            "name": self.name,
            "soft_deleted": false,
            "supports_decryption": self.encrypts(),
            "supports_derivation": self.derives(),
            "supports_encryption": self.encrypts(),
            "supports_signing": self.signs(),
            "type": self.kind,
        });
        if self.kind == "hmac" {
            about["key_size"] = self.size.into();
        } else {
            about["keys"] = self.describe_versions();
        }
        if self.derived {
            about["kdf"] = "hkdf_sha256".into();
            about["convergent_encryption"] = self.convergent.into();
        }
        if self.convergent {
            about["convergent_encryption_version"] = (-1).into();
        }
        for (name, at) in [("backup_info", self.backed_up), ("restore_info", self.restored)] {
            if let Some(at) = at {
                about[name] = json!({ "time": rfc3339(at), "version": self.latest() });
            }
        }
        about
    }

    fn describe_versions(&self) -> Value {
        let shown = self.versions.range(self.min_decryption..);
        let described = shown.map(|(number, version)| {
            let about = if self.is_symmetric() {
                version.created.into()
            } else {
                json!({
                    "certificate_chain": "",
                    "creation_time": rfc3339(version.created),
                    "name": self.public_name(),
                    "public_key": if self.derived { String::new() } else { self.public(version) },
                })
            };
            (number.to_string(), about)
        });
        Value::Object(described.collect::<Map<_, _>>())
    }

    fn public_name(&self) -> &str {
        match self.kind.as_str() {
            "ecdsa-p256" => "P-256",
            "ecdsa-p384" => "P-384",
            "ecdsa-p521" => "P-521",
            other => other,
        }
    }

    /// Real for Ed25519; of the others only the form is.
    pub(super) fn public(&self, version: &Version) -> String {
        let text = STANDARD.encode(public_key(&version.material));
        if self.kind == "ed25519" {
            return text;
        }
        format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    }
}

fn rfc3339(seconds: i64) -> String {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since).to_string()
}
