//! A program and what it is started with, in the form that the kernel takes.

use std::ffi::{CString, NulError, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// A program, its arguments and its environment, as strings that end in NUL.
#[derive(Debug)]
pub(super) struct Exec {
    pub(super) path: CString,
    pub(super) argv: Vec<CString>,
    pub(super) env: Vec<CString>,
}

impl Exec {
    /// The program at `path`.
    ///
    /// # Errors
    ///
    /// If a string has a NUL byte in it. A spawnd refuses such strings before.
    pub(super) fn new(
        path: PathBuf,
        argv: Vec<OsString>,
        env: Vec<(OsString, OsString)>,
    ) -> Result<Self, NulError> {
        let path = CString::new(path.into_os_string().into_vec())?;
        let argv = argv.into_iter().map(|arg| CString::new(arg.into_vec()));
        let env = env.into_iter().map(|(mut variable, value)| {
            variable.push("=");
            variable.push(value);
            CString::new(variable.into_vec())
        });
        Ok(Self {
            path,
            argv: argv.collect::<Result<_, _>>()?,
            env: env.collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_keep_their_order_and_their_bytes() {
        let odd = OsString::from_vec(vec![0xff, b'=']);
        let env = vec![("B".into(), "2".into()), ("A".into(), odd), ("C".into(), "".into())];
        let exec = Exec::new("/bin/x".into(), vec!["x".into(), "".into()], env).unwrap();
        assert_eq!(exec.path.as_bytes(), b"/bin/x");
        assert_eq!(exec.argv, [c"x".to_owned(), c"".to_owned()]);
        assert_eq!(exec.env, [c"B=2".to_owned(), c"A=\xff=".to_owned(), c"C=".to_owned()]);
    }

    #[test]
    fn a_nul_is_refused_wherever_it_is() {
        let nul = || OsString::from("a\0b");
        for (path, argv, env) in [
            (PathBuf::from(nul()), vec![], vec![]),
            (PathBuf::new(), vec![nul()], vec![]),
            (PathBuf::new(), vec![], vec![(nul(), OsString::new())]),
            (PathBuf::new(), vec![], vec![(OsString::new(), nul())]),
        ] {
            assert!(Exec::new(path, argv, env).is_err());
        }
    }
}
