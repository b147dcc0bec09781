//! The interface itself: its constants, its description, and what it is to the runtime.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::codec::visit;
use super::messages::unboxed;
use super::{hex, number};
use crate::plan::{Caps, Interface, Message, MessageKind};

/// Name, description, fingerprint, sizes and the descriptor.
pub(super) fn constants(plan: &Interface) -> TokenStream {
    let (name, description) = (&plan.name, &plan.description);
    let (high, low) = halves(plan.fingerprint);
    let bytes_max = number(plan.bytes_max);
    let messages = plan.messages.iter().map(descriptor);
    quote! {
        /// The interface's name.
        pub const NAME: &str = #name;

        /// What the interface file says the interface is for.
        pub const DESCRIPTION: &str = #description;

        /// Identifies what this interface says on the wire; both ends of a binding must agree on it.
        pub const FINGERPRINT: ::flounder::Fingerprint = ::flounder::Fingerprint::new(#high, #low);

        /// The most bytes a message of this interface takes when it is encoded.
        pub const MESSAGE_BYTES_MAX: usize = #bytes_max;

        /// The memory that a binding's two directions take, in bytes, at the default capacity.
        pub const BYTES_PER_BINDING: usize = ::flounder::bytes_per_binding::<Interface>();

        /// Describes the interface to tools: its messages and their arguments, in order.
        pub const DESCRIPTOR: ::flounder::Descriptor = ::flounder::Descriptor {
            name: NAME,
            description: DESCRIPTION,
            fingerprint: FINGERPRINT,
            messages: &[#(#messages,)*],
        };
    }
}

/// The upper and the lower half of a fingerprint.
fn halves(fingerprint: u128) -> (Literal, Literal) {
    let digits = format!("{fingerprint:032x}");
    let (high, low) = digits.split_at(digits.len() / 2);
    (hex(high), hex(low))
}

fn descriptor(message: &Message) -> TokenStream {
    let (number, name) = (Literal::u16_unsuffixed(message.number), &message.wire_name);
    let bytes_max = super::number(message.bytes_max);
    let kind = match message.kind {
        MessageKind::OneWay => quote!(OneWay),
        MessageKind::Call => quote!(Call),
        MessageKind::Response => quote!(Response),
    };
    let arguments = message.args.iter().map(|arg| {
        let (name, ty) = (&arg.wire_name, &arg.declared);
        quote!(::flounder::ArgumentDescriptor { name: #name, ty: #ty })
    });
    quote! {
        ::flounder::MessageDescriptor {
            number: #number,
            name: #name,
            kind: ::flounder::MessageKind::#kind,
            bytes_max: #bytes_max,
            arguments: &[#(#arguments),*],
        }
    }
}

/// The type that names the interface, and its `Interface`.
pub(super) fn implementation(plan: &Interface) -> TokenStream {
    let example = format!(
        " The interface as a type, to name it: `dispatcher.connect::<{}::Interface>(..)`.",
        plan.module
    );
    let (deliver, number) = (deliver(plan), message_number(plan));
    let (encode, decode) = (encode(plan), decode(plan));
    let visit_caps = visit_caps(plan);
    quote! {
        #[doc = #example]
        #[derive(Debug)]
        pub enum Interface {}

        impl ::flounder::Interface for Interface {
            type Message = Message;
            type RxVtbl<S: 'static> = RxVtbl<S>;
            type TxVtbl = TxVtbl;
            type Binding<S: 'static> = Binding<S>;

            const DESCRIPTOR: &'static ::flounder::Descriptor = &DESCRIPTOR;

            fn tx_vtbl<D: ::flounder::Driver>() -> &'static TxVtbl {
                const { &TxVtbl::of::<D>() }
            }

            fn binding<S: 'static>(parts: ::flounder::Parts<Self, S>) -> Binding<S> {
                Binding { parts }
            }

            #deliver
            #number
            #encode
            #decode
            #visit_caps
        }
    }
}

fn deliver(plan: &Interface) -> TokenStream {
    let handlers = plan.handled().next().map(|_| quote!(rx_vtbl, state, binding,));
    let incoming = if plan.rpcs.is_empty() { quote!(..) } else { quote!(incoming) };
    let rest = if handlers.is_none() { quote!(, ..) } else { TokenStream::new() };
    let arms = plan.messages.iter().filter_map(|message| deliver_message(plan, message));
    let responses: Vec<_> = plan.rpcs.iter().map(|rpc| &rpc.response).collect();
    let stray =
        (!responses.is_empty()).then(|| quote!(#(Message::#responses(_))|* => incoming.stray(),));
    quote! {
        fn deliver<S: 'static>(delivery: ::flounder::Delivery<'_, Self, S>) {
            let ::flounder::Delivery { #handlers message, #incoming #rest } = delivery;
            match message {
                #(#arms)*
                #stray
            }
        }
    }
}

/// The arm of a message that arrives; responses have one in common.
fn deliver_message(plan: &Interface, message: &Message) -> Option<TokenStream> {
    let (name, entry, whole) = (&message.name, &message.entry, unboxed(message));
    match message.kind {
        MessageKind::OneWay => {
            Some(quote!(Message::#name(message) => (rx_vtbl.#entry)(state, binding, #whole),))
        }
        MessageKind::Call if plan.is_server => Some(quote! {
            Message::#name(message) => {
                (rx_vtbl.#entry)(state, binding, #whole, incoming.reply());
            }
        }),
        MessageKind::Call => {
            let rpc = plan.rpcs.iter().find(|rpc| rpc.call == message.name)?;
            let response = &rpc.response;
            Some(quote! {
                Message::#name(_) => incoming.reply::<messages::#response>().unhandled(),
            })
        }
        MessageKind::Response => None,
    }
}

fn message_number(plan: &Interface) -> TokenStream {
    let arms = plan.messages.iter().map(|message| {
        let (name, number) = (&message.name, Literal::u16_unsuffixed(message.number));
        quote!(Message::#name(_) => #number)
    });
    quote! {
        fn number(message: &Message) -> u16 {
            match message {
                #(#arms,)*
            }
        }
    }
}

fn encode(plan: &Interface) -> TokenStream {
    let arms = plan.messages.iter().map(|message| {
        let (name, whole) = (&message.name, unboxed(message));
        quote!(Message::#name(message) => ::flounder::Payload::encode(#whole, writer))
    });
    quote! {
        fn encode(message: Message, writer: &mut ::flounder::wire::Writer) {
            match message {
                #(#arms,)*
            }
        }
    }
}

fn decode(plan: &Interface) -> TokenStream {
    let arms = plan.messages.iter().map(|message| {
        let (name, number) = (&message.name, Literal::u16_unsuffixed(message.number));
        let boxed = message.boxed.then(|| quote!(.map(::std::boxed::Box::new)));
        quote!(#number => ::flounder::Payload::decode(reader) #boxed .map(Message::#name))
    });
    quote! {
        fn decode(
            number: u16,
            reader: &mut ::flounder::wire::Reader<'_>,
        ) -> ::core::result::Result<Message, ::flounder::wire::WireError> {
            match number {
                #(#arms,)*
                _ => ::core::result::Result::Err(::flounder::wire::WireError::Number(number)),
            }
        }
    }
}

fn visit_caps(plan: &Interface) -> TokenStream {
    let (with, without): (Vec<_>, Vec<_>) =
        plan.messages.iter().partition(|message| message.holds_caps());
    if with.is_empty() {
        return quote! {
            fn visit_caps(_message: &mut Message, _visitor: &mut dyn ::flounder::CapVisitor) {}
        };
    }
    let arms = with.iter().map(|message| visit_message(message));
    let without = without.iter().map(|message| &message.name).collect::<Vec<_>>();
    let none = (!without.is_empty()).then(|| quote!(#(Message::#without(_))|* => {}));
    quote! {
        fn visit_caps(message: &mut Message, visitor: &mut dyn ::flounder::CapVisitor) {
            match message {
                #(#arms)*
                #none
            }
        }
    }
}

fn visit_message(message: &Message) -> TokenStream {
    let name = &message.name;
    let visits = message.args.iter().filter(|arg| arg.caps != Caps::None).map(|arg| {
        let place = &arg.name;
        visit(&quote!(message.#place), arg.caps)
    });
    quote!(Message::#name(message) => { #(#visits;)* })
}
