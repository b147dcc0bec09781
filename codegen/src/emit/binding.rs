//! The binding: a handle with a method per message and per rpc, and no other inherent item.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::docs;
use crate::plan::{Interface, Message, MessageKind};

/// `Binding` and what it is to the runtime.
pub(super) fn binding(plan: &Interface) -> TokenStream {
    let text = format!(
        " One end of a connection that speaks `{}`. What all bindings can do is in [`AnyBinding`](::flounder::AnyBinding).",
        plan.name
    );
    let methods = plan.messages.iter().filter_map(|message| match message.kind {
        MessageKind::OneWay => Some(send(message)),
        MessageKind::Call => call(plan, message).filter(|_| plan.is_client),
        MessageKind::Response => None,
    });
    quote! {
        #[doc = #text]
        pub struct Binding<S: 'static> {
            parts: ::flounder::Parts<Interface, S>,
        }

        impl<S: 'static> Binding<S> {
            #(#methods)*
        }

        impl<S: 'static> ::flounder::AnyBinding for Binding<S> {
            type Interface = Interface;
            type State = S;

            fn parts(&self) -> &::flounder::Parts<Interface, S> {
                &self.parts
            }
        }

        impl<S: 'static> ::core::clone::Clone for Binding<S> {
            fn clone(&self) -> Self {
                Self { parts: self.parts.clone() }
            }
        }

        impl<S: 'static> ::core::fmt::Debug for Binding<S> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.parts, f)
            }
        }
    }
}

fn send(message: &Message) -> TokenStream {
    let (docs, name, method) = (docs(&message.docs.method), &message.name, &message.entry);
    let allow = allow(message);
    quote! {
        #docs
        #allow
        pub fn #method(
            &self,
            message: messages::#name,
        ) -> ::core::result::Result<(), ::flounder::TxError<messages::#name>> {
            self.parts.send(message)
        }
    }
}

fn call(plan: &Interface, message: &Message) -> Option<TokenStream> {
    let rpc = plan.rpcs.iter().find(|rpc| rpc.call == message.name)?;
    let (docs, name) = (docs(&message.docs.method), &message.name);
    let (method, future) = (&rpc.method, &rpc.future);
    let allow = allow(message);
    Some(quote! {
        #docs
        #allow
        pub fn #method(
            &self,
            message: messages::#name,
        ) -> ::core::result::Result<calls::#future, ::flounder::CallError<messages::#name>> {
            self.parts.call(message)
        }
    })
}

fn allow(message: &Message) -> Option<TokenStream> {
    let lint = format_ident!("{}", message.lint?);
    Some(quote!(#[allow(clippy::#lint, reason = "the method is named like its message")]))
}
