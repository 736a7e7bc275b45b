//! Snapshots as streams: they are as large as the storage, and are never held.

use std::time::Duration;

use catalyst_core::http::{Method, Request};
use catalyst_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::Raft;
use crate::operation::{Operation, Subject};
use crate::refusal::SERVICE;
use crate::transport::Call;

/// How long the server may be silent in the middle of a snapshot.
const SILENCE: Duration = Duration::from_secs(60);
/// How a gzip file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Which snapshots are restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Restore {
    /// Only one of a cluster with the same seal: this cluster's own.
    #[default]
    OwnOnly,
    /// Any, also one of another cluster. The tokens, the secrets and the unseal keys are those of the other cluster
    /// afterwards; whoever does not hold them is locked out for good.
    Any,
}

impl Raft {
    /// Writes a snapshot of the whole storage (`sys/storage/raft/snapshot`) into `into` while it comes, and returns
    /// its size in bytes. Its contents are encrypted. May take an hour, and is not repeated: what is written cannot
    /// be taken back. It is whole when this succeeds, as far as the server says; a damaged one is refused when it is
    /// restored, for the server keeps sums in it.
    ///
    /// # Errors
    /// Code `raft_not_in_use` if the storage is another one, `snapshot_incomplete` if it was cut short,
    /// `snapshot_not_written` if `into` fails. What was written is of no use then.
    ///
    /// # Cancel safety
    /// What was written is of no use; nothing on the server changes.
    pub async fn save_snapshot(&self, into: &mut (impl AsyncWrite + Unpin + Send)) -> Result<u64> {
        let operation = Operation::Of(Subject::Raft, "save Raft snapshot");
        let call = Call::new(operation, Method::Get, &["sys/storage/raft/snapshot"]);
        let token = self.api.sessions.token().await?;
        let mut pieces = self.api.transport.download(&call, &token.secret).await?;
        let about = |kind, code: &'static str| {
            Error::new(kind, operation.name()).with_service(SERVICE).with_code(code)
        };
        let incomplete = |error: Error| {
            about(ErrorKind::Unavailable, "snapshot_incomplete")
                .with_help("the connection ended in the middle of the snapshot; save it anew")
                .with_source(error)
        };
        let mut size = 0_u64;
        let mut head: Vec<u8> = Vec::with_capacity(GZIP.len());
        loop {
            let silent = |_elapsed| incomplete(about(ErrorKind::Timeout, "snapshot_incomplete"));
            let next = timeout(SILENCE, pieces.next()).await.map_err(silent)?;
            let Some(chunk) = next.map_err(incomplete)? else { break };
            let chunk = chunk.as_ref();
            head.extend(chunk.iter().take(GZIP.len() - head.len()));
            size += chunk.len() as u64;
            into.write_all(chunk).await.map_err(|error| {
                about(ErrorKind::Other, "snapshot_not_written")
                    .with_help("what the snapshot is written into failed")
                    .with_source(error)
            })?;
        }
        if head != GZIP {
            return Err(about(ErrorKind::Decode, "unreadable_answer")
                .with_help("what came is no snapshot: is this the address of an OpenBao server?"));
        }
        into.flush()
            .await
            .map_err(|error| about(ErrorKind::Other, "snapshot_not_written").with_source(error))?;
        Ok(size)
    }

    /// Restores a snapshot (`sys/storage/raft/snapshot`, or `snapshot-force` for one of another cluster), read from
    /// `from` while it is sent. All that was stored since is gone, leases and tokens with it. May take an hour, and
    /// is not repeated: what was read cannot be read again.
    ///
    /// # Errors
    /// Code `snapshot_of_another_cluster` if it is one, with [`Restore::OwnOnly`]; `snapshot_damaged` if it is cut
    /// short or changed: nothing was restored then.
    ///
    /// # Cancel safety
    /// It may or may not be restored.
    pub async fn restore_snapshot(
        &self,
        from: impl AsyncRead + Send + 'static,
        which: Restore,
    ) -> Result<()> {
        let path = match which {
            Restore::OwnOnly => ["sys/storage/raft/snapshot"],
            Restore::Any => ["sys/storage/raft/snapshot-force"],
        };
        let operation = Operation::Of(Subject::Raft, "restore Raft snapshot");
        let body = |request: Request| Ok(request.fixed_header("content-type", "application/gzip"));
        let call = Call::new(operation, Method::Post, &path).body(&body).once();
        let token = self.api.sessions.token().await?;
        self.api.transport.upload(&call, &token.secret, from).await
    }
}
