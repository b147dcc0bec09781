//! The examples that the help of each command ends with.

pub(super) const EXAMPLES: &str = "\
Examples:
  flounder new greeter                         a crate with an interface, a service and a client
  flounder check echo.if                       look for mistakes
  flounder gen echo.if --out src/generated     write src/generated/echo.rs
  flounder breaking --against v1/echo.if echo.if
                                               who breaks if echo.if replaces v1/echo.if
  flounder explain E012                        read about an error

Exit status: 0 all is well, 1 findings or stale bindings, 2 wrong usage or unreadable files.";

pub(super) const CHECK: &str = "\
Examples:
  flounder check idl/*.if                      a folder, its files of types among them
  flounder check calc.if -i types.if           use the types of another file
  flounder check echo.if --format short        one line per finding, for editors
  flounder check echo.if --deny warnings       fail also if there are only warnings
  flounder check echo.if --warn W004           tell where `int` is used";

pub(super) const GEN: &str = "\
Examples:
  flounder gen echo.if --out src/generated     write src/generated/echo.rs
  flounder gen calc.if -i types.if --out out   use the types of another file
  flounder gen idl/*.if --out out --check      fail if the bindings in `out` are stale

Bindings that did not change are not written; after an error nothing is.";

pub(super) const FMT: &str = "\
Examples:
  flounder fmt idl/*.if            format files in place
  flounder fmt idl/*.if --check    name the files that aren't formatted, change nothing
  flounder fmt echo.if --diff      show what would change
  flounder fmt - < echo.if         format standard input to standard output

Comments and blank lines stay. Files with syntax errors are left alone.";

pub(super) const DESCRIBE: &str = "\
Examples:
  flounder describe echo.if                    a table: numbers, sizes, arguments, types
  flounder describe calc.if -i types.if        use the types of another file
  flounder describe idl/*.if --json | jq '.interfaces[].fingerprint'
                                               the same for machines, as docs/describe.md says

The description goes to standard output, findings to standard error.";

pub(super) const BREAKING: &str = "\
Examples:
  flounder breaking --against v1/echo.if echo.if
                                               two versions of one interface
  flounder breaking --against v1/calc.if --against v1/types.if calc.if types.if
                                               with the types that they import
  git show v1:echo.if > old.if && flounder breaking --against old.if echo.if
                                               the old version may have any file name
  flounder breaking --against v1 idl/*.if      a folder, as it was and as it is
  flounder breaking --against v1 idl/*.if --level wire
                                               only what running programs notice

Exit status: 0 nothing breaks, 1 something does, 2 wrong usage or unreadable files.
`flounder explain B003` tells more about a finding.";

pub(super) const DOC: &str = "\
Examples:
  flounder doc echo.if --out doc               write doc/echo.md and doc/echo.html
  flounder doc idl/*.if --out doc --format html
                                               pages for a browser only, linked to each other
  flounder doc calc.if -i types.if --out doc   with a page for the imported types

A page needs no other file and no network. Pages that did not change are not written.";

pub(super) const NEW: &str = "\
Examples:
  flounder new greeter                         make ./greeter
  flounder new greeter --path ~/flounder       use the checkout in ~/flounder
  cd greeter && cargo test --offline           what to do next

Nothing that is there is overwritten.";

pub(super) const COMPLETIONS: &str = "\
Examples:
  flounder completions bash > /etc/bash_completion.d/flounder
  flounder completions fish > ~/.config/fish/completions/flounder.fish";

pub(super) const MAN: &str = "\
Examples:
  flounder man | man -l -                              the page about all of it
  flounder man --out ~/.local/share/man/man1           that and a page for each command
  man flounder-gen                                     the options of `flounder gen`";

pub(super) const EXPLAIN: &str = "\
Examples:
  flounder explain E012    the page about an error
  flounder explain B003    the page about a change that breaks somebody
  flounder explain         every code with its meaning";
