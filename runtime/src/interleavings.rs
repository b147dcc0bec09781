//! The races of whole bindings: answering against closing, the end of a domain against sending, in
//! every order that the memory model allows. Who isn't woken is a deadlock, which loom reports.

use loom::thread;

use crate::driver::interleavings::generated::probe::{
    Binding, Count, Interface, RxVtbl, Same, SameReply, SameResponse,
};
use crate::{
    AnyBinding, BindOptions, BindingError, Dispatcher, Half, Holder, Kernel, ReplyError, RpcError,
    TxError, Waitset,
};

/// How often a model interrupts a thread where it could have gone on. Two dispatchers with all that
/// is in them have too many interleavings for more.
const PREEMPTIONS_MAX: usize = 2;

/// Runs `model` with a caller's end, bound on this thread, and the other end on its way.
fn with_ends(model: fn(Caller, Half, Holder)) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.check(move || {
        let kernel = Kernel::new();
        let (here, there) = crate::pair::<Interface>(BindOptions::new());
        let caller = Caller::new(kernel.holder(), here);
        model(caller, there, kernel.holder());
        assert_eq!(kernel.counts().bindings, 0, "both ends were given back");
    });
}

/// What a dispatcher has seen.
#[derive(Default)]
struct Seen {
    replies: Vec<SameReply>,
    end: Option<BindingError>,
}

/// The end that calls, on the model's own thread.
struct Caller {
    dispatcher: Dispatcher<Seen>,
    binding: Binding<Seen>,
    holder: Holder,
}

impl Caller {
    fn new(holder: Holder, half: Half) -> Self {
        let dispatcher = Dispatcher::on(&Waitset::new(), holder.clone(), Seen::default());
        let binding = dispatcher.connect::<Interface>(half, &RxVtbl::UNHANDLED);
        let binding = binding.expect("the interface is the same");
        binding.set_error_handler(|seen, _, error| seen.end = Some(error));
        Self { dispatcher, binding, holder }
    }
}

fn run_until(dispatcher: &Dispatcher<Seen>, done: fn(&mut Seen) -> bool) {
    dispatcher.waitset().run_until(|| dispatcher.with(done));
}

const STORES: RxVtbl<Seen> =
    RxVtbl { same_call: |seen, _, _, reply| seen.replies.push(reply), ..RxVtbl::UNHANDLED };

/// A service on a thread of its own: it takes one call, does `answer` and stays until the binding
/// has ended.
fn serve(half: Half, holder: Holder, answer: fn(SameReply)) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let service = Dispatcher::on(&Waitset::new(), holder, Seen::default());
        let binding = service.accept::<Interface>(half, &STORES);
        let binding = binding.expect("the interface is the same");
        binding.set_error_handler(|seen, _, error| seen.end = Some(error));
        run_until(&service, |seen| !seen.replies.is_empty());
        let reply = service.with(|seen| seen.replies.pop());
        answer(reply.expect("a call came"));
        run_until(&service, |seen| seen.end.is_some());
        assert!(binding.is_closed());
    })
}

fn send_answer(reply: SameReply) {
    let sent = reply.send(SameResponse { number_again: 7 });
    assert!(matches!(sent, Ok(()) | Err(ReplyError::Closed(_))), "{sent:?}");
}

#[test]
fn an_answer_races_with_falling_asleep_for_it() {
    with_ends(|caller, there, holder| {
        let call = caller.binding.same(Same { number: 7 }).expect("there is room");
        let service = serve(there, holder, send_answer);
        let answer = caller.dispatcher.block_on(call).map(|answer| answer.number_again);
        assert_eq!(answer, Ok(7));
        caller.binding.close();
        service.join().expect("the service panics never");
    });
}

#[test]
fn an_answer_races_with_closing() {
    with_ends(|caller, there, holder| {
        let call = caller.binding.same(Same { number: 7 }).expect("there is room");
        let service = serve(there, holder, send_answer);
        caller.binding.close();
        assert_eq!(caller.dispatcher.block_on(call), Err(RpcError::Closed));
        service.join().expect("the service panics never");
    });
}

#[test]
fn a_dropped_token_races_with_falling_asleep_for_it() {
    with_ends(|caller, there, holder| {
        let call = caller.binding.same(Same { number: 7 }).expect("there is room");
        let service = serve(there, holder, drop);
        assert_eq!(caller.dispatcher.block_on(call), Err(RpcError::Dropped));
        drop(caller);
        service.join().expect("the service panics never");
    });
}

#[test]
fn the_end_of_a_domain_races_with_sending_and_falling_asleep() {
    with_ends(|caller, there, _| {
        let holder = caller.holder.clone();
        let killer = thread::spawn(move || holder.end());
        let sent = caller.binding.count(Count { number: 1 });
        assert!(matches!(sent, Ok(()) | Err(TxError::Closed(_))), "{sent:?}");
        run_until(&caller.dispatcher, |seen| seen.end.is_some());
        let refused = caller.binding.count(Count { number: 2 });
        assert!(matches!(refused, Err(TxError::Closed(_))), "{refused:?}");
        killer.join().expect("the killer panics never");
        drop(there);
    });
}

#[test]
fn the_end_of_a_domain_races_with_binding() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.check(|| {
        let kernel = Kernel::new();
        let (here, there) = crate::pair::<Interface>(BindOptions::new());
        let holder = kernel.holder();
        let dying = holder.clone();
        let killer = thread::spawn(move || dying.end());
        let caller = Caller::new(holder, here);
        run_until(&caller.dispatcher, |seen| seen.end.is_some());
        killer.join().expect("the killer panics never");
        drop((caller, there));
        assert_eq!(kernel.counts().bindings, 0, "both ends were given back");
    });
}
