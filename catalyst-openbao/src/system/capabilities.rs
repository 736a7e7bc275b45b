//! What a token may do.

use std::collections::BTreeMap;

use catalyst_core::{Result, Secret};
use serde::Serialize;

use super::{ApiPath, Capability, System};
use crate::operation::Subject;
use crate::wire::Exposed;

impl System {
    /// What the session's token may do with each of `paths`, in their order. `POST sys/capabilities-self`, repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` without any path.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn capabilities(&self, paths: &[ApiPath]) -> Result<Vec<Vec<Capability>>> {
        self.ask_capabilities("sys/capabilities-self", paths, &Whose::default()).await
    }

    /// What a token may do with each of `paths`. `POST sys/capabilities`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` without any path, `token_not_found` if it has ended or never was.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn capabilities_of(&self, token: &Secret, paths: &[ApiPath]) -> Result<Vec<Vec<Capability>>> {
        let whose = Whose { token: Some(Exposed(token)), accessor: None };
        self.ask_capabilities("sys/capabilities", paths, &whose).await
    }

    /// The same for the token of an accessor. `POST sys/capabilities-accessor`, repeated after passing faults.
    ///
    /// # Errors
    /// As [`System::capabilities_of`].
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn capabilities_of_accessor(
        &self,
        accessor: &str,
        paths: &[ApiPath],
    ) -> Result<Vec<Vec<Capability>>> {
        let whose = Whose { token: None, accessor: Some(accessor) };
        self.ask_capabilities("sys/capabilities-accessor", paths, &whose).await
    }

    async fn ask_capabilities(
        &self,
        endpoint: &'static str,
        paths: &[ApiPath],
        whose: &Whose<'_>,
    ) -> Result<Vec<Vec<Capability>>> {
        let path = [endpoint];
        let body = Body { paths: paths.iter().map(ApiPath::as_str).collect(), whose };
        let call = self.api.at(Subject::AuthMethod, "read capabilities", &path);
        let mut found: BTreeMap<String, Vec<String>> = call.exchange(&body).await?;
        let known = |names: Vec<String>| names.iter().filter_map(|name| Capability::named(name)).collect();
        // A path that is named twice is answered once.
        Ok(body
            .paths
            .iter()
            .map(|path| found.get_mut(*path).cloned().map(known).unwrap_or_default())
            .collect())
    }
}

#[derive(Default, Serialize)]
struct Whose<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Exposed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accessor: Option<&'a str>,
}

#[derive(Serialize)]
struct Body<'a> {
    paths: Vec<&'a str>,
    #[serde(flatten)]
    whose: &'a Whose<'a>,
}
