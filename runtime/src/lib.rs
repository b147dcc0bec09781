//! Dispatchers, waitsets, bindings, capabilities and interconnect drivers: what bindings generated
//! from Flounder interface files run on.
//!
//! A [`Dispatcher`] is an event loop with a state of its own. A binding is one end of a connection
//! between two dispatchers that speaks one interface; the compiler generates its type from an `.if`
//! file. [`pair`] makes the two [`Half`]s of a connection, each of which a dispatcher claims with
//! [`Ctx::connect`] or [`Ctx::accept`]; in the multikernel, monitors hand them out.

#[cfg(not(target_os = "linux"))]
compile_error!("`flounder` runs on Linux: it sleeps in epoll and pins threads to CPUs");

#[cfg(panic = "abort")]
compile_error!("`flounder` ends programs by unwinding: build with panic = \"unwind\"");

// Generated code, which models and tests use, names the crate.
#[cfg(test)]
extern crate self as flounder;

pub mod abi;
mod binding;
mod block_on;
mod channel;
mod clock;
mod contain;
mod dispatcher;
mod driver;
mod error;
mod errval;
mod half;
mod home;
mod ids;
mod interface;
#[cfg(all(test, loom))]
mod interleavings;
pub mod kernel;
mod kill;
mod log;
#[doc(hidden)]
pub mod mutants;
pub mod observe;
mod options;
pub mod platform;
mod room;
mod rpc;
mod source;
mod sync;
pub mod tap;
mod task;
pub mod thread;
mod ticket;
mod waitset;
pub mod wire;

pub use binding::{
    AlreadyRegistered, AnyBinding, BindingId, CONTINUATIONS_MAX, ErrorHandler, Parts,
    TooManyContinuations, bytes_per_binding, unhandled,
};
pub use channel::{BindingStats, Channel, Header, Packet, send};
pub use clock::{Clock, MonotonicClock, Time};
pub use contain::discard;
pub use dispatcher::{Ctx, Dispatcher};
pub use driver::{
    Bytes, Carrier, Closer, Driver, End, Local, Loopback, Naps, Outlook, RecvError, Refused, Ump,
};
pub use error::{
    BadArgument, BindingError, CallError, ClaimError, ReplyError, ReserveError, RpcError, TxError,
};
pub use errval::{ErrCode, ErrVal};
pub use half::{Half, pair};
pub use home::Home;
pub use ids::{CoreId, DomainId, Iref};
pub use interface::{
    ArgumentDescriptor, CapVisitor, Delivery, Descriptor, Fingerprint, Interface,
    MessageDescriptor, MessageKind, Payload, Request, SendFn,
};
pub use kernel::{
    Cap, CapError, CapInfo, CapKind, Counts, Holder, Kernel, LastDrop, Rights, Transfer,
};
pub use kill::KillSwitch;
pub use options::{Badge, BindOptions, DriverChoice, Role};
pub use room::{CallWhenRoom, Reserved, SendWhenRoom};
pub use rpc::{Call, CallId, Deadline, Failure, Incoming, Reply};
pub use source::{DescriptorWatch, MailError, Mailbox, Timer};
pub use ticket::ticket;
pub use waitset::{Bell, Interest, NearBell, Sleep, Waitset};

/// Brings bindings that a build script generated into the module, as public modules of these names.
///
/// It includes `NAME.rs` from the build script's output folder for each name. What an interface
/// imports must be named with it:
///
/// ```ignore
/// flounder::include_interfaces!(types, echo);
///
/// use echo::{Echo, EchoResponse};
/// ```
///
/// Nobody uses all of an interface: what a program leaves unused is no warning.
#[macro_export]
macro_rules! include_interfaces {
    ($($name:ident),+ $(,)?) => {
        #[doc(hidden)]
        #[allow(
            dead_code,
            unused_imports,
            unreachable_pub,
            reason = "nobody uses all of an interface"
        )]
        mod flounder_interfaces {
            $(::core::include!(
                ::core::concat!(::core::env!("OUT_DIR"), "/", ::core::stringify!($name), ".rs")
            );)+
        }

        #[allow(unused_imports, unreachable_pub, reason = "nobody uses all of an interface")]
        pub use flounder_interfaces::{$($name),+};
    };
}
