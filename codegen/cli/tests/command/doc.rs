//! `flounder doc`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use expect_test::expect_file;

use super::folder::Folder;

const SAMPLE: &str = "\
/// Tells how busy cores are.
///
/// - often
/// - `loads` of them
interface load \"Load of the cores\" {
    /// How a core feels.
    typedef enum {
        /// Nothing to do.
        idle,
        busy
    } mood;
    typedef struct { coreid core; /** In percent. */ uint8 load; mood mood; } sample;
    typedef sample samples[4];

    /// Notes a sample.
    message note(sample sample, /// What it is about.
        String text[64]);
    rpc ask(in coreid cores[count, 16], out errval err, out samples samples, out give_away_cap frame);
    message stop();
};
";

/// What could break out of a page: of HTML, of a table, of a fence, of a link.
const HOSTILE: &str = "\
/// </script><script>alert(1)</script> <!-- & --> </style></pre></td> \" '
///
/// | a | bar `and | code` and ``` fences
///
/// # No heading, [no link](javascript:alert(1)), ![no image](x), <https://example.org>
///
/// 1. no list
///
/// ```rust
/// </pre><script>alert(2)</script> ````
interface hostile \"</title><script>alert(3)</script> | ` [x](y)\" {
    message m(/** | </td><script>alert(4)</script> `a | b` ``` */ uint8 a,
        /// ```
        /// | never closed
        uint8 b);
};
";

fn read(folder: &Folder, path: &str) -> String {
    fs::read_to_string(folder.0.join(path)).expect("the page is there")
}

fn golden(name: &str) -> expect_test::ExpectFile {
    expect_file![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)]
}

#[test]
fn pages_are_as_they_were() {
    let folder = Folder::new("doc");
    folder.write("load.if", SAMPLE);
    folder.check("doc load.if types.if --out out", 0, "", "");
    for page in ["load.html", "load.md", "types.html", "types.md"] {
        golden(page).assert_eq(&read(&folder, &format!("out/{page}")));
    }
    let before = folder.modified("out/load.html");
    folder.check("doc load.if types.if --out out", 0, "", "");
    assert_eq!(folder.modified("out/load.html"), before, "what didn't change isn't written");
    folder.check("doc bad.if types.if --out none", 1, "", super::HUMAN);
    assert!(!folder.0.join("none").exists());
}

#[test]
fn a_format_can_be_chosen() {
    let folder = Folder::new("doc_format");
    folder.check("doc good.if -i types.if --out out --format html", 0, "", "");
    let names = |path| fs::read_dir(folder.0.join(path)).expect("it is there").count();
    assert_eq!((names("out"), folder.0.join("out/good.html").exists()), (2, true));
    folder.check("doc good.if -i types.if --out out --format markdown", 0, "", "");
    assert_eq!(names("out"), 4);
}

/// The elements of a page: none stays open, and none but those that pages are made of are there.
fn assert_well_formed(html: &str) {
    const EMPTY: [&str; 2] = ["meta", "!DOCTYPE"];
    const KNOWN: [&str; 27] = [
        "html", "head", "title", "style", "body", "h1", "h2", "h3", "small", "p", "ul", "li",
        "pre", "code", "a", "dl", "dt", "dd", "div", "table", "tr", "th", "td", "section", "meta",
        "!DOCTYPE", "b",
    ];
    let mut open = Vec::new();
    for part in html.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        assert!(KNOWN.contains(&name), "<{tag}>");
        assert!(!text.contains('>') || open.last() == Some(&"style"), "{text}");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "<{tag}>");
        } else if !EMPTY.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

/// The values of an attribute.
fn attributes<'a>(html: &'a str, name: &str) -> BTreeSet<&'a str> {
    let parts = html.split(&format!(" {name}=\"")).skip(1).collect::<Vec<_>>();
    parts.into_iter().filter_map(|part| part.split('"').next()).collect()
}

#[test]
fn every_link_leads_somewhere_and_nothing_comes_from_elsewhere() {
    let folder = Folder::new("doc_links");
    let idl = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../idl");
    let names = ["types", "intermon", "monitor", "nameservice", "proc_mgmt", "spawn"];
    let files: Vec<_> = names.iter().map(|name| format!("{}/{name}.if", idl.display())).collect();
    folder.check(&format!("doc {} --out out --format html", files.join(" ")), 0, "", "");
    for name in names {
        let html = read(&folder, &format!("out/{name}.html"));
        assert_well_formed(&html);
        for foreign in ["src=", "@import", "url(", "<script", "<link", "http:", "https:"] {
            assert!(!html.contains(foreign), "{name}: {foreign}");
        }
        let links = attributes(&html, "href");
        assert!(links.len() > 3, "{name} has links");
        for link in links {
            let (file, anchor) = link.split_once('#').expect("links name a place");
            let file = if file.is_empty() { format!("{name}.html") } else { file.to_owned() };
            let target = read(&folder, &format!("out/{file}"));
            assert!(attributes(&target, "id").contains(anchor), "{name}: {link}");
        }
    }
}

#[test]
fn hostile_comments_stay_comments() {
    let folder = Folder::new("doc_hostile");
    folder.write("hostile.if", HOSTILE);
    folder.check("doc hostile.if --out out", 0, "", "");
    let html = read(&folder, "out/hostile.html");
    assert_well_formed(&html);
    assert_eq!(html.matches("&lt;script&gt;").count(), 4);

    let markdown = read(&folder, "out/hostile.md");
    golden("hostile.txt").assert_eq(&markdown);
    // Outside of fences nothing but our own anchors is HTML, and rows have as many bars as heads.
    let mut fence: Option<String> = None;
    let mut bars = None;
    for line in markdown.lines() {
        let run: String = line.chars().take_while(|next| *next == '`').collect();
        match &fence {
            Some(open) if *open == line => fence = None,
            Some(_) => continue,
            None if run.len() >= 3 => fence = Some(run),
            None => (),
        }
        let unescaped = line.replace("\\|", "").matches('|').count();
        bars = line.starts_with('|').then(|| bars.unwrap_or(unescaped));
        assert_eq!(unescaped, bars.unwrap_or(unescaped), "{line}");
        let plain = line.replace("\\<", "");
        assert!(
            !plain.contains('<') || line.starts_with("<a id=\"") || line.contains('`'),
            "{line}"
        );
    }
    assert_eq!(fence, None, "every fence is closed");
}
