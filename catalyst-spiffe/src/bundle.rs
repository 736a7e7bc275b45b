//! The authorities of trust domains: our own and the federated ones, each for itself.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::TrustDomain;

/// What each trust domain's identities are verified with. Authorities of one domain never vouch for another.
#[derive(Clone, Debug, Default)]
pub struct BundleSet {
    domains: BTreeMap<TrustDomain, Bundle>,
}

#[derive(Clone, Default)]
struct Bundle {
    x509: Arc<Vec<Vec<u8>>>,
    jwks: Option<Arc<str>>,
    #[cfg(feature = "rustls")]
    anchors: Option<crate::tls::Anchors>,
}

impl BundleSet {
    /// The trust domains that there is a bundle of.
    pub fn trust_domains(&self) -> impl Iterator<Item = &TrustDomain> {
        self.domains.keys()
    }

    /// The certificate authorities of a trust domain in DER; empty if there is no bundle of it.
    pub fn x509_authorities(&self, domain: &TrustDomain) -> &[Vec<u8>] {
        self.domains.get(domain).map_or(&[], |bundle| bundle.x509.as_slice())
    }

    /// The keys that sign a trust domain's JWT-SVIDs, as a JWKS document in JSON. They arrive on a stream of their
    /// own, so they may be missing for a moment after the start.
    pub fn jwt_authorities(&self, domain: &TrustDomain) -> Option<&str> {
        self.domains.get(domain).and_then(|bundle| bundle.jwks.as_deref())
    }

    pub(crate) fn insert_x509(&mut self, domain: TrustDomain, authorities: Vec<Vec<u8>>) {
        let bundle = self.domains.entry(domain).or_default();
        #[cfg(feature = "rustls")]
        {
            bundle.anchors = crate::tls::Anchors::new(&authorities);
        }
        bundle.x509 = Arc::new(authorities);
    }

    /// As [`Self::insert_x509`], but takes what `before` made of the same authorities instead of parsing them again.
    pub(crate) fn insert_x509_like(
        &mut self,
        before: Option<&Self>,
        domain: TrustDomain,
        authorities: Vec<Vec<u8>>,
    ) {
        match before.and_then(|set| set.domains.get(&domain)) {
            Some(same) if *same.x509 == authorities => {
                let jwks = self.domains.get(&domain).and_then(|bundle| bundle.jwks.clone());
                self.domains.insert(domain, Bundle { jwks, ..same.clone() });
            }
            _ => self.insert_x509(domain, authorities),
        }
    }

    /// Whether the X.509 authorities are the same.
    pub(crate) fn same_x509(&self, other: &Self) -> bool {
        let authorities = |set: &Self| -> Vec<_> {
            let filled = set.domains.iter().filter(|(_, bundle)| !bundle.x509.is_empty());
            filled.map(|(domain, bundle)| (domain.clone(), Arc::clone(&bundle.x509))).collect()
        };
        authorities(self) == authorities(other)
    }

    pub(crate) fn insert_jwks(&mut self, domain: TrustDomain, jwks: impl Into<Arc<str>>) {
        self.domains.entry(domain).or_default().jwks = Some(jwks.into());
    }

    /// The same X.509 authorities with `jwks` as all JWT authorities.
    pub(crate) fn with_jwks(&self, jwks: &BTreeMap<TrustDomain, Arc<str>>) -> Self {
        let mut set = self.clone();
        for bundle in set.domains.values_mut() {
            bundle.jwks = None;
        }
        for (domain, keys) in jwks {
            set.insert_jwks(domain.clone(), Arc::clone(keys));
        }
        set
    }

    #[cfg(feature = "rustls")]
    pub(crate) fn anchors(&self, domain: &TrustDomain) -> Option<&crate::tls::Anchors> {
        self.domains.get(domain)?.anchors.as_ref()
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} X.509 authorities, JWT authorities: {}", self.x509.len(), self.jwks.is_some())
    }
}
