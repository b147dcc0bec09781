//! How arguments are checked, written and read.

use proc_macro2::TokenStream;
use quote::quote;

use super::number;
use crate::plan::{Arg, Caps, Form, Message};

/// Statements and the final value of `check`.
pub(super) fn check(message: &Message) -> TokenStream {
    let checks: Vec<_> = message.args.iter().filter_map(check_argument).collect();
    match checks.split_last() {
        None => quote!(::core::result::Result::Ok(())),
        Some((last, others)) => quote!(#(#others?;)* #last),
    }
}

fn check_argument(arg: &Arg) -> Option<TokenStream> {
    let (name, wire_name) = (&arg.name, &arg.wire_name);
    let (function, max) = match arg.form {
        Form::Value => return None,
        Form::String(max) => (quote!(check_string), number(max.into())),
        Form::List(max) => (quote!(check_array), number(max.into())),
    };
    Some(quote!(::flounder::wire::#function(#wire_name, &self.#name, #max)))
}

/// `encode` of a message.
pub(super) fn encode(message: &Message) -> TokenStream {
    if message.args.is_empty() {
        return quote!(
            fn encode(self, _writer: &mut ::flounder::wire::Writer) {}
        );
    }
    let writes = message.wire_order().map(|arg| {
        let name = &arg.name;
        match arg.form {
            Form::Value => quote!(writer.put(self.#name)),
            Form::String(_) => quote!(writer.put_string(&self.#name)),
            Form::List(_) => quote!(writer.put_array(self.#name)),
        }
    });
    quote! {
        fn encode(self, writer: &mut ::flounder::wire::Writer) {
            #(#writes;)*
        }
    }
}

/// `decode` of a message.
pub(super) fn decode(message: &Message) -> TokenStream {
    let reader = if message.args.is_empty() { quote!(_reader) } else { quote!(reader) };
    let reads = message.wire_order().map(|arg| {
        let name = &arg.name;
        match arg.form {
            Form::Value => quote!(#name: reader.get()?),
            Form::String(max) => {
                let max = number(max.into());
                quote!(#name: reader.get_string(#max)?)
            }
            Form::List(max) => {
                let max = number(max.into());
                quote!(#name: reader.get_array(#max)?)
            }
        }
    });
    quote! {
        fn decode(
            #reader: &mut ::flounder::wire::Reader<'_>,
        ) -> ::core::result::Result<Self, ::flounder::wire::WireError> {
            ::core::result::Result::Ok(Self { #(#reads),* })
        }
    }
}

/// Shows the capabilities at `place` to `visitor`.
pub(super) fn visit(place: &TokenStream, caps: Caps) -> TokenStream {
    match caps {
        Caps::None => TokenStream::new(),
        Caps::Copied => quote!(::flounder::wire::Value::visit_caps(&mut #place, visitor)),
        Caps::Moved { depth: 0 } => {
            quote!(visitor.visit(&mut #place, ::flounder::Transfer::Move))
        }
        Caps::Moved { depth } => {
            let flattened = (1..depth).map(|_| quote!(.as_flattened_mut()));
            quote! {
                for cap in #place #(#flattened)* .iter_mut() {
                    visitor.visit(cap, ::flounder::Transfer::Move);
                }
            }
        }
    }
}
