//! Certificates, and what stands in them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use catalyst_core::{Error, ErrorKind, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::PublicKey;
use super::blob::{self, CERTIFIED, Reader};

/// The longest certificate in text, in bytes.
const MAX_BYTES: usize = 512 * 1024;

/// A certificate as OpenSSH writes it, in one line: what stands in a file `id_ed25519-cert.pub`. It is no secret.
///
/// It is read, not verified: whoever logs in with it is checked by the host, against the authority that the host trusts.
///
/// ```
/// # fn example(text: &str) -> catalyst_openbao::Result<()> {
/// use catalyst_openbao::ssh::{Certificate, CertificateKind};
///
/// let certificate: Certificate = text.parse()?;
/// assert_eq!(certificate.kind(), CertificateKind::User);
/// println!("{} for {:?}", certificate.serial(), certificate.principals());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate(Arc<Content>);

#[derive(PartialEq, Eq)]
struct Content {
    text: String,
    serial: Serial,
    kind: CertificateKind,
    key_id: String,
    principals: Vec<String>,
    valid_after: Option<SystemTime>,
    valid_before: Option<SystemTime>,
    critical_options: BTreeMap<String, String>,
    extensions: BTreeMap<String, String>,
    public_key: PublicKey,
    authority: PublicKey,
}

/// Whose certificate it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CertificateKind {
    /// That of somebody who logs in.
    #[default]
    User,
    /// That of a host.
    Host,
}

impl Certificate {
    /// The line, without a line break.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The number that its issuer gave it.
    pub fn serial(&self) -> Serial {
        self.0.serial
    }

    /// Whose certificate it is.
    pub fn kind(&self) -> CertificateKind {
        self.0.kind
    }

    /// What the log of a host calls who logs in with it.
    pub fn key_id(&self) -> &str {
        &self.0.key_id
    }

    /// Whom it is for. **None of them means everybody.**
    pub fn principals(&self) -> &[String] {
        &self.0.principals
    }

    /// From when on it is good, by the server's clock; none if from ever.
    pub fn valid_after(&self) -> Option<SystemTime> {
        self.0.valid_after
    }

    /// Until when it is good, by the server's clock; none if for ever.
    pub fn valid_before(&self) -> Option<SystemTime> {
        self.0.valid_before
    }

    /// What restricts it, such as `source-address`. A host that does not know one of them lets nobody in.
    pub fn critical_options(&self) -> &BTreeMap<String, String> {
        &self.0.critical_options
    }

    /// What it allows beside the login, such as `permit-pty`.
    pub fn extensions(&self) -> &BTreeMap<String, String> {
        &self.0.extensions
    }

    /// The key that it certifies.
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }

    /// The key of who signed it.
    pub fn authority(&self) -> &PublicKey {
        &self.0.authority
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let (name, base64, bytes) = blob::line(text, MAX_BYTES)?;
        let algorithm = name.strip_suffix(CERTIFIED).ok_or("it is no certificate of OpenSSH")?;
        // Keys that live on a token keep the ending of their name.
        let plain = if algorithm.starts_with("sk-") {
            format!("{algorithm}@openssh.com")
        } else {
            algorithm.to_owned()
        };
        let members = blob::members(&plain).ok_or("its algorithm is not known")?;
        let mut reader = Reader::new(&bytes);
        let content = content(&mut reader, name, &plain, members)
            .ok_or("it is cut off, or not of the form of OpenSSH")?;
        Ok(Self(Arc::new(Content { text: format!("{name} {base64}"), ..content })))
    }
}

fn content(reader: &mut Reader<'_>, name: &str, plain: &str, members: usize) -> Option<Content> {
    if reader.text()? != name {
        return None;
    }
    let _nonce = reader.string()?;
    let mut key = Vec::new();
    put(&mut key, plain.as_bytes());
    for _ in 0..members {
        put(&mut key, reader.string()?);
    }
    let serial = Serial(reader.u64()?);
    let kind = match reader.u32()? {
        1 => CertificateKind::User,
        2 => CertificateKind::Host,
        _ => return None,
    };
    let key_id = reader.text()?.to_owned();
    let mut listed = Reader::new(reader.string()?);
    let mut principals = Vec::new();
    while !listed.rest().is_empty() {
        principals.push(listed.text()?.to_owned());
    }
    let valid_after = moment(reader.u64()?).filter(|after| *after != SystemTime::UNIX_EPOCH);
    let valid_before = moment(reader.u64()?);
    let critical_options = options(reader.string()?)?;
    let extensions = options(reader.string()?)?;
    let _reserved = reader.string()?;
    let authority = PublicKey::from_blob(reader.string()?).ok()?;
    let _signature = reader.string()?;
    let public_key = PublicKey::from_blob(&key).ok()?;
    reader.rest().is_empty().then(|| Content {
        text: String::new(),
        serial,
        kind,
        key_id,
        principals,
        valid_after,
        valid_before,
        critical_options,
        extensions,
        public_key,
        authority,
    })
}

fn put(blob: &mut Vec<u8>, string: &[u8]) {
    let length = u32::try_from(string.len()).unwrap_or(u32::MAX);
    blob.extend_from_slice(&length.to_be_bytes());
    blob.extend_from_slice(string);
}

/// Seconds since 1970; none if it is further away than the clock goes, as "for ever" is.
fn moment(seconds: u64) -> Option<SystemTime> {
    if seconds == u64::MAX {
        return None;
    }
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn options(bytes: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut reader = Reader::new(bytes);
    let mut all = BTreeMap::new();
    while !reader.rest().is_empty() {
        let name = reader.text()?;
        let data = reader.string()?;
        let value = if data.is_empty() { "" } else { Reader::new(data).text()? };
        all.insert(name.to_owned(), value.to_owned());
    }
    Some(all)
}

impl FromStr for Certificate {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::InvalidRequest`], code `malformed_input`, saying what is wrong; the text is not quoted.
    fn from_str(text: &str) -> Result<Self> {
        Self::read(text).map_err(|fault| {
            Error::new(ErrorKind::InvalidRequest, "read SSH certificate")
                .with_code("malformed_input")
                .with_help(fault)
        })
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("serial", &self.0.serial)
            .field("kind", &self.0.kind)
            .field("key_id", &self.0.key_id)
            .field("principals", &self.0.principals)
            .finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The number of a certificate. The server writes it as [`Display`](fmt::Display) does, in hexadecimal digits;
/// `ssh-keygen` and lists of revoked keys have it as a [number](Serial::number).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(u64);

impl Serial {
    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl From<u64> for Serial {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl FromStr for Serial {
    type Err = Error;

    /// Reads 1 to 16 hexadecimal digits.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`], code `malformed_input`.
    fn from_str(text: &str) -> Result<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| digits).map(Self).ok_or_else(|| {
            Error::new(ErrorKind::InvalidRequest, "read serial number")
                .with_code("malformed_input")
                .with_help("expected 1 to 16 hexadecimal digits")
        })
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({:x})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::recorded;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    #[test]
    fn a_serial_number_is_read_as_it_is_written() {
        for (text, number) in
            [("0", 0), ("68361c2ba7eea64", 0x0683_61c2_ba7e_ea64), ("ffffffffffffffff", u64::MAX)]
        {
            let serial: Serial = text.parse().unwrap();
            assert_eq!((serial.number(), serial.to_string()), (number, text.to_owned()));
            assert_eq!(Serial::from(number), serial);
        }
        for bad in ["", "+1", "x", "10000000000000000"] {
            assert_eq!(bad.parse::<Serial>().unwrap_err().code(), Some("malformed_input"), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_damaged_certificate_breaks_nothing(at in 0_usize..600, byte in any::<u8>(), cut in any::<bool>()) {
            let whole: Certificate =
                recorded("ssh-sign-full").1["data"]["signed_key"].as_str().unwrap().parse().unwrap();
            let (name, base64) = whole.as_str().split_once(' ').unwrap();
            let mut bytes = STANDARD.decode(base64).unwrap();
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            let damaged = format!("{name} {}", STANDARD.encode(bytes)).parse::<Certificate>();
            // Whatever is still read is not taken for what it was.
            prop_assert!(damaged.is_err() || !cut);
            if let Ok(damaged) = damaged {
                prop_assert_eq!(damaged == whole, damaged.as_str() == whole.as_str());
            }
        }
    }
}
