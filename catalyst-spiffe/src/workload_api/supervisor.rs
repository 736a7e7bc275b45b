//! The one task of a source. It follows the agent's streams and publishes what they bring.

use std::convert::Infallible;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, Jitter, Result};
use futures_util::future::join;
use futures_util::{Stream, StreamExt};
use spiffe::{WorkloadApiError, X509Context};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::plan::{Damper, Ending, Ladder, Volume, watchdog};
use super::source::Shared;
use super::{convert, fault};
use crate::live::Material;

const WATCH_X509: &str = "watch X.509 identity";
const WATCH_JWT: &str = "watch JWT bundles";

/// An agent sends the first update at once, or after it has asked its node who is calling.
const FIRST_UPDATE_LIMIT: Duration = Duration::from_secs(10);
/// Validity is wall time, which jumps when the host was asleep: looked at at least this often.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(15);
/// JWT authorities change rarely; the stream is opened anew this often, in case it is dead and nobody noticed.
const JWT_STREAM_AGE: Duration = Duration::from_secs(1800);

/// Runs until `stop`. However it ends, nothing is readable afterwards.
pub(super) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    struct Closing(Arc<Shared>);
    impl Drop for Closing {
        fn drop(&mut self) {
            self.0.live.stop();
            self.0.jwt.clear();
        }
    }
    let closing = Closing(shared);
    let both = join(follow_x509(&closing.0), follow_jwt_bundles(&closing.0));
    stop.run_until_cancelled(both).await;
}

async fn follow_x509(shared: &Shared) -> Infallible {
    let (mut ladder, mut damper) = (Ladder::new(Jitter::Random), Damper::default());
    loop {
        let mut accepted = None;
        let Err(error) = x509_session(shared, &mut damper, &mut accepted).await;
        let lived = accepted.map(|since| since.elapsed());
        let denied = fault::is_denied(&error);
        complain(shared, &mut damper, &error);
        shared.start.send_modify(|start| {
            start.attempts = start.attempts.saturating_add(1);
            start.fatal |= !start.ready && fault::is_fatal(&error);
            start.last_error = Some(error.clone());
        });
        if denied {
            // Fail closed: the agent has the last word about who we are.
            shared.live.withdraw(error);
            shared.jwt.clear();
        } else {
            shared.live.failed(error);
        }
        let ending = if denied { Ending::Denied } else { Ending::Failed };
        sleep(ladder.pause(ending, lived)).await;
    }
}

/// One stream, until it ends in whatever way. `accepted` is the moment of its first good update.
async fn x509_session(
    shared: &Shared,
    damper: &mut Damper,
    accepted: &mut Option<Instant>,
) -> Result<Infallible> {
    let mut updates = open_x509(shared).await?;
    loop {
        let context = next_update(shared, &mut updates, accepted.is_some()).await?;
        publish(shared, &context)?;
        accepted.get_or_insert_with(Instant::now);
        if damper.recovered() {
            tracing::info!("the agent delivers identity again");
        }
    }
}

type Contexts = std::pin::Pin<Box<dyn Stream<Item = Result<X509Context, WorkloadApiError>> + Send>>;

async fn open_x509(shared: &Shared) -> Result<Contexts> {
    let client = shared.dial(WATCH_X509).await?;
    match timeout(FIRST_UPDATE_LIMIT, client.stream_x509_contexts()).await {
        Ok(opened) => opened.map(StreamExt::boxed).map_err(|error| fault::classify(error, WATCH_X509)),
        Err(_elapsed) => Err(fault::slow(WATCH_X509)),
    }
}

/// Waits for the next update, but for no longer than the watchdog allows.
async fn next_update(shared: &Shared, updates: &mut Contexts, first_seen: bool) -> Result<X509Context> {
    let clock = shared.live.clock();
    let patience = match shared.live.material() {
        Some(material) if first_seen => {
            watchdog(clock.now(), material.identity.not_before(), material.identity.not_after())
        }
        _ => FIRST_UPDATE_LIMIT,
    };
    let (deadline, wall_deadline) = (Instant::now() + patience, clock.now() + patience);
    loop {
        // Whichever clock gets there first: the monotonic one stands still while the host sleeps.
        let left = deadline.saturating_duration_since(Instant::now()).min(clock.until(wall_deadline));
        if left.is_zero() {
            return Err(fault::silent(WATCH_X509));
        }
        match timeout(left.min(LOOK_AT_CLOCK), updates.next()).await {
            Ok(Some(update)) => return update.map_err(|error| fault::classify(error, WATCH_X509)),
            Ok(None) => return Err(fault::ended(WATCH_X509)),
            Err(_elapsed) => {}
        }
    }
}

/// Makes an update what everybody reads; one that says nothing new only clears the account of failures.
fn publish(shared: &Shared, context: &X509Context) -> Result<()> {
    let received = Instant::now();
    let before = shared.live.material();
    let identity = Arc::new(convert::identity(context, shared.hint.as_deref())?);
    let bundles = convert::bundles(context, before.as_ref().map(|material| &*material.bundles))?;
    let same = before.is_some_and(|material| {
        material.identity.chain() == identity.chain() && material.bundles.same_x509(&bundles)
    });
    if same {
        shared.live.recovered();
    } else {
        let jwks = shared.jwks.lock().unwrap_or_else(PoisonError::into_inner);
        let bundles = Arc::new(bundles.with_jwks(&jwks));
        let (id, serial) = (identity.id().clone(), identity.serial().to_owned());
        let revision = shared.live.publish(Material { identity, bundles });
        let took_us = received.elapsed().as_micros();
        tracing::info!(%id, serial, revision, took_us, "identity updated");
    }
    shared.start.send_if_modified(|start| !std::mem::replace(&mut start.ready, true));
    Ok(())
}

fn complain(shared: &Shared, damper: &mut Damper, error: &Error) {
    let life = shared
        .live
        .material()
        .map(|material| (material.identity.remaining(shared.live.clock()), material.identity.lifetime()));
    let left_s = life.map(|(left, _)| left.as_secs());
    match damper.failed(error.code(), life) {
        Volume::Quiet => tracing::debug!(%error, left_s, "no identity from the agent"),
        Volume::Warn => tracing::warn!(%error, left_s, "no identity from the agent; trying again"),
        Volume::Alarm => {
            tracing::error!(%error, left_s, "the identity is about to end and the agent renews it not");
        }
    }
}

/// JWT authorities are an addition: what goes wrong here is logged and tried again, and changes nothing else.
async fn follow_jwt_bundles(shared: &Shared) -> Infallible {
    let mut ladder = Ladder::new(Jitter::Random);
    loop {
        wait_for_identity(shared).await;
        let mut accepted = None;
        let Err(error) = jwt_bundle_session(shared, &mut accepted).await else { continue };
        tracing::debug!(%error, "no JWT bundles from the agent");
        if fault::is_fatal(&error) {
            // This agent does not serve them, and will not begin to.
            return std::future::pending().await;
        }
        let ending = if fault::is_denied(&error) { Ending::Denied } else { Ending::Failed };
        sleep(ladder.pause(ending, accepted.map(|since: Instant| since.elapsed()))).await;
    }
}

async fn wait_for_identity(shared: &Shared) {
    let mut updates = shared.live.updates();
    while shared.live.material().is_none() {
        if updates.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Ends with `Ok` when the stream has reached its age.
async fn jwt_bundle_session(shared: &Shared, accepted: &mut Option<Instant>) -> Result<()> {
    let client = shared.dial(WATCH_JWT).await?;
    let classify = |error| fault::classify(error, WATCH_JWT);
    let opened = timeout(FIRST_UPDATE_LIMIT, client.stream_jwt_bundles()).await;
    let mut updates = opened.map_err(|_elapsed| fault::slow(WATCH_JWT))?.map_err(classify)?;
    let born = Instant::now();
    loop {
        let patience = match accepted {
            None => FIRST_UPDATE_LIMIT,
            Some(_) => JWT_STREAM_AGE.saturating_sub(born.elapsed()),
        };
        match timeout(patience, updates.next()).await {
            Err(_elapsed) if accepted.is_some() => return Ok(()),
            Err(_elapsed) => return Err(fault::silent(WATCH_JWT)),
            Ok(None) => return Err(fault::ended(WATCH_JWT)),
            Ok(Some(update)) => {
                let fresh = convert::jwks(&update.map_err(classify)?)?;
                accepted.get_or_insert_with(Instant::now);
                let mut jwks = shared.jwks.lock().unwrap_or_else(PoisonError::into_inner);
                if *jwks != fresh {
                    *jwks = fresh;
                    shared.live.publish_bundles(|bundles| bundles.with_jwks(&jwks));
                }
            }
        }
    }
}
