//! Somebody with a hand on the server.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::Secret;
use serde_json::{Value, json};

use crate::mock::Model;
use crate::mock::model::Form;
use crate::{ClientId, RealmName};

/// Does to a realm, behind the client's back, what a check needs. It panics where it cannot.
#[async_trait]
pub trait Operator: fmt::Debug + Send + Sync {
    /// The representation as the Admin REST API shows it; `null` if there is no such client.
    async fn client(&self, id: &ClientId) -> Value;

    /// The names of the client's roles.
    async fn roles(&self, id: &ClientId) -> Vec<String>;

    /// Makes a client out of this representation.
    async fn create(&self, representation: &Value);

    /// Merges these members into the representation, as an update by hand does.
    async fn edit(&self, id: &ClientId, members: &Value);

    /// Takes the client away, if it is there.
    async fn remove(&self, id: &ClientId);

    /// Whether the client logs in with this secret, sent in the body.
    async fn lets_in(&self, id: &ClientId, secret: &Secret) -> bool;
}

/// The [`Operator`] of a realm of a [`Model`].
#[derive(Clone, Debug)]
pub struct ModelOperator {
    model: Model,
    realm: RealmName,
}

impl ModelOperator {
    /// Of `realm` in this model.
    pub fn new(model: Model, realm: RealmName) -> Self {
        Self { model, realm }
    }
}

#[async_trait]
impl Operator for ModelOperator {
    async fn client(&self, id: &ClientId) -> Value {
        self.model.client(self.realm.as_str(), id.as_str()).unwrap_or_default()
    }

    async fn roles(&self, id: &ClientId) -> Vec<String> {
        self.model.client_roles(self.realm.as_str(), id.as_str())
    }

    async fn create(&self, representation: &Value) {
        self.model.set_client(self.realm.as_str(), representation);
    }

    async fn edit(&self, id: &ClientId, members: &Value) {
        let mut members = members.clone();
        members["clientId"] = json!(id.as_str());
        self.model.set_client(self.realm.as_str(), &members);
    }

    async fn remove(&self, id: &ClientId) {
        self.model.remove_client(self.realm.as_str(), id.as_str());
    }

    async fn lets_in(&self, id: &ClientId, secret: &Secret) -> bool {
        let mut form = Form::default();
        for (name, value) in [("client_id", id.as_str()), ("client_secret", secret.expose())] {
            form.fields.insert(name.to_owned(), value.to_owned());
        }
        self.model.with(|state| state.authenticate(self.realm.as_str(), &form).is_ok())
    }
}
