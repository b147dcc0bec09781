//! How a world comes up.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use flounder::{Cap, CoreId};
use flounder_monitor::{Command, MonitorEnv, WatchConfig, link_pair};

use super::{Config, REST_STEPS_MAX, Role, World, WorldError};
use crate::platform::{CorePlatform, Loops};

/// How often a spawnd is asked whether it turns: more than twice the grace time, as in a real system.
pub(super) const HEARTBEAT_PERIOD: Duration = Duration::from_millis(250);

impl World {
    pub(super) fn boot(&mut self) -> Result<(), WorldError> {
        let _tap = self.tap();
        let failed = |error: &dyn fmt::Display| WorldError::Boot { why: error.to_string() };
        let mut root = self.shared.kernel.process_manager().map_err(|error| failed(&error))?;
        self.root = root.copy().map_err(|error| failed(&error))?;
        for core in 0..self.shared.config.cores {
            let core = CoreId(core);
            let root = std::mem::replace(&mut root, Cap::NULL);
            self.boot_core(core, root);
        }
        let wanted = usize::from(self.shared.config.cores);
        while self.shared.ups.get() < wanted && self.steps < REST_STEPS_MAX {
            self.step()?;
        }
        if self.shared.ups.get() < wanted {
            return Err(WorldError::Boot { why: "a core doesn't come up".to_owned() });
        }
        Ok(())
    }

    fn boot_core(&mut self, core: CoreId, root: Cap) {
        let loops = Loops {
            monitor: self.add_loop(Role::Monitor(core)),
            spawnd: self.add_loop(Role::Spawnd(core)),
            proc_mgmt: match self.platforms.first() {
                Some(first) => first.loops.proc_mgmt.clone(),
                None => self.add_loop(Role::ProcMgmt),
            },
            programs: self.add_loop(Role::Programs),
        };
        let platform = CorePlatform::new(core, Rc::clone(&self.shared), loops.clone(), root);
        let uplink = self.monitors.first().map(|first| {
            let (up, half) = link_pair();
            let _ = first.send(Command::AddLink { core, half });
            up
        });
        let home = self.home(loops.monitor, format!("monitor.{core}"));
        let (service, commands) = flounder_monitor::start_with(
            MonitorEnv { core, home, platform: Rc::clone(&platform) as _, uplink },
            watch(&self.shared.config),
        );
        self.services.push(service);
        self.monitors.push(commands);
        self.platforms.push(platform);
    }
}

/// How a monitor watches its spawnd in a world.
pub(super) fn watch(config: &Config) -> WatchConfig {
    let mut watch = WatchConfig::default();
    watch.grace = config.grace;
    watch.heartbeat_period = HEARTBEAT_PERIOD;
    watch.restarts_max = config.restarts_max;
    watch
}
