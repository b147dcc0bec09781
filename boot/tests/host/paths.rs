//! Which paths are programs of the host, and why others aren't.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use flounder::ErrCode;
use flounder_boot::Output;
use flounder_domain::Program;

use crate::support::{Folder, both_ways, code, with_system};

const LOAD: Option<ErrCode> = Some(ErrCode::SPAWN_ERR_LOAD);
const RUN: Option<ErrCode> = Some(ErrCode::SPAWN_ERR_RUN);

/// Files that are programs, and others.
fn files() -> Folder {
    let folder = Folder::new("paths");
    for (name, text, mode) in [
        ("a script", "#!/bin/sh\nexit 3\n", 0o755),
        ("not executable", "#!/bin/sh\n", 0o644),
        ("no format", "just text\n", 0o755),
        ("empty", "", 0o755),
        ("no interpreter", "#!/nowhere/sh\n", 0o755),
    ] {
        fs::write(folder.path(name), text).expect("the folder is there");
        fs::set_permissions(folder.path(name), Permissions::from_mode(mode)).expect("it is ours");
    }
    let _ = folder.pipe("pipe");
    symlink("a script", folder.path("link")).expect("the folder is there");
    symlink("nothing", folder.path("dangling")).expect("the folder is there");
    folder
}

#[test]
fn what_is_no_program_is_refused_and_starts_nothing() {
    let folder = files();
    let own = |name| folder.path(name).to_str().expect("it is text").to_owned();
    let table = [
        (own("a script"), None),
        (own("link"), None),
        (own("not executable"), LOAD),
        (own("pipe"), LOAD),
        (own("dangling"), LOAD),
        (own("nothing"), LOAD),
        (own("a script/"), LOAD),
        (own("a script/x"), LOAD),
        (own("no format"), RUN),
        (own("empty"), RUN),
        (own("no interpreter"), RUN),
        ("/bin".to_owned(), LOAD),
        ("/dev/null".to_owned(), LOAD),
        ("bin/true".to_owned(), LOAD),
        ("/modules/true".to_owned(), LOAD),
    ];
    for (how, config) in both_ways() {
        with_system(config.output(Output::Null), async |_, processes| {
            for (path, expected) in &table {
                let spawned = processes.spawn(Program::new(path).arg("x")).await;
                if let Ok(domain) = &spawned {
                    assert_eq!(processes.wait(domain).await, Ok(3), "{path:?} {how}");
                }
                assert_eq!(code(spawned), *expected, "{path:?} {how}");
            }
            assert_eq!(processes.list().await, Ok(vec![]), "{how}");
        });
    }
}

#[test]
fn a_name_is_searched_along_the_path_it_is_given() {
    let folder = files();
    let here = folder.as_ref().to_str().expect("it is text");
    let table = [
        ("a script", Some(here.to_owned()), None),
        ("a script", Some(format!("/nowhere:{here}")), None),
        ("a script", Some("/bin".to_owned()), LOAD),
        ("a script", None, LOAD),
        ("not executable", Some(here.to_owned()), LOAD),
    ];
    let (_, config) = both_ways()[0].clone();
    with_system(config.output(Output::Null), async |_, processes| {
        for (name, search, expected) in table {
            let program = Program::new(name);
            let program = match &search {
                Some(search) => program.env("PATH", search),
                None => program,
            };
            assert_eq!(code(processes.spawn(program).await), expected, "{name} in {search:?}");
        }
    });
}
