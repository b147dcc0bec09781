//! [`plan`](crate::plan) to tokens: one function per item, and no decision.
//!
//! Everything that isn't the interface's own is named by its absolute path, so that no name of an
//! interface can get in the way.

mod binding;
mod codec;
mod interface;
mod messages;
mod tables;
mod types;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::plan::{Docs, Interface, Place, Reexport, TypesModule};

/// The version of the agreement with the runtime, `::flounder::abi::VERSION`.
const ABI: u32 = 1;

/// The module of an interface.
pub(crate) fn interface(plan: &Interface) -> TokenStream {
    let (docs, module) = (docs(&plan.docs), &plan.module);
    let reexports = plan.reexports.iter().map(reexport);
    let constants = interface::constants(plan);
    let types = types::module(&plan.types);
    let messages = messages::module(plan);
    let (calls, replies) = (messages::calls(plan), messages::replies(plan));
    let message = messages::any(plan);
    let implementation = interface::implementation(plan);
    let (rx_vtbl, tx_vtbl) = (tables::rx_vtbl(plan), tables::tx_vtbl(plan));
    let binding = binding::binding(plan);
    let abi = Literal::u32_unsuffixed(ABI);
    quote! {
        #docs
        pub mod #module {
            #(#reexports)*
            const _: () = ::flounder::abi::require(#abi);
            #constants
            #types
            #messages
            #calls
            #replies
            #message
            #implementation
            #rx_vtbl
            #tx_vtbl
            #binding
        }
    }
}

/// The module of the types of an import.
pub(crate) fn types_module(plan: &TypesModule) -> TokenStream {
    let (docs, module) = (docs(&plan.docs), &plan.name);
    let items = plan.types.iter().map(|ty| types::declaration(ty, types::From::Import));
    quote! {
        #docs
        pub mod #module {
            #(#items)*
        }
    }
}

fn reexport(reexport: &Reexport) -> TokenStream {
    let from = match &reexport.from {
        Place::Types => quote!(self::types),
        Place::Messages => quote!(self::messages),
        Place::Calls => quote!(self::calls),
        Place::Replies => quote!(self::replies),
        Place::Import(module) => quote!(super::#module),
    };
    match reexport.names.as_slice() {
        [name] => quote!(pub use #from::#name;),
        names => quote!(pub use #from::{#(#names),*};),
    }
}

fn docs(docs: &Docs) -> TokenStream {
    let lines = docs
        .lines()
        .into_iter()
        .map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// A number as people write it: decimal, digits in groups of three from 10,000.
fn number(value: u64) -> Literal {
    let digits = value.to_string();
    if digits.len() < 5 {
        return Literal::u64_unsuffixed(value);
    }
    grouped("", &digits, 3)
}

/// The 64 bits of a number in hex, in groups of four digits.
fn hex(value: u64) -> Literal {
    grouped("0x", &format!("{value:016x}"), 4)
}

fn grouped(prefix: &str, digits: &str, group: usize) -> Literal {
    let mut text = prefix.to_owned();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index) % group == 0 {
            text.push('_');
        }
        text.push(digit);
    }
    text.parse().expect("digits and underscores are a literal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_readable() {
        for (value, text) in
            [(0, "0"), (9_999, "9999"), (65_536, "65_536"), (1 << 32, "4_294_967_296")]
        {
            assert_eq!(number(value).to_string(), text);
        }
        assert_eq!(hex(0x1f).to_string(), "0x0000_0000_0000_001f");
    }
}
