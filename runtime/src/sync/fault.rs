//! Faults that are planted in the algorithms to see that their models find them; `.ci/mutants` runs
//! the models with each. Outside of loom no fault is ever there, and nothing is left of asking.

/// A fault, called like this in the environment variable that plants it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// A slot's mark doesn't publish its words.
    PublishRelaxed,
    /// Whoever sees a slot's mark doesn't see its words.
    MarkRelaxed,
    /// A slot is acknowledged before it is copied.
    AcknowledgeEarly,
    /// A mark is the same in each lap.
    SequenceRepeats,
    /// A ring takes one slot more than it has.
    RoomOffByOne,
    /// Capabilities are pushed after the message that they belong to was published.
    CapsLate,
    /// A closed channel isn't looked at once more.
    ClosedAtOnce,
    /// Who asks for a bell looks before the wish is seen.
    WishWithoutFence,
    /// Who publishes looks for a wish before the publication is seen.
    RingWithoutFence,
    /// A loop looks at its list before it is seen to sleep.
    SleepWithoutFence,
    /// Who wakes a loop looks whether it sleeps before its list is seen.
    WakeWithoutFence,
}

impl Fault {
    /// True if the models run with the fault.
    #[cfg(not(loom))]
    #[inline]
    pub(crate) const fn is_planted(self) -> bool {
        false
    }

    /// What is right, or what is wrong if the models run with the fault.
    #[inline]
    pub(crate) fn instead_of<T>(self, right: T, wrong: T) -> T {
        if self.is_planted() { wrong } else { right }
    }
}

#[cfg(loom)]
mod planting {
    use super::Fault;

    thread_local! {
        /// What the variable says; read once, because models ask often.
        static PLANTED: Option<String> = std::env::var("FLOUNDER_FAULT").ok();
    }

    impl Fault {
        pub(crate) fn is_planted(self) -> bool {
            PLANTED.with(|planted| {
                planted.as_ref().is_some_and(|planted| *planted == format!("{self:?}"))
            })
        }
    }

    /// What `.ci/mutants` reads.
    #[cfg(test)]
    #[test]
    fn faults_are_listed() {
        for fault in [
            Fault::PublishRelaxed,
            Fault::MarkRelaxed,
            Fault::AcknowledgeEarly,
            Fault::SequenceRepeats,
            Fault::RoomOffByOne,
            Fault::CapsLate,
            Fault::ClosedAtOnce,
            Fault::WishWithoutFence,
            Fault::RingWithoutFence,
            Fault::SleepWithoutFence,
            Fault::WakeWithoutFence,
        ] {
            println!("fault: {fault:?}");
        }
    }
}
