//! A wiremock server that can be dropped anywhere.

use std::ops::Deref;
use std::thread;

use wiremock::MockServer;

/// Ends its server on a thread of its own.
///
/// wiremock waits for locks of tokio while it is dropped, with an executor that knows nothing of tokio's budget for a
/// task. In a task whose budget is used up, as after a thousand awaits without a pause, that waits for ever.
#[derive(Debug)]
pub struct StubServer(Option<MockServer>);

impl StubServer {
    /// Takes over `server`.
    pub fn new(server: MockServer) -> Self {
        Self(Some(server))
    }
}

impl Deref for StubServer {
    type Target = MockServer;

    #[allow(clippy::expect_used, reason = "taken only while it is dropped")]
    fn deref(&self) -> &MockServer {
        self.0.as_ref().expect("the server is there until the drop")
    }
}

impl Drop for StubServer {
    fn drop(&mut self) {
        let server = self.0.take();
        thread::scope(|scope| {
            scope.spawn(|| drop(server));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn it_ends_in_a_task_that_has_used_up_its_budget() {
        let server = StubServer::new(MockServer::start().await);
        let finished: Vec<_> = (0..1000).map(|_| tokio::spawn(async {})).collect();
        while !finished.iter().all(tokio::task::JoinHandle::is_finished) {
            tokio::task::yield_now().await;
        }
        // Each of these is ready at once and takes from the budget; polled until it says no.
        for task in finished {
            let mut task = std::pin::pin!(task);
            let state = futures_poll(task.as_mut()).await;
            if state.is_pending() {
                break;
            }
        }
        drop(server);
    }

    /// One poll, without giving the thread back.
    async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> std::task::Poll<F::Output> {
        std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx))).await
    }
}
