//! The kernel's log: what `dmesg` prints.

use std::collections::VecDeque;

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::limits;
use crate::base::{Tick, Ticks};

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Time since the machine was powered on.
    pub uptime: Ticks,
    /// The text, without the time.
    pub text: BString,
}

impl core::fmt::Display for LogLine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let millis = self.uptime.0;
        write!(f, "[{:5}.{:03}000] {}", millis / 1000, millis % 1000, self.text)
    }
}

/// A bounded log; the oldest lines make room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KernelLog {
    lines: VecDeque<LogLine>,
    bytes: u32,
}

impl KernelLog {
    pub(crate) fn push(&mut self, powered_on: Tick, now: Tick, text: BString) {
        let mut text = text;
        text.truncate(limits::KERNEL_LOG_LINE_MAX);
        text.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        self.bytes += Self::cost(&text);
        self.lines.push_back(LogLine { uptime: now - powered_on, text });
        while self.bytes as usize > limits::KERNEL_LOG_MAX {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= Self::cost(&oldest.text);
        }
    }

    fn cost(text: &BString) -> u32 {
        u32::try_from(text.len()).unwrap_or(u32::MAX).saturating_add(16)
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &LogLine> {
        self.lines.iter()
    }

    /// Whether the bytes counted are those held.
    pub(crate) fn is_sound(&self) -> bool {
        let held: u64 = self.lines.iter().map(|line| u64::from(Self::cost(&line.text))).sum();
        held == u64::from(self.bytes)
    }
}
