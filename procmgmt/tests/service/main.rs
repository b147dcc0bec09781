//! The process manager through real bindings: a fake monitor, fake name service and fake spawnds
//! around it, all on one waitset that runs until nothing is left to do.

#[cfg(test)]
mod cells;
#[cfg(test)]
mod cores;
#[cfg(test)]
mod fakes;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod regressions;
#[cfg(test)]
mod slots;
#[cfg(test)]
mod world;
