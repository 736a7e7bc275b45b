//! What a bring-up asks of the server itself.

use std::time::Duration;

use catalyst_core::http::{Method, Request};
use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout};

use crate::operation::{Operation, Subject};
use crate::refusal::SERVICE;
use crate::transport::Call;
use crate::{HealthStatus, KeyShare, OpenBao, SealStatus};

/// The pause between two looks at the server.
const PAUSE: Duration = Duration::from_millis(250);
/// The path of tokens that init made, or key shares.
const ROOT_PATH: &str = "auth/token/root";

/// Waits until the server answers at all.
pub(super) async fn answering(bao: &OpenBao, patience: Duration) -> Result<SealStatus> {
    let end = Instant::now() + patience;
    loop {
        match bao.operator().seal_status().await {
            Ok(status) => return Ok(status),
            Err(error) if Instant::now() + PAUSE >= end || never_helps(&error) => return Err(error),
            Err(error) => tracing::info!(%error, "the server does not answer yet"),
        }
        sleep(PAUSE).await;
    }
}

/// Waits until the server serves: after it was initialised or unsealed that takes a while.
pub(super) async fn serving(bao: &OpenBao, patience: Duration) -> Result<()> {
    let wait = async {
        while !bao.health().await.is_ok_and(|health| health.status == HealthStatus::Active) {
            sleep(PAUSE).await;
        }
    };
    timeout(patience, wait).await.map_err(|_elapsed| {
        Error::new(ErrorKind::Timeout, "wait for the server to serve")
            .with_service(SERVICE)
            .with_help("it is unsealed, and no node became the active one; its log says more")
    })
}

/// A root token out of the shares. Whatever attempt there is belongs to a run that was killed.
pub(super) async fn root_token(bao: &OpenBao, keys: &[KeyShare]) -> Result<Secret> {
    let operator = bao.operator();
    if operator.root_generation().await?.started {
        operator.cancel_root_generation().await?;
    }
    operator.generate_root(keys).await
}

/// Revokes all root tokens but that of the session of `bao`; says how many.
pub(super) async fn revoke_other_roots(bao: &OpenBao) -> Result<usize> {
    let ask = |name, path| bao.api.at(Subject::System, name, path);
    let own: About = ask("look up token", &["auth/token/lookup-self"]).read().await?;
    let mut revoked = 0;
    for accessor in ask("list token accessors", &["auth/token/accessors"]).list().await? {
        let body = OfAccessor { accessor: &accessor };
        let about = ask("look up accessor", &["auth/token/lookup-accessor"]).exchange::<About>(&body).await;
        match about {
            Ok(about) if about.is_root() && accessor != own.accessor => {
                ask("revoke accessor", &["auth/token/revoke-accessor"]).write(&body).await?;
                revoked += 1;
            }
            Ok(_) => {}
            // It ended since it was listed.
            Err(error) if error.status() == Some(400) || error.status() == Some(403) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(revoked)
}

/// Revokes a token; one that has ended already is a success.
pub(super) async fn revoke(bao: &OpenBao, token: &Secret) -> Result<()> {
    let body = |request: Request| request.json(&serde_json::Map::new());
    let operation = Operation::Of(Subject::System, "revoke root token");
    let call = Call::new(operation, Method::Post, &["auth/token/revoke-self"]).body(&body);
    match bao.api.send_as(&call, Some(token)).await {
        Ok(_) => Ok(()),
        Err(error) if error.status() == Some(403) => Ok(()),
        Err(error) => Err(error),
    }
}

fn never_helps(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Config | ErrorKind::Decode)
}

#[derive(Deserialize)]
struct About {
    #[serde(default)]
    accessor: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    policies: Vec<String>,
}

impl About {
    fn is_root(&self) -> bool {
        self.path == ROOT_PATH && self.policies.iter().any(|policy| policy == "root")
    }
}

#[derive(Serialize)]
struct OfAccessor<'a> {
    accessor: &'a str,
}
