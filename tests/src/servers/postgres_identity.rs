//! PostgreSQL that lets workloads in by their SVID.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use catalyst_core::{Error, ErrorKind, Result};
use nix::unistd::{Gid, Uid, chown};

use super::PostgresServer;
use super::certificates::server_certificate;
use super::postgres::{APPLICATION, DATABASE};

/// Who logs in by certificate: the user, and what names it in the certificate.
#[derive(Clone, Copy, Debug)]
pub struct IdentityUser<'a> {
    /// The user of the database.
    pub user: &'a str,
    /// What its certificate says.
    pub name: CertificateName<'a>,
}

/// What names a client in its certificate.
#[derive(Clone, Copy, Debug)]
pub enum CertificateName<'a> {
    /// The common name.
    Common(&'a str),
    /// The whole subject, as RFC 2253 writes it: `CN=orders,O=SPIRE,C=US`.
    Distinguished(&'a str),
}

/// Switches TLS on, with a certificate for 127.0.0.1, and lets `who` into the application's database by a client
/// certificate of `authorities_pem`, and by nothing else. Returns the file with the authority of the server's own
/// certificate. Certificates are matched by their name through a map in `pg_ident.conf`.
///
/// # Errors
/// If the files cannot be written, or PostgreSQL refuses.
///
/// # Cancel safety
/// Calling it again repairs what was left undone.
pub async fn accept_identities(
    postgres: &PostgresServer,
    authorities_pem: &str,
    who: IdentityUser<'_>,
) -> Result<PathBuf> {
    let IdentityUser { user, name } = who;
    let (name, matched_by) = match name {
        CertificateName::Common(name) => (name, ""),
        CertificateName::Distinguished(name) => (name, " clientname=DN"),
    };
    let certificate = server_certificate()?;
    let data = postgres.folder().join("data");
    write(postgres, "data/server.crt", &certificate.certificate)?;
    write(postgres, "data/server.key", &certificate.key)?;
    write(postgres, "data/clients.crt", authorities_pem)?;
    write(postgres, "server-ca.pem", &certificate.authority)?;
    write(postgres, "data/pg_ident.conf", &format!("svid \"{name}\" {user}\n"))?;
    let rules = fs::read_to_string(data.join("pg_hba.conf")).map_err(cannot_write)?;
    // The first line that fits counts.
    let line = format!(
        "hostssl {DATABASE} {user} 127.0.0.1/32 cert map=svid{matched_by}\nhost all {user} all reject\n"
    );
    write(postgres, "data/pg_hba.conf", &format!("{line}{rules}"))?;
    postgres
        .execute(&format!(
            "DO $$ BEGIN
               IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{user}') THEN
                 CREATE ROLE \"{user}\" LOGIN IN ROLE {APPLICATION};
               END IF;
             END $$"
        ))
        .await?;
    for (setting, value) in [("ssl_ca_file", "clients.crt"), ("ssl_cert_file", "server.crt"), ("ssl", "on")] {
        // By itself, for it refuses to run in a transaction.
        postgres.execute(&format!("ALTER SYSTEM SET {setting} = '{value}'")).await?;
    }
    postgres.execute("SELECT pg_reload_conf()").await?;
    Ok(postgres.folder().join("server-ca.pem"))
}

/// Writes a file that belongs to whom the server runs as.
fn write(postgres: &PostgresServer, name: &str, text: &str) -> Result<()> {
    let file = postgres.folder().join(name);
    fs::write(&file, text).map_err(cannot_write)?;
    fs::set_permissions(&file, Permissions::from_mode(0o600)).map_err(cannot_write)?;
    let owner = fs::metadata(postgres.folder().join("data")).map_err(cannot_write)?;
    chown(&file, Some(Uid::from_raw(owner.uid())), Some(Gid::from_raw(owner.gid())))
        .map_err(|error| cannot_write(error.into()))
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, "let identities into PostgreSQL")
        .with_help("its folder is not writable")
        .with_source(error)
}
