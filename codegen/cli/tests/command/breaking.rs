//! `flounder breaking`.

use std::fs;

use expect_test::expect_file;

use super::folder::Folder;

const OLD: &str = "\
interface echo {
    message ping(uint32 from, uint32 to);
    message stop();
    rpc echo(in String text[64], out String reply[64]);
};
";

const NEW: &str = "\
// Version 2.
interface echo {
    message ping(uint32 to, uint32 from);
    rpc echo(in String text[64], out String reply[128]);
};
";

const HUMAN: &str = "\
error[B010]: message `stop` was removed
 --> echo.if:2:11
  |
2 | interface echo {
  |           ^^^^
  |
 ::: v1/echo.if:3:13
  |
3 |     message stop();
  |             ---- it was here
  |
  = note: old clients can't bind to new servers, nor new clients to old servers: the fingerprints differ
  = note: the source of handlers and of callers must change
  = help: keep it, let its handler do nothing or answer with an error, and say so in its comment

error[B023]: argument `from` of `ping` was moved
 --> echo.if:3:36
  |
3 |     message ping(uint32 to, uint32 from);
  |                                    ^^^^
  |
 ::: v1/echo.if:2:25
  |
2 |     message ping(uint32 from, uint32 to);
  |                         ---- it was here
  |
  = note: old clients and new servers take one value for another, and so do new clients and old servers: the fingerprint doesn't see this change
  = help: keep the order: arguments have no names on the wire

error[B025]: argument `reply` of `echo` was declared `String reply[64]` and is `String reply[128]`
 --> echo.if:4:45
  |
4 |     rpc echo(in String text[64], out String reply[128]);
  |                                             ^^^^^
  |
 ::: v1/echo.if:4:45
  |
4 |     rpc echo(in String text[64], out String reply[64]);
  |                                             ----- it was here
  |
  = note: old clients can't bind to new servers, nor new clients to old servers: the fingerprints differ
  = help: keep the bound, and send what doesn't fit in parts; or declare the new one in an interface of another name, and serve both until no old peer is left

3 changes: 3 on the wire, 1 in sources; `flounder explain B010` tells more
";

const SHORT: &str = "\
echo.if:2:11: error[B010]: message `stop` was removed; breaks old-client-new-server, new-client-old-server, handlers, callers
echo.if:3:36: error[B023]: argument `from` of `ping` was moved; breaks old-client-new-server, new-client-old-server
echo.if:4:45: error[B025]: argument `reply` of `echo` was declared `String reply[64]` and is `String reply[128]`; breaks old-client-new-server, new-client-old-server
";

const JSON: &str = r#"
{"severity":"error","code":"B010","message":"message `stop` was removed","file":"echo.if","line":2,"column":11,"end_line":2,"end_column":15,"start":24,"end":28,"old":{"file":"v1/echo.if","line":3,"column":13,"end_line":3,"end_column":17,"start":71,"end":75},"wire":"refused","breaks":["old-client-new-server","new-client-old-server","handlers","callers"],"help":"keep it, let its handler do nothing or answer with an error, and say so in its comment"}
{"severity":"error","code":"B023","message":"argument `from` of `ping` was moved","file":"echo.if","line":3,"column":36,"end_line":3,"end_column":40,"start":66,"end":70,"old":{"file":"v1/echo.if","line":2,"column":25,"end_line":2,"end_column":29,"start":41,"end":45},"wire":"misread","breaks":["old-client-new-server","new-client-old-server"],"help":"keep the order: arguments have no names on the wire"}
{"severity":"error","code":"B025","message":"argument `reply` of `echo` was declared `String reply[64]` and is `String reply[128]`","file":"echo.if","line":4,"column":45,"end_line":4,"end_column":50,"start":117,"end":122,"old":{"file":"v1/echo.if","line":4,"column":45,"end_line":4,"end_column":50,"start":123,"end":128},"wire":"refused","breaks":["old-client-new-server","new-client-old-server"],"help":"keep the bound, and send what doesn't fit in parts; or declare the new one in an interface of another name, and serve both until no old peer is left"}
"#;

fn folder(test: &str) -> Folder {
    let folder = Folder::new(test);
    fs::create_dir_all(folder.0.join("v1")).expect("the folder is writable");
    folder.write("v1/echo.if", OLD);
    folder.write("echo.if", NEW);
    folder
}

#[test]
fn changes_are_told_with_who_breaks_and_what_to_do() {
    let folder = folder("breaking");
    folder.check("breaking --against v1/echo.if echo.if", 1, "", HUMAN);
    folder.check("breaking --against v1/echo.if echo.if --format short", 1, "", SHORT);
    folder.check("breaking --against v1/echo.if echo.if --format json", 1, "", JSON.trim_start());
}

#[test]
fn places_that_nothing_else_compares_are_compared() {
    let folder = Folder::new("breaking_disk");
    let disk =
        |args: &str| format!("interface disk {{\n    rpc copy({args}, out errval err);\n}};\n");
    folder.write("v1.if", &disk("in uint64 from, in uint64 to"));
    folder.write("disk.if", &disk("in uint64 to, in uint64 from"));
    let output = folder.run("breaking --against v1.if disk.if");
    let errors = String::from_utf8(output.stderr).expect("errors are UTF-8");
    expect_file!["../golden/breaking.txt"].assert_eq(&errors);
}

#[test]
fn what_is_told_can_be_limited() {
    let folder = folder("breaking_level");
    let lines = |wanted: &str| -> String {
        let lines = SHORT.lines().filter(|line| line.contains(wanted));
        lines.flat_map(|line| [line, "\n"]).collect()
    };
    let line = "breaking --against v1 echo.if --format short --level";
    folder.check(&format!("{line} wire"), 1, "", &lines("client"));
    folder.check(&format!("{line} source"), 1, "", &lines("callers"));
}

#[test]
fn nothing_is_told_of_comments_and_blanks() {
    let folder = folder("breaking_same");
    folder.write("echo.if", &OLD.replace("message", "/* new */\n  message").replace(';', " ;"));
    folder.check("breaking --against v1 echo.if", 0, "", "");
    folder.check("breaking --against v1 v1/echo.if --format json", 0, "", "");
}

#[test]
fn a_folder_is_compared_as_a_whole() {
    let folder = folder("breaking_folder");
    folder.write("v1/types.if", "typedef uint8 coreid;\n");
    folder.write("v1/good.if", &fs::read_to_string(folder.0.join("good.if")).expect("it is there"));
    folder.write("echo.if", OLD);
    folder.check("breaking --against v1 echo.if good.if types.if", 0, "", "");
    let removed = "\
v1/good.if:1:11: error[B001]: interface `good` was removed; breaks old-client-new-server, \
                   new-client-old-server, handlers, callers
";
    folder.check("breaking --against v1 echo.if types.if --format short", 1, "", removed);
    let line = "breaking --against v1/good.if --against v1/types.if good.if -i types.if";
    folder.check(line, 0, "", "");
}

#[test]
fn versions_with_mistakes_are_not_compared() {
    let folder = folder("breaking_mistakes");
    let error = "v1/bad.if:1:27: error[E030]: no type named `t`\n";
    folder.write("v1/bad.if", "interface bad { message m(t t); };");
    folder.check("breaking --against v1 echo.if --format short", 1, "", error);
    let error = error.replace("v1/", "");
    folder.write("bad.if", "interface bad { message m(t t); };");
    folder.check("breaking --against v1/echo.if bad.if --format short", 1, "", &error);
    let both = format!("v1/{error}{error}");
    folder.check("breaking --against v1 bad.if --format short", 1, "", &both);
    fs::create_dir_all(folder.0.join("empty")).expect("the folder is writable");
    let error = "empty:1:1: error[E009]: there is no `.if` file in `empty`\n";
    folder.check("breaking --against empty echo.if --format short", 2, "", error);
    let output = folder.run("breaking --against absent echo.if");
    assert_eq!(output.status.code(), Some(2));
}
