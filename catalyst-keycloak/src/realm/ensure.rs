//! Making a realm agree with its declaration.

use std::collections::BTreeSet;
use std::time::Duration;

use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::plan;
use super::work::{ROUNDS, Work};
use super::{RealmAdmin, RealmChange, RealmSpec};
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::transport::AdminPath;

/// Roles that one page shows. A realm with more has its missing ones asked for by name.
const PAGE: usize = 500;

/// A realm takes up to 5 s.
const APPEARING: [Duration; 6] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
    Duration::from_millis(3200),
];

#[derive(Deserialize)]
struct Role {
    name: String,
}

impl RealmAdmin {
    /// Makes the realm agree with `spec`: creates it, or changes only the fields that differ. Two reads and no write
    /// if nothing does. Safe to repeat, and from several processes at once.
    ///
    /// The server takes up to 5 s for a new realm, for it makes the keys. What it is told is never a whole document of
    /// the realm, so that what others set meanwhile stays.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if the spec contradicts itself; [`ErrorKind::PermissionDenied`] naming the role to
    /// grant: `create-realm` of the realm `master` for a new realm, `manage-realm` for one that is there.
    ///
    /// # Cancel safety
    /// Each write stands alone; a dropped call is finished by the next one.
    pub async fn ensure(&self, spec: &RealmSpec) -> Result<RealmChange> {
        let document = plan::create(spec, self.name.as_str())?;
        let mut work = Work::new(self, "");
        let (current, created) = match read(&mut work).await? {
            Some(current) => (current, false),
            None => match create(&mut work, &document).await? {
                Created::Now => return Ok(work.finish(true)),
                Created::Before(current) => (current, false),
                Created::Perhaps(current) => (current, true),
            },
        };
        let roles = roles(&mut work, spec).await?;
        let plan = plan::converge(spec, &current, &roles)?;
        if !plan.fields.is_empty() {
            work.write(Operation::UpdateRealm, Method::Put, &self.path(), &plan.fields).await?;
        }
        let path = work.path(&["roles"]);
        for (name, description) in &plan.roles {
            let body = json!({ "name": name, "description": description });
            match work.write(Operation::CreateRealmRole, Method::Post, &path, &body).await {
                Err(error) if error.code() != Some("already_exists") => return Err(error),
                _ => {}
            }
        }
        work.changes = plan.changes;
        Ok(work.finish(created))
    }

    /// Whether the realm exists and may be seen.
    ///
    /// # Errors
    /// Those of the server.
    ///
    /// # Cancel safety
    /// Safe: it reads.
    pub async fn exists(&self) -> Result<bool> {
        Ok(find(&mut Work::new(self, "")).await?.is_some())
    }
}

enum Created {
    Now,
    /// By another process, which was faster.
    Before(Map<String, Value>),
    /// That may have been our own first try, whose answer was lost.
    Perhaps(Map<String, Value>),
}

/// Creates the realm. One that somebody else is just making cannot be seen until all of it is there, and a server that
/// is busy with it refuses ours for reasons of its own; so look, and try again.
async fn create(work: &mut Work<'_>, document: &Value) -> Result<Created> {
    let mut refused = None;
    for _ in 0..ROUNDS {
        let error =
            match work.write(Operation::CreateRealm, Method::Post, &AdminPath::realms(), document).await {
                Ok(_) => {
                    work.renew_token().await?;
                    return Ok(Created::Now);
                }
                Err(error) if error.code() == Some("already_exists") => error,
                Err(error) => return Err(error),
            };
        // Reading it renews the token, which is older than the realm, and not before the realm is there.
        for pause in APPEARING {
            match read(work).await? {
                Some(current) if error.attempts() > 1 => return Ok(Created::Perhaps(current)),
                Some(current) => return Ok(Created::Before(current)),
                None => tokio::time::sleep(pause).await,
            }
        }
        refused = Some(error);
    }
    Err(refused.unwrap_or_else(|| Error::new(ErrorKind::Conflict, Operation::CreateRealm.name())))
}

/// The whole realm, or `None` if there is none. A part of it means that the token is older than the realm, or that
/// roles are missing.
async fn read(work: &mut Work<'_>) -> Result<Option<Map<String, Value>>> {
    match find(work).await? {
        Some(part) if !plan::is_whole(&part) && work.renew_token().await? => {}
        found => return whole(work, found),
    }
    let found = find(work).await?;
    whole(work, found)
}

fn whole(work: &Work<'_>, found: Option<Map<String, Value>>) -> Result<Option<Map<String, Value>>> {
    match found {
        Some(part) if !plan::is_whole(&part) => Err(Error::new(
            ErrorKind::PermissionDenied,
            Operation::ReadRealm.name(),
        )
        .with_service(SERVICE)
        .with_target(format!("realm {}", work.admin.name))
        .with_code("permission_denied")
        .with_help(
            "the server shows only a part of the realm; grant the roles view-realm and manage-realm of the \
                     client realm-management to the service account that administers it",
        )),
        found => Ok(found),
    }
}

async fn find(work: &mut Work<'_>) -> Result<Option<Map<String, Value>>> {
    match work.get(Operation::ReadRealm, &work.admin.path(), &[]).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.code() == Some("realm_not_found") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Those roles of the realm that matter to `spec`.
async fn roles(work: &mut Work<'_>, spec: &RealmSpec) -> Result<BTreeSet<String>> {
    if spec.roles.is_empty() {
        return Ok(BTreeSet::new());
    }
    let path = work.path(&["roles"]);
    let max = PAGE.to_string();
    let page: Vec<Role> = work
        .get(
            Operation::ReadRealmRoles,
            &path,
            &[("first", "0"), ("max", &max), ("briefRepresentation", "true")],
        )
        .await?;
    let full = page.len() >= PAGE;
    let mut there: BTreeSet<_> = page.into_iter().map(|role| role.name).collect();
    for name in spec.roles.keys().filter(|_| full) {
        if !there.contains(name) {
            let path = work.path(&["roles", name]);
            there.extend(work.find::<Role>(Operation::ReadRealmRoles, &path).await?.map(|role| role.name));
        }
    }
    Ok(there)
}
