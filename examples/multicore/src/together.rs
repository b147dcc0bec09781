//! Several futures at once, where one after the other would tell another story.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Runs all futures and returns what they are ready with, in their order.
///
/// Every wake polls all that aren't ready, which is cheap for the few dozen there are.
pub(crate) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| Some(Box::pin(future))).collect();
    let mut outputs: Vec<_> = futures.iter().map(|_| None).collect();
    poll_fn(|cx| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if let Some(running) = future
                && let Poll::Ready(ready) = running.as_mut().poll(cx)
            {
                *output = Some(ready);
                *future = None;
            }
        }
        if futures.iter().any(Option::is_some) { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

/// Polls a future once, so that the request it makes is on its way.
///
/// # Panics
///
/// If it is ready at once: nobody could await it any more.
pub(crate) async fn begin<F: Future>(mut future: Pin<&mut F>) {
    poll_fn(|cx| {
        let poll = future.as_mut().poll(cx);
        assert!(poll.is_pending(), "an answer takes longer than asking");
        Poll::Ready(())
    })
    .await;
}
