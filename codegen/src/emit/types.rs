//! Declared types and their codec.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::codec::visit;
use super::{derive, docs, external, number};
use crate::plan::{Caps, Field, Home, Type, TypeDef, TypeDefKind, Variant};

/// Where the type that is printed stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// In the module of an import.
    Import,
    /// In `types` of an interface.
    Types,
    /// In a module of an interface other than `types`.
    Messages,
}

/// The module of the types that an interface declares.
pub(super) fn module(types: &[TypeDef]) -> TokenStream {
    if types.is_empty() {
        return TokenStream::new();
    }
    let items = types.iter().map(|ty| declaration(ty, From::Types));
    quote! {
        /// The types that the interface declares.
        pub mod types {
            #(#items)*
        }
    }
}

/// A type as it is written in one of the modules.
pub(super) fn path(ty: &Type, from: From) -> TokenStream {
    match ty {
        Type::Primitive(name) => {
            let name = proc_macro2::Ident::new(name, proc_macro2::Span::call_site());
            quote!(#name)
        }
        Type::Runtime(name) => {
            let name = proc_macro2::Ident::new(name, proc_macro2::Span::call_site());
            quote!(::flounder::#name)
        }
        Type::Own(name) if from == From::Messages => quote!(super::types::#name),
        Type::Own(name) => quote!(#name),
        Type::Imported(Home::Extern(path), name) => {
            let path = external(path);
            quote!(#path::#name)
        }
        Type::Imported(Home::Module(module), name) if from == From::Import => {
            quote!(super::#module::#name)
        }
        Type::Imported(Home::Module(module), name) => quote!(super::super::#module::#name),
        Type::Array(elem, length) => {
            let (elem, length) = (path(elem, from), number((*length).into()));
            quote!([#elem; #length])
        }
        Type::String => quote!(::std::string::String),
        Type::Vec(elem) => {
            let elem = path(elem, from);
            quote!(::std::vec::Vec<#elem>)
        }
    }
}

/// A declared type, with what makes it a value on the wire.
pub(super) fn declaration(ty: &TypeDef, from: From) -> TokenStream {
    let (docs, name) = (docs(&ty.docs), &ty.name);
    let (derive, attributes) = (derive(ty.derives()), &ty.attributes);
    match &ty.kind {
        TypeDefKind::Alias(target) => {
            let target = path(target, from);
            quote!(#docs pub type #name = #target;)
        }
        TypeDefKind::Struct(fields) => {
            let members = fields.iter().map(|field| member(field, from));
            let codec = struct_codec(ty, fields);
            quote! {
                #docs
                #derive
                #attributes
                pub struct #name {
                    #(#members,)*
                }
                #codec
            }
        }
        TypeDefKind::Enum(variants) => {
            let members = variants.iter().map(variant);
            let codec = enum_codec(ty, variants);
            quote! {
                #docs
                #derive
                #attributes
                #[repr(u32)]
                pub enum #name {
                    #(#members,)*
                }
                #codec
            }
        }
    }
}

fn member(field: &Field, from: From) -> TokenStream {
    let (docs, name, ty) = (docs(&field.docs), &field.name, path(&field.ty, from));
    quote!(#docs pub #name: #ty)
}

fn variant(variant: &Variant) -> TokenStream {
    let (docs, name) = (docs(&variant.docs), &variant.name);
    let value = Literal::u32_unsuffixed(variant.value);
    quote!(#docs #name = #value)
}

fn struct_codec(ty: &TypeDef, fields: &[Field]) -> TokenStream {
    let (name, size) = (&ty.name, number(ty.packed));
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let visits: Vec<_> = fields
        .iter()
        .filter(|field| field.caps != Caps::None)
        .map(|field| {
            let place = &field.name;
            visit(&quote!(self.#place), field.caps)
        })
        .collect();
    let visit_caps = (!visits.is_empty()).then(|| {
        quote! {
            fn visit_caps(&mut self, visitor: &mut dyn ::flounder::CapVisitor) {
                #(#visits;)*
            }
        }
    });
    quote! {
        impl ::flounder::wire::Value for #name {
            const SIZE: usize = #size;

            fn put(self, writer: &mut ::flounder::wire::Writer) {
                #(writer.put(self.#names);)*
            }

            fn get(
                reader: &mut ::flounder::wire::Reader<'_>,
            ) -> ::core::result::Result<Self, ::flounder::wire::WireError> {
                ::core::result::Result::Ok(Self { #(#names: reader.get()?),* })
            }

            #visit_caps
        }
    }
}

fn enum_codec(ty: &TypeDef, variants: &[Variant]) -> TokenStream {
    let (name, size) = (&ty.name, number(ty.packed));
    let arms = variants.iter().map(|variant| {
        let (name, value) = (&variant.name, Literal::u32_unsuffixed(variant.value));
        quote!(#value => ::core::result::Result::Ok(Self::#name))
    });
    quote! {
        impl ::flounder::wire::Value for #name {
            const SIZE: usize = #size;

            fn put(self, writer: &mut ::flounder::wire::Writer) {
                writer.put(self as u32);
            }

            fn get(
                reader: &mut ::flounder::wire::Reader<'_>,
            ) -> ::core::result::Result<Self, ::flounder::wire::WireError> {
                match reader.get()? {
                    #(#arms,)*
                    other => ::core::result::Result::Err(::flounder::wire::WireError::Value(other)),
                }
            }
        }
    }
}
