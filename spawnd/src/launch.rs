//! What a start needs, taken out of a request and checked: arguments, then path, then caps.

use std::ffi::OsString;
use std::path::Path;

use flounder::platform::{Entry, Image, Platform};
use flounder::{Cap, CapKind, DomainId, ErrCode, Half, mutant};
use flounder_domain::args::{Arguments, ArgumentsError};
use flounder_idl::spawn::{SpanRequest, SpawnRequest, SpawnWithCapsRequest};

use crate::machine::{Order, Payload};
use crate::path::{Catalog, Program, resolve};

/// What the Frame of a new dispatcher must hold at least: one page, as on Barrelfish.
const DISPATCHER_FRAME_BYTES_MIN: usize = 4096;

/// Everything a program is started with, but for its endpoint.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) image: Image,
    pub(crate) entry: Entry,
    pub(crate) argv: Vec<OsString>,
    pub(crate) env: Vec<(OsString, OsString)>,
    pub(crate) domain_cap: Cap,
}

impl Payload for Launch {
    type Endpoint = Half;

    /// The platform starts Rust programs only.
    fn is_dispatcher(&self) -> bool {
        true
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
    let image = image(&message.path, &arguments, platform)?;
    let (inheritcn, argcn) = (message.inheritcn_cap, message.argcn_cap);
    if !is_cnode_or_null(&inheritcn) || !is_cnode_or_null(&argcn) {
        return Err(ErrCode::SPAWN_ERR_RUN);
    }
    let entry = Entry::Main { inheritcn, argcn };
    let (argv, env) = arguments.into_parts();
    let program = Launch { image, entry, argv, env, domain_cap: message.domain_cap };
    Ok(Order::Spawn { domain: DomainId(message.domain), program })
}

/// The order of a span. A span entry has no arguments: it shares what the domain knows.
pub(crate) fn span(
    message: SpanRequest,
    platform: &dyn Platform,
) -> Result<Order<Launch>, ErrCode> {
    let arguments = Arguments::default();
    let image = image(&message.path, &arguments, platform)?;
    let domain = DomainId(message.domain);
    let SpanRequest { vroot, dispframe, domain_cap, .. } = message;
    if !is_vnode_of(&vroot, domain) || !is_dispatcher_frame(&dispframe) {
        return Err(ErrCode::SPAWN_ERR_SPAN);
    }
    let entry = Entry::Span { vroot, dispframe };
    let (argv, env) = arguments.into_parts();
    Ok(Order::Span { domain, program: Launch { image, entry, argv, env, domain_cap } })
}

/// The program at `path`. The platform can't run an executable of the host, so its path loads
/// nothing.
fn image(path: &str, arguments: &Arguments, platform: &dyn Platform) -> Result<Image, ErrCode> {
    match resolve(path, arguments.var("PATH"), &Programs(platform)) {
        Ok(Program::Module(name)) => Ok(Image::Module(name)),
        Ok(Program::Host(_)) => Err(ErrCode::SPAWN_ERR_LOAD),
        Err(error) => Err(error.code()),
    }
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

fn is_vnode_of(cap: &Cap, domain: DomainId) -> bool {
    cap.identify().is_ok_and(|info| info.kind == CapKind::VNode && info.domain == Some(domain))
}

fn is_dispatcher_frame(cap: &Cap) -> bool {
    cap.frame_bytes().is_ok_and(|bytes| bytes >= DISPATCHER_FRAME_BYTES_MIN)
}
