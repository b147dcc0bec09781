//! The command `sim`.
fn main() {
    let c = flounder_sim::Campaign { seed: std::env::args().nth(1).unwrap().parse().unwrap(), steps: std::env::args().nth(2).unwrap().parse().unwrap(), world: None, trace_lines: 60, shrink: true };
    let f = c.run();
    println!("{:?} worlds {} hash {:x}", f.stats, f.worlds, f.trace_hash);
    for (r,c,n) in f.cells() { if n==0 { print!("{r}/{c} "); } }
    println!(); println!("{:?}", f.faults());
    if let Some(x) = f.failure { for l in &x.violation.trace { println!("{l}"); } for (n, t) in &x.needed { println!("  {n} {t}"); } println!("{} {:?} world {} actions {} needed {}", x.violation.step, x.violation.what, x.world, x.actions, x.needed.len()); }
}
