//! Two fences for a handshake whose one side runs often and whose other side runs rarely.
//!
//! In Dekker's handshake each side writes, has a sequentially consistent fence, and looks at what the
//! other writes: so one of them at least sees the other. Such a fence waits until the write has
//! reached the other core, which takes longer than everything else that a sender does. Here the rare
//! side pays for both. [`light`] keeps the compiler from moving anything over it, and no more. [`heavy`]
//! has the kernel run a fence on every CPU that runs a thread of this process, by `membarrier` with
//! `MEMBARRIER_CMD_PRIVATE_EXPEDITED`; a thread that doesn't run had its fence when it was switched.
//!
//! Why that is enough: the manual, membarrier(2), promises that between the call and its return each
//! running thread of the process passes a state where all its accesses to memory match the order of
//! its program. Take the point of the frequent side's program where it passes that state. If its look
//! comes after that point, it sees what the rare side wrote before `heavy`. If the look comes before,
//! so does its write, and the rare side sees that in its look after `heavy`. The same pair is
//! `asymmetric_thread_fence_light` and `_heavy` in folly, and in the proposal P1202 for C++; the use
//! of the system call is after liburcu.
//!
//! Models and Miri know of no kernel. There both are sequentially consistent fences, which promise what
//! the pair promises; a `light` fence beside another `light` one promises nothing, and nobody here
//! pairs two of them.

#[cfg(not(any(loom, shuttle, miri)))]
pub(crate) use self::real::{have_heavy, heavy, light};

#[cfg(not(any(loom, shuttle, miri)))]
mod real {
    use rustix::thread::{MembarrierCommand, membarrier};

    use crate::sync::OnceLock;
    use crate::sync::atomic::{Ordering, compiler_fence, fence};

    /// True if the kernel has agreed to run fences for this process.
    static AGREED: OnceLock<bool> = OnceLock::new();

    /// True if [`heavy`] may be called: an old kernel refuses, and a filter of system calls may. The
    /// first to ask waits for the kernel, some milliseconds in a process of several threads. So those
    /// ask who make threads and loops, when no message waits.
    pub(crate) fn have_heavy() -> bool {
        *AGREED.get_or_init(|| membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok())
    }

    /// The fence of the side that runs often.
    #[inline]
    pub(crate) fn light() {
        compiler_fence(Ordering::SeqCst);
    }

    /// The fence of the side that runs rarely, after [`have_heavy`].
    ///
    /// # Panics
    ///
    /// If the kernel refuses what it has agreed to: a wake-up would be lost.
    pub(crate) fn heavy() {
        // The system call is one, too; this says so to the compiler.
        fence(Ordering::SeqCst);
        let fenced = membarrier(MembarrierCommand::PrivateExpedited);
        assert!(fenced.is_ok(), "the kernel runs the fences that it has agreed to: {fenced:?}");
    }
}

#[cfg(any(loom, shuttle, miri))]
pub(crate) use self::modelled::{have_heavy, heavy, light};

#[cfg(any(loom, shuttle, miri))]
mod modelled {
    use crate::sync::atomic::{Ordering, fence};

    pub(crate) fn have_heavy() -> bool {
        true
    }

    #[track_caller]
    pub(crate) fn light() {
        fence(Ordering::SeqCst);
    }

    #[track_caller]
    pub(crate) fn heavy() {
        fence(Ordering::SeqCst);
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_agreed_to_it_does_again_and_again() {
        let agreed = have_heavy();
        for _ in 0..3 {
            assert_eq!(have_heavy(), agreed);
            light();
            if agreed {
                heavy();
            }
        }
    }
}
