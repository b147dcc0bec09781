//! The process manager through real bindings: a fake monitor, fake name service and fake spawnds
//! around it, all on one waitset that runs until nothing is left to do.

mod cells;
mod fakes;
mod limits;
mod regressions;
mod slots;
mod world;
