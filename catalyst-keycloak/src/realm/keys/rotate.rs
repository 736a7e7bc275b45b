//! Carrying a rotation of keys out, one step after the other.

use std::time::SystemTime;

use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result};
use serde_json::{Map, json};

use super::component::{Component, Key, Mark, generator};
use super::plan::{self, Action, KeyPolicy, KeyStep, Next};
use crate::jose::Algorithm;
use crate::operation::Operation;
use crate::realm::RealmAdmin;
use crate::realm::work::Work;
use crate::refusal::SERVICE;

const TYPE: &str = "org.keycloak.keys.KeyProvider";
/// More steps than a rotation has, each of them for more keys than a realm has.
const STEPS: u32 = 64;

/// How far a rotation of keys has come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyProgress {
    /// What was done now, in this order.
    pub done: Vec<KeyStep>,
    /// What comes next and when; `None` if the rotation is at its end.
    pub next: Option<(KeyStep, SystemTime)>,
}

impl RealmAdmin {
    /// Begins to replace the key that signs with the policy's algorithm, unless that is under way, and does what is due
    /// of it: a new key is published, begins to sign after `settle`, the old one signs no more, and is removed after
    /// `token_life`.
    ///
    /// It waits for nothing: call [`advance_keys`](Self::advance_keys) at the moment that is returned. All that is
    /// known stands in the realm, so any process can go on, and several may.
    ///
    /// # Errors
    /// [`ErrorKind::PermissionDenied`] naming the role to grant.
    ///
    /// # Cancel safety
    /// Each write stands alone; a dropped call is finished by the next one. Two calls at once publish two keys, of which
    /// the next one removes the second.
    pub async fn rotate_keys(&self, policy: &KeyPolicy) -> Result<KeyProgress> {
        self.keys(policy, true).await
    }

    /// Does what is due of a rotation that is under way; begins none. While a key signs that a rotation made, every
    /// other key of the algorithm counts as an old one. One read and no write if nothing is.
    ///
    /// # Errors
    /// As for [`rotate_keys`](Self::rotate_keys).
    ///
    /// # Cancel safety
    /// As for [`rotate_keys`](Self::rotate_keys).
    pub async fn advance_keys(&self, policy: &KeyPolicy) -> Result<KeyProgress> {
        self.keys(policy, false).await
    }

    async fn keys(&self, policy: &KeyPolicy, mut start: bool) -> Result<KeyProgress> {
        let mut work = Work::new(self, &format!("{} keys", policy.algorithm));
        let mut done = Vec::new();
        for _ in 0..STEPS {
            let components = components(&mut work).await?;
            let keys: Vec<Key> =
                components.iter().filter_map(|component| component.key(policy.algorithm)).collect();
            let action = match plan::next(policy, &keys, start, self.clock.now()) {
                Next::Act(action) => action,
                Next::Wait(step, at) => return Ok(KeyProgress { done, next: Some((step, at)) }),
                Next::Nothing => return Ok(KeyProgress { done, next: None }),
            };
            start = false;
            carry_out(&mut work, policy.algorithm, &components, &action).await?;
            tracing::info!(realm = %self.name, algorithm = %policy.algorithm, step = ?action.step(), "realm keys");
            done.push(action.step());
        }
        Err(Error::new(ErrorKind::Conflict, Operation::WriteKey.name())
            .with_service(SERVICE)
            .with_target(format!("{} keys in realm {}", policy.algorithm, self.name))
            .with_code("changed_meanwhile")
            .with_help("somebody else keeps changing the keys of the realm; try again later"))
    }
}

async fn components(work: &mut Work<'_>) -> Result<Vec<Component>> {
    let path = work.path(&["components"]);
    work.get(Operation::ReadKeys, &path, &[("type", TYPE)]).await
}

async fn carry_out(
    work: &mut Work<'_>,
    algorithm: Algorithm,
    components: &[Component],
    action: &Action,
) -> Result<()> {
    match action {
        Action::Publish { priority, mark } => publish(work, algorithm, components, *priority, *mark).await,
        Action::Activate { id, priority, mark } => {
            let name = mark.name(algorithm);
            set(work, components, id, Some(name), &[("priority", &priority.to_string())]).await
        }
        Action::Retire { id } => set(work, components, id, None, &[("active", "false")]).await,
        Action::Disable { id } => set(work, components, id, None, &[("enabled", "false")]).await,
        Action::Delete { id, .. } => {
            let path = work.path(&["components", id]);
            work.delete(Operation::WriteKey, &path).await.map(drop)
        }
    }
}

async fn publish(
    work: &mut Work<'_>,
    algorithm: Algorithm,
    components: &[Component],
    priority: i64,
    mark: Mark,
) -> Result<()> {
    let (provider, setting) = generator(algorithm);
    let mut config = Map::from_iter([
        ("priority".to_owned(), json!([priority.to_string()])),
        ("enabled".to_owned(), json!(["true"])),
        ("active".to_owned(), json!(["true"])),
    ]);
    config.extend(setting.map(|(key, value)| (key.to_owned(), json!([value]))));
    let mut body = json!({
        "name": mark.name(algorithm), "providerId": provider, "providerType": TYPE, "config": config,
    });
    // The realm's own identifier; without it the server takes the realm that the path names.
    let parent = components.first().and_then(|component| component.rest.get("parentId"));
    if let (Some(parent), Some(body)) = (parent, body.as_object_mut()) {
        body.insert("parentId".into(), parent.clone());
    }
    let path = work.path(&["components"]);
    work.write(Operation::WriteKey, Method::Post, &path, &body).await.map(drop)
}

/// The server keeps settings that are not named. It wants everything beside them, and fails after it took effect if
/// that is missing.
async fn set(
    work: &mut Work<'_>,
    components: &[Component],
    id: &str,
    name: Option<String>,
    settings: &[(&str, &str)],
) -> Result<()> {
    let Some(found) = components.iter().find(|component| component.id == id) else { return Ok(()) };
    let config = settings.iter().map(|(key, value)| ((*key).to_owned(), json!([value]))).collect();
    let mut body = Component { config, ..found.clone() };
    body.name = name.unwrap_or(body.name);
    let path = work.path(&["components", id]);
    match work.write(Operation::WriteKey, Method::Put, &path, &body).await {
        // Removed by another process, which knew what it did.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}
