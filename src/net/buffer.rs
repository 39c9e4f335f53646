//! [`ByteQueue`]: bytes in, bytes out, saved as one string of bytes.

use core::fmt;
use std::collections::VecDeque;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A queue of bytes. Its bound is its owner's business.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct ByteQueue(VecDeque<u8>);

impl ByteQueue {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    /// Moves up to `max` bytes from the front to the end of `out`.
    pub(super) fn take(&mut self, out: &mut Vec<u8>, max: usize) -> usize {
        let count = max.min(self.0.len());
        self.copy(0, count, out);
        self.drop_front(count);
        count
    }

    /// Drops up to `count` bytes from the front.
    pub(super) fn drop_front(&mut self, count: usize) {
        self.0.drain(..count.min(self.0.len()));
    }

    /// Appends bytes from the middle to `out`; what lies beyond the end is left out.
    pub(super) fn copy(&self, from: usize, count: usize, out: &mut Vec<u8>) {
        let end = from.saturating_add(count).min(self.0.len());
        let from = from.min(end);
        let (front, back) = self.0.as_slices();
        let split = front.len();
        out.extend_from_slice(&front[from.min(split)..end.min(split)]);
        out.extend_from_slice(&back[from.max(split) - split..end.max(split) - split]);
    }
}

impl fmt::Debug for ByteQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for ByteQueue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slices() {
            (front, []) => serializer.serialize_bytes(front),
            (front, back) => serializer.serialize_bytes(&[front, back].concat()),
        }
    }
}

impl<'de> Deserialize<'de> for ByteQueue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: Vec<u8> = serde_bytes::deserialize(deserializer)?;
        Ok(Self(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_a_vector(steps: Vec<(Vec<u8>, u8, u8)>) {
            let (mut queue, mut model) = (ByteQueue::default(), Vec::new());
            for (bytes, take, from) in steps {
                queue.push(&bytes);
                model.extend_from_slice(&bytes);
                let (mut copied, mut taken) = (Vec::new(), Vec::new());
                queue.copy(from.into(), take.into(), &mut copied);
                let start = usize::from(from).min(model.len());
                let end = (start + usize::from(take)).min(model.len());
                prop_assert_eq!(&copied, &model[start..end]);
                let count = queue.take(&mut taken, take.into());
                prop_assert_eq!(&taken, &model.drain(..count).collect::<Vec<_>>());
                prop_assert_eq!(queue.len(), model.len());
                let saved = postcard::to_allocvec(&queue).unwrap();
                prop_assert_eq!(&saved, &postcard::to_allocvec(&ByteQueue(model.clone().into())).unwrap());
                prop_assert_eq!(&postcard::from_bytes::<ByteQueue>(&saved).unwrap(), &queue);
            }
        }
    }
}
