//! Several futures at once, where one after the other would tell another story.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

/// Runs all futures and returns what they are ready with, in their order.
///
/// Every wake polls all that aren't ready, which is cheap for the few dozen there are.
pub async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
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

/// Runs a future for each item, at most `width` at a time, and returns what they are ready with, in
/// the order of the items.
pub async fn each<T: Copy, R>(items: &[T], width: usize, run: impl AsyncFn(T) -> R) -> Vec<R> {
    let mut outputs = Vec::with_capacity(items.len());
    for batch in items.chunks(width) {
        outputs.extend(all(batch.iter().map(|&item| run(item))).await);
    }
    outputs
}

/// Runs a future, but no longer than `late` takes.
pub async fn in_time<T>(
    late: impl Future<Output = ()>,
    future: impl Future<Output = T>,
) -> Option<T> {
    let (mut late, mut future) = (pin!(late), pin!(future));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => late.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Polls a future once, so that the request it makes is on its way.
///
/// # Panics
///
/// If it is ready at once: nobody could await it any more.
pub async fn begin<F: Future>(mut future: Pin<&mut F>) {
    poll_fn(|cx| {
        let poll = future.as_mut().poll(cx);
        assert!(poll.is_pending(), "an answer takes longer than asking");
        Poll::Ready(())
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[test]
    fn outputs_come_in_the_order_of_the_items() {
        let dispatcher = flounder::Dispatcher::new(());
        let slow_first = async |item: u32| {
            if item.is_multiple_of(2) {
                let mut turn = pin!(yield_once());
                begin(turn.as_mut()).await;
                turn.await;
            }
            item * 10
        };
        for width in 1..6 {
            let outputs = dispatcher.block_on(each(&[4, 3, 2, 1], width, slow_first));
            assert_eq!(outputs, [40, 30, 20, 10], "{width} at a time");
        }
        assert_eq!(dispatcher.block_on(all([ready(1), ready(2)])), [1, 2]);
    }

    /// Ready at the second poll.
    fn yield_once() -> impl Future<Output = ()> {
        let mut polled = false;
        poll_fn(move |cx| {
            cx.waker().wake_by_ref();
            if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
        })
    }
}
