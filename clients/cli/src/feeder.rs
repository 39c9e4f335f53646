//! Standard input, read by a thread of its own.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// Bytes read at a time.
const BLOCK: usize = 64 * 1024;

/// What came in.
pub enum Incoming {
    /// At least one byte.
    Bytes(Vec<u8>),
    /// No more will come.
    End,
}

/// Starts reading. The thread is one block ahead at most, and ends with the process.
pub fn start() -> Receiver<Incoming> {
    let (sender, receiver) = sync_channel(1);
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut bytes = vec![0; BLOCK];
            let incoming = match stdin.read(&mut bytes) {
                Ok(0) => Incoming::End,
                Ok(count) => {
                    bytes.truncate(count);
                    Incoming::Bytes(bytes)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Incoming::End,
            };
            let last = matches!(incoming, Incoming::End);
            if sender.send(incoming).is_err() || last {
                return;
            }
        }
    });
    receiver
}
