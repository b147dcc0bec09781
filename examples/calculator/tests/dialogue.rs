//! The program as a newcomer runs it: what it says, and how it ends.

use std::process::Command;

/// Each line is caused by the one before, so their order is always the same.
const DIALOGUE: &str = "\
system: 2 cores are up
service: I am domain 1 on core 0
client: I am domain 2 on core 1
client: 6 * 7 = 42
client: 1 / 0: nobody divides by 0
client: 9223372036854775807 + 1 is too large
client: the calculator remembers 42
service: domain 2@1 wants me to retire, which only the operator may
client: 42 / 2 = 21
system: the client ended with status 0
service: did 4 calculations, goodbye
system: the service ended with status 0
system: stopped, nothing is left
";

#[test]
fn the_dialogue_is_as_the_tutorial_says() {
    let output = Command::new(env!("CARGO_BIN_EXE_calculator")).output().expect("it was built");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), DIALOGUE);
    assert_eq!(output.status.code(), Some(0));
}
