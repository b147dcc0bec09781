//! Which names are also visible at the top of an interface's module.
//!
//! Those that mean one thing there. A name that two modules have, or that the interface's own items
//! have, stays where it is declared.

use std::collections::BTreeMap;

use proc_macro2::Ident;

use super::{Place, Reexport};

/// The types at the top of every interface's module.
const TAKEN: [&str; 5] = ["Binding", "Interface", "Message", "RxVtbl", "TxVtbl"];

/// The names to re-export from each place, places and names in order.
pub(super) fn reexports(offered: Vec<(Place, Vec<Ident>)>) -> Vec<Reexport> {
    let mut count = BTreeMap::new();
    for name in offered.iter().flat_map(|(_, names)| names) {
        *count.entry(name.clone()).or_insert(0) += 1;
    }
    let is_clear = |name: &Ident| count[name] == 1 && !TAKEN.iter().any(|taken| name == taken);
    offered
        .into_iter()
        .map(|(from, mut names)| {
            names.retain(is_clear);
            names.sort();
            Reexport { from, names }
        })
        .filter(|reexport| !reexport.names.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::camel;
    use crate::plan::Home;

    #[test]
    fn ambiguous_names_stay_where_they_are() {
        let names = |names: &[&str]| names.iter().map(|name| camel(name)).collect();
        let import = Place::Import(Home::Module(crate::names::snake("types")));
        let found = reexports(vec![
            (Place::Messages, names(&["spawn", "ping", "message"])),
            (Place::Types, names(&["ping", "kind"])),
            (import.clone(), names(&["kind"])),
        ]);
        let found: Vec<_> = found.iter().map(|item| (&item.from, item.names.len())).collect();
        assert_eq!(found, [(&Place::Messages, 1)]);
    }
}
