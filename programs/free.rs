//! free: how much memory is used.
//!
//! Follows: procps-ng 4.0 free. Left out: repetition, totals.

use bstr::ByteSlice;

use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, human, number, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Free>("free");

const SPEC: Spec = Spec::new(
    "usage: free [-bghkm]\n\
     Print how much memory is used, in KiB.\n\n  \
     -b, --bytes  in bytes\n  \
     -g, --gibi   in GiB\n  \
     -h, --human  as fits\n  \
     -k, --kibi   in KiB\n  \
     -m, --mebi   in MiB",
    "bghkm",
)
.long(&[("bytes", b'b'), ("gibi", b'g'), ("human", b'h'), ("kibi", b'k'), ("mebi", b'm')]);

/// Bytes of `/proc/meminfo` that are read.
const FILE_MAX: usize = 1 << 14;

#[derive(Clone)]
struct Free;

impl Compute for Free {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let text = sys.fs().read_file("/proc/meminfo", FILE_MAX)?;
        let kib = |name: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b":"));
            let value = line.map(|line| line.trim_ascii()).unwrap_or_default();
            value.split(|byte| *byte == b' ').next().and_then(number::<u64>).unwrap_or(0)
        };
        let shown = |kib: u64| match options.last_of(b"bghkm") {
            Some(b'b') => (kib * 1024).to_string(),
            Some(b'm') => (kib / 1024).to_string(),
            Some(b'g') => (kib / (1024 * 1024)).to_string(),
            Some(b'h') => match human(kib * 1024) {
                size if size.ends_with(|c: char| c.is_ascii_digit()) => size + "B",
                size => size + "i",
            },
            _ => kib.to_string(),
        };
        let (total, free) = (kib("MemTotal"), kib("MemFree"));
        let cache = kib("Buffers") + kib("Cached");
        let available = kib("MemAvailable").max(free);
        let used = total.saturating_sub(free + cache);
        out.text(
            "               total        used        free      shared  buff/cache   available\n",
        );
        let row = |name: &str, values: &[u64]| {
            let columns: String =
                values.iter().map(|value| format!("{:>12}", shown(*value))).collect();
            format!("{name:<8}{columns}\n")
        };
        out.text(row("Mem:", &[total, used, free, kib("Shmem"), cache, available]));
        let (swap, unused) = (kib("SwapTotal"), kib("SwapFree"));
        out.text(row("Swap:", &[swap, swap.saturating_sub(unused), unused]));
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn adds_up_to_the_hardware() {
        let text = run("free -b", "");
        assert!(text.contains(&format!("Mem:    {:>12}", 256 * 1024 * 1024)), "{text}");
    }
}
