//! The result of a run, as one line of JSON and as a few lines of text.

use serde::Serialize;

use crate::application::Registered;
use crate::load::Tally;
use crate::options::Options;
use crate::rotate::Rotated;
use catalyst_examples::screen::{counted, grouped};

/// What `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    pub mode: &'static str,
    pub topology: &'static str,
    pub credential: &'static str,
    pub clients: u16,
    pub grace_s: u64,
    /// At Keycloak and at OpenBao together, by the SDK's count.
    pub writes_first_run: u32,
    pub reads_second_run: u32,
    pub writes_second_run: u32,
    /// By the servers' own count, where they count.
    pub writes_seen_second_run: Option<u64>,
    /// Users and clients.
    pub logins_ok: u64,
    pub logins_failed: u64,
    /// Users alone.
    pub users_ok: u64,
    pub slowest_token_ms: u64,
    pub first_error: Option<String>,
    pub rotations: u32,
    pub rotation_seconds: Option<f64>,
    /// None where there is no old credential.
    pub old_secret_refused: Option<bool>,
    /// The YAML; none where nothing is stored.
    pub external_secret: Option<String>,
}

impl Summary {
    pub(crate) fn new(
        options: &Options,
        first: &Registered,
        second: &Registered,
        external_secret: Option<String>,
        rotated: Rotated,
        tally: &Tally,
    ) -> Self {
        let milliseconds = rotated.took.as_millis();
        Self {
            mode: options.mode(),
            topology: options.topology.name(),
            credential: options.credential.name(),
            clients: options.clients,
            grace_s: options.grace.as_secs(),
            writes_first_run: first.settings.writes,
            reads_second_run: second.settings.reads,
            writes_second_run: second.settings.writes,
            writes_seen_second_run: second.seen,
            logins_ok: tally.tokens() + tally.logins(),
            logins_failed: tally.failed(),
            users_ok: tally.logins(),
            slowest_token_ms: u64::try_from(tally.slowest().as_millis()).unwrap_or(u64::MAX),
            first_error: tally.first_error(),
            rotations: rotated.rotations,
            rotation_seconds: (rotated.rotations > 0).then(|| milliseconds as f64 / 1_000.0),
            old_secret_refused: rotated.old_refused,
            external_secret,
        }
    }

    /// Whether the promises were kept: nobody was turned away, the second run wrote nothing, and the old credential is
    /// of no use any more.
    pub(crate) fn passed(&self) -> bool {
        let silent = self.writes_second_run == 0 && self.writes_seen_second_run.unwrap_or(0) == 0;
        self.logins_failed == 0 && self.users_ok > 0 && silent && self.old_secret_refused != Some(false)
    }

    /// The result in a few sentences.
    pub(crate) fn lines(&self) -> Vec<String> {
        let failed = match self.logins_failed {
            0 => "none failed".to_owned(),
            many => format!("{} FAILED", grouped(many)),
        };
        let old = match self.old_secret_refused {
            Some(true) => "the old credential is refused",
            Some(false) => "the old credential is STILL ACCEPTED",
            None => "no credential is stored, so none is old",
        };
        let second = match self.writes_second_run {
            0 => "the second run wrote nothing".to_owned(),
            many => format!("the second run WROTE {many} times"),
        };
        let mut lines = vec![
            format!("registered with {}; {second}", counted(self.writes_first_run.into(), "write")),
            format!(
                "{} under {} of users and clients: {failed}; {old}",
                counted(self.rotations.into(), "rotation"),
                counted(self.logins_ok, "login"),
            ),
        ];
        lines.extend(self.first_error.iter().map(|error| format!("most frequent failure: {error}")));
        lines
    }
}
