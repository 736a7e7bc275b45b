//! Sessions with a scripted authority, in virtual time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result, Secret};
use tokio::time::{Instant, advance, sleep};

use crate::Standing;
use crate::auth::{Authority, Granted};
use crate::maintain;
use crate::sessions::{Sessions, Verdict};
use crate::token::Term;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// What a [`Script`] does.
#[derive(Debug)]
pub(super) struct Plan {
    /// What a login or a renewal gives.
    pub(super) ttl: Duration,
    pub(super) renewable: bool,
    /// Renewals end at this age of the token.
    pub(super) max_ttl: Duration,
    pub(super) makes_tokens: bool,
    /// All fail with this.
    pub(super) failure: Option<Error>,
    /// How long a login takes.
    pub(super) pause: Duration,
    /// Tokens that the server no longer knows.
    pub(super) unknown: Vec<u32>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            ttl: MINUTE * 60,
            renewable: true,
            max_ttl: MINUTE * 60 * 24,
            makes_tokens: true,
            failure: None,
            pause: Duration::ZERO,
            unknown: Vec::new(),
        }
    }
}

/// A server of tokens `1`, `2`, … that does what its plan says and writes down what was asked.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) plan: Mutex<Plan>,
    issued: Mutex<Vec<Instant>>,
    calls: Mutex<Vec<(Instant, String)>>,
    logins: AtomicU32,
}

impl Script {
    pub(super) fn new(plan: Plan) -> Arc<Self> {
        Arc::new(Self {
            plan: Mutex::new(plan),
            issued: Mutex::default(),
            calls: Mutex::default(),
            logins: AtomicU32::new(0),
        })
    }

    pub(super) fn sessions(self: &Arc<Self>) -> Arc<Sessions> {
        let authority: Arc<dyn Authority> = Arc::<Self>::clone(self);
        Arc::new(Sessions::new(authority))
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|(_, call)| call.clone()).collect()
    }

    pub(super) fn times(&self, start: Instant) -> Vec<u64> {
        self.calls.lock().unwrap().iter().map(|(when, _)| (*when - start).as_secs()).collect()
    }

    fn note(&self, call: String) -> Result<()> {
        self.calls.lock().unwrap().push((Instant::now(), call));
        self.plan.lock().unwrap().failure.clone().map_or(Ok(()), Err)
    }

    fn known(&self, token: &Secret, operation: &'static str) -> Result<u32> {
        let number = token.expose().parse().unwrap();
        if self.plan.lock().unwrap().unknown.contains(&number) {
            return Err(Error::new(ErrorKind::Unauthenticated, operation).with_code("invalid_token"));
        }
        Ok(number)
    }
}

#[async_trait]
impl Authority for Script {
    fn makes_tokens(&self) -> bool {
        self.plan.lock().unwrap().makes_tokens
    }

    async fn log_in(&self) -> Result<Granted> {
        let pause = self.plan.lock().unwrap().pause;
        let issued_at = Instant::now();
        sleep(pause).await;
        self.note("log in".to_owned())?;
        let number = self.logins.fetch_add(1, Ordering::SeqCst) + 1;
        self.issued.lock().unwrap().push(issued_at);
        let plan = self.plan.lock().unwrap();
        let term = Term { issued_at, ttl: Some(plan.ttl), renewable: plan.renewable };
        Ok(Granted { secret: Secret::from(number.to_string()), term, ours: plan.makes_tokens })
    }

    async fn renew(&self, token: &Secret) -> Result<Term> {
        self.note(format!("renew {}", token.expose()))?;
        let number = self.known(token, "renew token")?;
        let issued = self.issued.lock().unwrap()[number as usize - 1];
        let plan = self.plan.lock().unwrap();
        let left = plan.max_ttl.saturating_sub(issued.elapsed());
        Ok(Term { issued_at: Instant::now(), ttl: Some(plan.ttl.min(left)), renewable: true })
    }

    async fn look_up(&self, token: &Secret) -> Result<Term> {
        self.note(format!("look up {}", token.expose()))?;
        self.known(token, "look up token")?;
        Ok(Term { issued_at: Instant::now(), ttl: Some(MINUTE), renewable: true })
    }

    async fn revoke(&self, token: &Secret) -> Result<()> {
        self.note(format!("revoke {}", token.expose()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_cold_callers_log_in_once() {
    let script = Script::new(Plan { pause: SECOND, ..Plan::default() });
    let sessions = script.sessions();
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let sessions = Arc::clone(&sessions);
            tokio::spawn(async move { sessions.token().await.unwrap().id() })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.unwrap());
    }
    ids.dedup();
    assert_eq!((ids.len(), script.calls()), (1, vec!["log in".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn without_upkeep_the_calls_prolong_the_session() {
    let script = Script::new(Plan::default());
    let sessions = script.sessions();
    let first = sessions.token().await.unwrap();
    advance(MINUTE * 44).await;
    sessions.token().await.unwrap();
    assert_eq!(script.calls().len(), 1);
    advance(MINUTE * 2).await;
    assert_eq!(sessions.token().await.unwrap().id(), first.id());
    assert_eq!(script.calls(), ["log in", "renew 1"]);
    // Left alone past its end, it is replaced.
    advance(MINUTE * 61).await;
    assert_ne!(sessions.token().await.unwrap().id(), first.id());
}

#[tokio::test(start_paused = true)]
async fn a_failed_new_login_leaves_the_session_as_it_was() {
    let script = Script::new(Plan::default());
    let sessions = script.sessions();
    let first = sessions.token().await.unwrap();
    script.plan.lock().unwrap().failure = Some(Error::new(ErrorKind::Connect, "log in"));
    assert!(sessions.replace().await.is_err());
    assert_eq!(sessions.token().await.unwrap().id(), first.id());
    assert_eq!(first.keeper.state().standing, Standing::Lasting);
}

#[tokio::test(start_paused = true)]
async fn many_who_want_a_new_session_at_once_share_one() {
    let script = Script::new(Plan { pause: SECOND, ..Plan::default() });
    let sessions = script.sessions();
    let first = sessions.token().await.unwrap().id();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let sessions = Arc::clone(&sessions);
            tokio::spawn(async move { sessions.replace().await.unwrap().id() })
        })
        .collect();
    for task in tasks {
        assert_ne!(task.await.unwrap(), first);
    }
    assert_eq!(script.calls(), ["log in", "log in"]);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_is_preferred_to_a_new_session_where_a_lease_needs_more_time() {
    let script = Script::new(Plan::default());
    let sessions = script.sessions();
    let first = sessions.token_for(MINUTE * 60).await.unwrap();
    advance(MINUTE * 30).await;
    assert_eq!(sessions.token_for(MINUTE * 60).await.unwrap().id(), first.id());
    assert_eq!(script.calls(), ["log in", "renew 1"]);

    let script = Script::new(Plan { renewable: false, ..Plan::default() });
    let sessions = script.sessions();
    let first = sessions.token_for(MINUTE * 60).await.unwrap();
    advance(MINUTE * 5).await;
    assert_eq!(sessions.token_for(MINUTE * 60).await.unwrap().id(), first.id());
    advance(MINUTE * 25).await;
    assert_ne!(sessions.token_for(MINUTE * 60).await.unwrap().id(), first.id());
    assert_eq!(script.calls(), ["log in", "log in"]);
}

#[tokio::test(start_paused = true)]
async fn where_no_longer_session_is_to_be_had_the_one_there_serves() {
    let script = Script::new(Plan { renewable: false, ..Plan::default() });
    let sessions = script.sessions();
    let first = sessions.token().await.unwrap();
    advance(MINUTE * 30).await;
    script.plan.lock().unwrap().failure = Some(Error::new(ErrorKind::Identity, "fetch JWT-SVID"));
    assert_eq!(sessions.token_for(MINUTE * 60).await.unwrap().id(), first.id());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_came_after_the_shutdown_is_revoked() {
    let script = Script::new(Plan { pause: SECOND, ..Plan::default() });
    let sessions = script.sessions();
    let login = tokio::spawn({
        let sessions = Arc::clone(&sessions);
        async move { sessions.token().await.map(|token| token.id()) }
    });
    tokio::task::yield_now().await;
    maintain::shutdown(&sessions, SECOND).await.unwrap();
    assert_eq!(login.await.unwrap().unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(script.calls(), ["log in", "revoke 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_that_is_good_is_replaced_once_a_minute_at_most() {
    let script = Script::new(Plan::default());
    let sessions = script.sessions();
    for _ in 0..3 {
        let token = sessions.token().await.unwrap();
        if let Verdict::Retry(_) = sessions.refused(&token, Instant::now()).await.unwrap() {
            sessions.tried_again(false).await;
        }
        advance(SECOND).await;
    }
    let logins = |script: &Script| script.calls().iter().filter(|call| *call == "log in").count();
    assert_eq!(logins(&script), 2);
    advance(MINUTE * 3).await;
    let token = sessions.token().await.unwrap();
    assert!(matches!(sessions.refused(&token, Instant::now()).await.unwrap(), Verdict::Retry(_)));
    assert_eq!(logins(&script), 3);
}

#[tokio::test(start_paused = true)]
async fn a_static_token_that_is_refused_is_lost_and_one_that_is_good_is_denied() {
    let script = Script::new(Plan { makes_tokens: false, ..Plan::default() });
    let sessions = script.sessions();
    let token = sessions.token().await.unwrap();
    assert!(matches!(sessions.refused(&token, Instant::now()).await.unwrap(), Verdict::Denied));
    assert_eq!(token.keeper.state().standing, Standing::Lasting);
    advance(SECOND).await;
    script.plan.lock().unwrap().unknown.push(1);
    let _second = sessions.refused(&token, Instant::now()).await;
    assert_eq!(token.keeper.state().standing, Standing::Lost);
}
