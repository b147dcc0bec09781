//! How every domain stands, for a person: what `ps` shows.

use std::fmt::Write as _;

use super::Director;
use crate::scenario::Failure;
use crate::scenario::calls::{CapName, DomainName};
use crate::scenario::line::{Line, Step};
use crate::scenario::parse::OPERATOR;

impl Director<'_> {
    /// A row for each domain that isn't cleaned up, after one of titles.
    pub(crate) async fn table(&self) -> Result<Vec<String>, Failure> {
        let processes = &self.asker.processes;
        let mut rows = vec![row(["name", "domain", "core", "cores", "state", "program"])];
        for domain in processes.list().await.map_err(Failure::system)? {
            // One that was freed meanwhile isn't there any more.
            let Ok(status) = processes.status(domain, None).await else { continue };
            let state = format!("{:?}", status.state).to_lowercase();
            let state = if status.wedged > 0 { format!("{state}, wedged") } else { state };
            rows.push(row([
                self.props.name_of(domain).unwrap_or("-"),
                &domain.to_string(),
                &status.core.to_string(),
                &status.cores.to_string(),
                &state,
                &status.program,
            ]));
        }
        Ok(rows)
    }

    /// The name in a line that nothing has.
    pub(crate) fn unknown(&self, line: &Line) -> Option<String> {
        let Step::Ask(ask) = &line.step else { return None };
        let caps = ask.call.caps().into_iter().filter_map(CapName::given);
        let client = Some(ask.client.as_str()).filter(|client| *client != OPERATOR);
        let mut names = caps.chain(ask.call.domain().and_then(DomainName::name)).chain(client);
        let is_open = |name: &str| {
            self.open.values().any(|open| open.gives_cap && open.name.as_deref() == Some(name))
        };
        let known = |name: &str| self.props.domain(name).is_some() || is_open(name);
        names.find(|name| !known(name)).map(str::to_owned)
    }
}

fn row(cells: [&str; 6]) -> String {
    let [name, domain, core, cores, state, program] = cells;
    let mut row = String::new();
    let _ = write!(row, "{name:<6} {domain:>6} {core:>5} {cores:>6}  {state:<18} {program}");
    row
}
