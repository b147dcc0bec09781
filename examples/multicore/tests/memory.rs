//! What an idle domain takes, counted by the allocator.

use std::alloc::System as Libc;
use std::convert::Infallible;

use flounder::CoreId;
use flounder_boot::{Config, Modules, Output, System};
use flounder_domain::Program;
use flounder_multicore::bare::{Bare, IDLE_PATH, idle};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<Libc> = &INSTRUMENTED_SYSTEM;

/// How many are counted: enough that what grows by doubling is spread over many.
const DOMAINS: usize = 1_000;

/// How many are there before, so that what comes with the first ones isn't counted.
const EARLIER: usize = 500;

/// What a common allocator adds to a block.
const BLOCK_BYTES: usize = 8;

/// An idle domain takes less than this beyond what its program has.
const BEYOND_BYTES_MAX: u64 = 2_048;

/// What all threads have allocated and not given back.
fn held() -> u64 {
    let stats = ALLOCATOR.stats();
    let bytes = stats.bytes_allocated - stats.bytes_deallocated;
    let blocks = stats.allocations - stats.deallocations;
    (bytes + BLOCK_BYTES * blocks) as u64
}

#[test]
fn an_idle_domain_takes_little_beyond_its_program() {
    let config = Config::new().cores(1.try_into().unwrap()).output(Output::Null);
    let config = config.domains_per_client_max(u32::MAX);
    let system = System::boot(config, Modules::new().asynchronous("idle", idle)).unwrap();
    let operator = system.operator(CoreId(0)).unwrap();
    let processes = operator.block_on(operator.system().processes()).unwrap();
    let spawn = |count: usize| -> Vec<_> {
        let spawned =
            (0..count).map(|_| operator.block_on(processes.spawn(Program::new(IDLE_PATH))));
        spawned.collect::<Result<_, _>>().unwrap()
    };
    let earlier = spawn(EARLIER);
    let before = held();
    let domains = spawn(DOMAINS);
    let after = held();
    let count = || Ok::<_, Infallible>(held());
    let Ok((bare, own)) = Bare::measured(operator.home(), DOMAINS, count);
    let (gross, own) = ((after - before) / DOMAINS as u64, own / DOMAINS as u64);
    assert!(own > 0, "a program is something");
    assert!(gross < own + BEYOND_BYTES_MAX, "{gross} bytes each, {own} of them the program's own");
    drop((bare, earlier, domains, processes, operator));
    system.shutdown().unwrap();
}
