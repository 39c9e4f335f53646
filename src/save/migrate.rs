//! Migration: brings the records of an older format to the newest, one step for each format.
//!
//! A step is a function over the records of format `n` that leaves those of format `n + 1`. It
//! keeps the old types it needs beside it, in a module `vN` of its own, and never changes once
//! released. A new format means: raise `FORMAT`, append a step here, add a file to `savegames/`.

use super::error::LoadError;
use super::record::{FORMAT, Record};

/// Turns the records of one format into those of the next.
pub(super) type Step = fn(&mut Vec<Record>) -> Result<(), LoadError>;

/// The step at index `n` leads from format `n + 1` to `n + 2`.
const STEPS: &[Step] = &[];

// A format without the step that leads to it could not be loaded from the one before.
const _: () = assert!(STEPS.len() + 1 == FORMAT as usize);

/// Brings `records` from format `from` to the newest.
pub(super) fn migrate(from: u32, records: &mut Vec<Record>) -> Result<(), LoadError> {
    run(STEPS, from, records)
}

fn run(steps: &[Step], from: u32, records: &mut Vec<Record>) -> Result<(), LoadError> {
    // Format 0 never existed; `Header::known` has refused those that are too new.
    let done = from.checked_sub(1).and_then(|done| usize::try_from(done).ok());
    let Some(left) = done.and_then(|done| steps.get(done..)) else {
        return Err(LoadError::NotASave);
    };
    left.iter().try_for_each(|step| step(records))
}

#[cfg(test)]
mod tests {
    use super::super::record::{Header, Key};
    use super::super::{compact, text};
    use super::*;
    use crate::base::digest::Digest;

    /// An imaginary format 2 counts in milliseconds what format 1 counted in seconds, and an
    /// imaginary format 3 adds a name.
    const FUTURE: &[Step] = &[
        |records| records.iter_mut().try_for_each(|record| record.convert(|old: u32| old * 1000)),
        |records| {
            let name = || "unnamed".to_owned();
            records.iter_mut().try_for_each(|record| record.convert(|old: u32| (old, name())))
        },
    ];

    fn both_forms() -> [Vec<Record>; 2] {
        let header = Header::new(Digest::default());
        let mut readable = text::Writer::new(&header);
        readable.record(Key::World, &7_u32);
        let mut packed = compact::Writer::new(header);
        packed.record(Key::World, &7_u32);
        [
            text::read(&readable.finish()).unwrap().records,
            compact::read(&packed.finish()).unwrap().records,
        ]
    }

    #[test]
    fn every_older_format_reaches_the_newest() {
        for mut records in both_forms() {
            run(FUTURE, 1, &mut records).unwrap();
            assert_eq!(records[0].decode(), Ok((7000_u32, "unnamed".to_owned())));
        }
        for mut records in both_forms() {
            run(FUTURE, 2, &mut records).unwrap();
            assert_eq!(records[0].decode(), Ok((7_u32, "unnamed".to_owned())));
        }
        for mut records in both_forms() {
            run(FUTURE, 3, &mut records).unwrap();
            assert_eq!(records[0].decode(), Ok(7_u32));
        }
    }

    #[test]
    fn format_zero_is_no_format() {
        assert_eq!(migrate(0, &mut Vec::new()), Err(LoadError::NotASave));
    }
}
