//! The application: its declaration, its registration, and what it runs with.

use std::sync::Arc;
use std::time::Duration;

use catalyst_sdk::keycloak::jose::Algorithm;
use catalyst_sdk::keycloak::rotation::{Policy, RotationEventKind};
use catalyst_sdk::keycloak::{ClientCredential, ClientSpec, CredentialSource, OidcClient};
use catalyst_sdk::sso::{
    AdminRegistrars, EnvType, RotatingCredential, Sso, SsoApplication, SsoCredential, SsoEvent, SsoEventKind,
    SsoSettings,
};

use crate::login::Door;
use crate::options::{Credential, Options};
use crate::stage::{self, Broken, MOUNT, Stage, USER, Workload};
use catalyst_examples::screen::{Screen, counted};

const NAME: &str = "wordpress";
const REDIRECT: &str = "https://blog.acme.test/oauth/callback";

/// What one run of the registration did.
pub(crate) struct Registered {
    pub settings: SsoSettings,
    /// Writes by the servers' own count, if they count.
    pub seen: Option<u64>,
}

/// A running application.
pub(crate) struct Running {
    /// Its client, whose next request uses the credential that is in force.
    pub client: OidcClient,
    /// The credential, if it is one that rotates.
    pub credential: Option<RotatingCredential>,
}

/// All that an application writes down about its single sign-on.
pub(crate) fn declaration(options: &Options) -> Result<SsoApplication, Broken> {
    let credential = match options.credential {
        Credential::Secret => SsoCredential::Secret,
        Credential::PrivateKeyJwt => SsoCredential::PrivateKeyJwt(Algorithm::Es256),
        Credential::Spiffe => {
            let (issuer, subject) = (Workload::ALIAS.to_owned(), Workload::ID.to_owned());
            SsoCredential::Federated { issuer, subject }
        }
    };
    let application = SsoApplication::new(stage::organization()?, EnvType::Prod, NAME)?
        .redirect_uri(REDIRECT.parse()?)
        .client(details)
        .credential(credential);
    Ok(application)
}

/// What is declared about its client beyond who it is. The service account lets it fetch tokens for itself.
fn details(client: ClientSpec) -> ClientSpec {
    client.name("The shop's blog").role("editor").service_account(true)
}

/// The SDK, as the platform would set it up; here with a grace that one can wait for.
pub(crate) fn sso(options: &Options, stage: &Stage, screen: &Screen) -> Result<Sso, Broken> {
    let screen = screen.clone();
    let observer = Arc::new(move |event: &SsoEvent| {
        screen.happened(&sentence(&event.kind));
    });
    let realms = stage.resolver.clone();
    let registrars = AdminRegistrars::new(stage.registrar_login()?).in_each_realm(true);
    Ok(Sso::builder(realms, registrars, Arc::clone(&stage.store), MOUNT.parse()?)
        .policy(Policy::default().grace(options.grace))
        .poll(Duration::from_secs(1))
        .observer(observer)
        .build())
}

/// Makes everything as declared, and says what that took.
pub(crate) async fn register(
    sso: &Sso,
    application: &SsoApplication,
    stage: &Stage,
    screen: &Screen,
) -> Result<Registered, Broken> {
    let before = stage.writes();
    let settings = sso.ensure(application).await?;
    let seen = before.zip(stage.writes()).map(|(before, after)| after - before);
    let (reads, writes) = (settings.reads.into(), settings.writes.into());
    let counted_there =
        seen.map_or(String::new(), |seen| format!("; the servers saw {}", counted(seen, "write")));
    screen.tell(&format!("{}, {}{counted_there}", counted(reads, "read"), counted(writes, "write")));
    Ok(Registered { settings, seen })
}

/// What lies where: names, and no values.
pub(crate) async fn describe(settings: &SsoSettings, stage: &Stage, screen: &Screen) -> Result<(), Broken> {
    screen.tell(&format!("client {} of {}, issuer {}", settings.client_id, settings.place, settings.issuer));
    screen.tell(&format!("logins return to {}", settings.redirect_uris.join(", ")));
    match &settings.stored {
        Some(stored) => {
            let found = stage.store.read(&stored.path, None).await?;
            let names: Vec<_> = found.data.iter().map(|(name, _)| name).collect();
            screen.tell(&format!("in OpenBao at {}/{}: {}", stored.mount, stored.path, names.join(", ")));
        }
        None => screen.tell("in OpenBao nothing: the JWT-SVID of the workload is the credential"),
    }
    Ok(())
}

/// What is committed beside the application; none if nothing is stored.
pub(crate) fn external_secret(settings: &SsoSettings, screen: &Screen) -> Result<Option<String>, Broken> {
    let Some(stored) = &settings.stored else {
        screen.tell("none: there is nothing to mount");
        return Ok(None);
    };
    let yaml = stored.external_secret("wordpress-sso", "acme-shop-prod")?.to_string();
    yaml.lines().for_each(|line| screen.tell(line));
    Ok(Some(yaml))
}

/// The application starts: it follows its credential from OpenBao, and administers nothing.
pub(crate) async fn start(sso: &Sso, application: &SsoApplication, stage: &Stage) -> Result<Running, Broken> {
    if let Some(workload) = &stage.workload {
        let credential = ClientCredential::JwtSvid(workload.assertions());
        return Ok(Running { client: oidc(stage, application, credential)?, credential: None });
    }
    let credential = sso.credential(application).await?;
    Ok(Running { client: oidc(stage, application, credential.clone())?, credential: Some(credential) })
}

/// The client with a credential of the caller's choice.
pub(crate) fn oidc(
    stage: &Stage,
    application: &SsoApplication,
    credential: impl CredentialSource,
) -> Result<OidcClient, Broken> {
    Ok(OidcClient::builder(stage.realm.clone(), application.id().clone(), credential).build()?)
}

/// Where its users come in.
pub(crate) fn door(running: &Running, stage: &Stage) -> Result<Door, Broken> {
    Ok(Door::new(&running.client, REDIRECT, USER, stage.password())?)
}

/// What happened, for people.
fn sentence(kind: &SsoEventKind) -> String {
    match kind {
        SsoEventKind::ClientEnsured { outcome, .. } => {
            format!("the client in the realm: {outcome:?}").to_lowercase()
        }
        SsoEventKind::KeyMade { key_id } => format!("key {key_id} made"),
        SsoEventKind::KeyReplaced { key_id, .. } => {
            format!("key {key_id} is in use; the old one has its grace")
        }
        SsoEventKind::CredentialStored { path } => format!("credential stored at {path}"),
        SsoEventKind::CredentialUnchanged => "the stored credential is the one in force".to_owned(),
        SsoEventKind::Failed { error } => format!("failed: {error}"),
        SsoEventKind::Rotation { number, step } => rotation_sentence(*number, step),
        other => other.name().replace('_', " "),
    }
}

fn rotation_sentence(number: u64, step: &RotationEventKind) -> String {
    match step {
        RotationEventKind::Locked { phase, .. } => format!("locked for us, {phase:?}").to_lowercase(),
        RotationEventKind::Regenerated => "Keycloak has made a new secret; the old one works on".to_owned(),
        RotationEventKind::Stored => format!("secret {number} is in OpenBao, beside its predecessor"),
        RotationEventKind::Verified => format!("secret {number} works"),
        RotationEventKind::GraceBegun { .. } => "the grace begins: both work".to_owned(),
        RotationEventKind::OldEnded => "the old secret is ended".to_owned(),
        RotationEventKind::OldRefused => "the old secret is refused".to_owned(),
        RotationEventKind::Failed { error } => format!("a step failed: {error}"),
        other => other.name().replace('_', " "),
    }
}
