//! Keycloak, out of Maven's repository.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use catalyst_core::{Error, ErrorKind, Result};
use tokio::process::Command;

use super::super::environment;
use super::{INSTALLING, debian, run};

/// The version of Keycloak that the SDK is tested with.
pub const KEYCLOAK_VERSION: &str = "26.7.3";
const SHA256: &str = "77657f30b7e90d70f727712ce1c967f430fd6a5e9f458d32d8c6df0635345f47";
const OPERATION: &str = "install Keycloak";
const OLDEST_JAVA: u32 = 17;
/// Only these two need naming: federated client authentication, Kubernetes service accounts, standard token exchange
/// and organizations are on by default. A client certificate can only be asked for when the build says so.
const BUILD: [&str; 4] =
    ["build", "--db=dev-file", "--features=spiffe,client-secret-rotation", "--https-client-auth=request"];
/// Grows with what is done differently here, so that an older installation is replaced.
const RECIPE: u32 = 1;

/// Where Keycloak is, and the Java that runs it.
#[derive(Clone, Debug)]
pub struct Keycloak {
    /// The program `java`.
    pub java: PathBuf,
    /// The unpacked distribution, built for a fast start.
    pub home: PathBuf,
    /// A database with the schema, the realm `master` and its administrator `admin` with the password `admin`.
    pub seed: PathBuf,
}

/// Keycloak, downloaded (180 MB) and prepared when it is not there, which takes about a minute; Java and Maven are
/// installed from Debian when they are missing and we may.
///
/// # Errors
/// [`ErrorKind::Config`] if Java 17 or Maven is missing, or the download fails.
///
/// # Cancel safety
/// Safe: what is half made is made anew by the next call.
pub async fn keycloak() -> Result<Keycloak> {
    let _one_at_a_time = INSTALLING.lock().await;
    let cache = environment::cache()?;
    let folder = cache.join(format!("keycloak-{KEYCLOAK_VERSION}-{RECIPE}"));
    let done = folder.join("complete");
    if let Some(java) = java().await
        && done.exists()
    {
        return Ok(installed(java, &folder));
    }
    let java = with_java_and_maven().await?;
    let _no_other_program = lock(cache, format!("{}.lock", file_name(&folder))).await?;
    if !done.exists() {
        download(&folder).await?;
        prepare(&installed(java.clone(), &folder)).await?;
        File::create(&done).map_err(|error| cannot_write(&folder, error))?;
    }
    Ok(installed(java, &folder))
}

fn installed(java: PathBuf, folder: &Path) -> Keycloak {
    Keycloak { java, home: folder.join("server"), seed: folder.join("seed/keycloakdb.mv.db") }
}

/// Maven checks what it downloads, against what its repository says; we check it against what we tested.
async fn download(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot_write(folder, error)),
        _ => {}
    }
    let (server, download) = (folder.join("server"), folder.join("download"));
    for made in [&server, &download] {
        fs::create_dir_all(made).map_err(|error| cannot_write(made, error))?;
    }
    let mut maven = Command::new("mvn");
    maven
        .args(["-B", "-q", "-ntp", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"])
        .arg(format!("-Dartifact=org.keycloak:keycloak-quarkus-dist:{KEYCLOAK_VERSION}:tar.gz"))
        .arg(format!("-DoutputDirectory={}", download.display()));
    run(maven, OPERATION, "Maven Central or a mirror of it is needed").await?;

    let archive = download.join(format!("keycloak-quarkus-dist-{KEYCLOAK_VERSION}.tar.gz"));
    let mut sum = Command::new("sha256sum");
    sum.arg(&archive);
    if !run(sum, OPERATION, "GNU coreutils are needed").await?.starts_with(SHA256) {
        return Err(Error::new(ErrorKind::Config, OPERATION).with_help(format!(
            "what Maven downloaded is not the Keycloak {KEYCLOAK_VERSION} that the SDK is tested with: its SHA-256 \
             is another"
        )));
    }
    let mut tar = Command::new("tar");
    tar.arg("xzf").arg(&archive).arg("-C").arg(&server).arg("--strip-components=1");
    run(tar, OPERATION, "tar and gzip are needed").await?;
    fs::remove_dir_all(&download).map_err(|error| cannot_write(&download, error))
}

/// The build makes later starts fast, and so does a database that has its schema.
async fn prepare(keycloak: &Keycloak) -> Result<()> {
    const HELP: &str = "remove the folder of Keycloak from the cache and try again";
    run(tool(keycloak, &BUILD), OPERATION, HELP).await?;
    let folder = keycloak.seed.parent().unwrap_or(&keycloak.home);
    let mut seed = tool(keycloak, &["bootstrap-admin", "user", "--optimized", "--no-prompt"]);
    seed.args(["--username=admin", "--password:env=KEYCLOAK_ADMIN_PASSWORD"])
        .env("KEYCLOAK_ADMIN_PASSWORD", "admin")
        .arg(database(folder));
    run(seed, OPERATION, HELP).await.map(drop)
}

/// The option that names the database in `folder`.
pub(crate) fn database(folder: &Path) -> String {
    let file = folder.join("keycloakdb");
    let options = "NON_KEYWORDS=VALUE;DB_CLOSE_ON_EXIT=FALSE;LOCK_TIMEOUT=10000";
    format!("--db-url=jdbc:h2:file:{};{options}", file.display())
}

/// Its command-line tool, without the settings of whoever runs us.
fn tool(keycloak: &Keycloak, arguments: &[&str]) -> Command {
    let mut command = Command::new(keycloak.home.join("bin/kc.sh"));
    for name in environment::keycloak_settings() {
        command.env_remove(name);
    }
    command.env("JAVA", &keycloak.java).args(arguments);
    command
}

async fn with_java_and_maven() -> Result<PathBuf> {
    let missing = || {
        Error::new(ErrorKind::Config, OPERATION).with_help(format!(
            "Java {OLDEST_JAVA} or newer and Maven are needed (Debian: apt-get install maven \
             default-jre-headless); JAVA_HOME names the Java to use"
        ))
    };
    if let Some(java) = java().await
        && maven().await
    {
        return Ok(java);
    }
    if !debian::is_ours() {
        return Err(missing());
    }
    debian::update(OPERATION).await?;
    debian::install(OPERATION, &["maven", "default-jre-headless"]).await?;
    if maven().await { java().await.ok_or_else(missing) } else { Err(missing()) }
}

/// The Java of `JAVA_HOME`, or the one on the path, if it is new enough.
async fn java() -> Option<PathBuf> {
    let program =
        environment::java_home().map_or_else(|| PathBuf::from("java"), |home| home.join("bin/java"));
    let output = Command::new(&program).arg("-version").output().await.ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    (major_version(&said)? >= OLDEST_JAVA).then_some(program)
}

async fn maven() -> bool {
    let output = Command::new("mvn").arg("--version").output().await;
    output.is_ok_and(|output| output.status.success())
}

/// 17 of `openjdk version "17.0.15" 2025-04-15`, 1 of the old `"1.8.0_202"`.
fn major_version(said: &str) -> Option<u32> {
    let quoted = said.split('"').nth(1)?;
    let digits = quoted.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Keeps other programs from installing at the same time, until it is dropped.
async fn lock(cache: PathBuf, name: String) -> Result<File> {
    let file = cache.join(name);
    let locked = tokio::task::spawn_blocking(move || {
        fs::create_dir_all(&cache)?;
        let file = File::create(file)?;
        file.lock()?;
        Ok(file)
    });
    let locked = locked.await.unwrap_or_else(|ended| Err(io::Error::other(ended)));
    locked.map_err(|error| cannot_write(Path::new("the cache of servers"), error))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn cannot_write(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Config, OPERATION)
        .with_help(format!("{} cannot be written", path.display()))
        .with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_java_is_read_from_what_it_prints() {
        for (said, version) in [
            ("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime", Some(17)),
            ("openjdk version \"25\" 2025-09-16", Some(25)),
            ("java version \"1.8.0_202\"", Some(1)),
            ("openjdk version \"27-ea\" 2026-09-15", Some(27)),
            ("no Java here", None),
        ] {
            assert_eq!(major_version(said), version, "{said}");
        }
    }
}
