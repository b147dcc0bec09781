//! What the interfaces say on the wire changes only on purpose.

use std::fmt::Write as _;

use expect_test::expect_file;

const MEANING: &str = "\
The fingerprint of an interface changed: its messages, or their numbers, types or bounds are not \
what they were. Programs built before and after can't bind to each other any more. If that is what \
you want, accept it with

  UPDATE_EXPECT=1 cargo test -p flounder-idl --test fingerprints

and tell it in the changelog.";

#[test]
fn interfaces_say_what_they_said() {
    let mut fingerprints = String::new();
    for interface in flounder_idl::INTERFACES {
        writeln!(fingerprints, "{} {}", interface.name, interface.fingerprint)
            .expect("a string takes everything");
    }
    let golden = expect_file!["golden/fingerprints.txt"];
    if golden.data() != fingerprints {
        eprintln!("{MEANING}");
    }
    golden.assert_eq(&fingerprints);
}
