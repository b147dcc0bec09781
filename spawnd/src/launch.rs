//! What a start needs, taken out of a request and checked: arguments, then path, then caps.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use flounder::platform::{Entry, Image, Platform};
use flounder::{Cap, CapKind, CoreId, DomainId, ErrCode, Half, mutant};
use flounder_domain::args::{Arguments, ArgumentsError};
use flounder_idl::spawn::{SpanRequest, SpawnRequest, SpawnWithCapsRequest};

use crate::machine::{Order, Payload};
use crate::path::{Catalog, PathError, Program, resolve};

/// What the Frame of a new dispatcher must hold at least: one page, as on Barrelfish.
const DISPATCHER_FRAME_BYTES_MIN: usize = 4096;

/// Everything a program is started with, but for the endpoint of a module.
#[derive(Debug)]
pub(crate) enum Launch {
    /// A Rust program.
    Module {
        image: Image,
        entry: Entry,
        argv: Vec<OsString>,
        env: Vec<(OsString, OsString)>,
        domain_cap: Cap,
    },
    /// An executable of the host.
    Process { path: PathBuf, argv: Vec<OsString>, env: Vec<(OsString, OsString)>, domain_cap: Cap },
    /// A process that another core has started.
    Widen { home: CoreId, domain_cap: Cap },
}

impl Payload for Launch {
    type Endpoint = Half;

    fn is_dispatcher(&self) -> bool {
        matches!(self, Self::Module { .. })
    }
}

/// The order of a spawn without caps.
pub(crate) fn spawn(
    message: SpawnRequest,
    platform: &dyn Platform,
) -> Result<Order<Launch>, ErrCode> {
    let SpawnRequest { request, procmng_cap, domain_cap, domain, path, argvbuf, envbuf, flags } =
        message;
    let (inheritcn_cap, argcn_cap) = (Cap::NULL, Cap::NULL);
    let message = SpawnWithCapsRequest {
        request,
        procmng_cap,
        domain_cap,
        domain,
        path,
        argvbuf,
        envbuf,
        inheritcn_cap,
        argcn_cap,
        flags,
    };
    spawn_with_caps(message, platform)
}

/// The order of a spawn. Its flags concern the process manager only.
pub(crate) fn spawn_with_caps(
    message: SpawnWithCapsRequest,
    platform: &dyn Platform,
) -> Result<Order<Launch>, ErrCode> {
    let arguments = Arguments::parse(&message.argvbuf, &message.envbuf);
    let aborts = arguments.is_err() && mutant!("malformed-environment-aborts");
    assert!(!aborts, "an environment is well formed");
    let arguments = arguments.map_err(ArgumentsError::code)?;
    let program = program(&message.path, &arguments, platform)?;
    let domain_cap = message.domain_cap;
    let (inheritcn, argcn) = (message.inheritcn_cap, message.argcn_cap);
    let (argv, env) = arguments.into_parts();
    let program = match program {
        Program::Module(name) => {
            if !is_cnode_or_null(&inheritcn) || !is_cnode_or_null(&argcn) {
                return Err(ErrCode::SPAWN_ERR_RUN);
            }
            let (image, entry) = (Image::Module(name), Entry::Main { inheritcn, argcn });
            Launch::Module { image, entry, argv, env, domain_cap }
        }
        Program::Host(path) => {
            if !holds_nothing(&inheritcn) || !holds_nothing(&argcn) {
                return Err(ErrCode::SPAWN_ERR_RUN);
            }
            Launch::Process { path, argv, env, domain_cap }
        }
    };
    Ok(Order::Spawn { domain: DomainId(message.domain), program })
}

/// The order of a span. A span entry has no arguments: it shares what the domain knows. In the place
/// of the dispatcher's frame, a process has the Dispatcher cap that says where it was started; where
/// its executable lies doesn't matter any more.
pub(crate) fn span(
    message: SpanRequest,
    platform: &dyn Platform,
) -> Result<Order<Launch>, ErrCode> {
    let domain = DomainId(message.domain);
    let SpanRequest { vroot, dispframe, domain_cap, .. } = message;
    if let Some(home) = home_of(&dispframe, domain) {
        if !vroot.is_null() && !is_vnode_of(&vroot, domain) {
            return Err(ErrCode::SPAWN_ERR_SPAN);
        }
        return Ok(Order::Span { domain, program: Launch::Widen { home, domain_cap } });
    }
    let arguments = Arguments::default();
    let Program::Module(name) = program(&message.path, &arguments, platform)? else {
        return Err(ErrCode::SPAWN_ERR_SPAN);
    };
    if !is_vnode_of(&vroot, domain) || !is_dispatcher_frame(&dispframe) {
        return Err(ErrCode::SPAWN_ERR_SPAN);
    }
    let (image, entry) = (Image::Module(name), Entry::Span { vroot, dispframe });
    let (argv, env) = arguments.into_parts();
    let program = Launch::Module { image, entry, argv, env, domain_cap };
    Ok(Order::Span { domain, program })
}

/// The program at `path`.
fn program(path: &str, arguments: &Arguments, platform: &dyn Platform) -> Result<Program, ErrCode> {
    resolve(path, arguments.var("PATH"), &Programs(platform)).map_err(PathError::code)
}

/// What the platform can start.
struct Programs<'a>(&'a dyn Platform);

impl Catalog for Programs<'_> {
    fn is_module(&self, name: &str) -> bool {
        self.0.has_module(name)
    }

    fn is_executable(&self, path: &Path) -> bool {
        self.0.is_executable(path)
    }
}

fn is_cnode_or_null(cap: &Cap) -> bool {
    cap.is_null() || cap.identify().is_ok_and(|info| info.kind == CapKind::CNode)
}

/// What a process of the host may be handed, which could not use a cap: none, or a table of none.
fn holds_nothing(cap: &Cap) -> bool {
    cap.is_null() || cap.occupied().is_ok_and(|slots| slots.is_empty())
}

/// The core on which the dispatcher that the cap names was started, if it is one of the domain.
fn home_of(cap: &Cap, domain: DomainId) -> Option<CoreId> {
    let info = cap.identify().ok()?;
    let is_own = info.kind == CapKind::Dispatcher && info.domain == Some(domain);
    info.core.filter(|_| is_own)
}

fn is_vnode_of(cap: &Cap, domain: DomainId) -> bool {
    cap.identify().is_ok_and(|info| info.kind == CapKind::VNode && info.domain == Some(domain))
}

fn is_dispatcher_frame(cap: &Cap) -> bool {
    cap.frame_bytes().is_ok_and(|bytes| bytes >= DISPATCHER_FRAME_BYTES_MIN)
}
