//! [`Output`]: what builtins have printed and the shell has yet to write, in order.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::error::{Eval, Halt};
use crate::base::{Errno, Fd};
use crate::kernel::{Stop, Sys};

/// Bytes for descriptors, in the order they were printed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Output {
    chunks: Vec<(Fd, ByteBuf)>,
    failed: Option<Errno>,
}

impl Output {
    /// Adds bytes for a descriptor.
    pub fn write(&mut self, fd: Fd, bytes: &[u8]) {
        match self.chunks.last_mut() {
            Some((last, chunk)) if *last == fd => chunk.extend_from_slice(bytes),
            _ => self.chunks.push((fd, ByteBuf::from(bytes))),
        }
    }

    /// Adds bytes for standard output.
    pub fn print(&mut self, bytes: impl AsRef<[u8]>) {
        self.write(Fd::STDOUT, bytes.as_ref());
    }

    /// Adds bytes for standard error.
    pub fn complain(&mut self, bytes: impl AsRef<[u8]>) {
        self.write(Fd::STDERR, bytes.as_ref());
    }

    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|(_, chunk)| chunk.len()).sum()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Writes everything out. What cannot be written is dropped, and remembered as a failure.
    ///
    /// # Errors
    ///
    /// A wait, in which case the rest stays; a yield when nobody reads.
    pub fn flush(&mut self, sys: &mut Sys<'_>) -> Eval<()> {
        while let Some((fd, chunk)) = self.chunks.first_mut() {
            match sys.io().write(*fd, chunk) {
                Ok(count) if count < chunk.len() => {
                    chunk.drain(..count);
                    continue;
                }
                Ok(_) => {}
                Err(Stop::Block(wait)) => return Err(Halt::Block(wait)),
                Err(Stop::Fail(errno)) => self.failed = Some(errno),
            }
            self.chunks.remove(0);
            if self.failed == Some(Errno::EPIPE) {
                // SIGPIPE has come, and may be the end.
                return Err(Halt::Yield);
            }
        }
        Ok(())
    }

    /// Forgets what waits: a child begins with nothing to write.
    pub fn clear(&mut self) {
        self.chunks.clear();
        self.failed = None;
    }

    /// Why something could not be written, once.
    pub fn take_failure(&mut self) -> Option<Errno> {
        self.failed.take()
    }
}
