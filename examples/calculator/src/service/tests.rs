//! How to test a service without a system: client and service on one thread, bound directly.

use flounder::{AnyBinding, Badge, BindOptions, Dispatcher, Role};

use super::{Calculator, SERVICE, welcome};
use crate::interface::calculator::{
    Binding, Calculate, CalculateResponse, Interface, Recall, Remember, Retire, RxVtbl,
};
use crate::interface::numbers::{
    Calculation,
    Operation::{self, Add, Divide, Multiply, Subtract},
    Outcome::{self, DivisionByZero, Done, Overflow},
};

/// A service and, on the same thread, a client of it.
struct Pair {
    service: Dispatcher<Calculator>,
    client: Dispatcher<()>,
}

impl Pair {
    fn new() -> Self {
        let service = Dispatcher::new(Calculator::default());
        // Both are on one waitset: who runs one, runs the other.
        let client = Dispatcher::on(&service.waitset(), service.holder(), ());
        Self { service, client }
    }

    /// A new client's binding, whose other end the service takes as that of `peer`.
    fn bind(&self, role: Role) -> Binding<()> {
        let (here, there) = flounder::pair::<Interface>(BindOptions::new());
        let there = there.stamped(Badge { role, ..Badge::default() });
        let theirs = self.service.accept::<Interface>(there, &SERVICE).unwrap();
        self.service.with(|calculator| welcome(calculator, &theirs)).unwrap();
        self.client.connect::<Interface>(here, &RxVtbl::UNHANDLED).unwrap()
    }

    fn recall(&self, binding: &Binding<()>) -> i64 {
        self.client.block_on(binding.recall(Recall {}).unwrap()).unwrap().value
    }

    /// Handles whatever was sent.
    fn settle(&self) {
        while self.client.poll(64) > 0 {}
    }
}

#[test]
fn calculations_have_a_result_or_a_reason() {
    let pair = Pair::new();
    let binding = pair.bind(Role::Program);
    let cases: &[(i64, Operation, i64, Outcome, i64)] = &[
        (6, Add, 7, Done, 13),
        (6, Subtract, 7, Done, -1),
        (6, Multiply, 7, Done, 42),
        (17, Divide, 5, Done, 3),
        (-17, Divide, 5, Done, -3),
        (1, Divide, 0, DivisionByZero, 0),
        (i64::MAX, Add, 1, Overflow, 0),
        (i64::MIN, Subtract, 1, Overflow, 0),
        (i64::MAX, Multiply, 2, Overflow, 0),
        (i64::MIN, Divide, -1, Overflow, 0),
    ];
    for &(left, operation, right, outcome, result) in cases {
        let call = Calculate { calculation: Calculation { left, operation, right } };
        let answer = pair.client.block_on(binding.calculate(call).unwrap());
        assert_eq!(
            answer,
            Ok(CalculateResponse { outcome, result }),
            "{left} {operation:?} {right}"
        );
    }
    assert_eq!(pair.service.with(|calculator| calculator.calculations), 10);
}

#[test]
fn each_client_has_a_memory_of_its_own() {
    let pair = Pair::new();
    let (one, other) = (pair.bind(Role::Program), pair.bind(Role::Program));
    one.remember(Remember { value: 42 }).unwrap();
    assert_eq!((pair.recall(&one), pair.recall(&other)), (42, 0));
}

#[test]
fn a_memory_goes_with_its_client() {
    let pair = Pair::new();
    let binding = pair.bind(Role::Program);
    binding.remember(Remember { value: 42 }).unwrap();
    pair.settle();
    assert_eq!(pair.service.with(|calculator| calculator.memories.len()), 1);
    binding.close();
    pair.settle();
    assert_eq!(pair.service.with(|calculator| calculator.memories.len()), 0);
}

#[test]
fn only_the_operator_retires_the_service() {
    let pair = Pair::new();
    let program = pair.bind(Role::Program);
    program.retire(Retire {}).unwrap();
    assert_eq!(pair.recall(&program), 0, "it still answers");
    pair.bind(Role::Operator).retire(Retire {}).unwrap();
    pair.service.run();
}

/// The shortest way, if the client needs no state of its own: one dispatcher, bound to itself.
#[test]
fn a_dispatcher_can_be_its_own_client() {
    let dispatcher = Dispatcher::new(Calculator::default());
    let (client, _service) = dispatcher
        .loopback::<Interface>(BindOptions::new(), &RxVtbl::UNHANDLED, &SERVICE)
        .unwrap();
    client.remember(Remember { value: 7 }).unwrap();
    let answer = dispatcher.block_on(client.recall(Recall {}).unwrap()).unwrap();
    assert_eq!(answer.value, 7);
}
