//! Pieces of a stream that came before their turn.
//!
//! Invariant: pieces are ordered by distance from the next expected byte, do not overlap or touch
//! it, and lie within the receive window; there are at most 128.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::base::limits::TCP_PIECES_MAX;
use crate::net::proto::tcp::Seq;

/// What came out of order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Assembler(Vec<(Seq, ByteBuf)>);

impl Assembler {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(test)]
    fn pieces(&self) -> usize {
        self.0.len()
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.0.iter().map(|(_, piece)| piece.len()).sum()
    }

    /// Keeps what of `bytes` is new. `next` is the next expected byte, which `start` comes after.
    pub(super) fn insert(&mut self, next: Seq, start: Seq, bytes: &[u8]) {
        let (mut from, mut bytes) = (start.since(next) as usize, bytes);
        let place = |piece: &(Seq, ByteBuf)| piece.0.since(next) as usize;
        let mut at = self.0.partition_point(|piece| place(piece) <= from);
        if let Some(before) = at.checked_sub(1).map(|before| &self.0[before]) {
            let known = (place(before) + before.1.len()).saturating_sub(from);
            from += known.min(bytes.len());
            bytes = &bytes[known.min(bytes.len())..];
        }
        while !bytes.is_empty() && self.0.len() < TCP_PIECES_MAX {
            let gap = self.0.get(at).map_or(usize::MAX, |after| place(after) - from);
            let fits = gap.min(bytes.len());
            if fits > 0 {
                self.add(at, next, from, &bytes[..fits]);
                at = self.0.partition_point(|piece| place(piece) <= from);
            }
            let known = self.0.get(at).map_or(0, |after| after.1.len());
            let skip = (fits + known).min(bytes.len());
            from += skip;
            bytes = &bytes[skip..];
            at += 1;
        }
    }

    /// Adds a piece that overlaps no other, gluing it to the one before where they touch.
    fn add(&mut self, at: usize, next: Seq, from: usize, bytes: &[u8]) {
        let start = next.plus(u32::try_from(from).unwrap_or(u32::MAX));
        if let Some((before, piece)) = at.checked_sub(1).and_then(|at| self.0.get_mut(at))
            && before.since(next) as usize + piece.len() == from
        {
            piece.extend_from_slice(bytes);
        } else {
            self.0.insert(at, (start, ByteBuf::from(bytes)));
        }
    }

    /// Takes the piece that begins at `next`, if it is there.
    pub(super) fn take(&mut self, next: Seq) -> Option<Vec<u8>> {
        if self.0.first()?.0 != next {
            return None;
        }
        Some(self.0.remove(0).1.into_vec())
    }

    /// Drops what lies before `next`, up to which everything is there now.
    pub(super) fn forget_before(&mut self, next: Seq) {
        while let Some((start, piece)) = self.0.first_mut()
            && start.before(next)
        {
            let known = next.since(*start) as usize;
            if known >= piece.len() {
                self.0.remove(0);
            } else {
                piece.drain(..known);
                *start = next;
            }
        }
    }

    /// Checks the invariant for a receive window of `window` bytes from `next`.
    pub(super) fn check(&self, next: Seq, window: u32) -> bool {
        let mut end = 0;
        self.0.len() <= TCP_PIECES_MAX
            && self.0.iter().all(|(start, piece)| {
                let from = u64::from(start.since(next));
                let good = from > 0 && from >= end && !piece.is_empty();
                end = from + piece.len() as u64;
                good && end <= u64::from(window)
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn any_order_and_overlap_gives_the_stream(
            base: u32, pieces in proptest::collection::vec((1usize..200, 1usize..50), 0..40),
        ) {
            let stream: Vec<u8> = (0..250u8).collect();
            let next = Seq(base);
            let mut assembler = Assembler::default();
            let mut known = [false; 250];
            for (from, length) in pieces {
                let end = (from + length).min(250);
                let start = next.plus(u32::try_from(from).unwrap());
                assembler.insert(next, start, &stream[from..end]);
                known[from..end].fill(true);
                prop_assert!(assembler.check(next, 250));
                prop_assert_eq!(assembler.bytes(), known.iter().filter(|known| **known).count());
            }
            // The missing first byte arrives, and whatever follows it without a gap comes out.
            let reach = 1 + known[1..].iter().take_while(|known| **known).count();
            let mut out = vec![stream[0]];
            while let Some(piece) = assembler.take(next.plus(u32::try_from(out.len()).unwrap())) {
                out.extend_from_slice(&piece);
            }
            prop_assert_eq!(&out[..], &stream[..reach]);
        }
    }

    #[test]
    fn pieces_are_bounded() {
        let mut assembler = Assembler::default();
        for place in 0..1000 {
            assembler.insert(Seq(0), Seq(1 + place * 2), &[7]);
        }
        assert_eq!(assembler.pieces(), TCP_PIECES_MAX);
    }
}
