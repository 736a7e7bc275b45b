//! The administration of one server.

use std::sync::Arc;

use catalyst_core::Result;

use crate::KeycloakBuilder;
use crate::admin::Api;

/// One Keycloak server, as its administrator sees it. Cheap to clone; clones share the token and the connections.
///
/// ```no_run
/// # async fn example() -> catalyst_keycloak::Result<()> {
/// use catalyst_keycloak::{AdminLogin, ClientRegistrar, ClientSpec, Keycloak, Secret};
///
/// let keycloak = Keycloak::builder("https://auth.example.test")?
///     .admin(AdminLogin::bootstrap("admin", Secret::new("hunter2")))
///     .build()?;
/// let spec = ClientSpec::new("wordpress".parse()?, "acme/prod/wordpress".parse()?)
///     .redirect_uri("https://blog.acme.test/oauth/callback".parse()?);
/// let registration = keycloak.registrar("acme".parse()?).ensure(&spec).await?;
/// println!("{:?}", registration.outcome);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Keycloak {
    pub(crate) api: Arc<Api>,
}

impl Keycloak {
    /// For the server at `address`, which is what comes before `/realms` and `/admin`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if it is not an absolute `http` or `https` URL.
    pub fn builder(address: &str) -> Result<KeycloakBuilder> {
        KeycloakBuilder::new(address)
    }
}
