//! Reading what is there, and writing what is to be.

use std::collections::HashMap;

use catalyst_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use super::compare::{Present, compare};
use super::resource::{Found, Resource};
use super::resources::resources;
use super::steps::{Plan, Step, StepKind};
use crate::OpenBao;
use crate::bootstrap::declared::Declared;
use crate::operation::Subject;
use crate::refusal::SERVICE;

impl Declared {
    /// What is to be done so that the server of `bao` is as declared: reads, and changes nothing. Repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Code `contradiction` as [`Declared::check`]; `mount_conflict` if something else is mounted where something is
    /// declared; and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn plan(&self, bao: &OpenBao) -> Result<Plan> {
        self.check()?;
        let mut lists = HashMap::new();
        for list in ["sys/mounts", "sys/auth"] {
            let entries =
                bao.api.at(Subject::Any, "read mounts", &[list]).read::<Map<String, Value>>().await?;
            lists.insert(list, entries);
        }
        let mut steps = Vec::new();
        for resource in resources(self) {
            let present = match &resource.found {
                Found::InList { list, entry, .. } => {
                    lists.get(list).and_then(|list| list.get(entry)).cloned()
                }
                Found::Itself => read(bao, &resource).await?,
            };
            push(&mut steps, resource, &present)?;
        }
        Ok(Plan { steps })
    }

    /// What is to be done on a server on which nothing was done yet, without asking one.
    ///
    /// # Errors
    /// Code `contradiction` as [`Declared::check`].
    pub fn plan_from_nothing(&self) -> Result<Plan> {
        self.check()?;
        let step = |resource| Step { resource, kind: StepKind::Create };
        Ok(Plan { steps: resources(self).into_iter().map(step).collect() })
    }
}

impl Plan {
    /// Carries the steps out, in their order. Each may be repeated: a run that was interrupted is planned anew.
    ///
    /// # Errors
    /// Those of the crate; the steps before were done.
    ///
    /// # Cancel safety
    /// Some steps may be done.
    pub async fn apply(&self, bao: &OpenBao) -> Result<()> {
        for step in &self.steps {
            let path = [step.resource.path.as_str()];
            let written = bao.api.at(Subject::System, "converge", &path).write(&step.resource.fields).await;
            match written {
                Ok(()) => tracing::info!(step = %step, "done"),
                // The answer to our own first try was lost.
                Err(error) if is_mount(&step.resource) && already_there(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn push(steps: &mut Vec<Step>, resource: Resource, present: &Present) -> Result<()> {
    let kind = compare(&resource, present).map_err(|help| {
        Error::new(ErrorKind::Conflict, "plan")
            .with_service(SERVICE)
            .with_code("mount_conflict")
            .with_help(help)
    })?;
    steps.extend(kind.map(|kind| Step { resource, kind }));
    Ok(())
}

/// What is at the resource's path. Where its mount is not there yet, neither is it.
async fn read(bao: &OpenBao, resource: &Resource) -> Result<Present> {
    match bao.api.at(Subject::Any, "read declared", &[&resource.path]).read::<Value>().await {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_mount(resource: &Resource) -> bool {
    matches!(resource.found, Found::InList { .. })
}

fn already_there(error: &Error) -> bool {
    error.server_message().is_some_and(|said| said.contains("path is already in use"))
}
