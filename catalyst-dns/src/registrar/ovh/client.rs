//! The account.

use std::fmt;
use std::sync::Arc;

use catalyst_core::http::{Method, Request, Response};
use catalyst_core::{Result, Secret};
use futures_util::future::try_join_all;
use serde_json::json;
use zeroize::Zeroizing;

use super::answer::{self, Domain, NameServer, Task};
use super::refusal::{SERVICE, SKEWED, still_skewed};
use super::sign::{Skew, signature};
use super::{OvhBuilder, OvhCredential};
use crate::registrar::cause::Cause;
use crate::registrar::listing::{Listing, servers};
use crate::registrar::wire::{Call, Wire};
use crate::registrar::{NameServers, RegisteredDomain, TaskId, TaskState};

/// An account at OVH. Cheap to clone; clones share what they know of OVH's clock.
///
/// Each request is signed with the time of OVH's clock, which is asked for once and again when a time is refused.
/// Changes are tasks: most start within a minute and end in 5 to 10 minutes, and the registry's own checks fail there,
/// after OVH has said yes. OVH takes public keys for a signed domain and makes the DS records itself; see
/// [`keys`](Self::keys) and [`set_keys`](Self::set_keys). What takes a DS record
/// ([`set_ds`](crate::registrar::Registrar::set_ds)) is not supported.
///
/// ```
/// use catalyst_dns::Secret;
/// use catalyst_dns::registrar::{Ovh, OvhCredential, OvhRegion};
///
/// let credential = OvhCredential::new(Secret::new("…"), Secret::new("…"), Secret::new("…"))?;
/// let account = Ovh::builder(credential).region(OvhRegion::Canada).build()?;
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone)]
pub struct Ovh {
    pub(super) credential: OvhCredential,
    pub(super) skew: Arc<Skew>,
    pub(super) wire: Wire,
}

impl Ovh {
    /// The account of this credential.
    pub fn builder(credential: OvhCredential) -> OvhBuilder {
        OvhBuilder::new(credential)
    }

    /// Goes back to OVH's own name servers (`nameServerType: hosted`).
    ///
    /// # Errors
    /// As [`Registrar`](crate::registrar::Registrar) has them; not repeated once the outcome is unknown.
    ///
    /// # Cancel safety
    /// A call that is dropped may have taken effect.
    pub async fn use_house_servers(&self, domain: &RegisteredDomain) -> Result<()> {
        self.set_type(domain, "hosted").await
    }

    pub(super) async fn names(&self, operation: &'static str) -> Result<Vec<RegisteredDomain>> {
        let call = Call::read(operation, "account");
        let names: Vec<String> = self
            .send(call, Method::Get, "domain", None, |response| answer::json(operation, response))
            .await?;
        let mut listing = Listing::default();
        listing.add(operation, names)?;
        Ok(listing.finish())
    }

    pub(super) async fn servers(&self, domain: &RegisteredDomain) -> Result<NameServers> {
        let operation = "read name servers";
        let list = format!("domain/{}/nameServer", domain.as_str());
        let entries: Vec<NameServer> = self.objects(operation, domain, &list).await?;
        servers(operation, entries.into_iter().filter(|entry| !entry.to_delete).map(|entry| entry.host))
    }

    /// Reads a list of numbers, and then the object behind each.
    pub(super) async fn objects<T: serde::de::DeserializeOwned>(
        &self,
        operation: &'static str,
        domain: &RegisteredDomain,
        list: &str,
    ) -> Result<Vec<T>> {
        let call = Call::read(operation, domain.as_str());
        let ids =
            self.send(call, Method::Get, list, None, |response| answer::ids(operation, response)).await?;
        let object = |id: u64| {
            let path = format!("{list}/{id}");
            async move {
                self.send(call, Method::Get, &path, None, |response| answer::json(operation, response)).await
            }
        };
        try_join_all(ids.into_iter().map(object)).await
    }

    /// A domain on OVH's own servers must leave them first; its servers stay the same by that.
    pub(super) async fn update(&self, domain: &RegisteredDomain, servers: &NameServers) -> Result<TaskId> {
        let operation = "set name servers";
        let path = format!("domain/{}", domain.as_str());
        let call = Call::read(operation, domain.as_str());
        let known: Domain =
            self.send(call, Method::Get, &path, None, |response| answer::json(operation, response)).await?;
        if known.name_server_type.is_some_and(|kind| kind != "external") {
            self.set_type(domain, "external").await?;
        }
        let hosts: Vec<_> = servers.iter().map(|server| json!({ "host": server.without_dot() })).collect();
        self.start(domain, operation, &format!("{path}/nameServers/update"), &json!({ "nameServers": hosts }))
            .await
    }

    async fn set_type(&self, domain: &RegisteredDomain, kind: &str) -> Result<()> {
        let operation = "set the kind of name servers";
        let call = Call::write(operation, domain.as_str());
        let body = json!({ "nameServerType": kind }).to_string();
        let path = format!("domain/{}", domain.as_str());
        self.send(call, Method::Put, &path, Some(&body), |response| answer::accepted(operation, response))
            .await
    }

    /// Asks for a change that is done later.
    pub(super) async fn start(
        &self,
        domain: &RegisteredDomain,
        operation: &'static str,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<TaskId> {
        let call = Call::write(operation, domain.as_str());
        let body = body.to_string();
        let task: Task = self
            .send(call, Method::Post, path, Some(&body), |response| answer::json(operation, response))
            .await?;
        Ok(TaskId(task.id.to_string()))
    }

    pub(super) async fn task_state(&self, domain: &RegisteredDomain, task: &TaskId) -> Result<TaskState> {
        let operation = "follow a task";
        let call = Call::read(operation, domain.as_str());
        let Ok(id) = task.0.parse::<u64>() else {
            let error = Cause::Refused.error(operation).with_help("OVH's tasks are numbers");
            return Err(error.with_service(SERVICE).with_target(domain.as_str()));
        };
        let path = format!("domain/{}/task/{id}", domain.as_str());
        let read = |response: &Response| answer::json::<Task>(operation, response)?.state(operation);
        self.send(call, Method::Get, &path, None, read).await
    }

    /// A signed call; once more if OVH refuses its time, which says that nothing was done.
    async fn send<T>(
        &self,
        call: Call<'_>,
        method: Method,
        path: &str,
        body: Option<&str>,
        read: impl Fn(&Response) -> Result<T>,
    ) -> Result<T> {
        let ahead = self.skew.known(self.time()).await?;
        let first = self.wire.ask(call, || self.signed(call, method, path, body, ahead), &read).await;
        match first {
            Err(error) if error.code() == Some(SKEWED) => self.skew.forget(ahead).await,
            result => return result,
        }
        let ahead = self.skew.known(self.time()).await?;
        let second = self.wire.ask(call, || self.signed(call, method, path, body, ahead), &read).await;
        second.map_err(still_skewed)
    }

    /// OVH's time, which anybody may ask for.
    async fn time(&self) -> Result<i64> {
        let operation = "read the time of OVH";
        let call = Call::read(operation, "auth/time");
        let request = || Ok(Request::new(Method::Get, self.wire.url("auth/time"), operation));
        self.wire.ask(call, request, |response| answer::json(operation, response)).await
    }

    fn signed(
        &self,
        call: Call<'_>,
        method: Method,
        path: &str,
        body: Option<&str>,
        ahead: i64,
    ) -> Result<Request> {
        let url = self.wire.url(path);
        let OvhCredential { application_key, application_secret, consumer_key } = &self.credential;
        let time = self.skew.time(ahead);
        let content = body.unwrap_or_default().as_bytes();
        let (secret, consumer) = (application_secret.expose(), consumer_key.expose());
        let signature = signature(secret, consumer, method.as_str(), url.as_str(), content, time);
        let request = Request::new(method, url, call.operation)
            .secret_header("x-ovh-application", application_key)?
            .secret_header("x-ovh-consumer", consumer_key)?
            .header("x-ovh-timestamp", &time.to_string())?
            .secret_header("x-ovh-signature", &Secret::from(signature))?;
        Ok(match body {
            Some(_) => request.bytes("application/json", Zeroizing::new(content.to_vec())),
            None => request,
        })
    }
}

impl fmt::Debug for Ovh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ovh").field("wire", &self.wire).finish_non_exhaustive()
    }
}
