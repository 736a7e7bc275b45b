//! How it ended, for people and for programs.

use std::io::Write;
use std::process::ExitCode;

use catalyst_openbao::bootstrap::{Outcome, Plan, Preview, Report};
use catalyst_openbao::{Error, ErrorKind, Result};
use serde_json::{Value, json};

/// What there is to say.
pub(crate) struct Said {
    text: String,
    json: Value,
}

impl From<Report> for Said {
    fn from(report: Report) -> Self {
        let outcome = match report.outcome {
            Outcome::BroughtUp => "brought_up",
            Outcome::Resumed => "resumed",
            _ => "already_up",
        };
        let json = json!({
            "outcome": outcome,
            "applied": lines(&report.applied),
            "revoked_root_tokens": report.revoked_root_tokens,
        });
        Self { text: report.to_string(), json }
    }
}

impl From<Preview> for Said {
    fn from(preview: Preview) -> Self {
        let (would, plan) = match &preview {
            Preview::BringUp(plan) => ("bring_up", lines(plan)),
            Preview::Resume(plan) => ("resume", lines(plan)),
            _ => ("nothing", Vec::new()),
        };
        Self { text: preview.to_string(), json: json!({ "would": would, "plan": plan }) }
    }
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.steps().iter().map(ToString::to_string).collect()
}

/// Prints it; the exit code says what to do next.
pub(crate) fn tell(said: &Result<Said>, as_json: bool) -> ExitCode {
    let (line, code) = match said {
        Ok(said) if as_json => (said.json.to_string(), 0),
        Ok(said) => (said.text.clone(), 0),
        Err(error) if as_json => (of_error(error).to_string(), exit_code(error)),
        Err(error) => (error.to_string(), exit_code(error)),
    };
    let written = if code == 0 || as_json {
        writeln!(std::io::stdout(), "{line}")
    } else {
        writeln!(std::io::stderr(), "{line}")
    };
    // A closed pipe changes nothing about what was done.
    drop(written);
    ExitCode::from(code)
}

fn of_error(error: &Error) -> Value {
    json!({ "error": error.to_string(), "code": error.code(), "operation": error.operation() })
}

/// 3 where trying again cannot help.
fn exit_code(error: &Error) -> u8 {
    let hopeless = matches!(
        error.kind(),
        ErrorKind::Config | ErrorKind::Conflict | ErrorKind::PermissionDenied | ErrorKind::InvalidRequest
    );
    if hopeless || error.code() == Some("init_answer_lost") { 3 } else { 1 }
}
