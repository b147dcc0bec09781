//! Where what programs print goes.

use std::fs;

use flounder_boot::Output;

use crate::support::{Folder, both_ways, id_of, script, with_system};

#[test]
fn a_file_has_all_that_was_printed_up_to_its_limit() {
    let table = [
        ("echo one; echo two >&2; echo three", 100, "one\ntwo\nthree\n".to_owned()),
        ("printf 0123456789", 4, "0123".to_owned()),
        ("printf 0123456789", 0, String::new()),
        ("printf 0123; printf 456", 6, "012345".to_owned()),
        (":", 100, String::new()),
        // More than a pipe holds: the program is read all the while, and not held up at the limit.
        ("head -c 300000 /dev/zero | tr '\\0' x", 250_000, "x".repeat(250_000)),
    ];
    for (how, config) in both_ways() {
        for (text, bytes_max, expected) in &table {
            let folder = Folder::new(&format!("output {how}"));
            let files = Output::Files { folder: folder.as_ref().to_owned(), bytes_max: *bytes_max };
            with_system(config.clone().output(files), async |_, processes| {
                let domain = processes.spawn(script(text)).await.expect(text);
                assert_eq!(processes.wait(&domain).await, Ok(0), "{text} {how}");
                let kept = folder.text(&format!("{}.out", id_of(&domain)));
                assert!(kept == *expected, "{text} {how}: {} bytes", kept.len());
            });
        }
    }
}

#[test]
fn without_a_place_for_its_file_nothing_starts() {
    let folder = Folder::new("no place");
    let files = Output::Files { folder: folder.path("nowhere"), bytes_max: 10 };
    let (_, config) = both_ways()[0].clone();
    with_system(config.output(files), async |_, processes| {
        let code = crate::support::code(processes.spawn(script(":")).await);
        assert_eq!(code, Some(flounder::ErrCode::SPAWN_ERR_RUN));
    });
    assert_eq!(fs::read_dir(&folder).expect("it is there").count(), 0);
}
