//! What a child asks of its parent (RFC 7344, RFC 8078).

use std::fmt;
use std::net::SocketAddr;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};

use super::DigestAlgorithm;
use crate::query::{DnsClient, Question, ResponseCode};
use crate::{Dnskey, Ds, RecordData, RecordType, ZoneName};

/// The settings that PowerDNS keeps with a zone, as far as signing needs them.
#[async_trait]
pub trait ZoneMetadata: fmt::Debug + Send + Sync + 'static {
    /// Sets all values of one kind; none removes it.
    async fn set_metadata(&self, zone: &ZoneName, kind: &str, values: &[String]) -> Result<()>;
}

/// Has the zone publish CDS with SHA-256 digests and CDNSKEY for its keys, or nothing of the kind. PowerDNS makes the
/// records itself, by the metadata `PUBLISH-CDS` and `PUBLISH-CDNSKEY`; record sets that are written are not served.
pub async fn publish_cds(metadata: &dyn ZoneMetadata, zone: &ZoneName, publish: bool) -> Result<()> {
    let values = |value: &str| if publish { vec![value.to_owned()] } else { Vec::new() };
    metadata
        .set_metadata(zone, "PUBLISH-CDS", &values(&DigestAlgorithm::Sha256.number().to_string()))
        .await?;
    metadata.set_metadata(zone, "PUBLISH-CDNSKEY", &values("1")).await
}

/// What a zone publishes for its parent to find.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildRequest {
    /// The DS records that it wants.
    pub cds: Vec<Ds>,
    /// The keys whose DS records it wants.
    pub cdnskey: Vec<Dnskey>,
}

impl ChildRequest {
    /// Asks a server of the zone.
    ///
    /// # Errors
    /// `Unavailable` with code `not_authoritative` if the server does not answer for the zone; see
    /// [`DnsClient::ask`].
    pub async fn read(client: &dyn DnsClient, server: SocketAddr, zone: &ZoneName) -> Result<Self> {
        let mut request = Self { cds: Vec::new(), cdnskey: Vec::new() };
        for kind in [RecordType::Cds, RecordType::Cdnskey] {
            let question = Question::new(zone.apex().clone(), kind);
            let answer = client.ask(server, &question).await?;
            if !answer.authoritative || answer.code != ResponseCode::NoError {
                return Err(Error::new(ErrorKind::Unavailable, "read what a child zone asks for")
                    .with_code("not_authoritative")
                    .with_target(format!("{question} @{server}"))
                    .with_help("ask a server that answers for the child zone"));
            }
            for record in answer.answers.into_iter().filter(|record| record.name == *zone.apex()) {
                match record.data {
                    RecordData::Cds(ds) => request.cds.push(ds),
                    RecordData::Cdnskey(key) => request.cdnskey.push(key),
                    _ => {}
                }
            }
        }
        request.cds.sort();
        request.cdnskey.sort();
        Ok(request)
    }

    /// Whether it asks to be made insecure: algorithm 0 (RFC 8078 section 4).
    pub fn wants_none(&self) -> bool {
        let algorithms = self.cds.iter().map(|ds| ds.algorithm);
        let mut all = algorithms.chain(self.cdnskey.iter().map(|key| key.algorithm)).peekable();
        all.peek().is_some() && all.all(|algorithm| algorithm == 0)
    }

    /// The DS records that the parent should have, if there is a request.
    ///
    /// # Errors
    /// `Decode` with code `ds_mismatch` if CDS and CDNSKEY do not mean the same keys (RFC 7344 section 4).
    pub fn ds(&self, zone: &ZoneName) -> Result<Option<Vec<Ds>>> {
        if self.cds.is_empty() && self.cdnskey.is_empty() {
            return Ok(None);
        }
        if self.wants_none() {
            return Ok(Some(Vec::new()));
        }
        let from_keys = || self.cdnskey.iter().map(|key| Ds::from_dnskey(zone, key)).collect();
        if self.cds.is_empty() {
            return Ok(Some(from_keys()));
        }
        let computed = |ds: &&Ds| DigestAlgorithm::from_number(ds.digest_type).is_some();
        let unknown = |ds: &&Ds| !self.cdnskey.iter().any(|key| ds.is_of(zone, key));
        let stray = self.cds.iter().filter(computed).find(unknown);
        let missing = self.cdnskey.iter().any(|key| !self.cds.iter().any(|ds| ds.key_tag == key.key_tag()));
        if !self.cdnskey.is_empty() && (stray.is_some() || missing) {
            return Err(Error::new(ErrorKind::Decode, "read what a child zone asks for")
                .with_code("ds_mismatch")
                .with_target(zone.as_str())
                .with_help("its CDS and CDNSKEY records do not mean the same keys"));
        }
        Ok(Some(self.cds.clone()))
    }
}
