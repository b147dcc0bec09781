//! Service and client over a binding, as `main` runs them.

use ::demo::interface::Interface;
use ::demo::{client, service};
use flounder::{BindOptions, Half};

/// Runs a service, and `client` with the other end.
fn with_service<T>(client: impl FnOnce(Half) -> T) -> (T, u64) {
    let (ours, theirs) = flounder::pair::<Interface>(BindOptions::new());
    let running = std::thread::spawn(|| service::serve(theirs));
    let seen = client(ours);
    let total = running.join().expect("the service doesn't panic");
    (seen, total.expect("both speak one interface"))
}

#[test]
fn totals_grow() {
    let (totals, total) = with_service(|half| client::sum(half, &[1, 2, 3]));
    assert_eq!(totals.expect("the service answers"), [1, 3, 6]);
    assert_eq!(total, 6);
}

#[test]
fn nothing_is_added_by_default() {
    let (totals, total) = with_service(|half| client::sum(half, &[]));
    assert_eq!((totals.expect("the service answers").len(), total), (0, 0));
}
