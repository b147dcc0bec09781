//! A binding stays with its dispatcher.

include!("../../../codegen/tests/golden/echo.rs");

fn send(binding: echo::Binding<()>) {
    std::thread::spawn(move || drop(binding));
}

fn main() {}
