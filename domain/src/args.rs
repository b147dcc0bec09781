//! Arguments and environment of a program, as they travel in a spawn request.
//!
//! Each list is one buffer of strings that each end with a NUL byte; an empty buffer is an empty
//! list. The strings are bytes, as on Linux: what isn't UTF-8 reaches the program unchanged, as an
//! [`OsString`]. Packing and parsing live together, so that the two can't drift apart.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use flounder::ErrCode;

/// How many strings one list holds at most: what Barrelfish's argument page has room for.
pub const STRINGS_MAX: usize = 128;

/// The size of the page a program finds its arguments and environment on.
pub const ARGUMENT_PAGE_BYTES: usize = 4096;

/// What a string takes up on the argument page beside its bytes: its entry in the table of
/// pointers. Without it the page could not overflow, since each buffer is at most half of it.
pub const STRING_ENTRY_BYTES: usize = 8;

/// What a program is started with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Arguments {
    argv: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
}

impl Arguments {
    /// Reads the two buffers of a spawn request.
    ///
    /// ```
    /// use flounder_domain::args::Arguments;
    ///
    /// let arguments = Arguments::parse(b"echo\0hello\0", b"LANG=C\0").expect("well formed");
    /// assert_eq!(arguments.argv(), ["echo", "hello"]);
    /// assert_eq!(arguments.var("LANG"), Some("C".as_ref()));
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with a buffer; a malformed buffer comes before a full page.
    pub fn parse(argvbuf: &[u8], envbuf: &[u8]) -> Result<Self, ArgumentsError> {
        let argv = split(argvbuf)?;
        let env = split(envbuf)?;
        check_page(argv.len() + env.len(), argvbuf.len() + envbuf.len())?;
        let argv = argv.into_iter().map(|arg| OsString::from_vec(arg.to_vec())).collect();
        Ok(Self { argv, env: variables(&env)? })
    }

    /// The arguments, the program's own name first if the caller follows the custom.
    #[must_use]
    pub fn argv(&self) -> &[OsString] {
        &self.argv
    }

    /// The environment in the order it was given; no key comes twice.
    #[must_use]
    pub fn env(&self) -> &[(OsString, OsString)] {
        &self.env
    }

    /// The value of the environment variable `key`.
    #[must_use]
    pub fn var(&self, key: impl AsRef<OsStr>) -> Option<&OsStr> {
        let key = key.as_ref();
        self.env.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_os_str())
    }

    /// Arguments and environment, to be moved into the program.
    #[must_use]
    pub fn into_parts(self) -> (Vec<OsString>, Vec<(OsString, OsString)>) {
        (self.argv, self.env)
    }
}

/// Packs strings into a buffer that [`Arguments::parse`] reads.
///
/// ```
/// use flounder_domain::args::pack;
///
/// assert_eq!(pack(&["echo", "hello"]).expect("no NUL"), b"echo\0hello\0");
/// ```
///
/// # Errors
///
/// If a string contains a NUL byte or there are more than [`STRINGS_MAX`].
pub fn pack<S: AsRef<OsStr>>(strings: &[S]) -> Result<Vec<u8>, PackError> {
    if strings.len() > STRINGS_MAX {
        return Err(PackError::TooMany { count: strings.len() });
    }
    let mut buffer = Vec::new();
    for (index, string) in strings.iter().enumerate() {
        let bytes = string.as_ref().as_bytes();
        if bytes.contains(&0) {
            return Err(PackError::Nul { index });
        }
        buffer.extend_from_slice(bytes);
        buffer.push(0);
    }
    Ok(buffer)
}

/// The strings of a buffer, without their NUL bytes.
fn split(buffer: &[u8]) -> Result<Vec<&[u8]>, ArgumentsError> {
    let Some((&last, strings)) = buffer.split_last() else { return Ok(Vec::new()) };
    if last != 0 {
        return Err(ArgumentsError::Unterminated);
    }
    let strings: Vec<_> = strings.split(|&byte| byte == 0).collect();
    if strings.len() > STRINGS_MAX {
        return Err(ArgumentsError::TooMany { count: strings.len() });
    }
    Ok(strings)
}

fn check_page(strings: usize, bytes: usize) -> Result<(), ArgumentsError> {
    let bytes = bytes + strings * STRING_ENTRY_BYTES;
    if bytes > ARGUMENT_PAGE_BYTES { Err(ArgumentsError::PageOverflow { bytes }) } else { Ok(()) }
}

fn variables(strings: &[&[u8]]) -> Result<Vec<(OsString, OsString)>, ArgumentsError> {
    let mut keys = BTreeSet::new();
    let mut variables = Vec::with_capacity(strings.len());
    for (index, string) in strings.iter().enumerate() {
        let (key, value) = variable(string).ok_or(ArgumentsError::NotKeyValue { index })?;
        if key.is_empty() {
            return Err(ArgumentsError::EmptyKey { index });
        }
        if !keys.insert(key) {
            return Err(ArgumentsError::DuplicateKey { index });
        }
        variables.push((OsString::from_vec(key.to_vec()), OsString::from_vec(value.to_vec())));
    }
    Ok(variables)
}

/// Splits at the first `=`: a value may contain more of them.
fn variable(string: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = string.iter().position(|&byte| byte == b'=')?;
    Some((&string[..equals], &string[equals + 1..]))
}

/// Why the buffers of a spawn request are refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentsError {
    /// The last byte of a buffer is not NUL.
    #[error("the last string has no NUL byte at its end")]
    Unterminated,
    /// A list is longer than [`STRINGS_MAX`].
    #[error("{count} strings are more than {STRINGS_MAX}")]
    TooMany {
        /// How many strings there are.
        count: usize,
    },
    /// A string of the environment has no `=`.
    #[error("string {index} of the environment is not KEY=VALUE")]
    NotKeyValue {
        /// Which one, counted from 0.
        index: usize,
    },
    /// A string of the environment begins with `=`.
    #[error("string {index} of the environment has an empty key")]
    EmptyKey {
        /// Which one, counted from 0.
        index: usize,
    },
    /// A key of the environment came before.
    #[error("string {index} of the environment repeats a key")]
    DuplicateKey {
        /// The repetition, counted from 0.
        index: usize,
    },
    /// Strings and their entries take up more than [`ARGUMENT_PAGE_BYTES`].
    #[error("{bytes} bytes are more than the {ARGUMENT_PAGE_BYTES} of the argument page")]
    PageOverflow {
        /// What they take up.
        bytes: usize,
    },
}

impl ArgumentsError {
    /// The code that answers the request.
    #[must_use]
    pub fn code(self) -> ErrCode {
        match self {
            Self::PageOverflow { .. } => ErrCode::SPAWN_ERR_ARGSPG_OVERFLOW,
            Self::Unterminated
            | Self::TooMany { .. }
            | Self::NotKeyValue { .. }
            | Self::EmptyKey { .. }
            | Self::DuplicateKey { .. } => ErrCode::SPAWN_ERR_GET_CMDLINE_ARGS,
        }
    }
}

/// Why strings can't be packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// A string contains a NUL byte, which would end it early.
    #[error("string {index} contains a NUL byte")]
    Nul {
        /// Which one, counted from 0.
        index: usize,
    },
    /// The list is longer than [`STRINGS_MAX`].
    #[error("{count} strings are more than {STRINGS_MAX}")]
    TooMany {
        /// How many strings there are.
        count: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use ArgumentsError::{
        DuplicateKey, EmptyKey, NotKeyValue, PageOverflow, TooMany, Unterminated,
    };
    use proptest::prelude::*;

    type Parts<'a> = (&'a [&'a [u8]], &'a [(&'a [u8], &'a [u8])]);

    fn check(argvbuf: &[u8], envbuf: &[u8], expected: Result<Parts<'_>, ArgumentsError>) {
        let parsed = Arguments::parse(argvbuf, envbuf);
        let parts = parsed.as_ref().map(|arguments| {
            let argv: Vec<_> = arguments.argv().iter().map(|arg| arg.as_bytes()).collect();
            let env: Vec<_> =
                arguments.env().iter().map(|(k, v)| (k.as_bytes(), v.as_bytes())).collect();
            (argv, env)
        });
        let expected = expected.map(|(argv, env)| (argv.to_vec(), env.to_vec()));
        assert_eq!(parts.map_err(|error| *error), expected, "{argvbuf:?} {envbuf:?}");
    }

    #[test]
    fn well_formed_buffers() {
        let table: [(&[u8], &[u8], Parts<'_>); 7] = [
            (b"", b"", (&[], &[])),
            (b"\0", b"", (&[b""], &[])),
            (b"a\0", b"", (&[b"a"], &[])),
            (b"a\0\0c d\0", b"", (&[b"a", b"", b"c d"], &[])),
            (b"\xff\xfe\0", b"K=\xff\0", (&[b"\xff\xfe"], &[(b"K", b"\xff")])),
            (b"", b"A=\0B=1=2\0", (&[], &[(b"A", b""), (b"B", b"1=2")])),
            (b"", b"B=1\0b=1\0A=1\0", (&[], &[(b"B", b"1"), (b"b", b"1"), (b"A", b"1")])),
        ];
        for (argvbuf, envbuf, expected) in table {
            check(argvbuf, envbuf, Ok(expected));
        }
    }

    #[test]
    fn malformed_buffers() {
        let table: [(&[u8], &[u8], ArgumentsError); 9] = [
            (b"a", b"", Unterminated),
            (b"a\0b", b"", Unterminated),
            (b"", b"K=V", Unterminated),
            (b"", b"K\0", NotKeyValue { index: 0 }),
            (b"", b"A=1\0\0", NotKeyValue { index: 1 }),
            (b"", &[0; 127], NotKeyValue { index: 0 }),
            (b"", b"A=1\0=2\0", EmptyKey { index: 1 }),
            (b"", b"A=1\0B=2\0A=3\0", DuplicateKey { index: 2 }),
            (&[0; STRINGS_MAX + 1], b"", TooMany { count: STRINGS_MAX + 1 }),
        ];
        for (argvbuf, envbuf, expected) in table {
            check(argvbuf, envbuf, Err(expected));
            assert_eq!(expected.code(), ErrCode::SPAWN_ERR_GET_CMDLINE_ARGS, "{expected}");
        }
    }

    #[test]
    fn limits_are_reached_and_not_passed() {
        assert_eq!(Arguments::parse(&[0; STRINGS_MAX], b"").map(|a| a.argv.len()), Ok(STRINGS_MAX));
        let full = ARGUMENT_PAGE_BYTES - STRING_ENTRY_BYTES;
        let mut buffer = vec![b'a'; full];
        buffer[full - 1] = 0;
        assert!(Arguments::parse(&buffer, b"").is_ok());
        buffer.insert(0, b'a');
        let error = Arguments::parse(&buffer, b"").expect_err("one byte over the page");
        assert_eq!(error, PageOverflow { bytes: ARGUMENT_PAGE_BYTES + 1 });
        assert_eq!(error.code(), ErrCode::SPAWN_ERR_ARGSPG_OVERFLOW);
    }

    #[test]
    fn two_full_messages_overflow_the_page() {
        let mut argvbuf = [b'a'; 2048];
        argvbuf[2047] = 0;
        let mut envbuf = argvbuf;
        envbuf[1] = b'=';
        let bytes = ARGUMENT_PAGE_BYTES + 2 * STRING_ENTRY_BYTES;
        check(&argvbuf, &envbuf, Err(PageOverflow { bytes }));
    }

    #[test]
    fn what_cannot_be_packed() {
        assert_eq!(pack(&["a", "b\0c"]), Err(PackError::Nul { index: 1 }));
        let count = STRINGS_MAX + 1;
        assert_eq!(pack(&vec![""; count]), Err(PackError::TooMany { count }));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn parse_undoes_pack(strings in prop::collection::vec("[^\0]{0,8}", 0..20)) {
            let argv: Vec<OsString> = strings.into_iter().map(OsString::from).collect();
            let buffer = pack(&argv).expect("no NUL, few strings");
            let parsed = Arguments::parse(&buffer, b"").expect("packed by us");
            prop_assert_eq!(parsed.argv(), argv);
        }

        #[test]
        fn any_bytes_are_read_or_refused(argvbuf: Vec<u8>, envbuf: Vec<u8>) {
            if let Ok(arguments) = Arguments::parse(&argvbuf, &envbuf) {
                prop_assert_eq!(pack(arguments.argv()), Ok(argvbuf));
            }
        }
    }
}
