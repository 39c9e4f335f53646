//! Signals: numbers, names, default actions and sets.
//!
//! Follows: POSIX.1-2024 `<signal.h>`; numbers of Linux on x86-64. Left out: real-time signals.

use core::fmt;

use serde::{Deserialize, Serialize};

/// What a signal does to a process that neither catches nor ignores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultAction {
    /// The process ends.
    Terminate,
    /// The process ends, and says so as one that dumped core.
    Core,
    /// Nothing.
    Ignore,
    /// The process stops until it is continued.
    Stop,
    /// A stopped process goes on.
    Continue,
}

macro_rules! signals {
    ($($name:ident = $number:literal, $action:ident, $message:literal;)*) => {
        /// A signal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Signal {
            $(#[doc = $message] $name = $number,)*
        }

        impl Signal {
            /// Every signal, by number.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name without `SIG`, such as `"TERM"`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// What `strsignal` says, such as `"Terminated"`.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)* }
            }

            /// What it does when it is neither caught nor ignored.
            pub const fn default_action(self) -> DefaultAction {
                match self { $(Self::$name => DefaultAction::$action,)* }
            }
        }
    };
}

signals! {
    HUP = 1, Terminate, "Hangup";
    INT = 2, Terminate, "Interrupt";
    QUIT = 3, Core, "Quit";
    ILL = 4, Core, "Illegal instruction";
    TRAP = 5, Core, "Trace/breakpoint trap";
    ABRT = 6, Core, "Aborted";
    BUS = 7, Core, "Bus error";
    FPE = 8, Core, "Floating point exception";
    KILL = 9, Terminate, "Killed";
    USR1 = 10, Terminate, "User defined signal 1";
    SEGV = 11, Core, "Segmentation fault";
    USR2 = 12, Terminate, "User defined signal 2";
    PIPE = 13, Terminate, "Broken pipe";
    ALRM = 14, Terminate, "Alarm clock";
    TERM = 15, Terminate, "Terminated";
    STKFLT = 16, Terminate, "Stack fault";
    CHLD = 17, Ignore, "Child exited";
    CONT = 18, Continue, "Continued";
    STOP = 19, Stop, "Stopped (signal)";
    TSTP = 20, Stop, "Stopped";
    TTIN = 21, Stop, "Stopped (tty input)";
    TTOU = 22, Stop, "Stopped (tty output)";
    URG = 23, Ignore, "Urgent I/O condition";
    XCPU = 24, Core, "CPU time limit exceeded";
    XFSZ = 25, Core, "File size limit exceeded";
    VTALRM = 26, Terminate, "Virtual timer expired";
    PROF = 27, Terminate, "Profiling timer expired";
    WINCH = 28, Ignore, "Window changed";
    IO = 29, Terminate, "I/O possible";
    PWR = 30, Terminate, "Power failure";
    SYS = 31, Core, "Bad system call";
}

impl Signal {
    /// The number, as `kill -l` pairs it with the name.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The signal of a number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|signal| signal.number() == number)
    }

    /// The signal of a name, with or without `SIG`, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_uppercase();
        let name = name.strip_prefix("SIG").unwrap_or(&name);
        Self::ALL.iter().copied().find(|signal| signal.name() == name)
    }

    /// Whether no process can catch, ignore or block it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::KILL | Self::STOP)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIG{}", self.name())
    }
}

/// What a process does about a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// What the signal does by itself.
    #[default]
    Default,
    /// Nothing.
    Ignore,
    /// The signal waits until the program takes it; its arrival ends a blocked call.
    Catch,
}

/// A set of signals, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignalSet(u64);

impl SignalSet {
    /// No signals.
    pub const EMPTY: Self = Self(0);

    /// Adds a signal.
    pub fn insert(&mut self, signal: Signal) {
        self.0 |= 1 << signal.number();
    }

    /// Removes a signal.
    pub fn remove(&mut self, signal: Signal) {
        self.0 &= !(1 << signal.number());
    }

    /// Whether the signal is in the set.
    pub fn contains(self, signal: Signal) -> bool {
        self.0 & (1 << signal.number()) != 0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The signals of the set, lowest number first.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL.iter().copied().filter(move |signal| self.contains(*signal))
    }

    /// The bits as `/proc/PID/status` shows them: bit 0 is signal 1.
    pub fn mask(self) -> u64 {
        self.0 >> 1
    }

    /// What is in this set and not in `other`.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in both sets.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// How a process ended or changed (POSIX wait status).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitStatus {
    /// It exited with this status.
    Exited(u8),
    /// This signal ended it.
    Signaled(Signal),
    /// This signal stopped it.
    Stopped(Signal),
    /// It was continued.
    Continued,
}

impl WaitStatus {
    /// What a shell's `$?` shows: the exit status, or 128 + the signal's number.
    pub fn shell_status(self) -> u8 {
        match self {
            Self::Exited(status) => status,
            Self::Signaled(signal) | Self::Stopped(signal) => 128 + signal.number(),
            Self::Continued => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        assert_eq!(Signal::from_name("sigterm"), Some(Signal::TERM));
        assert_eq!(Signal::from_name("KILL"), Some(Signal::KILL));
        assert_eq!(Signal::from_name("SIGNONE"), None);
        for signal in Signal::ALL {
            assert_eq!(Signal::from_number(signal.number()), Some(*signal));
        }
        assert_eq!(Signal::from_number(0), None);
        assert_eq!(WaitStatus::Signaled(Signal::INT).shell_status(), 130);
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        let mut set = SignalSet::EMPTY;
        set.insert(Signal::SYS);
        set.insert(Signal::HUP);
        assert_eq!(set.iter().collect::<Vec<_>>(), [Signal::HUP, Signal::SYS]);
        assert_eq!(set.mask() & 1, 1);
        set.remove(Signal::HUP);
        assert!(!set.contains(Signal::HUP));
    }
}
