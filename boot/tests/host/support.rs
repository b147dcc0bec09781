//! A booted system with its client, programs of the host that tell of themselves, and what the kernel
//! tells of them.

use std::fs;
use std::path::{Path, PathBuf};

use flounder::{Cap, CoreId, Counts, DomainId, ErrCode};
use flounder_boot::{Config, Modules, Operator, System, Trees};
use flounder_domain::{ProcessError, Processes, Program};
use rustix::fs::{CWD, FileType, Mode, mknodat};

pub(crate) fn config() -> Config {
    Config::new().cores(2.try_into().expect("a system has cores"))
}

/// Both ways of holding a process together with what it starts.
pub(crate) fn both_ways() -> [(&'static str, Config); 2] {
    [("with groups", config()), ("without", config().control_groups(false))]
}

/// Boots a system, has a client of core 0 do something, and expects that nothing is left.
pub(crate) fn with_system<R>(
    config: Config,
    act: impl AsyncFnOnce(&Operator, &Processes) -> R,
) -> R {
    let system = System::boot(config, Modules::new()).expect("the system boots");
    tell_trees(&system);
    let operator = system.operator(CoreId(0)).expect("core 0 is there");
    let result = operator.block_on(async {
        let processes = operator.system().processes().await.expect("it is registered");
        act(&operator, &processes).await
    });
    drop(operator);
    let report = system.shutdown().expect("nothing failed");
    assert_eq!((report.wedged, report.stuck, report.left), (0, 0, Counts::default()));
    result
}

/// Says which way a test really went: `both_ways` asks, the machine decides.
pub(crate) fn tell_trees(system: &System) {
    match &system.containment().trees {
        Trees::Groups(path) => println!("in control groups, below {}", path.display()),
        Trees::Scan(why) => println!("by looking through sessions and parents, {why}"),
        other => println!("{other:?}"),
    }
}

/// Whether a system ends what has a session of its own and no parent. If not, it says why.
pub(crate) fn ends_escaped(config: Config) -> bool {
    let system = System::boot(config, Modules::new()).expect("the system boots");
    let trees = &system.containment().trees;
    if let Trees::Scan(why) = trees {
        println!("skipped: what escapes from session and parent isn't found, {why}");
    }
    matches!(trees, Trees::Groups(_))
}

/// A script for the shell.
pub(crate) fn script(text: impl AsRef<str>) -> Program {
    Program::new("/bin/sh").arg("-c").arg(text.as_ref()).env("PATH", "/usr/bin:/bin")
}

pub(crate) fn id_of(domain: &Cap) -> DomainId {
    domain.identify().expect("it is usable").domain.expect("it is a Domain cap")
}

/// The code of the outermost failure.
pub(crate) fn code<T>(answer: Result<T, ProcessError>) -> Option<ErrCode> {
    answer.err().and_then(|error| error.errval().top())
}

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Tests run beside each other, so each has a name.
    pub(crate) fn new(test: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("flounder-host-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).expect("there is a place for temporary files");
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it was written")
    }

    /// A named pipe over which a script says something, once.
    pub(crate) fn pipe(&self, name: &str) -> Pipe {
        let path = self.path(name);
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, &path, FileType::Fifo, mode, 0).expect("a pipe can be made");
        Pipe(path)
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A named pipe.
pub(crate) struct Pipe(PathBuf);

impl Pipe {
    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("names of temporary files are text")
    }

    /// Waits for what a script writes.
    pub(crate) fn hear(&self) -> String {
        fs::read_to_string(&self.0).expect("somebody writes")
    }

    /// Waits for the numbers of processes that a script writes.
    pub(crate) fn hear_pids(&self) -> Vec<u32> {
        self.hear().split_whitespace().map(|word| word.parse().expect("it is a number")).collect()
    }
}

/// The value of a line of `/proc/PID/status`.
pub(crate) fn status_line(pid: u32, key: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it is alive");
    let value = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    value.expect("the kernel tells it").trim().to_owned()
}

/// State, process group and session of a process; `None` if there is none of this number.
fn stat(pid: u32) -> Option<(String, u32, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some((fields[0].to_owned(), fields[2].parse().ok()?, fields[3].parse().ok()?))
}

pub(crate) fn group_and_session(pid: u32) -> (u32, u32) {
    let (_, group, session) = stat(pid).expect("it is alive");
    (group, session)
}

/// True if something of the process executes.
pub(crate) fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, ..)| state != "Z" && state != "X")
}

/// How many processes of a session execute.
pub(crate) fn alive_in_session(session: u32) -> usize {
    let entries = fs::read_dir("/proc").expect("the kernel tells of processes");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let of_session = |&pid: &u32| stat(pid).is_some_and(|(.., its)| its == session);
    pids.filter(of_session).filter(|&pid| is_alive(pid)).count()
}
