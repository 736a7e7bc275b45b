//! The other clients, set up as their documentation says.

use openbao::{Authenticated, Certificate, Client, OpenBaoConfig, SecretString};
use vaultrs::client::{VaultClient, VaultClientSettingsBuilder};

pub(crate) fn vaultrs(address: &str, token: &str, ca_file: &str) -> VaultClient {
    let settings = VaultClientSettingsBuilder::default()
        .address(address)
        .token(token)
        .ca_certs(vec![ca_file.to_owned()])
        .build()
        .unwrap();
    VaultClient::new(settings).unwrap()
}

pub(crate) fn openbao(address: &str, token: &str, ca_pem: &[u8]) -> Client<Authenticated> {
    let config = OpenBaoConfig::new(address)
        .unwrap()
        .only_root_certificates(vec![Certificate::from_pem(ca_pem).unwrap()])
        .unwrap();
    Client::from_config(config).unwrap().try_with_token(SecretString::from(token.to_owned())).unwrap()
}
