//! The client.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::ask::Ask;
use crate::operation::Subject;

/// Entities, aliases, groups and identity tokens; made by [`OpenBao::identity`](crate::OpenBao::identity). Cheap to
/// clone.
///
/// ```no_run
/// use catalyst_openbao::OpenBao;
/// use catalyst_openbao::identity::{EntitySettings, GroupSettings, NewAlias};
///
/// # async fn example(bao: OpenBao) -> catalyst_openbao::Result<()> {
/// let identity = bao.identity();
/// let orders = identity.write_entity(&"orders".parse()?, &EntitySettings::new().metadata("team", "shop")).await?;
/// if let Some(jwt) = bao.system().auth_method(&"jwt".parse()?).await? {
///     let alias = NewAlias::new(&orders, "spiffe://example.test/ns/shop/sa/orders", jwt.accessor);
///     identity.write_entity_alias(&alias).await?;
/// }
/// let shop = GroupSettings::new().policies(["shop"]).member_entities([orders]);
/// identity.write_group(&"shop".parse()?, &shop).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Identity {
    pub(super) api: Arc<Api>,
}

impl Identity {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    pub(super) fn ask<'a>(&'a self, operation: &'static str, path: &'a [&'a str]) -> Ask<'a> {
        self.api.at(Subject::Identity, operation, path)
    }
}

/// The identifier that the server gave to something new.
#[derive(Deserialize)]
pub(super) struct Made<I> {
    pub(super) id: I,
}

/// The body of a call that says nothing.
#[derive(Serialize)]
pub(super) struct Nothing {}
