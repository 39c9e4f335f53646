//! Notices: what a machine tells the embedder.

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::base::Pid;

use super::boot::PowerState;
use super::signal::WaitStatus;
use super::terminals::TtyId;

/// Something an embedder may want to know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The machine entered a power state.
    Power(PowerState),
    /// A process that the embedder started ended.
    Exited {
        /// Which.
        pid: Pid,
        /// How.
        status: WaitStatus,
    },
    /// A program broke an invariant of its own: a bug in it. Its process ended as by SIGABRT.
    Crashed {
        /// Which process.
        pid: Pid,
        /// The program's name.
        program: String,
        /// What it said.
        message: String,
    },
    /// A user logged in.
    LoggedIn {
        /// The user's name.
        user: BString,
        /// On which terminal.
        tty: BString,
    },
    /// A terminal rang its bell.
    Bell(TtyId),
}
