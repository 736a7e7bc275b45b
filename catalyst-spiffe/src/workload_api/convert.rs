//! From the client crate's types to ours, with our limits.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalyst_core::{Error, Result, SecretBytes};
use spiffe::{JwtBundleSet, X509Context, X509Svid};

use super::fault::malformed;
use crate::{BundleSet, TrustDomain, X509Identity};

const MAX_SVIDS: usize = 100;
const MAX_BUNDLES: usize = 256;
const WATCH_X509: &str = "watch X.509 identity";
const WATCH_JWT: &str = "watch JWT bundles";

/// Takes the SVID with `hint`, or the first one, which the standard makes the default.
pub(super) fn identity(context: &X509Context, hint: Option<&str>) -> Result<X509Identity> {
    if context.svids().len() > MAX_SVIDS {
        return Err(malformed(WATCH_X509, "the agent sent more than 100 SVIDs"));
    }
    let chosen = match hint {
        None => context.default_svid(),
        Some(hint) => context.svids().iter().find(|svid| svid.hint() == Some(hint)),
    };
    let svid = chosen.ok_or_else(|| match hint {
        None => malformed(WATCH_X509, "the agent sent no SVID"),
        Some(hint) => malformed(WATCH_X509, format!("none of the agent's SVIDs has the hint {hint:?}")),
    })?;
    from_svid(svid)
}

fn from_svid(svid: &X509Svid) -> Result<X509Identity> {
    let chain = svid.cert_chain().iter().map(|certificate| certificate.as_bytes().to_vec()).collect();
    let key = SecretBytes::new(svid.private_key().as_bytes());
    Ok(X509Identity::from_der(chain, key)?.with_hint(svid.hint()))
}

/// The X.509 authorities of an update; what has not changed since `before` is not parsed again.
pub(super) fn bundles(context: &X509Context, before: Option<&BundleSet>) -> Result<BundleSet> {
    let given = context.bundle_set();
    if given.len() > MAX_BUNDLES {
        return Err(malformed(WATCH_X509, "the agent sent more than 256 bundles"));
    }
    let mut set = BundleSet::default();
    for (domain, bundle) in given.iter() {
        let authorities = bundle.authorities().iter().map(|one| one.as_bytes().to_vec()).collect();
        set.insert_x509_like(before, trust_domain(domain)?, authorities);
    }
    Ok(set)
}

/// The JWT authorities by trust domain, each as a JWKS document.
pub(super) fn jwks(given: &JwtBundleSet) -> Result<BTreeMap<TrustDomain, Arc<str>>> {
    if given.len() > MAX_BUNDLES {
        return Err(malformed(WATCH_JWT, "the agent sent more than 256 bundles"));
    }
    let mut all = BTreeMap::new();
    for (domain, bundle) in given.iter() {
        let keys: Vec<serde_json::Value> = bundle
            .jwt_authorities()
            .map(|key| serde_json::from_slice(key.jwk_json()))
            .collect::<Result<_, _>>()
            .map_err(|error| malformed(WATCH_JWT, "a JWT authority is not JSON").with_source(error))?;
        let document = serde_json::json!({ "keys": keys }).to_string();
        all.insert(trust_domain(domain)?, document.into());
    }
    Ok(all)
}

fn trust_domain(theirs: &spiffe::TrustDomain) -> Result<TrustDomain, Error> {
    theirs.as_str().parse()
}
