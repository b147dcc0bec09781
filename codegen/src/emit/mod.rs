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

use std::cell::RefCell;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote};

use crate::plan::{Docs, Home, Interface, Place, Reexport, TypesModule};

/// The version of the agreement with the runtime, `::flounder::abi::VERSION`.
const ABI: u32 = 1;

/// The module of an interface.
pub(crate) fn interface(plan: &Interface) -> TokenStream {
    let (docs, module) = (docs(&plan.docs), &plan.module);
    let reexports = plan.reexports.iter().map(reexport);
    let items = [
        interface::constants(plan),
        types::module(&plan.types),
        messages::module(plan),
        messages::calls(plan),
        messages::replies(plan),
        messages::any(plan),
        interface::implementation(plan),
        tables::rx_vtbl(plan),
        tables::tx_vtbl(plan),
        binding::binding(plan),
    ];
    let items = items.into_iter().map(moved);
    let abi = Literal::u32_unsuffixed(ABI);
    quote! {
        #docs
        pub mod #module {
            #(#reexports)*
            const _: () = ::flounder::abi::require(#abi);
            #(#items)*
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

/// Tokens that are interpolated once, and moved there: quoting copies what it interpolates.
struct Moved(RefCell<TokenStream>);

impl ToTokens for Moved {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.0.take());
    }
}

/// Makes tokens that are interpolated once.
fn moved(tokens: TokenStream) -> Moved {
    Moved(RefCell::new(tokens))
}

fn reexport(reexport: &Reexport) -> TokenStream {
    let from = match &reexport.from {
        Place::Types => quote!(self::types),
        Place::Messages => quote!(self::messages),
        Place::Calls => quote!(self::calls),
        Place::Replies => quote!(self::replies),
        Place::Import(Home::Module(module)) => quote!(super::#module),
        Place::Import(Home::Extern(path)) => external(path),
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

/// The path to a module of another crate.
fn external(path: &str) -> TokenStream {
    path.parse().expect("the build script's paths are checked before")
}

/// The attribute that derives these traits.
fn derive(traits: &[&str]) -> TokenStream {
    let traits = traits.iter().map(|name| Ident::new(name, Span::call_site()));
    quote!(#[derive(#(#traits),*)])
}

/// A number as people write it: decimal, digits in groups of three from 10,000.
fn number(value: u64) -> Literal {
    let digits = value.to_string();
    if digits.len() < 5 {
        return Literal::u64_unsuffixed(value);
    }
    grouped("", &digits, 3)
}

/// A number in hex, in groups of four digits.
fn hex(digits: &str) -> Literal {
    grouped("0x", digits, 4)
}

fn grouped(prefix: &str, digits: &str, group: usize) -> Literal {
    let mut text = prefix.to_owned();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(group) {
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
        assert_eq!(hex("0000001f").to_string(), "0x0000_001f");
    }
}
