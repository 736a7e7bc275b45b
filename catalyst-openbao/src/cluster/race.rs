//! Futures side by side in one task.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

pub(super) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The first of two to end; the other is dropped. The left one is asked first.
pub(super) async fn either<A, B>(mut left: Boxed<'_, A>, mut right: Boxed<'_, B>) -> Result<A, B> {
    poll_fn(move |cx| {
        if let Poll::Ready(value) = left.as_mut().poll(cx) {
            return Poll::Ready(Ok(value));
        }
        right.as_mut().poll(cx).map(Err)
    })
    .await
}

/// The first to end; the others are dropped. Waits for ever if there are none.
pub(super) async fn first<T>(mut all: Vec<Boxed<'_, T>>) -> T {
    poll_fn(move |cx| {
        let ready = all.iter_mut().find_map(|one| match one.as_mut().poll(cx) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        });
        ready.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// All of them, each to its end.
pub(super) async fn all(all: Vec<Boxed<'_, ()>>) {
    let mut running: Vec<Option<Boxed<'_, ()>>> = all.into_iter().map(Some).collect();
    poll_fn(move |cx| {
        for one in &mut running {
            if one.as_mut().is_some_and(|future| future.as_mut().poll(cx).is_ready()) {
                *one = None;
            }
        }
        if running.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    fn after(millis: u64) -> Boxed<'static, u64> {
        Box::pin(async move {
            sleep(Duration::from_millis(millis)).await;
            millis
        })
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_to_end_wins_and_all_waits_for_the_last() {
        assert_eq!(either(after(5), after(3)).await, Err(3));
        assert_eq!(first(vec![after(9), after(2), after(4)]).await, 2);
        let start = Instant::now();
        let wait = |millis| -> Boxed<'static, ()> { Box::pin(sleep(Duration::from_millis(millis))) };
        all(vec![wait(7), wait(20), wait(1)]).await;
        assert_eq!(start.elapsed(), Duration::from_millis(20));
    }
}
