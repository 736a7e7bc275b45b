//! A real SPIRE, from binaries that whoever runs the tests has: no package registry ships them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use catalyst_core::{Error, ErrorKind, Result};
use nix::sys::signal::Signal;
use nix::unistd::Uid;
use serde_json::Value;
use tokio::process::Command;

use super::folder::Folder;
use super::process::{Launch, Lifetime, Process};
use super::{install, poll, port};

const OPERATION: &str = "start SPIRE";
const START_LIMIT: Duration = Duration::from_secs(30);

/// A SPIRE server and an agent on loopback, with one workload: every process of this user. Ends when it is dropped.
#[derive(Debug)]
pub struct SpireServer {
    // Ends first: an agent without a server only fills its log.
    agent: Process,
    server: Process,
    programs: PathBuf,
    trust_domain: String,
    folder: Folder,
}

impl SpireServer {
    /// The path of the workload's SPIFFE ID.
    pub const WORKLOAD: &str = "/ns/payments/sa/checkout";

    /// Starts both with the binaries in `programs` ([`environment::spire_bin`](super::environment::spire_bin)), and
    /// waits until the workload has its first SVID. An X.509-SVID lives for `svid_ttl` (at least 10 s) and is renewed
    /// at about half of that.
    ///
    /// # Errors
    /// If a binary is missing, or there is no SVID within 30 s.
    ///
    /// # Cancel safety
    /// Processes that were started end.
    pub async fn start(programs: &Path, trust_domain: &str, svid_ttl: Duration) -> Result<Self> {
        let folder = Folder::new("spire")?;
        let port = port::free_port()?;
        let server_config = folder.join("server.conf");
        write(&server_config, &server_settings(folder.path(), trust_domain, port))?;
        write(&folder.join("agent.conf"), &agent_settings(folder.path(), trust_domain, port))?;
        for data in ["server", "agent"] {
            std::fs::create_dir(folder.join(data)).map_err(cannot_write)?;
        }
        let arguments = vec!["run".to_owned(), "-config".to_owned(), server_config.display().to_string()];
        let mut server = launch(&programs.join("spire-server"), &folder, "server.log", arguments)?;
        let tool = Tool { program: programs.join("spire-server"), socket: folder.join("server.sock") };
        tool.wait_healthy(&mut server).await?;

        write(&folder.join("bootstrap.pem"), &tool.ask(&["bundle", "show"], &[]).await?)?;
        let node = format!("spiffe://{trust_domain}/agent/a1");
        let token = tool.ask(&["token", "generate"], &["-spiffeID", &node, "-ttl", "600"]).await?;
        let token = token.trim().trim_start_matches("Token: ").to_owned();
        let agent = start_agent(programs, &folder, Some(&token)).await?;

        let spire = Self {
            agent,
            server,
            programs: programs.to_owned(),
            trust_domain: trust_domain.to_owned(),
            folder,
        };
        spire.add_workload(&tool, &node, svid_ttl).await?;
        spire.wait_for_svid().await?;
        Ok(spire)
    }

    /// The address of the Workload API: `unix:/…/agent.sock`.
    pub fn workload_api(&self) -> String {
        format!("unix:{}", self.folder.join("agent.sock").display())
    }

    /// The SPIFFE ID of the workload.
    pub fn workload_id(&self) -> String {
        format!("spiffe://{}{}", self.trust_domain, Self::WORKLOAD)
    }

    /// The X.509 authorities of the trust domain, in PEM.
    ///
    /// # Errors
    /// If the server does not answer.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn bundle_pem(&self) -> Result<String> {
        self.tool().ask(&["bundle", "show"], &[]).await
    }

    /// The key by which JWT-SVIDs are checked now, in PEM.
    ///
    /// # Errors
    /// If the server does not answer, or has another kind of key than P-256.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn jwt_public_key_pem(&self) -> Result<String> {
        let bundle = self.tool().ask(&["bundle", "show"], &["-format", "spiffe"]).await?;
        newest_jwt_key(&bundle).ok_or_else(|| {
            Error::new(ErrorKind::Decode, OPERATION).with_help("the bundle has no key of P-256 for JWT")
        })
    }

    /// Ends the agent and starts it again; it keeps its socket and its identity.
    ///
    /// # Errors
    /// If it does not become healthy within 30 s.
    ///
    /// # Cancel safety
    /// The agent may be down.
    pub async fn restart_agent(&mut self) -> Result<()> {
        self.agent.end().await?;
        self.agent = start_agent(&self.programs, &self.folder, None).await?;
        self.wait_for_svid().await
    }

    /// Ends both in good order.
    ///
    /// # Errors
    /// If a process does not end.
    ///
    /// # Cancel safety
    /// What still runs ends with the value.
    pub async fn stop(mut self) -> Result<()> {
        self.agent.end().await?;
        self.server.end().await
    }

    /// OpenBao's certificate login wants a common name in the SVID, and SPIRE takes that from the first DNS name.
    async fn add_workload(&self, tool: &Tool, node: &str, svid_ttl: Duration) -> Result<()> {
        let (id, ttl) = (self.workload_id(), svid_ttl.as_secs().to_string());
        let selector = format!("unix:uid:{}", Uid::effective());
        let dns = format!("checkout.payments.{}", self.trust_domain);
        let entry = [
            ["-parentID", node],
            ["-spiffeID", &id],
            ["-selector", &selector],
            ["-dns", &dns],
            ["-x509SVIDTTL", &ttl],
            ["-jwtSVIDTTL", "60"],
        ];
        tool.ask(&["entry", "create"], entry.as_flattened()).await.map(drop)
    }

    async fn wait_for_svid(&self) -> Result<()> {
        let tool =
            Tool { program: self.programs.join("spire-agent"), socket: self.folder.join("agent.sock") };
        poll::until("wait for the first SVID", START_LIMIT, async || {
            Ok(tool.ask(&["api", "fetch", "x509"], &[]).await.ok().map(drop))
        })
        .await
    }

    fn tool(&self) -> Tool {
        Tool { program: self.programs.join("spire-server"), socket: self.folder.join("server.sock") }
    }
}

/// One of the two programs, as the command-line tool that talks to its running self.
struct Tool {
    program: PathBuf,
    socket: PathBuf,
}

impl Tool {
    async fn ask(&self, command: &[&str], options: &[&str]) -> Result<String> {
        let mut tool = Command::new(&self.program);
        tool.args(command).arg("-socketPath").arg(&self.socket).args(options);
        install::run(tool, OPERATION, "see the logs in its folder").await
    }

    async fn wait_healthy(&self, process: &mut Process) -> Result<()> {
        poll::until("wait for SPIRE to be healthy", START_LIMIT, async || {
            match (self.ask(&["healthcheck"], &[]).await.is_ok(), process.is_running()) {
                (true, _) => Ok(Some(())),
                (false, true) => Ok(None),
                (false, false) => Err(process.died(OPERATION)),
            }
        })
        .await
    }
}

async fn start_agent(programs: &Path, folder: &Folder, join_token: Option<&str>) -> Result<Process> {
    let program = programs.join("spire-agent");
    let config = folder.join("agent.conf").display().to_string();
    let mut arguments = vec!["run".to_owned(), "-config".to_owned(), config];
    arguments.extend(join_token.into_iter().flat_map(|token| ["-joinToken".to_owned(), token.to_owned()]));
    let mut agent = launch(&program, folder, "agent.log", arguments)?;
    Tool { program, socket: folder.join("agent.sock") }.wait_healthy(&mut agent).await?;
    Ok(agent)
}

fn launch(program: &Path, folder: &Folder, log: &str, arguments: Vec<String>) -> Result<Process> {
    Process::start(&Launch {
        program,
        arguments,
        folder: folder.path(),
        log: &folder.join(log),
        user: None,
        end: Signal::SIGTERM,
        lifetime: Lifetime::Ours,
    })
}

/// `cache_reload_interval` and `sync_interval` are 5 s by default: how late an agent sees a new entry.
fn server_settings(folder: &Path, trust_domain: &str, port: u16) -> String {
    let folder = folder.display();
    format!(
        r#"server {{
  bind_address = "127.0.0.1"
  bind_port    = "{port}"
  socket_path  = "{folder}/server.sock"
  trust_domain = "{trust_domain}"
  data_dir     = "{folder}/server"
  log_level    = "INFO"
  experimental {{ cache_reload_interval = "1s" }}
}}
plugins {{
  DataStore "sql" {{ plugin_data {{ database_type = "sqlite3" connection_string = "{folder}/server/datastore.sqlite3" }} }}
  NodeAttestor "join_token" {{ plugin_data {{}} }}
  KeyManager "disk" {{ plugin_data {{ keys_path = "{folder}/server/keys.json" }} }}
}}
"#
    )
}

/// `sync_interval` belongs under `experimental`; elsewhere the agent refuses it.
fn agent_settings(folder: &Path, trust_domain: &str, port: u16) -> String {
    let folder = folder.display();
    format!(
        r#"agent {{
  data_dir          = "{folder}/agent"
  log_level         = "INFO"
  server_address    = "127.0.0.1"
  server_port       = "{port}"
  socket_path       = "{folder}/agent.sock"
  trust_bundle_path = "{folder}/bootstrap.pem"
  trust_domain      = "{trust_domain}"
  experimental {{ sync_interval = "1s" }}
}}
plugins {{
  NodeAttestor "join_token" {{ plugin_data {{}} }}
  KeyManager "disk" {{ plugin_data {{ directory = "{folder}/agent" }} }}
  WorkloadAttestor "unix" {{ plugin_data {{}} }}
}}
"#
    )
}

/// Turns the last JWT key of a bundle in JWKS into PEM.
fn newest_jwt_key(bundle: &str) -> Option<String> {
    let bundle: Value = serde_json::from_str(bundle).ok()?;
    let keys = bundle["keys"].as_array()?;
    let key = keys.iter().rev().find(|key| key["use"] == "jwt-svid" && key["crv"] == "P-256")?;
    let coordinate = |name: &str| {
        URL_SAFE_NO_PAD.decode(key[name].as_str()?).ok().filter(|coordinate| coordinate.len() == 32)
    };
    Some(p256_pem(&coordinate("x")?, &coordinate("y")?))
}

/// `SubjectPublicKeyInfo` of an uncompressed point (RFC 5480), which is a fixed prefix and the point.
fn p256_pem(x: &[u8], y: &[u8]) -> String {
    const PREFIX: [u8; 27] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];
    let text = STANDARD.encode([PREFIX.as_slice(), x, y].concat());
    let (first, second) = text.split_at(64);
    format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n")
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(cannot_write)
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, OPERATION).with_help("its folder is not writable").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwt_key_becomes_the_pem_that_openssl_would_write() {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let (x, y) = key.public_key_raw()[1..].split_at(32);
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let bundle = serde_json::json!({ "keys": [
            { "use": "x509-svid", "kty": "EC", "crv": "P-256", "x": "", "y": "" },
            { "use": "jwt-svid", "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) },
        ] });
        let pem = newest_jwt_key(&bundle.to_string()).unwrap();
        assert_eq!(pem.replace('\n', ""), key.public_key_pem().replace(['\r', '\n'], ""));
    }
}
