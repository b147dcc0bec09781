//! How a cell becomes a test: one line with a name, how to get there, the event, and what has to
//! come of it. The same lines are a list, for the test that changes the tables entry by entry.

use flounder_procmgmt::machine::Table;

/// A cell's test, to be run on any table.
pub(crate) type Cell = (&'static str, fn(&Table));

/// Makes of each line a test on the lifecycle tables, and of all of them the list `CELLS`.
macro_rules! cells {
    ($check:ident; $($name:ident: $($argument:expr),+;)*) => {
        pub(crate) const CELLS: &[$crate::cells::Cell] = &[$((stringify!($name), |table| {
            $check(table, $($argument),+);
        })),*];
        $(#[test] fn $name() {
            $check(&flounder_procmgmt::machine::Table::LIFECYCLE, $($argument),+);
        })*
    };
}
pub(crate) use cells;
