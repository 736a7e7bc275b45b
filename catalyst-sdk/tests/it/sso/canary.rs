//! No secret in anything that is logged, reported or shown.

use catalyst_core::testing::LogCapture;
use catalyst_sdk::keycloak::jose::Algorithm;
use catalyst_sdk::keycloak::mock::{Fault, FaultRule};
use catalyst_sdk::openbao::mock as bao;
use catalyst_sdk::sso::SsoCredential;

use super::platform::{DAY, Platform, wordpress};

#[tokio::test(start_paused = true)]
async fn a_whole_life_of_a_client_shows_no_secret() {
    let logs = LogCapture::default();
    let _listening = logs.listen();
    let mut secrets = Vec::new();
    for kind in [SsoCredential::Secret, SsoCredential::PrivateKeyJwt(Algorithm::Es256)] {
        let platform = Platform::new();
        let application = wordpress().credential(kind.clone());
        let settings = platform.sso.ensure(&application).await.unwrap();
        logs.add(&format!("{settings:?} {application:?} {:?}", platform.sso));
        let stored = settings.stored.unwrap();
        logs.add(&stored.external_secret("wordpress-sso", "acme-shop-prod").unwrap().to_string());
        let credential = platform.sso.credential(&application).await.unwrap();
        logs.add(&format!("{credential:?} {:?}", platform.stored().await));

        if kind == SsoCredential::Secret {
            secrets.push(platform.stored_secret().await);
            let rotation = platform.sso.rotation(&application).unwrap();
            rotation.rotate_now().await.unwrap();
            secrets.push(platform.stored_secret().await);
            platform.jump(DAY);
            platform.keycloak.faults().inject(FaultRule::new(Fault::HalfBody).times(2));
            platform.bao.model().faults().inject(bao::FaultRule::new(bao::Fault::NotJson));
            for _ in 0..6 {
                if let Err(error) = rotation.advance().await {
                    logs.add(&format!("{error} {error:?}"));
                }
            }
            logs.add(&format!("{rotation:?} {:?}", rotation.status().await));
            platform.sso.rotate_leaked(&application).await.unwrap();
            secrets.push(platform.stored_secret().await);
        } else {
            let data = platform.stored().await.unwrap();
            let pem = data.get("private_key").unwrap().expose().to_owned();
            secrets.extend(pem.lines().filter(|line| !line.starts_with('-')).map(Into::into));
        }
        for event in platform.events.lock().unwrap().iter() {
            logs.add(&format!("{event:?}"));
        }
    }
    let text = logs.text();
    for step in ["client_ensured", "credential_stored", "regenerated", "old_refused", "key_made"] {
        assert!(text.contains(step), "{step} was heard of");
    }
    let secrets: Vec<_> = secrets.iter().map(catalyst_sdk::Secret::expose).collect();
    assert!(secrets.len() >= 5 && secrets.iter().all(|secret| secret.len() >= 16));
    logs.assert_absent(&secrets);
}
