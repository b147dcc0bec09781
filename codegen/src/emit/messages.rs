//! The messages as structs, what they are to the runtime, and the aliases that belong to calls.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::types::{From, path};
use super::{codec, derive, docs, moved};
use crate::plan::{Arg, Docs, Interface, Message};

/// The module of the message structs.
pub(super) fn module(plan: &Interface) -> TokenStream {
    let messages = plan.messages.iter().map(|message| moved(item(plan, message)));
    quote! {
        /// The messages, each with its arguments.
        pub mod messages {
            #(#messages)*
        }
    }
}

fn item(plan: &Interface, message: &Message) -> TokenStream {
    let (docs, name) = (moved(docs(&message.docs.message)), &message.name);
    let (derive, attributes) = (derive(message.derives()), &message.attributes);
    let fields = message.args.iter().map(|arg| moved(field(arg)));
    let payload = moved(payload(plan, message));
    let rpc = plan.rpcs.iter().find(|rpc| plan.is_client && rpc.call == message.name);
    let request = rpc.map(|rpc| {
        let response = &rpc.response;
        quote! {
            impl ::flounder::Request<super::Interface> for #name {
                type Response = #response;
            }
        }
    });
    quote! {
        #docs
        #derive
        #attributes
        pub struct #name {
            #(#fields,)*
        }
        #payload
        #request
    }
}

fn field(arg: &Arg) -> TokenStream {
    let (docs, name) = (moved(docs(&arg.docs)), &arg.name);
    let ty = moved(path(&arg.ty, From::Messages));
    quote!(#docs pub #name: #ty)
}

fn payload(plan: &Interface, message: &Message) -> TokenStream {
    let (name, entry) = (&message.name, &message.entry);
    let number = Literal::u16_unsuffixed(message.number);
    let check = moved(codec::check(message));
    let (encode, decode) = (moved(codec::encode(message)), moved(codec::decode(message)));
    let whole = if message.boxed { quote!(::std::boxed::Box::new(self)) } else { quote!(self) };
    let from_message = moved(from_message(plan, message));
    quote! {
        impl ::flounder::Payload<super::Interface> for #name {
            const NUMBER: u16 = #number;

            fn check(&self) -> ::core::result::Result<(), ::flounder::BadArgument> {
                #check
            }

            #encode

            #decode

            fn into_message(self) -> super::Message {
                super::Message::#name(#whole)
            }

            #from_message

            fn entry(table: &super::TxVtbl) -> ::flounder::SendFn<super::Interface, Self> {
                table.#entry
            }
        }
    }
}

/// An interface of one message has no other that could come instead, one of two a certain other,
/// which strict lints want named.
fn from_message(plan: &Interface, message: &Message) -> TokenStream {
    let (name, whole) = (&message.name, unboxed(message));
    let body = if plan.messages.len() == 1 {
        quote! {
            let super::Message::#name(message) = message;
            ::core::result::Result::Ok(#whole)
        }
    } else {
        let mut others = plan.messages.iter().filter(|other| other.name != *name);
        let other = if let (Some(Message { name, .. }), None) = (others.next(), others.next()) {
            quote!(other @ super::Message::#name(_))
        } else {
            quote!(other)
        };
        quote! {
            match message {
                super::Message::#name(message) => ::core::result::Result::Ok(#whole),
                #other => ::core::result::Result::Err(other),
            }
        }
    };
    quote! {
        fn from_message(
            message: super::Message,
        ) -> ::core::result::Result<Self, super::Message> {
            #body
        }
    }
}

/// The message in a variant of `Message`, taken out of its box if it is in one.
pub(super) fn unboxed(message: &Message) -> TokenStream {
    if message.boxed { quote!(*message) } else { quote!(message) }
}

/// The module of the futures.
pub(super) fn calls(plan: &Interface) -> TokenStream {
    let aliases = plan
        .rpcs
        .iter()
        .map(|rpc| alias(&rpc.future_docs, &rpc.future, &quote!(Call), &rpc.response));
    let aliases: Vec<_> = aliases.collect();
    if aliases.is_empty() || !plan.is_client {
        return TokenStream::new();
    }
    quote! {
        /// The futures that calls return.
        pub mod calls {
            #(#aliases)*
        }
    }
}

/// The module of the tokens.
pub(super) fn replies(plan: &Interface) -> TokenStream {
    let aliases = plan
        .rpcs
        .iter()
        .map(|rpc| alias(&rpc.reply_docs, &rpc.reply, &quote!(Reply), &rpc.response));
    let aliases: Vec<_> = aliases.collect();
    if aliases.is_empty() || !plan.is_server {
        return TokenStream::new();
    }
    quote! {
        /// The tokens that handlers answer calls with, each exactly once.
        pub mod replies {
            #(#aliases)*
        }
    }
}

fn alias(text: &Docs, name: &Ident, of: &TokenStream, response: &Ident) -> TokenStream {
    let docs = docs(text);
    quote! {
        #docs
        pub type #name = ::flounder::#of<super::Interface, super::messages::#response>;
    }
}

/// The enum of all messages.
pub(super) fn any(plan: &Interface) -> TokenStream {
    let variants = plan.messages.iter().map(|message| {
        let (docs, name) = (docs(&message.docs.variant), &message.name);
        let boxed = message.boxed.then(|| quote!(::std::boxed::Box<messages::#name>));
        let content = boxed.unwrap_or_else(|| quote!(messages::#name));
        quote!(#docs #name(#content))
    });
    quote! {
        /// Any message of the interface: what a driver that moves messages carries.
        #[derive(Debug)]
        pub enum Message {
            #(#variants,)*
        }
    }
}
