//! How to test a service without a system: client and service on one thread, bound directly.

use flounder::{Badge, BindOptions, Dispatcher, ErrVal, Role};

use super::{CLIENTS_MAX, Calculator, SERVICE, welcome};
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

    /// The binding of a new client that has this role.
    fn bind(&self, role: Role) -> Result<Binding<()>, ErrVal> {
        let (here, there) = flounder::pair::<Interface>(BindOptions::new());
        let there = there.stamped(Badge { role, ..Badge::default() });
        let theirs = self.service.accept::<Interface>(there, &SERVICE)?;
        self.service.with(|calculator| welcome(calculator, &theirs))?;
        Ok(self.client.connect::<Interface>(here, &RxVtbl::UNHANDLED)?)
    }

    /// How many clients the service keeps something for.
    fn clients(&self) -> usize {
        self.service.with(|calculator| calculator.memories.len())
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
    let binding = pair.bind(Role::Program).unwrap();
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
    let (one, other) = (pair.bind(Role::Program).unwrap(), pair.bind(Role::Program).unwrap());
    one.remember(Remember { value: 42 }).unwrap();
    assert_eq!((pair.recall(&one), pair.recall(&other)), (42, 0));
}

#[test]
fn a_client_beyond_the_limit_is_refused_until_another_goes() {
    let pair = Pair::new();
    let mut clients: Vec<_> = (0..CLIENTS_MAX).map(|_| pair.bind(Role::Program).unwrap()).collect();
    pair.bind(Role::Program).expect_err("the calculator is full");
    clients.pop();
    pair.settle();
    assert_eq!(pair.clients(), CLIENTS_MAX - 1);
    pair.bind(Role::Program).expect("there is a place again");
}

#[test]
fn only_the_operator_retires_the_service() {
    let pair = Pair::new();
    let program = pair.bind(Role::Program).unwrap();
    program.retire(Retire {}).unwrap();
    assert_eq!(pair.recall(&program), 0, "it still answers");
    pair.bind(Role::Operator).unwrap().retire(Retire {}).unwrap();
    pair.service.run();
}

/// The shortest way, if the service doesn't ask who its clients are: one dispatcher, bound to itself.
#[test]
fn a_dispatcher_can_be_its_own_client() {
    let dispatcher = Dispatcher::new(Calculator::default());
    let (client, _service) =
        dispatcher.loopback::<Interface>(BindOptions::new(), &RxVtbl::UNHANDLED, &SERVICE).unwrap();
    let calculation = Calculation { left: 1, operation: Add, right: 1 };
    let call = client.calculate(Calculate { calculation }).unwrap();
    assert_eq!(dispatcher.block_on(call).unwrap().result, 2);
}
