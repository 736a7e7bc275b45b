//! One process that this program started and is responsible for.
//!
//! A server that outlives its test holds a port and a folder for ever, so every process ends with us by three
//! routes: [`Process::end`], `Drop` (a failing test unwinds), and the kernel's parent-death signal (a test program
//! that was killed). Signals go to the one pid that we hold unreaped, which therefore cannot have become somebody
//! else's.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::environment;

const OPERATION: &str = "run a server process";
/// How long a process may take to end after its signal, before it is killed.
const END_LIMIT: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(10);

/// How long a server runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifetime {
    /// It ends with the value that stands for it, and with this program however that ends.
    #[default]
    Ours,
    /// The same, but it can be left running after this program has ended.
    Detachable,
}

/// What to run, and how.
#[derive(Debug)]
pub(crate) struct Launch<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<String>,
    pub(crate) folder: &'a Path,
    pub(crate) log: &'a Path,
    /// The unix user to become; only root can name one.
    pub(crate) user: Option<&'a str>,
    /// What ends it in good order, and is sent when this program dies.
    pub(crate) end: Signal,
    pub(crate) lifetime: Lifetime,
}

#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    end: Signal,
    log: PathBuf,
    left_running: bool,
}

impl Process {
    pub(crate) fn start(launch: &Launch<'_>) -> Result<Self> {
        let fail = |error: io::Error| {
            let program = launch.program.display();
            Error::new(ErrorKind::Other, OPERATION)
                .with_help(format!("{program} did not start; setpriv and setsid of util-linux are needed"))
                .with_source(error)
        };
        let log = OpenOptions::new().create(true).append(true).open(launch.log).map_err(fail)?;
        let mut command = wrapped(launch);
        command
            .args(&launch.arguments)
            .current_dir(launch.folder)
            .env("HOME", launch.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(fail)?)
            .stderr(log);
        for name in ["BAO_ADDR", "BAO_TOKEN", "BAO_CACERT", "VAULT_ADDR", "VAULT_TOKEN", "VAULT_CACERT"] {
            command.env_remove(name);
        }
        for name in environment::keycloak_settings() {
            command.env_remove(name);
        }
        let child = spawn_from_keeper(command).map_err(fail)?;
        Ok(Self { child, end: launch.end, log: launch.log.to_owned(), left_running: false })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs; a process that was stopped by a signal does.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub(crate) fn signal(&mut self, signal: Signal) -> Result<()> {
        if !self.is_running() {
            return Err(Error::new(ErrorKind::Closed, OPERATION).with_help("the process has ended already"));
        }
        let id = i32::try_from(self.pid()).unwrap_or(i32::MAX);
        kill(Pid::from_raw(id), signal).map_err(|error| {
            Error::new(ErrorKind::Other, OPERATION)
                .with_help(format!("{signal} was not delivered"))
                .with_source(error)
        })
    }

    /// Stops it by SIGSTOP, and returns when it stands still: under load its threads run on for a while.
    pub(crate) async fn freeze(&mut self) -> Result<()> {
        self.signal(Signal::SIGSTOP)?;
        for _ in 0..steps(END_LIMIT) {
            if stands_still(self.pid()) {
                return Ok(());
            }
            tokio::time::sleep(STEP).await;
        }
        Err(Error::new(ErrorKind::Timeout, OPERATION).with_help("the process does not stop"))
    }

    /// Lets it go on after [`Self::freeze`].
    pub(crate) fn thaw(&mut self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Removes `folder` when this program and the process have ended, however: for a server in a static, which is
    /// never dropped. The shell that does it waits for the end of its input, which is our end.
    pub(crate) fn remove_after_us(&self, folder: &Path) -> Result<()> {
        const SCRIPT: &str = r#"trap '' INT TERM HUP; cat; tries=0
            while [ -e /proc/$0 ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
            rm -rf "$1""#;
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]).arg(self.pid().to_string()).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut shell = command.spawn().map_err(|error| {
            Error::new(ErrorKind::Other, OPERATION).with_help("sh did not start").with_source(error)
        })?;
        // Open until the kernel closes it.
        std::mem::forget(shell.stdin.take());
        Ok(())
    }

    /// From now on it is somebody else's to end.
    pub(crate) fn leave_running(&mut self) {
        self.left_running = true;
    }

    /// Ends it in good order, or by force when it takes more than 10 s. Returns when it is gone.
    pub(crate) async fn end(&mut self) -> Result<()> {
        self.finish(self.end).await
    }

    /// Ends it without giving it a chance to tidy up.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.finish(Signal::SIGKILL).await
    }

    async fn finish(&mut self, signal: Signal) -> Result<()> {
        for signal in [signal, Signal::SIGKILL] {
            if !self.is_running() {
                return Ok(());
            }
            self.signal(signal)?;
            for _ in 0..steps(END_LIMIT) {
                if !self.is_running() {
                    return Ok(());
                }
                tokio::time::sleep(STEP).await;
            }
        }
        Err(Error::new(ErrorKind::Timeout, OPERATION)
            .with_help("the process does not end, not even by SIGKILL"))
    }

    /// The error of a server that ended when it should have run, with the last lines of its log.
    pub(crate) fn died(&self, operation: &'static str) -> Error {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().rev().take(5).collect();
        let tail = lines.into_iter().rev().collect::<Vec<_>>().join(" | ");
        let help = format!("the process ended; its log, {}, ends: {tail}", self.log.display());
        Error::new(ErrorKind::Unavailable, operation).with_help(help)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.left_running {
            return;
        }
        for signal in [self.end, Signal::SIGKILL] {
            if !self.is_running() || self.signal(signal).is_err() {
                return;
            }
            // A frozen process acts on no signal but this one and SIGKILL.
            if self.signal(Signal::SIGCONT).is_err() {
                return;
            }
            for _ in 0..steps(Duration::from_secs(3)) {
                if !self.is_running() {
                    return;
                }
                thread::sleep(STEP);
            }
        }
    }
}

/// Whether every thread of the process is in the state T.
fn stands_still(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let mut states = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
    states.all(|stat| stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with('T')))
}

fn steps(limit: Duration) -> u128 {
    limit.as_millis() / STEP.as_millis()
}

/// The command, under the tool of util-linux that sets its parent-death signal and user, or takes it out of our
/// session. Both tools
/// replace themselves by the program, so the pid is the server's.
fn wrapped(launch: &Launch<'_>) -> Command {
    let mut command = match launch.lifetime {
        Lifetime::Ours => {
            let mut command = Command::new("setpriv");
            command.arg("--pdeathsig").arg(launch.end.as_str().trim_start_matches("SIG"));
            command
        }
        Lifetime::Detachable => {
            let mut command = Command::new("setsid");
            if launch.user.is_some() {
                command.arg("setpriv");
            }
            command
        }
    };
    if let Some(user) = launch.user {
        command.args(["--reuid", user, "--regid", user, "--init-groups"]);
    }
    command.arg(launch.program);
    command
}

/// Starts `command` from a thread that lives as long as this program: the parent-death signal comes when the
/// *thread* that forked ends, and the threads of tests end early.
fn spawn_from_keeper(command: Command) -> io::Result<Child> {
    type Job = (Command, mpsc::Sender<io::Result<Child>>);
    static KEEPER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        thread::spawn(move || {
            for (mut command, reply) in jobs {
                // A caller that is gone needs no child: dropping the result would leak it, so it is killed.
                if let Err(mpsc::SendError(Ok(mut child))) = reply.send(command.spawn()) {
                    drop(child.kill().and_then(|()| child.wait()));
                }
            }
        });
        sender
    });
    let (reply, answer) = mpsc::channel();
    let gone = || io::Error::other("the thread that starts processes has ended");
    keeper.send((command, reply)).map_err(|_job| gone())?;
    answer.recv().map_err(|_closed| gone())?
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn launch<'a>(folder: &'a Path, log: &'a Path, seconds: &str) -> Launch<'a> {
        Launch {
            program: Path::new("sleep"),
            arguments: vec![seconds.to_owned()],
            folder,
            log,
            user: None,
            end: Signal::SIGTERM,
            lifetime: Lifetime::Ours,
        }
    }

    fn exists(pid: u32) -> bool {
        Path::new(&format!("/proc/{pid}")).exists()
    }

    #[tokio::test]
    async fn dropping_it_ends_it_even_when_it_is_frozen() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut process = Process::start(&launch(folder.path(), &log, "600")).unwrap();
        let pid = process.pid();
        assert!(process.is_running() && exists(pid));
        process.freeze().await.unwrap();
        drop(process);
        assert!(!exists(pid));
    }

    #[tokio::test]
    async fn a_process_outlives_the_thread_that_asked_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let process = thread::scope(|scope| {
            scope.spawn(|| Process::start(&launch(folder.path(), &log, "600")).unwrap()).join().unwrap()
        });
        let mut process = process;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(process.is_running());
        process.end().await.unwrap();
        assert_eq!(process.signal(Signal::SIGTERM).unwrap_err().kind(), ErrorKind::Closed);
    }
}
