//! The shell over a pipe: what is typed, and what it says.

use std::io::Write;
use std::process::{Command, Stdio};

/// Lines beginning with `>` are typed, the others are what is said. Lines of `ps` are compared by words.
const TRANSCRIPT: &str = "\
2 cores are up; `help` tells what can be typed
> spawn idle
spawn: OK, as d1, domain 1
> spawn @1 /modules/client
spawn: OK, as d2, domain 2
> ps
name domain core cores state program
d1 1 0 1 running idle
d2 2 1 1 running /modules/client
> span d2 0
span: OK
> span d2 0
span: PROC_MGMT_ERR_ALREADY_SPANNED
> span d1 1
`d1` does nothing by itself: /modules/client does
> wait d1 nohang
wait: PROC_MGMT_DOMAIN_ALIVE, status 255
> wait d1 &
> kill d9
nothing is called `d9`: spawn gives names, ps lists them
> kill null
kill: PROC_MGMT_ERR_DOMAIN_CAP_HASH
> exit d2 5
exit: OK
> wait d2
wait: OK, status 5
> dance
`dance` is not understood; `help` tells what can be typed
> spawn nobody
spawn: SPAWN_ERR_LOAD, as d12
> spawn @1 exit 7
spawn: OK, as d13, domain 4
> wait d13
wait: OK, status 7
> crash 5
done, core 5, spawnd crash
> quit
";

#[test]
fn a_transcript_is_said_again() {
    let typed: String = TRANSCRIPT
        .lines()
        .filter_map(|line| line.strip_prefix("> "))
        .map(|line| line.to_owned() + "\n")
        .collect();
    let mut shell = Command::new(env!("CARGO_BIN_EXE_multicore"))
        .args(["--shell", "--cores", "2"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = shell.stdin.take().expect("it is piped");
    stdin.write_all(typed.as_bytes()).expect("it reads");
    drop(stdin);
    let output = shell.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).expect("it is UTF-8");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let said: Vec<_> = said.lines().map(words).collect();
    let expected: Vec<_> =
        TRANSCRIPT.lines().filter(|line| !line.starts_with('>')).map(str::to_owned).collect();
    assert_eq!(said, expected);
}
