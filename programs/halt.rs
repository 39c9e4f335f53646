//! halt: halts the machine.
//!
//! Follows: BusyBox halt: init is asked to take everything down in order; with `-f` the kernel
//! is, at once. Left out: `-w`, there is no wtmp.

use serde::{Deserialize, Serialize};

use crate::base::{Errno, Pid, Tick, Ticks};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{End, Tool, delay, tool};
use crate::kernel::program::{Program, Step, Sys};
use crate::kernel::sys::PowerRequest;
use crate::kernel::{KillTarget, Signal};

pub(super) const PROGRAM: Program = tool::<Halt>("halt");

const SPEC: Spec = Spec::new(
    "usage: halt [-d SECONDS] [-fn]\n\
     Halt the machine.\n\n  \
     -d SECONDS  wait before\n  \
     -f          at once, without asking init\n  \
     -n          (ignored)",
    "d:fn",
)
.long(&[("force", b'f')]);

#[derive(Clone, Serialize, Deserialize)]
struct Halt {
    when: Tick,
    force: bool,
}

impl Tool for Halt {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        if !sys.os().credentials()?.is_root() {
            return Err(out.fail(1, Errno::EPERM));
        }
        let delay = options.value(b'd').map_or(Ok(Ticks::ZERO), |text| delay(text, out))?;
        Ok(Self { when: sys.os().now() + delay, force: options.has(b'f') })
    }

    fn step(&mut self, _: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        sys.os().sleep_until(self.when)?;
        if self.force {
            sys.os().power(PowerRequest::Halt)?;
        } else {
            sys.os().kill(KillTarget::Pid(Pid::INIT), Some(Signal::USR1))?;
        }
        Ok(Step::Exit(0))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Guest;

    #[test]
    fn is_for_root_alone() {
        let mut guest = Guest::new();
        let refused = "[stderr]\nhalt: Operation not permitted\n[exit 1]\n";
        assert_eq!(guest.user(1000).run("halt", ""), refused);
        assert_eq!(guest.run("halt -f", ""), refused);
    }
}
