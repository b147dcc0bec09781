//! How much of a file a finding shows: a thousand of them must not show all of it each.

use super::folder::Folder;

#[test]
fn a_line_too_long_to_show_is_told_by_its_place() {
    let folder = Folder::new("excerpts_long");
    let blank = " ".repeat(20_000);
    folder.write("long.if", &format!("interface long {{{blank}message m(); message m(); }};\n"));
    let human = "\
error[E021]: message `m` is declared twice
--> long.if:1:20038
::: long.if:1:20025
 = note: first declared here

1 error; `flounder explain E021` tells more
";
    folder.check("check long.if", 1, "", human);
}

#[test]
fn places_far_apart_are_shown_apart() {
    let folder = Folder::new("excerpts_far");
    let between = "// Nothing.\n".repeat(2_000);
    let text = format!("interface far {{\n    message m();\n{between}    message m();\n}};\n");
    folder.write("far.if", &text);
    let human = "\
error[E021]: message `m` is declared twice
    --> far.if:2003:13
     |
2003 |     message m();
     |             ^
     |
    ::: far.if:2:13
     |
   2 |     message m();
     |             - first declared here

1 error; `flounder explain E021` tells more
";
    folder.check("check far.if", 1, "", human);
}
