//! What the fakes on the wire share.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::testing::StubServer;
use serde_json::Value;
use wiremock::Request;

use super::model::RegistrarModel;
use super::state::Trouble;
use crate::registrar::{NameServers, RateLimit, RegisteredDomain};
use crate::testing::socket::{Reply, serve};

/// What one registrar answers, or why not.
pub(super) type Answer = Result<Reply, Trouble>;

/// How one registrar speaks.
pub(super) trait Vendor: Send + Sync + 'static {
    /// Carries a request out.
    fn answer(&self, model: &RegistrarModel, request: &Request) -> Answer;

    /// How it says that it does not. Its words repeat the credential that was sent, as those of the worst of registrars
    /// would.
    fn refuse(&self, request: &Request, trouble: &Trouble) -> Reply;
}

/// Serves the model on a free port of the loopback interface.
pub(super) async fn start(model: &RegistrarModel, vendor: impl Vendor) -> StubServer {
    let model = model.clone();
    serve(Arc::new(move |request| match vendor.answer(&model, request) {
        Ok(reply) => Some(reply),
        Err(Trouble::Severed) => None,
        Err(Trouble::NoAnswer) => {
            Some(Reply::new(200, "application/json", "").later(Duration::from_secs(60)))
        }
        Err(Trouble::Html) => Some(Reply::page(503)),
        Err(trouble) => Some(vendor.refuse(request, &trouble)),
    }))
    .await
}

/// What all fakes have; `$client` is what they answer.
macro_rules! of_each_fake {
    ($client:ty) => {
        /// Starts one with an account of its own.
        pub async fn start() -> Self {
            Self::serve(&RegistrarModel::new()).await
        }

        /// The account behind.
        pub fn model(&self) -> &RegistrarModel {
            &self.model
        }

        /// A client of it, whose limit of requests is out of the way.
        ///
        /// # Errors
        /// If the client cannot be set up.
        pub fn registrar(&self) -> catalyst_core::Result<$client> {
            self.builder()?.build()
        }
    };
}
pub(super) use of_each_fake;

/// What the clients of fakes are given, so that tests wait for no limit.
pub(super) fn no_limit() -> RateLimit {
    RateLimit::new(10_000, Duration::from_secs(1))
}

/// A domain of a request; none is in the account that is no domain.
pub(super) fn domain(text: &str) -> Result<RegisteredDomain, Trouble> {
    text.parse().map_err(|_invalid| Trouble::NotInAccount)
}

/// Name servers of a request.
pub(super) fn servers<'a>(names: impl Iterator<Item = &'a str>) -> Option<NameServers> {
    let names: catalyst_core::Result<Vec<_>> = names.map(str::parse).collect();
    names.and_then(NameServers::new).ok()
}

pub(super) fn query(request: &Request, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub(super) fn number(request: &Request, name: &str, otherwise: usize) -> usize {
    query(request, name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

pub(super) fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The body as JSON; null if it is none.
pub(super) fn json(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

/// The credential behind its scheme.
pub(super) fn authorization<'a>(request: &'a Request, scheme: &str) -> &'a str {
    header(request, "authorization").strip_prefix(scheme).unwrap_or_default().trim_start()
}
