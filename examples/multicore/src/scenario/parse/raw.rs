//! A line as JSON says it, with every field that any line may have.

use std::num::NonZeroU16;

use serde::Deserialize;
use serde_json::Value;

use crate::scenario::line::Expect;

/// One line.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw {
    /// For whoever reads the file.
    #[serde(rename = "about")]
    _about: Option<String>,
    pub(super) system: Option<System>,
    pub(super) client: Option<String>,
    pub(super) call: Option<String>,
    #[serde(rename = "as")]
    pub(super) name: Option<String>,
    #[serde(rename = "async")]
    pub(super) goes_on: Option<bool>,
    pub(super) expect: Option<Expect>,
    pub(super) quiesce: Option<True>,
    pub(super) release: Option<True>,
    #[serde(rename = "await")]
    pub(super) then_await: Option<String>,
    pub(crate) core: Option<u8>,
    pub(crate) path: Option<String>,
    pub(crate) argv: Option<Vec<String>>,
    pub(super) argvbuf: Option<String>,
    pub(crate) env: Option<Vec<String>>,
    pub(super) envbuf: Option<String>,
    pub(super) flags: Option<u8>,
    pub(super) ends_with_client: Option<bool>,
    pub(super) inheritcn: Option<String>,
    pub(super) argcn: Option<String>,
    pub(crate) cap: Option<String>,
    pub(super) vroot: Option<String>,
    pub(super) dispframe: Option<String>,
    pub(super) status: Option<u8>,
    pub(super) nohang: Option<bool>,
    pub(super) domain: Option<Value>,
    pub(super) after: Option<Value>,
    pub(super) rights: Option<Vec<String>>,
    pub(super) how: Option<String>,
}

/// What the first line can say of the system.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct System {
    pub(super) cores: Option<NonZeroU16>,
    pub(super) grace_ms: Option<u64>,
    pub(super) heartbeat_ms: Option<u64>,
    pub(super) domains_per_client_max: Option<u32>,
    pub(super) waits_per_client_max: Option<u32>,
    pub(super) patience_ms: Option<u64>,
}

/// `true`, and nothing else.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "bool")]
pub(super) struct True;

impl TryFrom<bool> for True {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        if value { Ok(Self) } else { Err("this is true, or left out") }
    }
}
