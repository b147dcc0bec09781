//! Random changes of an input: of its bytes, of its words, and of its declarations.

use std::ops::Range;

use crate::dictionary::{declaration, piece};
use crate::generator::Random;
use crate::tokens::pieces;
use flounder_fuzz::SEPARATOR;

/// The longest input that is tried, in bytes: several times the largest published interface.
pub(crate) const INPUT_BYTES_MAX: usize = 64 << 10;

/// The most changes at once.
const CHANGES_MAX: usize = 4;

/// The most copies of a piece: nesting is refused from 64 on.
const COPIES_MAX: usize = 80;

type Change = fn(&mut Vec<u8>, &[u8], &mut Random);

const CHANGES: [Change; 13] = [
    flip,
    overwrite,
    cut_out,
    truncate,
    copy_range,
    splice,
    append,
    drop_piece,
    repeat_piece,
    swap_pieces,
    replace_piece,
    insert_piece,
    insert_declaration,
];

/// The input with some changes; what is taken from elsewhere is taken from `other`.
pub(crate) fn mutated(input: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut data = input.to_vec();
    for _ in 0..=random.below(CHANGES_MAX) {
        CHANGES[random.below(CHANGES.len())](&mut data, other, random);
        data.truncate(INPUT_BYTES_MAX);
    }
    data
}

fn flip(data: &mut Vec<u8>, _other: &[u8], random: &mut Random) {
    if data.is_empty() {
        data.push(b' ');
    }
    let at = random.below(data.len());
    data[at] ^= 1 << random.below(8);
}

fn overwrite(data: &mut Vec<u8>, _other: &[u8], random: &mut Random) {
    let byte = random.next().to_le_bytes()[0];
    let at = random.below(data.len() + 1);
    data.splice(at..(at + 1).min(data.len()), [byte]);
}

fn cut_out(data: &mut Vec<u8>, _other: &[u8], random: &mut Random) {
    data.drain(range(data.len(), random));
}

fn truncate(data: &mut Vec<u8>, _other: &[u8], random: &mut Random) {
    data.truncate(random.below(data.len() + 1));
}

fn copy_range(data: &mut Vec<u8>, _other: &[u8], random: &mut Random) {
    let copy = data[range(data.len(), random)].to_vec();
    insert(data, random.below(data.len() + 1), &copy);
}

fn splice(data: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    data.truncate(random.below(data.len() + 1));
    data.extend(&other[random.below(other.len() + 1)..]);
}

/// The other input as a second file.
fn append(data: &mut Vec<u8>, other: &[u8], _random: &mut Random) {
    data.extend(SEPARATOR.bytes());
    data.extend(other);
}

fn drop_piece(data: &mut Vec<u8>, _other: &[u8], random: &mut Random) {
    if let Some(piece) = any(data, random) {
        data.drain(piece);
    }
}

fn repeat_piece(data: &mut Vec<u8>, _other: &[u8], random: &mut Random) {
    if let Some(piece) = any(data, random) {
        let count = if random.one_in(4) { random.below(COPIES_MAX) } else { 1 };
        let copies = data[piece.clone()].repeat(count);
        insert(data, piece.end, &copies);
    }
}

fn swap_pieces(data: &mut Vec<u8>, _other: &[u8], random: &mut Random) {
    let (Some(a), Some(b)) = (any(data, random), any(data, random)) else { return };
    let (first, second) = if a.start < b.start { (a, b) } else { (b, a) };
    if first != second {
        let parts = [
            &data[..first.start],
            &data[second.clone()],
            &data[first.end..second.start],
            &data[first],
            &data[second.end..],
        ];
        *data = parts.concat();
    }
}

fn replace_piece(data: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let new = any(other, random).map(|piece| other[piece].to_vec()).unwrap_or_default();
    if let Some(piece) = any(data, random) {
        data.splice(piece, new);
    }
}

fn insert_piece(data: &mut Vec<u8>, _other: &[u8], random: &mut Random) {
    let at = any(data, random).map_or(0, |piece| piece.end);
    insert(data, at, &piece(random));
}

/// A declaration where one may stand: after a brace or a semicolon.
fn insert_declaration(data: &mut Vec<u8>, _other: &[u8], random: &mut Random) {
    let is_place = |byte: &u8| matches!(byte, b'{' | b';');
    let places: Vec<_> = (0..data.len()).filter(|at| is_place(&data[*at])).collect();
    if !places.is_empty() {
        let at = places[random.below(places.len())] + 1;
        insert(data, at, &declaration(random));
    }
}

fn any(data: &[u8], random: &mut Random) -> Option<Range<usize>> {
    let pieces = pieces(data);
    (!pieces.is_empty()).then(|| pieces[random.below(pieces.len())].clone())
}

fn range(length: usize, random: &mut Random) -> Range<usize> {
    let (a, b) = (random.below(length + 1), random.below(length + 1));
    a.min(b)..a.max(b)
}

fn insert(data: &mut Vec<u8>, at: usize, new: &[u8]) {
    data.splice(at..at, new.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_inputs_and_none_too_long() {
        let run = |seed| {
            let (mut random, mut data) =
                (Random::new(seed), b"interface a { message m(); };".to_vec());
            let mut all = Vec::new();
            for _ in 0..2_000 {
                data = mutated(&data, b"typedef uint8 x;", &mut random);
                assert!(data.len() <= INPUT_BYTES_MAX);
                all.push(data.clone());
            }
            all
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
