//! What each code means, at length: a page per code, with a wrong and a right example.

use flounder_codegen::Code;

use crate::args::Topic;
use crate::changes;

macro_rules! pages {
    ($($number:literal),*) => {
        /// The pages by code.
        const PAGES: &[(&str, &str)] =
            &[$(($number, include_str!(concat!("../pages/", $number, ".md")))),*];
    };
}

pages![
    "E001", "E002", "E003", "E004", "E005", "E006", "E007", "E008", "E009", "E010", "E011", "E012",
    "E013", "E014", "E015", "E020", "E021", "E022", "E023", "E024", "E025", "E026", "E027", "E028",
    "E030", "E031", "E032", "E040", "E041", "E042", "E043", "E044", "E045", "E046", "W001", "W002",
    "W003", "W004"
];

/// The page about a code.
pub(crate) fn page(topic: Topic) -> &'static str {
    let code = match topic {
        Topic::Finding(code) => code,
        Topic::Change(code) => return code.page(),
    };
    let page = PAGES.iter().find(|(number, _)| *number == code.number());
    page.map_or("", |(_, page)| page)
}

/// Every code with its meaning, a line each.
pub(crate) fn index() -> String {
    let findings = Code::ALL.iter().map(|code| (code.number(), code.meaning()));
    let changes = changes::Code::ALL.iter().map(|code| (code.number(), code.meaning()));
    findings.chain(changes).flat_map(|(number, meaning)| [number, "  ", meaning, "\n"]).collect()
}
