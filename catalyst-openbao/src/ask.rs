//! The ordinary calls of engines and of the server's own API, each in a line.

use catalyst_core::Result;
use catalyst_core::http::{Method, Request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::operation::{Operation, Subject};
use crate::transport::Call;
use crate::wire::{Envelope, Ignored};

/// A call at one path, not made yet: `api.at(Subject::Transit, "encrypt", &path).exchange(&body)`.
#[derive(Clone, Copy)]
#[must_use = "a call that is not made does nothing"]
pub(crate) struct Ask<'a> {
    api: &'a Api,
    operation: Operation,
    /// The parts of the path behind `/v1/`, escaped.
    path: &'a [&'a str],
    once: bool,
    batch: bool,
}

impl Api {
    /// A call about `subject` that errors and spans name `name`. It counts as repeatable unless [`Ask::once`] says
    /// otherwise.
    pub(crate) fn at<'a>(&'a self, subject: Subject, name: &'static str, path: &'a [&'a str]) -> Ask<'a> {
        Ask { api: self, operation: Operation::Of(subject, name), path, once: false, batch: false }
    }
}

impl Ask<'_> {
    /// It creates something: never repeated once its outcome is unknown.
    pub(crate) fn once(self) -> Self {
        Self { once: true, ..self }
    }

    /// The results of a batch count, whatever the status that they come with.
    pub(crate) fn batch(self) -> Self {
        Self { batch: true, ..self }
    }

    /// GET: the answer's data.
    pub(crate) async fn read<T: DeserializeOwned>(self) -> Result<T> {
        let call = self.call(Method::Get);
        self.api.send(&call).await?.data(&self.api.transport)
    }

    /// GET: the answer's data, or none where the server knows no such thing, as its 404 without a word means.
    pub(crate) async fn read_maybe<T: DeserializeOwned>(self) -> Result<Option<T>> {
        match self.read().await {
            Err(error) if error.status() == Some(404) && error.server_message().is_none() => Ok(None),
            found => found.map(Some),
        }
    }

    /// LIST: the keys. No keys is an empty list, as the server's 404 without a word means.
    pub(crate) async fn list(self) -> Result<Vec<String>> {
        let call = self.call(Method::List);
        match self.api.send(&call).await {
            Ok(answer) => Ok(answer.data::<Keys>(&self.api.transport)?.keys),
            Err(error) if error.status() == Some(404) && error.server_message().is_none() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// LIST: the answer's data with more than the keys. None is no keys.
    pub(crate) async fn list_maybe<T: DeserializeOwned>(self) -> Result<Option<T>> {
        let call = self.call(Method::List);
        match self.api.send(&call).await {
            Ok(answer) => answer.data(&self.api.transport).map(Some),
            Err(error) if error.status() == Some(404) && error.server_message().is_none() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// GET: the whole answer, where it has no envelope.
    pub(crate) async fn read_bare<T: DeserializeOwned>(self) -> Result<T> {
        let call = self.call(Method::Get);
        self.api.send(&call).await?.bare(&self.api.transport)
    }

    /// GET: the answer as a text that is no JSON.
    pub(crate) async fn read_text(self) -> Result<String> {
        let call = self.call(Method::Get);
        self.api.send(&call).await?.text().map(str::to_owned)
    }

    /// POST: nothing of the answer is read but its warnings.
    pub(crate) async fn write(self, body: &(impl Serialize + Sync)) -> Result<()> {
        let body = |request: Request| request.json(body);
        let call = self.call(Method::Post).body(&body);
        self.api.send(&call).await?.read::<Ignored>(&self.api.transport).map(drop)
    }

    /// POST: the answer's data.
    pub(crate) async fn exchange<T: DeserializeOwned>(self, body: &(impl Serialize + Sync)) -> Result<T> {
        let body = |request: Request| request.json(body);
        let call = self.call(Method::Post).body(&body);
        self.api.send(&call).await?.data(&self.api.transport)
    }

    /// POST: the whole answer, where it has no envelope.
    pub(crate) async fn exchange_bare<T: DeserializeOwned>(
        self,
        body: &(impl Serialize + Sync),
    ) -> Result<T> {
        let body = |request: Request| request.json(body);
        let call = self.call(Method::Post).body(&body);
        self.api.send(&call).await?.bare(&self.api.transport)
    }

    /// POST: the answer's data, if it has any.
    pub(crate) async fn exchange_maybe<T: DeserializeOwned>(
        self,
        body: &(impl Serialize + Sync),
    ) -> Result<Option<T>> {
        let body = |request: Request| request.json(body);
        let call = self.call(Method::Post).body(&body);
        let answer = self.api.send(&call).await?;
        let envelope: Envelope<'_, T> = answer.read(&self.api.transport)?;
        Ok(envelope.data)
    }

    /// PATCH with a JSON merge patch (RFC 7396).
    pub(crate) async fn patch(self, body: &(impl Serialize + Sync)) -> Result<()> {
        let body =
            |request: Request| request.json(body)?.header("content-type", "application/merge-patch+json");
        let call = self.call(Method::Patch).body(&body);
        self.api.send(&call).await?.read::<Ignored>(&self.api.transport).map(drop)
    }

    /// DELETE.
    pub(crate) async fn delete(self) -> Result<()> {
        let call = self.call(Method::Delete);
        self.api.send(&call).await?.read::<Ignored>(&self.api.transport).map(drop)
    }

    /// DELETE: the answer's data, if it has any.
    pub(crate) async fn delete_for<T: DeserializeOwned>(self) -> Result<Option<T>> {
        let call = self.call(Method::Delete);
        let answer = self.api.send(&call).await?;
        let envelope: Envelope<'_, T> = answer.read(&self.api.transport)?;
        Ok(envelope.data)
    }

    fn call(&self, method: Method) -> Call<'_> {
        let call = Call::new(self.operation, method, self.path);
        let call = if self.once { call.once() } else { call };
        if self.batch { call.batch() } else { call }
    }
}

#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    keys: Vec<String>,
}
