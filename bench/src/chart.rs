//! A chart of medians as SVG: one bar a variant, on a scale of powers of ten, because what polls and
//! what sleeps are a hundredfold apart.

use std::fmt::Write;

use crate::report::Row;

/// Where bars begin, in pixels: names stand left of it.
const BARS_AT: f64 = 230.0;
/// The pixels of a factor of ten.
const DECADE: f64 = 110.0;
/// The pixels from one bar to the next.
const PITCH: u32 = 26;
const BAR_HEIGHT: u32 = 18;
/// Room for the longest bar, 100 µs, and the figure behind it.
const WIDTH: u32 = 860;

/// Draws the medians of the rows under a title.
pub(crate) fn svg(title: &str, rows: &[Row]) -> String {
    let bars: Vec<(&Row, f64)> =
        rows.iter().filter_map(|row| Some((row, row.p50_ns.filter(|ns| *ns >= 1.0)?))).collect();
    let height = PITCH * u32::try_from(bars.len() + 2).unwrap_or(u32::MAX / PITCH);
    let mut text = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13">"#
    );
    text.push('\n');
    let _ = writeln!(text, r#"<text x="8" y="18" font-weight="bold">{}</text>"#, escaped(title));
    for (y, (row, ns)) in (PITCH..).step_by(PITCH as usize).zip(bars) {
        bar(&mut text, y, row, ns);
    }
    text.push_str("</svg>\n");
    text
}

fn bar(text: &mut String, y: u32, row: &Row, ns: f64) {
    let width = ns.log10() * DECADE;
    // Ours are told from those they are compared with by a colour.
    let colour = if row.variant.contains("binding") { "#2f6f9f" } else { "#9a9a9a" };
    let (baseline, end) = (y + BAR_HEIGHT - 4, BARS_AT + width + 6.0);
    // Writing into a string succeeds.
    let _ = writeln!(text, r#"<text x="8" y="{baseline}">{}</text>"#, escaped(&row.variant));
    let _ = writeln!(
        text,
        r#"<rect x="{BARS_AT}" y="{y}" width="{width:.1}" height="{BAR_HEIGHT}" fill="{colour}"/>"#
    );
    let _ = writeln!(text, r#"<text x="{end:.1}" y="{baseline}">{ns:.0} ns</text>"#);
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_by_a_decade_for_a_factor_of_ten() {
        let row = |variant: &'static str, p50_ns| Row {
            variant: variant.into(),
            p50_ns,
            ..Row::default()
        };
        let rows = [row("binding", Some(100.0)), row("a < b", Some(1_000.0)), row("none", None)];
        let text = svg("call & answer", &rows);
        assert_eq!(text.matches("<rect").count(), 2);
        for part in
            ["call &amp; answer", "a &lt; b", "width=\"220.0\"", "width=\"330.0\"", "1000 ns"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
