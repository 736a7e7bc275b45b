//! One node of a cluster: its files, its ports, its process.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use catalyst_core::{Result, SecretBytes};
use nix::sys::signal::Signal;

use super::certificates::ServerCertificate;
use super::folder::Folder;
use super::openbao::{cannot_write, quoted, write_secret};
use super::process::{Launch, Lifetime, Process};
use super::{port, proxy::TcpProxy};

/// The ports of a node: its own, and those of the proxies before it, which are what others know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) api: u16,
    pub(crate) cluster: u16,
    pub(crate) api_proxy: u16,
    pub(crate) cluster_proxy: u16,
}

impl Ports {
    pub(crate) fn free() -> Result<Self> {
        Ok(Self {
            api: port::free_port()?,
            cluster: port::free_port()?,
            api_proxy: port::free_port()?,
            cluster_proxy: port::free_port()?,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) process: Option<Process>,
    pub(crate) ports: Ports,
    folder: PathBuf,
    binary: PathBuf,
    _proxies: [TcpProxy; 2],
}

/// What a node is set up with.
pub(crate) struct Plan<'a> {
    pub(crate) folder: &'a Folder,
    pub(crate) number: usize,
    /// Of all nodes.
    pub(crate) ports: &'a [Ports],
    pub(crate) tls: &'a ServerCertificate,
    /// The key that unseals it by itself; none for a Shamir seal.
    pub(crate) static_key: Option<&'a SecretBytes>,
    pub(crate) binary: &'a Path,
    /// Whether it joins the others by itself.
    pub(crate) joins: bool,
}

impl Node {
    /// Writes its files; nothing runs yet.
    pub(crate) fn prepare(plan: &Plan<'_>, proxies: [TcpProxy; 2]) -> Result<Self> {
        let folder = plan.folder.join(&format!("n{}", plan.number));
        std::fs::create_dir_all(folder.join("data")).map_err(cannot_write)?;
        write_secret(&folder.join("server.pem"), plan.tls.certificate.as_bytes())?;
        write_secret(&folder.join("server.key"), plan.tls.key.as_bytes())?;
        write_secret(&folder.join("ca.pem"), plan.tls.authority.as_bytes())?;
        if let Some(key) = plan.static_key {
            write_secret(&folder.join("unseal.key"), key.expose())?;
        }
        write_secret(&folder.join("config.hcl"), config(&folder, plan).as_bytes())?;
        let (ports, binary) = (plan.ports[plan.number], plan.binary.to_owned());
        Ok(Self { process: None, ports, folder, binary, _proxies: proxies })
    }

    /// What it wrote to its log, also before it was started again.
    pub(crate) fn log(&self) -> Result<String> {
        let text = std::fs::read(self.folder.join("server.log")).map_err(cannot_write)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Starts it; it is not waited for.
    pub(crate) fn start(&mut self) -> Result<u32> {
        let process = Process::start(&Launch {
            program: &self.binary,
            arguments: vec![
                "server".to_owned(),
                format!("-config={}", self.folder.join("config.hcl").display()),
            ],
            folder: &self.folder,
            log: &self.folder.join("server.log"),
            user: None,
            end: Signal::SIGTERM,
            lifetime: Lifetime::Ours,
        })?;
        let pid = process.pid();
        self.process = Some(process);
        Ok(pid)
    }
}

/// The file of a node. The intervals of autopilot are short, so that a joiner votes after a second and not after
/// twenty.
fn config(folder: &Path, plan: &Plan<'_>) -> String {
    let (host, own, number) = (Ipv4Addr::LOCALHOST, plan.ports[plan.number], plan.number);
    let [data, certificate, key, authority] =
        ["data", "server.pem", "server.key", "ca.pem"].map(|name| quoted(&folder.join(name)));
    let others = plan.ports.iter().enumerate().filter(|(other, _)| plan.joins && *other != number);
    let joins = others.map(|(_, other)| {
        format!(
            "  retry_join {{\n    leader_api_addr     = \"https://{host}:{}\"\n    leader_ca_cert_file = {authority}\n  }}\n",
            other.api_proxy
        )
    });
    let joins: String = joins.collect();
    let seal = plan.static_key.map_or_else(String::new, |_| {
        let key = quoted(Path::new(&format!("file://{}", folder.join("unseal.key").display())));
        format!("seal \"static\" {{\n  current_key_id = \"k1\"\n  current_key    = {key}\n}}\n")
    });
    format!(
        r#"storage "raft" {{
  path                         = {data}
  node_id                      = "n{number}"
  performance_multiplier       = 1
  autopilot_reconcile_interval = "200ms"
  autopilot_update_interval    = "200ms"
{joins}}}
listener "tcp" {{
  address         = "{host}:{api}"
  cluster_address = "{host}:{cluster}"
  tls_cert_file   = {certificate}
  tls_key_file    = {key}
}}
{seal}api_addr          = "https://{host}:{api_proxy}"
cluster_addr      = "https://{host}:{cluster_proxy}"
default_lease_ttl = "10m"
"#,
        api = own.api,
        cluster = own.cluster,
        api_proxy = own.api_proxy,
        cluster_proxy = own.cluster_proxy,
    )
}
