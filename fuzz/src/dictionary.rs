//! Words that mean something to the compiler, to Rust or to rustdoc, and whole declarations.

use crate::generator::Random;
use flounder_fuzz::SEPARATOR;

/// What is put in as it is.
const PIECES: [&str; 62] = [
    "interface",
    "message",
    "rpc",
    "in",
    "out",
    "typedef",
    "struct",
    "enum",
    "alias",
    "call",
    "response",
    "String",
    "cap",
    "give_away_cap",
    "errval",
    "iref",
    "uint8",
    "uint64",
    "int",
    "bool",
    "char",
    "size",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    "=",
    "@",
    "\"",
    "/*",
    "*/",
    "//",
    "///",
    "/**",
    "\n",
    "\t",
    "\r",
    "\u{b}",
    "\u{feff}",
    "\u{a0}",
    "\u{202e}",
    "\0",
    "```",
    "~~~",
    "`",
    "#[",
    "\\",
    "<",
    "- ",
    "1. ",
    "0",
    "0x",
    "0o17",
    "4294967295",
    "4294967296",
    "self",
    "r#fn",
    SEPARATOR,
];

const NAMES: [&str; 16] = [
    "a",
    "b",
    "c",
    "self",
    "Self",
    "type",
    "fn",
    "Message",
    "Binding",
    "Option",
    "register_",
    "pingX",
    "ping_x",
    "x1",
    "_",
    "gen",
];

const TYPES: [&str; 14] = [
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int64",
    "bool",
    "char",
    "cap",
    "give_away_cap",
    "iref",
    "errval",
    "String",
    "a",
];

const SIZES: [&str; 8] = ["1", "2", "64", "0", "0x10", "65536", "4294967295", "n"];

const COMMENTS: [&str; 6] = [
    "/// a\n",
    "/** [b] `c */ ",
    "// d\n",
    "/* /* e */ */ ",
    "/// ```\n/// panic!()\n",
    "/// - f\n///     g\n",
];

/// One word, mark or comment.
pub(crate) fn piece(random: &mut Random) -> Vec<u8> {
    random.pick(&PIECES).as_bytes().to_vec()
}

/// A whole declaration, seldom a right one.
pub(crate) fn declaration(random: &mut Random) -> Vec<u8> {
    let mut name = || random.pick(&NAMES);
    let (first, second) = (name(), name());
    let declared = match random.below(8) {
        0 => format!("typedef struct {{ {}; {}; }} {first};", field(random), field(random)),
        1 => format!("typedef enum {{ {first}, {second} }} {second};"),
        2 => format!("typedef {};", field(random)),
        3 => format!("typedef {}[{}];", field(random), random.pick(&SIZES)),
        4 => format!("alias {first} {};", random.pick(&TYPES)),
        5 => format!("rpc {first}(in {}, out {});", argument(random), argument(random)),
        6 => format!("@ata({second}={}) message {first}();", random.pick(&SIZES)),
        _ => format!("message {first}({}, {});", argument(random), argument(random)),
    };
    let comment = if random.one_in(4) { random.pick(&COMMENTS) } else { "" };
    format!("\n{comment}{declared}\n").into_bytes()
}

fn field(random: &mut Random) -> String {
    format!("{} {}", random.pick(&TYPES), random.pick(&NAMES))
}

fn argument(random: &mut Random) -> String {
    let field = field(random);
    let size = random.pick(&SIZES);
    match random.below(4) {
        0 => format!("{field}[{size}]"),
        1 => format!("{field}[{}, {size}]", random.pick(&NAMES)),
        _ => field,
    }
}
