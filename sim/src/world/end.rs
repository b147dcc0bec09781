//! How a world ends: in order, and with nothing left over.

use flounder::{Cap, Counts};
use flounder_monitor::Command;

use super::{Stats, Violation, World};

impl World {
    /// Ends the world in order: wedged programs end, the process manager stops every domain, and
    /// nothing may be left over. Hosts should be gone.
    ///
    /// # Errors
    ///
    /// The [`Violation`] that was noticed.
    pub fn end(mut self) -> Result<Stats, Violation> {
        self.end_played_spawnds();
        self.quiesce()?;
        if self.outside(Self::unwedge) {
            self.quiesce()?;
        }
        self.shut_down()?;
        let lived = self.stats();
        let left = self.tear_down();
        if left == Counts::default() {
            return Ok(lived);
        }
        let state = self.shared.net.state.borrow();
        let what = format!("I12: left over in the kernel: {left:?}");
        Err(Violation { step: self.steps, what, trace: state.trace.lines() })
    }

    fn shut_down(&mut self) -> Result<(), Violation> {
        self.outside(|world| world.monitors[0].send(Command::Shutdown).is_ok());
        self.quiesce()?;
        // Only a played spawnd leaves something wedged, which the oracle has counted.
        let told = self.shared.stopped.get();
        let plays = (0..self.cores()).any(|core| self.shared.truth.is_played(core));
        if told.is_some_and(|wedged| wedged == 0 || plays) {
            return Ok(());
        }
        let state = self.shared.net.state.borrow();
        let what = format!("a shutdown ends with {told:?}");
        Err(Violation { step: self.steps, what, trace: state.trace.lines() })
    }

    fn tear_down(&mut self) -> Counts {
        let _tap = self.tap();
        self.shared.net.state.borrow_mut().oracle.model.ended = true;
        self.shared.jobs.borrow_mut().clear();
        for platform in &self.platforms {
            platform.stop();
        }
        self.homes.clear();
        self.root = Cap::NULL;
        self.services.clear();
        self.monitors.clear();
        self.platforms.clear();
        self.loops.clear();
        self.shared.kernel.counts()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !self.platforms.is_empty() {
            self.tear_down();
        }
    }
}
