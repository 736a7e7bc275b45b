//! Keys of issuers, and keys that are given out.

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512,
    RsaKeyPair,
};

use super::pem;
use super::writer::{number, string};

/// A private key.
#[derive(Clone)]
pub(super) enum Key {
    Ed25519([u8; 32]),
    /// The bits of the curve, and the key in DER (RFC 5915).
    Ecdsa(u64, Vec<u8>),
    /// In DER (PKCS #8).
    Rsa(Vec<u8>),
}

impl Key {
    /// A new key, or what the server says if there is no such kind.
    pub(super) fn generate(random: &mut fastrand::Rng, kind: &str, bits: u64) -> Result<Self, String> {
        let failed = |_: aws_lc_rs::error::Unspecified| "no key could be made".to_owned();
        match kind {
            "ed25519" | "ssh-ed25519" => {
                let mut seed = [0; 32];
                random.fill(&mut seed);
                Ok(Self::Ed25519(seed))
            }
            "ec" | "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => {
                let bits = match kind.strip_prefix("ecdsa-sha2-nistp") {
                    Some(named) => named.parse().unwrap_or(256),
                    None if bits == 0 => 256,
                    None => bits,
                };
                let unknown = || format!("unknown ECDSA key pair algorithm and bits: {kind} / {bits}");
                let pair = EcdsaKeyPair::generate(curve(bits).ok_or_else(unknown)?).map_err(failed)?;
                let der: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().map_err(failed)?;
                Ok(Self::Ecdsa(bits, der.as_ref().to_vec()))
            }
            "rsa" | "ssh-rsa" => {
                let bits = if bits == 0 { 4096 } else { bits };
                if bits < 2048 {
                    return Err(format!("refusing to generate weak {kind} key: {bits} bits < 2048 bits"));
                }
                let size = match bits {
                    2048 => KeySize::Rsa2048,
                    3072 => KeySize::Rsa3072,
                    _ => KeySize::Rsa4096,
                };
                let pair = RsaKeyPair::generate(size).map_err(failed)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                Ok(Self::Rsa(der.as_ref().to_vec()))
            }
            _ => Err(format!("unknown ssh key pair algorithm: {kind}")),
        }
    }

    /// The public key in binary form.
    pub(super) fn public(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(seed) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(seed);
                let public = pair.map(|pair| pair.public_key().as_ref().to_vec()).unwrap_or_default();
                [string(b"ssh-ed25519"), string(&public)].concat()
            }
            Self::Ecdsa(bits, der) => {
                let pair = curve(*bits).and_then(|curve| EcdsaKeyPair::from_private_key_der(curve, der).ok());
                let point = pair.map(|pair| pair.public_key().as_ref().to_vec()).unwrap_or_default();
                let name = format!("ecdsa-sha2-nistp{bits}");
                [string(name.as_bytes()), string(format!("nistp{bits}").as_bytes()), string(&point)].concat()
            }
            Self::Rsa(der) => {
                let pair = RsaKeyPair::from_pkcs8(der).ok();
                let public = pair.map(|pair| pair.public_key().as_ref().to_vec()).unwrap_or_default();
                let (modulus, exponent) = pem::two_numbers(&public).unwrap_or_default();
                [string(b"ssh-rsa"), number(exponent), number(modulus)].concat()
            }
        }
    }

    /// The private key, as the server writes it.
    pub(super) fn pem(&self, random: &mut fastrand::Rng) -> String {
        match self {
            Self::Ed25519(seed) => pem::openssh(seed, &self.public(), random.u32(..)),
            Self::Ecdsa(_, der) => pem::block("EC PRIVATE KEY", der, 64),
            Self::Rsa(der) => pem::block("RSA PRIVATE KEY", pem::inner_key(der).unwrap_or(der), 64),
        }
    }

    /// A signature in binary form; `algorithm` is what a role says of it.
    pub(super) fn sign(&self, message: &[u8], algorithm: &str) -> Result<Vec<u8>, String> {
        let failed = |_: aws_lc_rs::error::Unspecified| "no signature could be made".to_owned();
        let usual = matches!(algorithm, "" | "default");
        let unsupported = |kind: &str| {
            format!("ssh: unsupported signature algorithm \"{algorithm}\" for key format \"{kind}\"")
        };
        let (name, signature) = match self {
            Self::Ed25519(_) if !usual => return Err(unsupported("ssh-ed25519")),
            Self::Ed25519(seed) => {
                let pair =
                    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_rejected| "no key".to_owned())?;
                ("ssh-ed25519".to_owned(), pair.sign(message).as_ref().to_vec())
            }
            Self::Ecdsa(bits, _) if !usual => return Err(unsupported(&format!("ecdsa-sha2-nistp{bits}"))),
            Self::Ecdsa(bits, der) => {
                let pair = curve(*bits).and_then(|curve| EcdsaKeyPair::from_private_key_der(curve, der).ok());
                let pair = pair.ok_or_else(|| "no key".to_owned())?;
                let signature = pair.sign(&SystemRandom::new(), message).map_err(failed)?;
                let (r, s) = signature.as_ref().split_at(signature.as_ref().len() / 2);
                (format!("ecdsa-sha2-nistp{bits}"), [number(r), number(s)].concat())
            }
            Self::Rsa(der) => {
                let (name, padding) = match algorithm {
                    "rsa-sha2-512" => ("rsa-sha2-512", &RSA_PKCS1_SHA512),
                    "ssh-rsa" => return Err(unsupported("ssh-rsa")),
                    _ => ("rsa-sha2-256", &RSA_PKCS1_SHA256),
                };
                let pair = RsaKeyPair::from_pkcs8(der).map_err(|_rejected| "no key".to_owned())?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(failed)?;
                (name.to_owned(), signature)
            }
        };
        Ok([string(name.as_bytes()), string(&signature)].concat())
    }
}

fn curve(bits: u64) -> Option<&'static EcdsaSigningAlgorithm> {
    match bits {
        256 => Some(&ECDSA_P256_SHA256_FIXED_SIGNING),
        384 => Some(&ECDSA_P384_SHA384_FIXED_SIGNING),
        521 => Some(&ECDSA_P521_SHA512_FIXED_SIGNING),
        _ => None,
    }
}
