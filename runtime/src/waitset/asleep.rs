//! How a loop waits: it looks at what is watched, spins if that was asked for, and sleeps.

use std::os::fd::AsFd;
use std::time::Duration;

use rustix::fs::Timespec;

use super::doorbell::Bed;
use super::{TURNS_PER_LOOK, Waitset};

/// A loop that spins reads the clock once for so many looks, because a look takes less time.
const LOOKS_PER_TIME: usize = 64;

impl Waitset {
    /// Says that the caller is about to wait for the set's descriptor, or to have an event loop of
    /// another kind wait for it, instead of calling [`Waitset::run_until`]. False if there is
    /// something to do already. The next thing to do is [`Waitset::poll`], once the descriptor is
    /// readable or [`Waitset::next_timer`] is due.
    ///
    /// ```
    /// use std::os::fd::AsFd;
    ///
    /// use flounder::Waitset;
    /// use rustix::event::{PollFd, PollFlags, poll};
    ///
    /// let waitset = Waitset::new();
    /// while waitset.poll(64) > 0 {}
    /// if waitset.announce_wait() {
    ///     let timeout = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
    ///     poll(&mut [PollFd::new(&waitset.as_fd(), PollFlags::IN)], Some(&timeout))?;
    /// }
    /// waitset.poll(64);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As [`as_fd`](std::os::fd::AsFd::as_fd) does.
    #[must_use = "if it is false, nothing will wake who waits now"]
    pub fn announce_wait(&self) -> bool {
        // Before anybody is told that it is rung: a ring would find no bell.
        let _ = self.as_fd();
        self.inner.queue.awaited.set(true);
        self.inner.rest_all();
        self.inner.ready.fall_asleep(Bed::Poller);
        !self.inner.has_ready() && !self.is_killed()
    }

    /// Runs ready sources, and sleeps while there are none, until `done` says so. It is asked
    /// before every sleep and after each batch of turns.
    pub fn run_until(&self, mut done: impl FnMut() -> bool) {
        while !done() {
            if self.poll(TURNS_PER_LOOK) == 0 && !self.spin(&mut done) {
                self.sleep_unless(&mut done);
            }
        }
    }

    /// Before each sleep of [`Waitset::run_until`], [`Dispatcher::run`] and
    /// [`Dispatcher::block_on`], looks for messages for up to `span` of the set's clock, because
    /// waking a thread takes as long as a hundred messages. Zero, as at first: sleeps at once.
    ///
    /// It costs `span` of CPU time per sleep, and descriptors are looked at after it only. It is done
    /// only while a binding was busy just now whose peer may run on another CPU: one that needs this
    /// CPU can't send anything while this side spins. Which CPU a peer needs is known of threads that
    /// were pinned before they made their waitset.
    ///
    /// ```
    /// let dispatcher = flounder::Dispatcher::new(());
    /// dispatcher.waitset().spin_before_sleep(std::time::Duration::from_micros(50));
    /// ```
    ///
    /// [`Dispatcher::run`]: crate::Dispatcher::run
    /// [`Dispatcher::block_on`]: crate::Dispatcher::block_on
    pub fn spin_before_sleep(&self, span: Duration) {
        self.inner.spin.set(span);
    }

    /// Looks for something to do for as long as was asked for. False if it is time to sleep.
    fn spin(&self, done: &mut impl FnMut() -> bool) -> bool {
        let span = self.inner.spin.get();
        if span.is_zero() || !self.inner.may_spin() {
            return false;
        }
        let start = self.now();
        loop {
            for _ in 0..LOOKS_PER_TIME {
                if self.inner.has_ready() || self.inner.has_watched() || done() {
                    return true;
                }
                std::hint::spin_loop();
            }
            let now = self.now();
            let is_due = self.next_timer().is_some_and(|due| due <= now);
            if now - start >= span || is_due || self.is_killed() {
                return false;
            }
        }
    }

    /// Sleeps until a bell rings, a descriptor is ready or a timer is due, unless there is
    /// something to do already.
    fn sleep_unless(&self, done: &mut impl FnMut() -> bool) {
        self.inner.rest_all();
        let bed = self.bed();
        self.inner.ready.fall_asleep(bed);
        // Asked first: what `done` does may make a source ready, or add a descriptor.
        if !done() && !self.inner.has_ready() && !self.is_killed() && self.bed() == bed {
            self.sleep_in(bed);
        }
        self.inner.ready.awake();
    }

    fn bed(&self) -> Bed {
        // A modelled doorbell knows of no time. Under shuttle no timer fires: all threads are one
        // to the system, and would sleep in the poller together.
        let models_time = cfg!(loom) && self.next_timer().is_some();
        if self.inner.poller.has_no_descriptors() && !models_time {
            Bed::Doorbell
        } else {
            Bed::Poller
        }
    }

    fn sleep_in(&self, bed: Bed) {
        let timeout = self.next_timer().map(|due| timespec(due - self.now()));
        match bed {
            Bed::Doorbell => self.inner.ready.sleep(timeout.as_ref()),
            Bed::Poller => {
                if cfg!(loom) {
                    // Timers make it a bed there: it may not have been opened.
                    let _ = self.as_fd();
                }
                self.inner.poller.sleep(timeout, |key| self.ring(key));
            }
        }
    }
}

/// A span as the system calls take it.
fn timespec(span: Duration) -> Timespec {
    // A span of 584 years fits both fields.
    #[expect(clippy::cast_possible_wrap, reason = "u64 nanoseconds are under 2^35 seconds")]
    let tv_sec = span.as_secs() as i64;
    Timespec { tv_sec, tv_nsec: i64::from(span.subsec_nanos()) }
}
