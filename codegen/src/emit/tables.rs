//! The tables of receive handlers and of send functions.

use proc_macro2::TokenStream;
use quote::quote;

use super::docs;
use crate::plan::{Interface, Message, MessageKind};

/// `RxVtbl`, its base, and the traits that a derive would ask more of `S` for.
pub(super) fn rx_vtbl(plan: &Interface) -> TokenStream {
    let fields = plan.handled().map(|message| handler(plan, message));
    let unhandled = plan.handled().map(unhandled);
    // A table without handlers would not use its parameter.
    let no_handler = plan.handled().next().is_none();
    let no_field = no_handler
        .then(|| quote!(#[doc(hidden)] pub no_handler: ::core::marker::PhantomData<fn(&mut S)>,));
    let no_value = no_handler.then(|| quote!(no_handler: ::core::marker::PhantomData,));
    let debug_name = format!("{}::RxVtbl", plan.name);
    quote! {
        /// Receive handlers, one per message. Start from [`RxVtbl::UNHANDLED`].
        pub struct RxVtbl<S: 'static> {
            #(#fields,)*
            #no_field
        }

        impl<S: 'static> RxVtbl<S> {
            /// Handles nothing: a message is reported to the binding's error handler, a call is answered with [`RpcError::Unhandled`](::flounder::RpcError::Unhandled).
            pub const UNHANDLED: Self = Self {
                #(#unhandled,)*
                #no_value
            };
        }

        impl<S: 'static> ::core::clone::Clone for RxVtbl<S> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<S: 'static> ::core::marker::Copy for RxVtbl<S> {}

        impl<S: 'static> ::core::fmt::Debug for RxVtbl<S> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#debug_name).finish_non_exhaustive()
            }
        }
    }
}

fn handler(plan: &Interface, message: &Message) -> TokenStream {
    let (docs, name, entry) = (docs(&message.docs.message), &message.name, &message.entry);
    let reply = plan.rpcs.iter().find(|rpc| rpc.call == message.name).map(|rpc| {
        let reply = &rpc.reply;
        quote!(, replies::#reply)
    });
    quote!(#docs pub #entry: fn(&mut S, &Binding<S>, messages::#name #reply))
}

fn unhandled(message: &Message) -> TokenStream {
    let entry = &message.entry;
    if message.kind == MessageKind::Call {
        quote!(#entry: |_, _, _, reply| reply.unhandled())
    } else {
        quote!(#entry: |state, binding, message| ::flounder::unhandled(state, binding, message))
    }
}

/// `TxVtbl`, and how a driver's is made.
pub(super) fn tx_vtbl(plan: &Interface) -> TokenStream {
    let fields = plan.messages.iter().map(|message| {
        let (docs, name, entry) = (docs(&message.docs.send), &message.name, &message.entry);
        quote!(#docs pub #entry: ::flounder::SendFn<Interface, messages::#name>)
    });
    let entries = plan.messages.iter().map(|message| {
        let (name, entry) = (&message.name, &message.entry);
        quote!(#entry: ::flounder::send::<D, Interface, messages::#name>)
    });
    quote! {
        /// Send functions, one per message; each interconnect driver has one such table.
        #[derive(Clone, Copy, Debug)]
        pub struct TxVtbl {
            #(#fields,)*
        }

        impl TxVtbl {
            /// The table of the driver `D`.
            #[must_use]
            pub const fn of<D: ::flounder::Driver>() -> Self {
                Self {
                    #(#entries,)*
                }
            }
        }
    }
}
