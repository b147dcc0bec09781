//! A part of a trace as a picture: a lane for every track, slices, and arrows for messages.

mod draw;

use std::collections::BTreeMap;

use crate::file::{TraceEvent, TraceFile, phase};

/// More lanes make no picture.
pub const LANES_MAX: usize = 48;

/// More arrows make no picture.
pub const ARROWS_MAX: usize = 2000;

/// Which part of a trace is drawn, and how wide.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Window {
    /// Where it begins, in microseconds.
    pub from: f64,
    /// How long it is, in microseconds; `None` is up to the end.
    pub span: Option<f64>,
    /// How wide the lanes are, in pixels.
    pub width: u32,
}

/// Why nothing was drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Nothing happened in the window.
    #[error("nothing happens in this window")]
    Empty,
    /// More happened than a picture can show.
    #[error("{lanes} lanes are too many for a picture, which has at most {LANES_MAX}")]
    Lanes {
        /// The lanes that there would be.
        lanes: usize,
    },
    /// More happened than a picture can show.
    #[error("{arrows} arrows are too many for a picture, which has at most {ARROWS_MAX}")]
    Arrows {
        /// The arrows that there would be.
        arrows: usize,
    },
}

/// Draws a part of a trace as SVG.
///
/// # Errors
///
/// [`PictureError`] if there is nothing to be seen, or too much.
pub fn draw(file: &TraceFile, window: Window) -> Result<String, PictureError> {
    let scene = Scene::of(file, window)?;
    Ok(draw::svg(&scene))
}

/// What is to be seen, in microseconds from the start of the window.
#[derive(Debug)]
struct Scene {
    /// When the window begins, by the clock of the trace.
    from: f64,
    span: f64,
    width: f64,
    lanes: Vec<Lane>,
    arrows: Vec<Arrow>,
}

#[derive(Debug)]
struct Lane {
    core: String,
    name: String,
    slices: Vec<Slice>,
}

#[derive(Debug)]
struct Slice {
    name: String,
    at: f64,
    span: f64,
}

#[derive(Debug)]
struct Arrow {
    name: String,
    from: (usize, f64),
    to: (usize, f64),
}

type Track = (u64, u64);

impl Scene {
    fn of(file: &TraceFile, window: Window) -> Result<Self, PictureError> {
        let (from, end) = (window.from, end_of(file));
        let span = window.span.unwrap_or(end - from).min(end - from);
        let inside = |at: f64, length: f64| at + length >= from && at <= from + span;
        let mut slices: BTreeMap<Track, Vec<Slice>> = BTreeMap::new();
        for event in file.events.iter().filter(|event| event.ph == phase::SLICE) {
            let (at, length) = (event.ts.unwrap_or(0.0), event.dur.unwrap_or(0.0));
            if inside(at, length) {
                let slice = Slice { name: event.name.clone(), at: at - from, span: length };
                slices.entry((event.pid, event.tid)).or_default().push(slice);
            }
        }
        if slices.is_empty() || span <= 0.0 {
            return Err(PictureError::Empty);
        }
        if slices.len() > LANES_MAX {
            return Err(PictureError::Lanes { lanes: slices.len() });
        }
        let places: BTreeMap<Track, usize> = slices.keys().copied().zip(0..).collect();
        let arrows: Vec<_> = arrows(file, &places, from)
            .filter(|arrow| inside(arrow.from.1 + from, 0.0) && inside(arrow.to.1 + from, 0.0))
            .collect();
        if arrows.len() > ARROWS_MAX {
            return Err(PictureError::Arrows { arrows: arrows.len() });
        }
        let lanes = slices.into_iter().map(|(track, slices)| Lane {
            core: name_of(file, "process_name", (track.0, 0)),
            name: name_of(file, "thread_name", track),
            slices,
        });
        Ok(Self { from, span, width: window.width.into(), lanes: lanes.collect(), arrows })
    }
}

/// When the last event of a trace is over.
fn end_of(file: &TraceFile) -> f64 {
    let ends = file.events.iter().filter_map(|event| Some(event.ts? + event.dur.unwrap_or(0.0)));
    ends.fold(0.0, f64::max)
}

/// The messages between tracks that are to be seen.
fn arrows<'a>(
    file: &'a TraceFile,
    places: &'a BTreeMap<Track, usize>,
    from: f64,
) -> impl Iterator<Item = Arrow> + 'a {
    let flow = |ph: &'static str| file.events.iter().filter(move |event| event.ph == ph);
    let ends: BTreeMap<&str, &TraceEvent> =
        flow(phase::FLOW_END).filter_map(|end| Some((end.id.as_deref()?, end))).collect();
    flow(phase::FLOW_START).filter_map(move |start| {
        let end = ends.get(start.id.as_deref()?)?;
        let point =
            |event: &TraceEvent| Some((*places.get(&(event.pid, event.tid))?, event.ts? - from));
        Some(Arrow { name: start.name.clone(), from: point(start)?, to: point(end)? })
    })
}

/// What metadata calls a core or a track.
fn name_of(file: &TraceFile, what: &str, (pid, tid): Track) -> String {
    let is_it = |event: &&TraceEvent| {
        event.ph == phase::METADATA && event.name == what && event.pid == pid && event.tid == tid
    };
    let found = file.events.iter().find(is_it).and_then(|event| event.args.get("name"));
    found.and_then(|name| name.as_str()).unwrap_or("?").to_owned()
}
