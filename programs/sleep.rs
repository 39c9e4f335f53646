//! sleep: wait for a time.
//!
//! Follows: POSIX.1-2024 sleep; fractions, suffixes and sums of GNU coreutils. Deviates: time
//! passes in whole milliseconds, rounded up.

use serde::{Deserialize, Serialize};

use crate::base::{Tick, Ticks};
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, quote};
use crate::kernel::program::shapes::{End, Tool, first_operand, milliseconds, tool};
use crate::kernel::program::{Program, Step, Sys};

pub(super) const PROGRAM: Program = tool::<Sleep>("sleep");

const SPEC: Spec = Spec::new(
    "usage: sleep NUMBER[smhd]...\n\
     Wait for NUMBER seconds, minutes, hours or days; several are added up.",
    "",
);

#[derive(Clone, Serialize, Deserialize)]
struct Sleep {
    until: Tick,
}

impl Tool for Sleep {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        first_operand(options, 1, out)?;
        let mut span = 0_u64;
        let mut understood = true;
        for operand in &options.operands {
            match milliseconds(operand) {
                Some(millis) => span = span.saturating_add(millis),
                None => {
                    out.warn(format_args!("invalid time interval {}", quote(operand)));
                    understood = false;
                }
            }
        }
        if !understood {
            out.error("Try 'sleep --help' for more information.\n");
            return Err(End::Exit(1));
        }
        Ok(Self { until: sys.os().now() + Ticks(span) })
    }

    fn step(&mut self, _: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        sys.os().sleep_until(self.until)?;
        Ok(Step::Exit(0))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::kernel::program::shapes::milliseconds;
    use crate::testing::run;

    #[test]
    fn times_are_exact_to_the_millisecond() {
        let cases: [(&[u8], Option<u64>); 10] = [
            (b"1", Some(1000)),
            (b"0.25", Some(250)),
            (b".5m", Some(30_000)),
            (b"1.d", Some(86_400_000)),
            (b"0.0001", Some(1)),
            (b"99999999999999999999", Some(u64::MAX)),
            (b"", None),
            (b".", None),
            (b"-1", None),
            (b"1x", None),
        ];
        for (text, expected) in cases {
            assert_eq!(milliseconds(text), expected);
        }
    }

    #[test]
    fn waits_and_complains() {
        assert_eq!(run("sleep 0.01 0.01s", ""), "[exit 0]\n");
        expect![[r#"
            [stderr]
            sleep: invalid time interval 'x'
            sleep: invalid time interval 'y'
            Try 'sleep --help' for more information.
            [exit 1]
        "#]]
        .assert_eq(&run("sleep x 1 y", ""));
    }
}
