//! Every message of every interface, with the maxima that the interface files declare.

use flounder::{Interface, Payload as _};
use flounder_idl::{intermon, monitor, nameservice, proc_mgmt, spawn};
use proptest::prelude::*;

use crate::values::{Bounded, Plain};

/// How to make messages of one number.
pub(crate) struct Row<I: Interface> {
    pub(crate) number: u16,
    /// The arguments with a maximum, and how long they may be: strings lose a byte to their NUL.
    pub(crate) maxima: &'static [(&'static str, usize)],
    pub(crate) least: fn() -> I::Message,
    pub(crate) most: fn() -> I::Message,
    pub(crate) any: fn() -> BoxedStrategy<I::Message>,
}

/// An interface with all its messages.
pub(crate) trait Table: Interface {
    fn rows() -> Vec<Row<Self>>;
}

macro_rules! of {
    ($how:ident, $field:ident) => {
        Plain::$how()
    };
    ($how:ident, $field:ident, $max:literal) => {
        Bounded::$how($max)
    };
}

macro_rules! tables {
    ($($interface:ident {
        $($message:ident { $($field:ident $(: $max:literal)?),* })*
    })*) => {
        /// Runs a check, generic over the interface, on each of them.
        macro_rules! for_every_interface {
            ($check:ident) => { $($check::<$interface::Interface>();)* };
        }
        pub(crate) use for_every_interface;

        $(impl Table for $interface::Interface {
            fn rows() -> Vec<Row<Self>> {
                use $interface::messages::*;
                vec![$(Row {
                    number: <$message as flounder::Payload<Self>>::NUMBER,
                    maxima: &[$($((stringify!($field), $max),)?)*],
                    least: || $message { $($field: of!(least, $field $(, $max)?)),* }.into_message(),
                    most: || $message { $($field: of!(most, $field $(, $max)?)),* }.into_message(),
                    any: || {
                        (Just(()), $(of!(any, $field $(, $max)?),)*)
                            .prop_map(|((), $($field,)*)| $message { $($field),* }.into_message())
                            .boxed()
                    },
                },)*]
            }
        })*
    };
}

tables! {
    intermon {
        ConnectRequest { from, target, endpoint }
        Connect { from, endpoint }
        ConnectFailed { target }
        BindRequest { request, iref, fingerprint, interface_name: 255, peer, endpoint }
        BindReply { request, err }
        AddSpawnd { core, generation, iref }
        RemoveSpawnd { core, generation, survivors: 256, more }
        FenceSpawnd { core, generation }
        SurvivorEnded { core, domain }
    }

    monitor {
        ExportRequest { request, fingerprint, interface_name: 255 }
        ExportReply { request, err, iref }
        Unexport { iref }
        BindClientRequest { request, iref, fingerprint, interface_name: 255, endpoint }
        BindClientReply { request, err }
        BindServiceRequest { request, iref, peer, endpoint }
        BindServiceReply { request, err }
        GetNameIrefRequest { request }
        GetNameIrefReply { request, iref }
        AllocMonitorEpRequest { request, domain }
        AllocMonitorEpReply { request, err, endpoint }
        SetSpawnIrefRequest { iref }
        SetProcMgmtEpRequest { endpoint }
        Heartbeat { request }
        HeartbeatReply { request }
    }

    nameservice {
        Register { name: 63, iref }
        RegisterResponse { err }
        Remove { name: 63 }
        RemoveResponse { err }
        Lookup { name: 63 }
        LookupResponse { err, iref }
        WaitFor { name: 63 }
        WaitForResponse { err, iref }
        List { after: 63 }
        ListResponse { name: 63, iref, found }
    }

    proc_mgmt {
        AddSpawnd { core, generation, iref }
        RemoveSpawnd { core, generation, survivors: 256, more }
        SurvivorEnded { core, domain }
        FenceSpawnd { core, generation }
        Shutdown {}
        ShutdownDone { wedged }
        Spawn { core, path: 2047, argvbuf: 2048, envbuf: 2048, flags }
        SpawnResponse { err, domain_cap }
        SpawnWithCaps {
            core, path: 2047, argvbuf: 2048, envbuf: 2048, inheritcn_cap, argcn_cap, flags
        }
        SpawnWithCapsResponse { err, domain_cap }
        Span { domain_cap, core, vroot, dispframe }
        SpanResponse { err }
        Kill { domain_cap }
        KillResponse { err }
        Exit { domain_cap, status }
        Wait { domain_cap, nohang }
        WaitResponse { err, status }
        GetDomainlist { after }
        GetDomainlistResponse { domains: 256, more }
        GetStatus { domain, domain_cap }
        GetStatusResponse { err, entry, program: 2047, argvbuf: 2048 }
    }

    spawn {
        SpawnRequest {
            request, procmng_cap, domain_cap, domain, path: 2047, argvbuf: 2048, envbuf: 2048, flags
        }
        SpawnWithCapsRequest {
            request, procmng_cap, domain_cap, domain, path: 2047, argvbuf: 2048, envbuf: 2048,
            inheritcn_cap, argcn_cap, flags
        }
        SpanRequest { request, procmng_cap, domain_cap, domain, path: 2047, vroot, dispframe }
        KillRequest { request, procmng_cap, domain }
        CleanupRequest { request, procmng_cap, domain }
        SpawnReply { request, kind, err }
        DomainExited { domain, cause, status }
    }
}
