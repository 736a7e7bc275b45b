//! What `servers up` left running, as it is written to a file.
//!
//! A pid alone is not enough to end a process by: when it has ended, the number goes to another. With the time at
//! which it started, the pair is unique until the machine restarts.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// One server.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Running {
    name: String,
    pid: u32,
    started: u64,
    folder: PathBuf,
}

impl Running {
    /// Describes a process that runs.
    pub(crate) fn new(name: &str, pid: u32, folder: &Path) -> Result<Self> {
        let started = start_time(pid).ok_or_else(|| {
            Error::new(ErrorKind::Unavailable, "describe a server").with_help(format!("{name} has ended"))
        })?;
        Ok(Self { name: name.to_owned(), pid, started, folder: folder.to_owned() })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn is_alive(&self) -> bool {
        start_time(self.pid) == Some(self.started)
    }

    /// Ends it, by force after 10 s, and removes its folder. A server that has ended already is no error.
    pub(crate) async fn end(&self) -> Result<()> {
        // SIGINT ends OpenBao and Keycloak in good order, and PostgreSQL without waiting for its clients.
        for signal in [Signal::SIGINT, Signal::SIGKILL] {
            if !self.is_alive() {
                break;
            }
            self.signal(signal)?;
            for _ in 0..500 {
                if !self.is_alive() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        if self.is_alive() {
            let help = format!("{} (pid {}) does not end", self.name, self.pid);
            return Err(Error::new(ErrorKind::Timeout, "stop a server").with_help(help));
        }
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let help = format!("{} stays", self.folder.display());
                Err(Error::new(ErrorKind::Other, "remove a server's folder")
                    .with_help(help)
                    .with_source(error))
            }
            _ => Ok(()),
        }
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().filter(|pid| *pid > 1);
        let pid = pid.ok_or_else(|| {
            Error::new(ErrorKind::Config, "stop a server").with_help("the state file holds no usable pid")
        })?;
        kill(Pid::from_raw(pid), signal).map_err(|error| {
            Error::new(ErrorKind::Other, "stop a server")
                .with_help(format!("{} (pid {pid}) cannot be signalled", self.name))
                .with_source(error)
        })
    }
}

/// When the process started, in the kernel's ticks; none if there is no such process, or only its remains.
fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold spaces; after it come the state and, 19 fields on, the start.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[tokio::test]
    async fn it_ends_the_process_it_describes_and_no_other_of_the_same_pid() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new("sleep").arg("600").stdout(Stdio::null()).spawn().unwrap();
        let running = Running::new("sleep", child.id(), folder.path()).unwrap();
        let other = Running { started: running.started + 1, folder: "/nonexistent".into(), ..running };
        other.end().await.unwrap();
        assert!(child.try_wait().unwrap().is_none(), "another process was ended");

        let running = Running::new("sleep", child.id(), folder.path()).unwrap();
        running.end().await.unwrap();
        assert!(!child.wait().unwrap().success() && !folder.path().exists());
    }
}
