//! How processes start and end.

use flounder::CoreId;
use flounder_domain::Program;
use flounder_idl::types::ExitCause;

use crate::support::{config, id_of, script, with_system};

#[test]
fn status_and_cause_of_every_end() {
    use ExitCause::{Crashed, Exited};
    let table = || {
        [
            (Program::new("/bin/true"), Exited, 0),
            (Program::new("/bin/false"), Exited, 1),
            (Program::new("true"), Exited, 0),
            (script("exit 7"), Exited, 7),
            (script("exit 255"), Exited, 255),
            (script("exit 256"), Exited, 0),
            (script("kill -TERM $$"), Crashed, 128 + 15),
            (script("kill -KILL $$"), Crashed, 128 + 9),
            (script("kill -SEGV $$"), Crashed, 128 + 11),
            (script("kill -ABRT $$"), Crashed, 128 + 6),
            (script("kill -64 $$"), Crashed, 128 + 64),
        ]
    };
    for control_groups in [true, false] {
        with_system(config().control_groups(control_groups), async |_, processes| {
            for (number, (program, cause, status)) in table().into_iter().enumerate() {
                let core = CoreId(u8::from(number % 2 == 1));
                let what = format!("{program:?}");
                let domain = processes.spawn(program.core(core)).await.expect(&what);
                assert_eq!(processes.wait(&domain).await, Ok(status), "{what}");
                let record = processes.status(id_of(&domain), None).await.expect("it is known");
                assert_eq!((record.cause, record.status), (cause, status), "{what}");
            }
        });
    }
}
