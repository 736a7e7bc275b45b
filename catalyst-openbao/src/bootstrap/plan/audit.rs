//! Whether the declared audit devices are there, and write.

use std::path::Path;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

use crate::OpenBao;
use crate::bootstrap::declared::{Declared, DeclaredAudit};
use crate::operation::Subject;
use crate::refusal::SERVICE;
use catalyst_core::http::path_segment;

/// How much of the end of a log is read.
const TAIL: u64 = 1 << 20;
/// How often a log is looked at, and the pause between.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Fails unless each device is there, hashes a value and, where its log can be read, has written that hash.
pub(in crate::bootstrap) async fn verify(bao: &OpenBao, declared: &Declared) -> Result<()> {
    if declared.audit.is_empty() {
        return Ok(());
    }
    let there: Map<String, Value> =
        bao.api.at(Subject::System, "read audit devices", &["sys/audit"]).read().await?;
    for (name, device) in &declared.audit {
        let present = there.get(&format!("{name}/"));
        let kind_fits = |present: &Value| device.kind.as_deref().is_none_or(|kind| present["type"] == kind);
        if !present.is_some_and(kind_fits) {
            let help = format!(
                "the server has no audit device {name} of this kind: declare it in the server's configuration and restart it"
            );
            return Err(refused("audit_device_missing", help));
        }
        writes(bao, name, device).await?;
    }
    Ok(())
}

async fn writes(bao: &OpenBao, name: &str, device: &DeclaredAudit) -> Result<()> {
    let value = format!("{:032x}", fastrand::u128(..));
    let path = ["sys/audit-hash/", &path_segment(name)];
    let ask = bao.api.at(Subject::System, "hash for audit", &path);
    let answer: Hashed = ask.exchange(&Known { input: &value }).await?;
    let Some(log) = &device.log else { return Ok(()) };
    // The request that asked for the hash is logged with its input, which is hashed the same way.
    for _ in 0..LOOKS {
        if tail(log).await?.contains(&answer.hash) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    let help = format!("the audit device {name} has not written to {}: is this its log?", log.display());
    Err(refused("audit_not_written", help))
}

async fn tail(log: &Path) -> Result<String> {
    let read = async {
        let mut file = File::open(log).await?;
        let length = file.metadata().await?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).await?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes).await?;
        Ok::<_, std::io::Error>(bytes)
    };
    let bytes = read.await.map_err(|cause| {
        refused("audit_not_written", format!("{} cannot be read", log.display())).with_source(cause)
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn refused(code: &'static str, help: String) -> Error {
    Error::new(ErrorKind::Config, "verify audit").with_service(SERVICE).with_code(code).with_help(help)
}

#[derive(Serialize)]
struct Known<'a> {
    input: &'a str,
}

#[derive(Deserialize)]
struct Hashed {
    hash: String,
}
