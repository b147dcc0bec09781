//! A call is answered once.

include!("../../../codegen/tests/golden/echo.rs");

use echo::{EchoReply, EchoResponse};

fn answer(reply: EchoReply) {
    let _ = reply.send(EchoResponse { reply: "once".into() });
    let _ = reply.send(EchoResponse { reply: "twice".into() });
}

fn main() {}
