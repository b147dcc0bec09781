//! Which file may name what. Tests may do more: they start threads, and stand outside the system.

use std::path::{Path, PathBuf};

use crate::files;

/// A promise about sources.
struct Promise {
    /// What is promised.
    what: &'static str,
    /// Where it holds: folders, or all with `""`.
    folders: &'static [&'static str],
    /// What can't stand there. A needle of letters is a whole word.
    needles: &'static [&'static str],
    /// The files, or folders, that are excepted.
    except: &'static [&'static str],
}

const SERVICES: &[&str] = &["monitor/src", "procmgmt/src", "spawnd/src", "domain/src"];

const PROMISES: &[Promise] = &[
    Promise {
        what: "only `runtime::sync` names std's atomics and locks, or crossbeam",
        folders: &[""],
        needles: &[
            "core::sync",
            "crossbeam_channel",
            "crossbeam_queue",
            "parking_lot",
            "std::sync::atomic",
            "std::sync::Barrier",
            "std::sync::Condvar",
            "std::sync::Mutex",
            "std::sync::Once",
            "std::sync::OnceLock",
            "std::sync::LazyLock",
            "std::sync::RwLock",
            // What a list of imports could hide is imported one by one.
            "std::sync::{",
        ],
        except: &["runtime/src/sync.rs", "examples/", "bench/"],
    },
    Promise {
        what: "only the clock of the runtime and the platform read the time",
        folders: &[""],
        needles: &["Instant::now", "SystemTime", "clock_gettime"],
        except: &["boot/src/", "examples/", "bench/", "fuzz/", "runtime/src/clock.rs", "xtask/"],
    },
    Promise {
        what: "only the platform, and the start of pinned threads, start threads",
        folders: &[""],
        needles: &[
            "std::thread::Builder",
            "std::thread::scope",
            "std::thread::spawn",
            "std::thread::{",
            "std::thread;",
            "std::process::Command",
            "std::thread::sleep",
        ],
        except: &[
            "boot/src/",
            "examples/",
            "bench/",
            "codegen/src/pipeline.rs",
            "runtime/src/thread.rs",
            "xtask/",
        ],
    },
    Promise {
        what: "services and programs reach the system through the platform only",
        folders: SERVICES,
        needles: &["std::env", "std::fs", "std::io", "std::net", "std::process", "rustix"],
        except: &[],
    },
    Promise {
        what: "no map is hashed at random",
        folders: &[""],
        needles: &["HashMap", "HashSet", "RandomState"],
        except: &["examples/"],
    },
    Promise {
        what: "only the start of host programs is `unsafe`",
        folders: &[""],
        needles: &["unsafe"],
        except: &["boot/src/host/raw.rs"],
    },
    Promise {
        what: "only `parse` knows pest's rules",
        folders: &["codegen"],
        needles: &["Rule", "pest"],
        except: &["codegen/src/parse/"],
    },
    Promise {
        what: "only `names` has naming rules",
        folders: &["codegen/src"],
        needles: &["heck"],
        except: &["codegen/src/names.rs"],
    },
    Promise {
        what: "only one file of the compiler touches files, and only the builder its environment",
        folders: &["codegen/src"],
        needles: &["std::fs", "std::env", "println"],
        except: &["codegen/src/builder.rs", "codegen/src/files.rs"],
    },
    Promise {
        what: "generated code names no driver",
        folders: &["idl/src/generated", "codegen/tests/golden"],
        needles: &["Local", "Loopback", "Bytes"],
        except: &[],
    },
];

/// The sources of the system: what is tested, not what tests.
fn sources() -> Vec<PathBuf> {
    let all: Vec<_> = files::find("", ".rs");
    let tests: Vec<_> = all.iter().flat_map(|path| test_modules(path)).collect();
    let is_test = |path: &Path| {
        path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "benches")
            || tests.iter().any(|test| path.starts_with(test) || path.with_extension("") == *test)
    };
    all.iter().filter(|path| !is_test(path)).cloned().collect()
}

/// The modules of a file that are compiled for tests only, as paths without `.rs`.
fn test_modules(path: &Path) -> Vec<PathBuf> {
    let text = files::read(path);
    let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib" | "main") | None => path.parent().unwrap_or(Path::new("")).to_owned(),
        Some(stem) => path.with_file_name(stem),
    };
    let mut modules = Vec::new();
    for (attributes, item) in text.lines().zip(text.lines().skip(1)) {
        if attributes.starts_with("#[cfg(")
            && attributes.contains("test")
            && let Some(name) = item.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'))
        {
            modules.push(folder.join(name));
        }
    }
    modules
}

/// The code of a file, line by line with its number: no comments, no strings, no tests at its end.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = files::read(path);
    let tests = text.lines().position(|line| line.starts_with("mod tests {"));
    let lines = text.lines().take(tests.unwrap_or(usize::MAX));
    lines.enumerate().map(|(number, line)| (number + 1, strip(line))).collect()
}

fn strip(line: &str) -> String {
    let mut code = String::new();
    for (index, part) in line.split('"').enumerate() {
        if index % 2 == 0 {
            let (before, is_over) = match part.split_once("//") {
                Some((before, _)) => (before, true),
                None => (part, false),
            };
            code.push_str(before);
            if is_over {
                break;
            }
        }
    }
    code
}

/// True if `code` has `needle`, not as a part of a longer word.
fn names(code: &str, needle: &str) -> bool {
    let is_word = |letter: Option<char>| letter.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(needle).any(|(start, _)| {
        let end = start + needle.len();
        let joined = is_word(needle.chars().next_back()) && is_word(code[end..].chars().next());
        let continued =
            is_word(needle.chars().next()) && is_word(code[..start].chars().next_back());
        !joined && !continued
    })
}

#[test]
fn every_promise_about_sources_is_kept() {
    let mut broken = Vec::new();
    let mut sources = sources();
    sources.extend(files::find("codegen/tests/golden", ".rs"));
    for path in &sources {
        let of_file = PROMISES.iter().filter(|promise| {
            promise.folders.iter().any(|folder| path.starts_with(folder))
                && !promise.except.iter().any(|except| path.starts_with(except))
        });
        let of_file: Vec<_> = of_file.collect();
        for (number, line) in code(path) {
            for promise in &of_file {
                if let Some(needle) = promise.needles.iter().find(|needle| names(&line, needle)) {
                    let place = format!("{}:{number}", path.display());
                    broken.push(format!("{place} names `{needle}`, but {}", promise.what));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn exceptions_from_promises_are_needed() {
    for promise in PROMISES {
        for except in promise.except.iter().filter(|except| **except != "examples/") {
            let files = files::find("", ".rs").into_iter().filter(|path| path.starts_with(except));
            let needed = files
                .flat_map(|path| code(&path))
                .any(|(_, line)| promise.needles.iter().any(|needle| names(&line, needle)));
            assert!(needed, "{except} needs no exception from: {}", promise.what);
        }
    }
}

#[test]
fn every_allowed_lint_has_a_reason() {
    let bare: Vec<_> = sources()
        .iter()
        .filter(|path| !path.ends_with("parse/grammar.rs"))
        .flat_map(|path| {
            let text: String =
                code_with_strings(path).into_iter().map(|line| line + "\n").collect();
            let lifted = text.match_indices("[allow(").chain(text.match_indices("[expect("));
            lifted
                .map(|(start, _)| text[start..].split_once(")]").map_or("", |(head, _)| head))
                .filter(|head| !head.contains("reason ="))
                .map(|head| format!("{}: {head}", path.display()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(bare.is_empty(), "{}", bare.join("\n"));
}

fn code_with_strings(path: &Path) -> Vec<String> {
    let text = files::read(path);
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned).collect()
}

#[test]
fn architecture_lists_the_files_that_choose_memory_orders() {
    const ORDERS: &[&str] = &["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];
    let document = files::read("ARCHITECTURE.md");
    let (_, section) = document.split_once("## Memory orders").expect("there is such a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let listed = section.lines().filter_map(|line| {
        let row = line.strip_prefix("| [`")?;
        row.split_once('`').map(|(path, _)| PathBuf::from(path))
    });
    let listed: Vec<_> = listed.collect();
    let choose = |path: &PathBuf| {
        let mut lines = code(path).into_iter();
        lines
            .any(|(_, line)| ORDERS.iter().any(|order| names(&line, &format!("Ordering::{order}"))))
    };
    let found: Vec<_> = sources().into_iter().filter(choose).collect();
    assert_eq!(listed, found, "the table of memory orders in ARCHITECTURE.md");
}

#[test]
fn needles_are_found_as_words() {
    for (code, needle, expected) in [
        ("use std::thread;", "std::thread", true),
        ("use std::threads;", "std::thread", false),
        ("use std::sync::{Arc};", "std::sync::{", true),
        ("let Ruler = 1;", "Rule", false),
        ("x.unsafe_code", "unsafe", false),
        ("unsafe { }", "unsafe", true),
    ] {
        assert_eq!(names(code, needle), expected, "{needle} in {code}");
    }
    assert_eq!(strip(r#"a("unsafe // x") // unsafe"#), "a() ");
}
