//! What all fakes of registrars do with a request.

use std::sync::Arc;

use catalyst_core::testing::StubServer;
use wiremock::Request;

use super::account::{AccountFault, FakeAccount, Purpose, State};
use crate::testing::socket::{Handler, Reply, serve};

/// How a registrar speaks.
pub(super) trait Vendor: Send + Sync + 'static {
    /// What a request is for.
    fn purpose(&self, request: &Request) -> Purpose;

    /// How the vendor says it.
    fn refuse(&self, fault: &AccountFault) -> Reply;

    /// Carries a request out.
    fn answer(&self, state: &mut State, request: &Request) -> Reply;
}

pub(super) async fn start(account: &FakeAccount, vendor: impl Vendor) -> StubServer {
    let account = account.clone();
    let handler: Handler = Arc::new(move |request| handle(&account, &vendor, request));
    serve(handler).await
}

fn handle(account: &FakeAccount, vendor: &impl Vendor, request: &Request) -> Option<Reply> {
    let mut state = account.lock();
    let fault = state.strike(vendor.purpose(request));
    match &fault {
        Some(AccountFault::Drop) => return None,
        Some(
            fault @ (AccountFault::BadCredential
            | AccountFault::AccountTier
            | AccountFault::RateLimited
            | AccountFault::Unavailable
            | AccountFault::HtmlBody),
        ) => return Some(vendor.refuse(fault)),
        _ => {}
    }
    let reply = vendor.answer(&mut state, request);
    match fault {
        Some(AccountFault::DropAfterWrite) => None,
        Some(AccountFault::SlowAfterWrite(delay)) => Some(reply.later(delay)),
        _ => Some(reply),
    }
}

pub(super) fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The body as JSON; null if it is none.
pub(super) fn json(request: &Request) -> serde_json::Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}
