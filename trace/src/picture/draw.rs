//! A scene as SVG. Lengths are pixels; what is given in microseconds is scaled first.

use std::fmt::Write;

use super::{Arrow, Lane, Scene, Slice};

/// The height of a lane, and of a slice in it.
const LANE: f64 = 40.0;
const SLICE: f64 = 16.0;
/// Beside the lanes: for their names, and for the axis.
const LEFT: f64 = 150.0;
const TOP: f64 = 28.0;
const RIGHT: f64 = 12.0;
const BOTTOM: f64 = 10.0;
/// A slice is at least so wide, or it could not be seen.
const SLICE_MIN: f64 = 2.0;
/// How wide a letter is. A name is written in its slice if it fits, else above, if that is free.
const LETTER: f64 = 4.7;
/// The axis has about so many marks.
const MARKS: u32 = 8;

const STYLE: &str = "\
text{font:9px sans-serif;fill:#222}.who{font-size:11px}.core{fill:#777}.axis{fill:#777}\
.lane{stroke:#ddd}.mark{stroke:#eee}.slice{fill:#9cc4e4;stroke:#4a7ba6;stroke-width:.5}\
.message{stroke:#c0504d;stroke-width:.8;fill:none}";

/// The whole picture. It has a ground of its own, so that it can be read on any.
pub(super) fn svg(scene: &Scene) -> String {
    let (lanes, mut lane_y) = (scene.lanes.len(), TOP);
    let (width, height) = (LEFT + scene.width + RIGHT, TOP + row(lanes) - row(0) + BOTTOM);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\">\n<style>{STYLE}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 6 6\" refX=\"6\" refY=\"3\" markerWidth=\"5\" \
         markerHeight=\"5\" orient=\"auto\"><path d=\"M0 0L6 3L0 6z\" fill=\"#c0504d\"/></marker>\
         </defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    axis(&mut out, scene, height);
    for lane in &scene.lanes {
        draw_lane(&mut out, scene, lane, lane_y);
        lane_y += LANE;
    }
    for arrow in &scene.arrows {
        draw_arrow(&mut out, scene, arrow);
    }
    out.push_str("</svg>\n");
    out
}

/// Writes a line; a text takes all that is written.
macro_rules! line {
    ($out:expr, $($what:tt)*) => {{
        let _ = writeln!($out, $($what)*);
    }};
}

/// The upper edge of a lane.
#[expect(clippy::cast_precision_loss, reason = "there are few lanes")]
fn row(lane: usize) -> f64 {
    TOP + LANE * lane as f64
}

fn x(scene: &Scene, micros: f64) -> f64 {
    LEFT + (micros / scene.span * scene.width).clamp(0.0, scene.width)
}

/// Marks at round times.
fn axis(out: &mut String, scene: &Scene, height: f64) {
    let step = round_up(scene.span / f64::from(MARKS));
    let first = (scene.from / step).ceil();
    // Counted, because a small step may change nothing about a late time.
    let marks = (0..=2 * MARKS).map(|mark| (first + f64::from(mark)) * step);
    for at in marks.take_while(|at| *at <= scene.from + scene.span) {
        let x = x(scene, at - scene.from);
        let (top, bottom) = (TOP - 4.0, height - BOTTOM);
        line!(out, "<path class=\"mark\" d=\"M{x:.1} {top}V{bottom}\"/>");
        line!(
            out,
            "<text class=\"axis\" x=\"{x:.1}\" y=\"14\" text-anchor=\"middle\">{at} µs</text>"
        );
    }
}

/// The next of 1, 2 and 5 times a power of ten.
fn round_up(span: f64) -> f64 {
    let power = 10_f64.powf(span.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|step| step * power >= span);
    step.unwrap_or(10.0) * power
}

fn draw_lane(out: &mut String, scene: &Scene, lane: &Lane, top: f64) {
    let (middle, right) = (top + LANE / 2.0, LEFT + scene.width);
    let Lane { core, name, slices } = lane;
    line!(out, "<path class=\"lane\" d=\"M{LEFT} {middle}H{right}\"/>");
    let y = middle + 4.0;
    line!(out, "<text class=\"who core\" x=\"6\" y=\"{y}\">{}</text>", escaped(core));
    line!(out, "<text class=\"who\" x=\"54\" y=\"{y}\">{}</text>", escaped(name));
    let mut free_from = 0.0;
    for slice in slices {
        let (left, width) = draw_slice(out, scene, slice, middle - SLICE / 2.0);
        // The interface is left out: the lanes say enough of it.
        let name = slice.name.split_once('.').map_or(&*slice.name, |(_, message)| message);
        let needed = width_of(name);
        let inside = needed + 6.0 <= width;
        if inside || left >= free_from {
            let (x, y) = if inside { (left + 3.0, middle + 3.5) } else { (left, middle - 10.0) };
            line!(out, "<text x=\"{x:.1}\" y=\"{y}\">{}</text>", escaped(name));
        }
        if !inside && left >= free_from {
            free_from = left + needed + 4.0;
        }
    }
}

/// Draws a slice, and returns where it begins and how wide it is.
fn draw_slice(out: &mut String, scene: &Scene, slice: &Slice, y: f64) -> (f64, f64) {
    let (left, right) = (x(scene, slice.at), x(scene, slice.at + slice.span));
    let width = (right - left).max(SLICE_MIN);
    let (name, span) = (escaped(&slice.name), slice.span);
    line!(
        out,
        "<rect class=\"slice\" x=\"{left:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{SLICE}\">\
         <title>{name}, {span} µs</title></rect>"
    );
    (left, width)
}

/// How wide a name is, as far as that can be known without the font.
#[expect(clippy::cast_precision_loss, reason = "names are short")]
fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER
}

/// From the edge of one slice to that of another: lanes have their slices in the middle.
fn draw_arrow(out: &mut String, scene: &Scene, arrow: &Arrow) {
    let (from_lane, to_lane) = (arrow.from.0, arrow.to.0);
    let edge = |lane: usize, other: usize| {
        let middle = row(lane) + LANE / 2.0;
        if other > lane { middle + SLICE / 2.0 } else { middle - SLICE / 2.0 }
    };
    let (x1, x2) = (x(scene, arrow.from.1), x(scene, arrow.to.1));
    let (y1, y2) = (edge(from_lane, to_lane), edge(to_lane, from_lane));
    let name = escaped(&arrow.name);
    line!(
        out,
        "<path class=\"message\" d=\"M{x1:.1} {y1}L{x2:.1} {y2}\" marker-end=\"url(#tip)\">\
         <title>{name}</title></path>"
    );
}

/// The text as XML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
