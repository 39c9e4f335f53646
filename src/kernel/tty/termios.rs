//! Terminal modes: what `tcgetattr` and `tcsetattr` carry.
//!
//! Follows: POSIX `<termios.h>` with the bit values and defaults of Linux. Left out: what only
//! hardware has (parity, character size, modem control); the bits are kept but change nothing.

use serde::{Deserialize, Serialize};

bitflags::bitflags! {
    /// Input modes (`c_iflag`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct InputFlags: u32 {
        /// Ignore break.
        const IGNBRK = 0o1;
        /// Break interrupts.
        const BRKINT = 0o2;
        /// Ignore characters with parity errors.
        const IGNPAR = 0o4;
        /// Mark parity errors.
        const PARMRK = 0o10;
        /// Check parity.
        const INPCK = 0o20;
        /// Strip the eighth bit.
        const ISTRIP = 0o40;
        /// Newline becomes carriage return.
        const INLCR = 0o100;
        /// Carriage return is ignored.
        const IGNCR = 0o200;
        /// Carriage return becomes newline.
        const ICRNL = 0o400;
        /// Upper case becomes lower case.
        const IUCLC = 0o1000;
        /// `VSTOP` and `VSTART` control the output.
        const IXON = 0o2000;
        /// Any character restarts stopped output.
        const IXANY = 0o4000;
        /// Stop and start characters are sent to the terminal.
        const IXOFF = 0o10000;
        /// Ring the bell when the input queue is full.
        const IMAXBEL = 0o20000;
        /// Input is UTF-8: erase whole characters.
        const IUTF8 = 0o40000;
    }
}

bitflags::bitflags! {
    /// Output modes (`c_oflag`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct OutputFlags: u32 {
        /// Process output at all.
        const OPOST = 0o1;
        /// Lower case becomes upper case.
        const OLCUC = 0o2;
        /// Newline becomes carriage return and newline.
        const ONLCR = 0o4;
        /// Carriage return becomes newline.
        const OCRNL = 0o10;
        /// No carriage return at column 0.
        const ONOCR = 0o20;
        /// Newline moves to column 0 by itself.
        const ONLRET = 0o40;
        /// Tabs become spaces.
        const XTABS = 0o14000;
    }
}

bitflags::bitflags! {
    /// Control modes (`c_cflag`), hardware all of them.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ControlFlags: u32 {
        /// 38,400 bits a second.
        const B38400 = 0o17;
        /// Eight bits a character.
        const CS8 = 0o60;
        /// Two stop bits.
        const CSTOPB = 0o100;
        /// The receiver is on.
        const CREAD = 0o200;
        /// Parity.
        const PARENB = 0o400;
        /// Odd parity.
        const PARODD = 0o1000;
        /// Hang up on last close.
        const HUPCL = 0o2000;
        /// Ignore the modem's lines.
        const CLOCAL = 0o4000;
    }
}

bitflags::bitflags! {
    /// Local modes (`c_lflag`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct LocalFlags: u32 {
        /// `VINTR`, `VQUIT` and `VSUSP` raise signals.
        const ISIG = 0o1;
        /// Input comes in lines that can be edited.
        const ICANON = 0o2;
        /// Echo what is typed.
        const ECHO = 0o10;
        /// Erased characters vanish from the screen.
        const ECHOE = 0o20;
        /// Killing a line ends it on the screen.
        const ECHOK = 0o40;
        /// Echo newline even without `ECHO`.
        const ECHONL = 0o100;
        /// Signals leave the queues alone.
        const NOFLSH = 0o200;
        /// Writing from the background raises SIGTTOU.
        const TOSTOP = 0o400;
        /// Control characters are echoed as `^X`.
        const ECHOCTL = 0o1000;
        /// Erased characters are printed backwards, for paper.
        const ECHOPRT = 0o2000;
        /// A killed line vanishes from the screen.
        const ECHOKE = 0o4000;
        /// The extensions `VWERASE`, `VLNEXT`, `VREPRINT` and `VEOL2`.
        const IEXTEN = 0o100000;
    }
}

/// Index of the interrupt character in [`Termios::control`] (`^C`).
pub const VINTR: usize = 0;
/// Quit (`^\`).
pub const VQUIT: usize = 1;
/// Erase a character (DEL).
pub const VERASE: usize = 2;
/// Erase the line (`^U`).
pub const VKILL: usize = 3;
/// End of file (`^D`).
pub const VEOF: usize = 4;
/// Tenths of a second a raw read may wait.
pub const VTIME: usize = 5;
/// Bytes a raw read waits for.
pub const VMIN: usize = 6;
/// Restart output (`^Q`).
pub const VSTART: usize = 8;
/// Stop output (`^S`).
pub const VSTOP: usize = 9;
/// Suspend (`^Z`).
pub const VSUSP: usize = 10;
/// A further end of line.
pub const VEOL: usize = 11;
/// Print the line again (`^R`).
pub const VREPRINT: usize = 12;
/// Discard output (`^O`), which Linux ignores.
pub const VDISCARD: usize = 13;
/// Erase a word (`^W`).
pub const VWERASE: usize = 14;
/// Take the next character literally (`^V`).
pub const VLNEXT: usize = 15;
/// A second further end of line.
pub const VEOL2: usize = 16;
/// How many control characters there are (Linux `NCCS`).
pub const NCCS: usize = 19;
/// A control character of this value is switched off (`_POSIX_VDISABLE`).
pub const DISABLED: u8 = 0;

/// The modes of a terminal (POSIX `struct termios`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Termios {
    /// `c_iflag`.
    pub input: InputFlags,
    /// `c_oflag`.
    pub output: OutputFlags,
    /// `c_cflag`.
    pub hardware: ControlFlags,
    /// `c_lflag`.
    pub local: LocalFlags,
    /// `c_cc`: the control characters, indexed by `VINTR` and the other constants here.
    pub control: [u8; NCCS],
}

impl Default for Termios {
    /// Cooked, as Linux sets up a console in UTF-8 mode.
    fn default() -> Self {
        let mut control = [DISABLED; NCCS];
        control[VINTR] = 0x03;
        control[VQUIT] = 0x1c;
        control[VERASE] = 0x7f;
        control[VKILL] = 0x15;
        control[VEOF] = 0x04;
        control[VMIN] = 1;
        control[VSTART] = 0x11;
        control[VSTOP] = 0x13;
        control[VSUSP] = 0x1a;
        control[VREPRINT] = 0x12;
        control[VDISCARD] = 0x0f;
        control[VWERASE] = 0x17;
        control[VLNEXT] = 0x16;
        Self {
            input: InputFlags::ICRNL | InputFlags::IXON | InputFlags::IUTF8,
            output: OutputFlags::OPOST | OutputFlags::ONLCR,
            hardware: ControlFlags::B38400
                | ControlFlags::CS8
                | ControlFlags::CREAD
                | ControlFlags::HUPCL,
            local: LocalFlags::ISIG
                | LocalFlags::ICANON
                | LocalFlags::ECHO
                | LocalFlags::ECHOE
                | LocalFlags::ECHOK
                | LocalFlags::ECHOCTL
                | LocalFlags::ECHOKE
                | LocalFlags::IEXTEN,
            control,
        }
    }
}

impl Termios {
    /// These modes made raw, as `cfmakeraw` does.
    #[must_use]
    pub fn raw(mut self) -> Self {
        self.input -= InputFlags::IGNBRK
            | InputFlags::BRKINT
            | InputFlags::PARMRK
            | InputFlags::ISTRIP
            | InputFlags::INLCR
            | InputFlags::IGNCR
            | InputFlags::ICRNL
            | InputFlags::IXON;
        self.output -= OutputFlags::OPOST;
        self.local -= LocalFlags::ECHO
            | LocalFlags::ECHONL
            | LocalFlags::ICANON
            | LocalFlags::ISIG
            | LocalFlags::IEXTEN;
        self.hardware -= ControlFlags::PARENB;
        self.hardware |= ControlFlags::CS8;
        self.control[VMIN] = 1;
        self.control[VTIME] = 0;
        self
    }

    /// Whether `byte` is the control character at `index`, which is not switched off.
    pub(super) fn is(&self, index: usize, byte: u8) -> bool {
        byte != DISABLED && self.control[index] == byte
    }
}
