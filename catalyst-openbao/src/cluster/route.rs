//! Takes a call to a node that carries it out.
//!
//! What certainly had no effect goes to the next node at once. What may have had one goes there only if twice is the
//! same as once; otherwise the caller is told. Faults that pass by themselves are left to the retry loop.

use std::time::Duration;

use catalyst_core::http::Response;
use catalyst_core::{Error, ErrorKind, Idempotency, Result, Secret};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use super::nodes::Nodes;
use super::plan::{Role, limit_of_a_try};
use super::{probe, race};
use crate::refusal::SERVICE;
use crate::transport::{self, Answer, Call, Routing, Transport, Wire};

/// How many nodes one try of a call is taken to, one after the other.
const MAX_HOPS: u32 = 64;
/// How long a node may be silent before others are asked whether it still leads.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long a read may be silent before another node is asked the same.
const HEDGE: Duration = Duration::from_millis(250);
/// How long a write whose leader is lost waits for the next one.
const ELECTION: Duration = Duration::from_secs(8);
/// A node that was not heard for so long is asked how it stands before it is given what must not be made twice.
const HEARD: Duration = Duration::from_secs(1);

/// A call on its way.
struct Route<'r, 'a> {
    transport: &'r Transport,
    nodes: &'r Nodes,
    wire: &'r Wire,
    call: &'r Call<'a>,
    token: Option<&'r Secret>,
    deadline: Instant,
    /// A standby said that it lags behind: only the active node will do.
    only_active: bool,
}

/// What a node made of a call.
struct Outcome {
    node: usize,
    sent_at: Instant,
    result: Result<Response>,
}

#[allow(clippy::large_enum_variant, reason = "made once for each node that is asked")]
enum Step<'a> {
    Done(Result<Answer<'a>>),
    /// It had no effect here, or may be repeated.
    Elsewhere(Error),
}

/// Sends `call` to the cluster.
pub(crate) async fn exchange<'a>(
    transport: &Transport,
    nodes: &Nodes,
    wire: &Wire,
    call: &Call<'a>,
    token: Option<&Secret>,
) -> Result<Answer<'a>> {
    let deadline = Instant::now() + call.limit().unwrap_or(nodes.timeout());
    let mut route = Route { transport, nodes, wire, call, token, deadline, only_active: false };
    let mut last: Option<Error> = None;
    for hop in 0..MAX_HOPS {
        let node = match route.pick().await {
            Ok(node) => node,
            Err(error) => return Err(explained(error, last).with_target(call.target())),
        };
        match route.go(node).await {
            Step::Done(result) => return result,
            Step::Elsewhere(error) => {
                tracing::debug!(node = %nodes.name(node), %error, "the call goes to another node");
                last = Some(error);
            }
        }
        if Instant::now() >= deadline {
            break;
        }
        // The first change of node is at once.
        sleep(Duration::from_millis(20).saturating_mul(hop.min(10))).await;
    }
    Err(last.unwrap_or_else(|| nodes.none_active(call.operation)))
}

/// Sends `call` to whichever node answers, those that serve first.
pub(crate) async fn any(transport: &Transport, nodes: &Nodes, call: &Call<'_>) -> Result<Response> {
    let order = nodes.plan().in_order(Instant::now());
    let mut last = None;
    for node in order {
        if nodes.plan().role(node) == Role::Foreign {
            continue;
        }
        let call = call.timeout(limit_of_a_try(nodes.timeout(), nodes.count(), true));
        match transport.send_at(transport.wire(), nodes.base(node), &call, None, Routing::default()).await {
            Ok(response) => return Ok(response),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| nodes.none_active(call.operation)))
}

impl<'a> Route<'_, 'a> {
    fn is_repeatable(&self) -> bool {
        self.call.idempotency == Idempotency::Repeatable
    }

    fn reads_anywhere(&self) -> bool {
        self.call.reads_secrets() && !self.only_active
    }

    async fn pick(&self) -> Result<usize> {
        if self.reads_anywhere() {
            if let Some(node) = self.reader() {
                return Ok(node);
            }
            let active = self.active().await?;
            // Now it is known who serves.
            return Ok(self.reader().unwrap_or(active));
        }
        loop {
            let node = self.active().await?;
            if self.is_repeatable() || self.nodes.plan().was_heard_within(node, HEARD, Instant::now()) {
                return Ok(node);
            }
            // What is sent into silence and must not be made twice is lost: better to ask first.
            drop(probe::ask(self.transport, self.nodes, node).await);
            if self.nodes.plan().role(node) == Role::Active {
                return Ok(node);
            }
        }
    }

    fn reader(&self) -> Option<usize> {
        self.nodes.plan().reader(self.nodes.read_from, Instant::now())
    }

    async fn active(&self) -> Result<usize> {
        probe::find_active(self.transport, self.nodes, self.call.operation, self.deadline).await
    }

    async fn go(&mut self, node: usize) -> Step<'a> {
        let outcome = if self.reads_anywhere() && self.nodes.plan().role(node) != Role::Active {
            match race::either(Box::pin(self.send(node)), Box::pin(self.hedge(node))).await {
                Ok(outcome) | Err(outcome) => outcome,
            }
        } else {
            let watch = probe::another_is_active(self.transport, self.nodes, node, PATIENCE);
            let Ok(outcome) = race::either(Box::pin(self.send(node)), Box::pin(watch)).await else {
                self.nodes.plan().failed(node, Instant::now());
                let error = self.lead_changed(node);
                return if self.is_repeatable() { Step::Elsewhere(error) } else { Step::Done(Err(error)) };
            };
            outcome
        };
        let step = self.judge(outcome);
        match step {
            Step::Done(Err(error)) if self.call.settles && error.outcome_unknown() => {
                Step::Done(Err(self.settled(node, error).await))
            }
            step => step,
        }
    }

    /// Waits until it is certain that what the node has not done it never will: another one leads.
    async fn settled(&self, node: usize, error: Error) -> Error {
        let (transport, nodes) = (self.transport, self.nodes);
        nodes.plan().failed(node, Instant::now());
        // One that says that it lost the lead may call itself active for a moment more.
        if error.code() != Some("leadership_lost") {
            drop(probe::ask(transport, nodes, node).await);
            if nodes.plan().role(node) == Role::Active {
                return error;
            }
        }
        let end = self.deadline.min(Instant::now() + ELECTION);
        let another = probe::another_is_active(transport, nodes, node, Duration::ZERO);
        match timeout_at(end, another).await {
            Ok(()) => self.lead_changed(node).with_source(error),
            Err(_elapsed) => error,
        }
    }

    async fn send(&self, node: usize) -> Outcome {
        let sent_at = Instant::now();
        let left = self.deadline.saturating_duration_since(sent_at);
        let limit = limit_of_a_try(left, self.nodes.count(), self.is_repeatable());
        let index = if self.is_repeatable() { self.nodes.index() } else { None };
        let routing = Routing { index: index.as_deref(), stays: !self.is_repeatable() };
        let (base, call) = (self.nodes.base(node), self.call.timeout(limit));
        let result = self.transport.send_at(self.wire, base, &call, self.token, routing).await;
        Outcome { node, sent_at, result }
    }

    /// Asks another node when this one takes long.
    async fn hedge(&self, node: usize) -> Outcome {
        sleep(HEDGE).await;
        let order = self.nodes.plan().in_order(Instant::now());
        let serves = |other: &usize| {
            *other != node && matches!(self.nodes.plan().role(*other), Role::Active | Role::Standby)
        };
        match order.into_iter().find(serves) {
            Some(other) => self.send(other).await,
            None => std::future::pending().await,
        }
    }

    fn judge(&mut self, outcome: Outcome) -> Step<'a> {
        let Outcome { node, sent_at, result } = outcome;
        let (nodes, now) = (self.nodes, Instant::now());
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                nodes.plan().failed(node, now);
                let repeats = self.is_repeatable() || !error.outcome_unknown();
                let passes = !matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::Decode);
                return if repeats && passes { Step::Elsewhere(error) } else { Step::Done(Err(error)) };
            }
        };
        if response.is_success() {
            return self.accept(node, sent_at, response);
        }
        if let Some(goal) = transport::redirect_goal(nodes.base(node), &response) {
            self.redirected(node, &goal);
            return Step::Elsewhere(self.refused(node, &response));
        }
        let error = self.refused(node, &response);
        match (error.code(), error.status()) {
            (Some("standby" | "standby_redirect" | "sealed" | "not_initialized" | "unavailable"), _) => {
                nodes.plan().failed(node, now);
                Step::Elsewhere(error)
            }
            // So 2.7.2 says that it has not got as far as our index; other versions say 412.
            (_, Some(429)) if error.server_message().is_none() && self.is_repeatable() => {
                self.only_active = true;
                Step::Elsewhere(error)
            }
            (Some("not_yet_consistent"), _) if self.is_repeatable() => {
                self.only_active = true;
                Step::Elsewhere(error)
            }
            (Some("leadership_lost"), _) if self.is_repeatable() => {
                nodes.plan().is_not_active(node);
                Step::Elsewhere(error)
            }
            (Some("leadership_lost"), _) | (_, Some(500..)) => {
                // It may have lost the lead in the middle: whoever comes next looks.
                nodes.plan().is_not_active(node);
                Step::Done(Err(error))
            }
            _ => {
                nodes.plan().answered(node, now.saturating_duration_since(sent_at), now);
                Step::Done(Err(error))
            }
        }
    }

    fn accept(&self, node: usize, sent_at: Instant, response: Response) -> Step<'a> {
        let (nodes, now) = (self.nodes, Instant::now());
        if !nodes.took(&response, !self.call.reads()) {
            nodes.plan().found(node, Role::Foreign);
            let node = nodes.name(node);
            tracing::error!(%node, "an answer came from another cluster; this node is not asked any more");
            let error = Error::new(ErrorKind::Config, self.call.operation.name())
                .with_service(SERVICE)
                .with_target(self.call.target())
                .with_code("foreign_node")
                .with_help(format!("{node} is a node of another cluster; take it off the list"))
                .with_outcome_unknown();
            return if self.is_repeatable() { Step::Elsewhere(error) } else { Step::Done(Err(error)) };
        }
        nodes.plan().answered(node, now.saturating_duration_since(sent_at), now);
        Step::Done(Ok(Answer::new(sent_at, *self.call, response)))
    }

    fn refused(&self, node: usize, response: &Response) -> Error {
        let error = transport::refused_by(self.nodes.base(node), self.call, response);
        error.with_service(SERVICE).with_target(self.call.target())
    }

    /// A standby that does not forward says where the active node is.
    fn redirected(&self, node: usize, goal: &Url) {
        let mut plan = self.nodes.plan();
        plan.is_not_active(node);
        // It may not know yet that the active node is gone.
        if let Some(goal) = self.nodes.at(goal)
            && goal != node
            && plan.role(goal) != Role::Foreign
            && !plan.is_aside(goal, Instant::now())
        {
            plan.found(goal, Role::Active);
        }
    }

    fn lead_changed(&self, node: usize) -> Error {
        let help = format!("{} lost the lead before it answered", self.nodes.name(node));
        Error::new(ErrorKind::Unavailable, self.call.operation.name())
            .with_service(SERVICE)
            .with_target(self.call.target())
            .with_code("lead_changed")
            .with_outcome_unknown()
            .with_help(help)
    }
}

/// With what went wrong before as the cause.
fn explained(error: Error, cause: Option<Error>) -> Error {
    match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    }
}
