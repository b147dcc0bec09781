//! The flounder command: checks interface files and generates bindings.

fn main() {}
