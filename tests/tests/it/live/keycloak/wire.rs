//! A wire to the server that can be cut in the middle of an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Passes bytes on to a server. Ends when it is dropped.
#[derive(Debug)]
pub(super) struct Wire {
    address: String,
    cuts: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Wire {
    /// A wire to `server`, an address such as `http://127.0.0.1:8080`. The answers to the next requests whose first
    /// line begins with `request` are cut off, as often as [`Wire::cut`] says.
    pub(super) async fn to(server: &str, request: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = server.trim_start_matches("http://").to_owned();
        let (request, cuts) = (request.as_bytes().to_vec(), Arc::new(AtomicUsize::new(0)));
        let left = Arc::clone(&cuts);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(carry(client, server, request.clone(), Arc::clone(&left)));
            }
        });
        Self { address, cuts, task }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Cuts the next `times` answers.
    pub(super) fn cut(&self, times: usize) {
        self.cuts.store(times, Ordering::SeqCst);
    }

    /// How many answers are still to be cut.
    pub(super) fn left(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Until one side closes, or an answer is to be cut: the server has then done its work, and the client never learns.
async fn carry(mut client: TcpStream, mut server: TcpStream, request: Vec<u8>, cuts: Arc<AtomicUsize>) {
    let (mut asked, mut answered) = (vec![0; 65536], vec![0; 65536]);
    let mut cutting = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read {
                Ok(n) if n > 0 => {
                    let fewer = |left: usize| left.checked_sub(1);
                    cutting |= asked[..n].starts_with(&request)
                        && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer).is_ok();
                    if server.write_all(&asked[..n]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
            read = server.read(&mut answered) => match read {
                Ok(n) if n > 0 && !cutting => {
                    if client.write_all(&answered[..n]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}
