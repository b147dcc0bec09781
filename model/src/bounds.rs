//! How much may happen: what makes a search end, and how it is written.

use std::fmt;

/// Makes the bounds of a model: a number for each thing, written as `requests=5,exits=1`.
macro_rules! bounds {
    ($($(#[$doc:meta])* $name:ident = $none:literal,)*) => {
        /// How often each thing may happen that nothing else causes.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub struct Bounds {
            $($(#[$doc])* pub $name: u8,)*
        }

        impl Bounds {
            /// Nothing happens.
            #[must_use]
            pub const fn none() -> Self {
                Self { $($name: $none,)* }
            }

            /// The bounds by their names.
            fn named(&self) -> Vec<(&'static str, u8)> {
                vec![$((stringify!($name), self.$name)),*]
            }

            fn field(&mut self, name: &str) -> Option<&mut u8> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)*
                    _ => None,
                }
            }
        }

        /// Those that are not as in [`Bounds::none`], as they are parsed.
        impl ::std::fmt::Display for Bounds {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::bounds::write(f, &self.named(), &Self::none().named())
            }
        }

        impl ::std::str::FromStr for Bounds {
            type Err = $crate::bounds::BoundsError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bounds = Self::none();
                $crate::bounds::parse(text, |name, value| {
                    bounds.field(name).map(|field| *field = value)
                })?;
                Ok(bounds)
            }
        }
    };
}
pub(crate) use bounds;

/// Bounds that can't be understood.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BoundsError {
    /// There is no such bound in this model.
    Name(Box<str>),
    /// It isn't a name, `=` and a number up to 255.
    Form(Box<str>),
}

impl fmt::Display for BoundsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "there is no bound called `{name}` in this model"),
            Self::Form(text) => write!(f, "`{text}` is not like `requests=5`"),
        }
    }
}

impl std::error::Error for BoundsError {}

pub(crate) fn parse(
    text: &str,
    mut set: impl FnMut(&str, u8) -> Option<()>,
) -> Result<(), BoundsError> {
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let form = || BoundsError::Form(part.into());
        let (name, value) = part.split_once('=').ok_or_else(form)?;
        let value = value.parse().map_err(|_| form())?;
        set(name, value).ok_or_else(|| BoundsError::Name(name.into()))?;
    }
    Ok(())
}

pub(crate) fn write(
    f: &mut fmt::Formatter<'_>,
    bounds: &[(&str, u8)],
    none: &[(&str, u8)],
) -> fmt::Result {
    let told = bounds.iter().zip(none).filter(|(bound, none)| bound != none);
    let told: Vec<_> = told.map(|((name, value), _)| format!("{name}={value}")).collect();
    f.write_str(&told.join(","))
}

#[cfg(test)]
mod tests {
    use crate::lifecycle::Bounds;

    #[test]
    fn bounds_are_read_as_they_are_written() {
        for text in ["", "requests=5,domains=1", "exits=1,crashes=255,room=2"] {
            let bounds: Bounds = text.parse().expect(text);
            assert_eq!(bounds.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_bound_is_refused() {
        for (text, told) in [
            ("losses=1", "there is no bound called `losses` in this model"),
            ("requests", "`requests` is not like `requests=5`"),
            ("exits=1,crashes=256", "`crashes=256` is not like `requests=5`"),
        ] {
            let error = text.parse::<Bounds>().expect_err(text);
            assert_eq!(error.to_string(), told);
        }
    }
}
