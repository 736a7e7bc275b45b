//! Which node is asked next. Pure: it knows no socket and no clock, only what it is told.

use std::time::Duration;

use tokio::time::Instant;

use super::ReadFrom;

/// For how long a node that failed is put aside: once, then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What a node said, or did not say, when it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing is known.
    #[default]
    Unknown,
    /// It is the active node.
    Active,
    /// It follows the active node, and serves reads.
    Standby,
    /// It answers, and serves nothing: sealed, or never set up.
    Idle,
    /// It belongs to another cluster, and is never asked for anything.
    Foreign,
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    role: Role,
    failures: u32,
    aside_until: Option<Instant>,
    /// How long its answers take: a moving average.
    latency: Option<Duration>,
    heard_at: Option<Instant>,
}

/// What is known of the nodes of a cluster, each by its number.
#[derive(Debug)]
pub(super) struct Plan {
    nodes: Vec<Node>,
    turn: usize,
    /// Until then reads go to the active node.
    pinned_until: Option<Instant>,
}

impl Plan {
    pub(super) fn new(nodes: usize) -> Self {
        Self { nodes: vec![Node::default(); nodes], turn: 0, pinned_until: None }
    }

    /// The active node, if it is known and did not fail just now.
    pub(super) fn active(&self, now: Instant) -> Option<usize> {
        (0..self.nodes.len())
            .find(|node| self.nodes[*node].role == Role::Active && !self.is_aside(*node, now))
    }

    /// The node for a read, if one is known to serve.
    pub(super) fn reader(&mut self, policy: ReadFrom, now: Instant) -> Option<usize> {
        if policy == ReadFrom::Active || self.pinned_until.is_some_and(|end| now < end) {
            return self.active(now);
        }
        let count = self.nodes.len();
        let turn = self.turn;
        let in_turn = (0..count).map(|step| (turn + step) % count);
        let mut serving =
            in_turn.filter(|node| !self.is_aside(*node, now) && self.nodes[*node].role.serves_reads());
        if policy == ReadFrom::Nearest {
            return serving.min_by_key(|node| self.nodes[*node].latency.unwrap_or_default());
        }
        let node = serving.next()?;
        self.turn = (node + 1) % count;
        Some(node)
    }

    /// The nodes that may be asked how they stand or, when nothing else is left, anything: those that serve first.
    pub(super) fn in_order(&self, now: Instant) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.nodes.len()).collect();
        all.sort_by_key(|node| {
            let role = self.nodes[*node].role;
            (role == Role::Foreign, self.is_aside(*node, now), role != Role::Active, !role.serves_reads())
        });
        all
    }

    /// It is this, by what it or a node that knows it said.
    pub(super) fn found(&mut self, node: usize, role: Role) {
        if role == Role::Active {
            // There is one; whoever held that before has lost it.
            for other in &mut self.nodes {
                if other.role == Role::Active {
                    other.role = Role::Standby;
                }
            }
        }
        self.nodes[node].role = role;
        if role.serves_reads() {
            self.nodes[node].aside_until = None;
            self.nodes[node].failures = 0;
        }
    }

    /// It answered at `now`, after `took`.
    pub(super) fn answered(&mut self, node: usize, took: Duration, now: Instant) {
        let node = &mut self.nodes[node];
        node.heard_at = Some(now);
        node.failures = 0;
        node.aside_until = None;
        // An eighth of the newest: as TCP does.
        node.latency = Some(node.latency.map_or(took, |old| old.mul_f64(0.875) + took.mul_f64(0.125)));
    }

    /// It said something at `now`.
    pub(super) fn heard(&mut self, node: usize, now: Instant) {
        self.nodes[node].heard_at = Some(now);
    }

    /// It is silent for longer than usual.
    pub(super) fn doubt(&mut self, node: usize) {
        self.nodes[node].heard_at = None;
    }

    /// Whether it answered within `span` before `now`.
    pub(super) fn was_heard_within(&self, node: usize, span: Duration, now: Instant) -> bool {
        self.nodes[node].heard_at.is_some_and(|at| now.saturating_duration_since(at) <= span)
    }

    /// Whether another node than this one is active, and said something within `span` before `now`. One that was
    /// frozen or cut off may call itself active for a moment when it is back, after another one was elected.
    pub(super) fn another_leads(&self, node: usize, span: Duration, now: Instant) -> bool {
        let leads = |other: &usize| {
            *other != node
                && self.nodes[*other].role == Role::Active
                && self.was_heard_within(*other, span, now)
        };
        (0..self.nodes.len()).any(|other| leads(&other))
    }

    /// It is not the active node, whatever was known.
    pub(super) fn is_not_active(&mut self, node: usize) {
        if self.nodes[node].role == Role::Active {
            self.nodes[node].role = Role::Standby;
        }
    }

    /// It did not answer, or serves nothing: it is put aside for a while, and is not the active node any more.
    pub(super) fn failed(&mut self, node: usize, now: Instant) {
        let node = &mut self.nodes[node];
        let pause = FIRST_PAUSE.saturating_mul(1 << node.failures.min(10)).min(LONGEST_PAUSE);
        node.failures = node.failures.saturating_add(1);
        node.aside_until = Some(now + pause);
        node.heard_at = None;
        if node.role != Role::Foreign {
            node.role = Role::Unknown;
        }
    }

    /// Something was written, and the server does not say how far its storage got with that.
    pub(super) fn pin(&mut self, until: Instant) {
        self.pinned_until = Some(until);
    }

    pub(super) fn role(&self, node: usize) -> Role {
        self.nodes[node].role
    }

    pub(super) fn is_aside(&self, node: usize, now: Instant) -> bool {
        self.nodes[node].aside_until.is_some_and(|end| now < end)
    }

    pub(super) fn latency(&self, node: usize) -> Option<Duration> {
        self.nodes[node].latency
    }
}

impl Role {
    fn serves_reads(self) -> bool {
        matches!(self, Self::Active | Self::Standby)
    }
}

/// How long one try of a call may take that has `left` until its deadline, so that one silent node of `nodes` does
/// not use it up. What must not be made twice has all of it: there is no second try.
pub(super) fn limit_of_a_try(left: Duration, nodes: usize, repeatable: bool) -> Duration {
    const SHORTEST: Duration = Duration::from_millis(500);
    if !repeatable {
        return left;
    }
    let share = left / u32::try_from(nodes.max(1)).unwrap_or(u32::MAX);
    share.max(SHORTEST).min(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Event {
        Found(usize, Role),
        Answered(usize, u64),
        Failed(usize),
        NotActive(usize),
        Pass(u64),
    }

    fn events(nodes: usize) -> impl Strategy<Value = Vec<Event>> {
        let role =
            prop_oneof![Just(Role::Active), Just(Role::Standby), Just(Role::Idle), Just(Role::Foreign),];
        let event = prop_oneof![
            (0..nodes, role).prop_map(|(node, role)| Event::Found(node, role)),
            (0..nodes, 0..5000u64).prop_map(|(node, took)| Event::Answered(node, took)),
            (0..nodes).prop_map(Event::Failed),
            (0..nodes).prop_map(Event::NotActive),
            (0..10_000u64).prop_map(Event::Pass),
        ];
        proptest::collection::vec(event, 0..40)
    }

    fn play(nodes: usize, events: &[Event]) -> (Plan, Instant) {
        let (mut plan, mut now) = (Plan::new(nodes), Instant::now());
        for event in events {
            match *event {
                Event::Found(node, role) => plan.found(node, role),
                Event::Answered(node, took) => plan.answered(node, Duration::from_millis(took), now),
                Event::Failed(node) => plan.failed(node, now),
                Event::NotActive(node) => plan.is_not_active(node),
                Event::Pass(millis) => now += Duration::from_millis(millis),
            }
        }
        (plan, now)
    }

    proptest! {
        #[test]
        fn there_is_at_most_one_active_node_and_it_is_not_aside(events in events(4)) {
            let (plan, now) = play(4, &events);
            let active = (0..4).filter(|node| plan.role(*node) == Role::Active).count();
            prop_assert!(active <= 1);
            if let Some(node) = plan.active(now) {
                prop_assert!(plan.role(node) == Role::Active && !plan.is_aside(node, now));
            }
        }

        #[test]
        fn reads_go_only_to_nodes_that_serve_and_never_to_a_foreign_one(
            events in events(4),
            policy in prop_oneof![Just(ReadFrom::Active), Just(ReadFrom::Any), Just(ReadFrom::Nearest)],
        ) {
            let (mut plan, now) = play(4, &events);
            match plan.reader(policy, now) {
                Some(node) => prop_assert!(plan.role(node).serves_reads() && !plan.is_aside(node, now)),
                None if policy == ReadFrom::Active => prop_assert!(plan.active(now).is_none()),
                None => prop_assert!((0..4).all(|node| !plan.role(node).serves_reads() || plan.is_aside(node, now))),
            }
        }

        #[test]
        fn a_node_that_failed_is_left_alone_for_a_while_and_not_for_ever(events in events(3), node in 0..3usize) {
            let (mut plan, now) = play(3, &events);
            plan.failed(node, now);
            prop_assert!(plan.is_aside(node, now) && plan.active(now) != Some(node));
            prop_assert!(!plan.is_aside(node, now + LONGEST_PAUSE));
            plan.found(node, Role::Active);
            prop_assert_eq!(plan.active(now), Some(node), "who answers is back at once");
        }

        #[test]
        fn all_serving_nodes_get_their_turn(roles in proptest::collection::vec(any::<bool>(), 1..6)) {
            let mut plan = Plan::new(roles.len());
            for (node, serves) in roles.iter().enumerate() {
                plan.found(node, if *serves { Role::Standby } else { Role::Idle });
            }
            let serving: Vec<usize> = (0..roles.len()).filter(|node| roles[*node]).collect();
            let mut asked: Vec<usize> =
                serving.iter().filter_map(|_| plan.reader(ReadFrom::Any, Instant::now())).collect();
            asked.sort_unstable();
            prop_assert_eq!(asked, serving);
        }

        #[test]
        fn a_silent_node_never_uses_up_the_deadline(left in 0..60_000u64, nodes in 1..9usize) {
            let left = Duration::from_millis(left);
            let limit = limit_of_a_try(left, nodes, true);
            prop_assert!(limit <= left);
            prop_assert!(nodes == 1 || left <= Duration::from_millis(500) || limit <= (left / 2).max(Duration::from_millis(500)));
            prop_assert_eq!(limit_of_a_try(left, nodes, false), left);
        }

        #[test]
        fn every_node_is_in_the_order_once_and_foreign_ones_come_last(events in events(4)) {
            let (plan, now) = play(4, &events);
            let order = plan.in_order(now);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, vec![0, 1, 2, 3]);
            let foreign: Vec<bool> = order.iter().map(|node| plan.role(*node) == Role::Foreign).collect();
            prop_assert!(foreign.windows(2).all(|pair| pair[0] <= pair[1]));
        }
    }

    #[test]
    fn the_nearest_node_is_the_one_that_answers_fastest() {
        let (mut plan, now) = (Plan::new(3), Instant::now());
        for (node, role) in [(0, Role::Active), (1, Role::Standby), (2, Role::Standby)] {
            plan.found(node, role);
            plan.answered(node, Duration::from_millis(30 - 10 * node as u64), now);
        }
        assert_eq!(plan.reader(ReadFrom::Nearest, now), Some(2));
        plan.failed(2, now);
        assert_eq!(plan.reader(ReadFrom::Nearest, now), Some(1));
        plan.pin(now + Duration::from_secs(1));
        assert_eq!(plan.reader(ReadFrom::Nearest, now), Some(0), "pinned after a write");
    }
}
