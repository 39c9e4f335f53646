//! df: how full filesystems are.
//!
//! Follows: POSIX.1-2024 df; layout of GNU coreutils 9.1.

use bstr::{BString, ByteSlice};

use crate::fs::StatVfs;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::{Out, about};
use crate::kernel::program::shapes::{Compute, End, human, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Df>("df");

const SPEC: Spec = Spec::new(
    "usage: df [-ahikT] [FILE]...\n\
     Print how full the filesystems of FILEs are, or all of them.\n\n  \
     -a, --all             those without storage too\n  \
     -h, --human-readable  sizes such as 1.5G\n  \
     -i, --inodes          inodes instead of blocks\n  \
     -k                    in KiB (default)\n  \
     -T, --print-type      types too",
    "ahikT",
)
.long(&[("all", b'a'), ("human-readable", b'h'), ("inodes", b'i'), ("print-type", b'T')]);

/// Bytes of `/proc/mounts` that are read.
const FILE_MAX: usize = 1 << 16;

#[derive(Clone)]
struct Df;

/// A line of `/proc/mounts`.
struct Mounted {
    source: BString,
    at: BString,
    kind: BString,
}

impl Compute for Df {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let mounts = sys.fs().read_file("/proc/mounts", FILE_MAX)?;
        let mounts: Vec<Mounted> = mounts
            .lines()
            .filter_map(|line| {
                let mut fields = line.split(|byte| *byte == b' ').map(BString::from);
                Some(Mounted { source: fields.next()?, at: fields.next()?, kind: fields.next()? })
            })
            .collect();
        let mut rows = vec![header(options)];
        if options.operands.is_empty() {
            for mounted in &mounts {
                let Ok(stat) = sys.fs().statvfs(&mounted.at) else { continue };
                if stat.blocks > 0 || options.has(b'a') {
                    rows.push(row(mounted, &stat, options));
                }
            }
        }
        for path in &options.operands {
            let found =
                sys.fs().statvfs(path).and_then(|stat| Ok((stat, sys.fs().stat(path)?.dev)));
            let (stat, device) = match found {
                Ok(found) => found,
                Err(errno) => {
                    out.complain(about(path, errno));
                    continue;
                }
            };
            let same = |mounted: &&Mounted| {
                sys.fs().stat(&mounted.at).is_ok_and(|stat| stat.dev == device)
            };
            if let Some(mounted) = mounts.iter().rev().find(same) {
                rows.push(row(mounted, &stat, options));
            }
        }
        if rows.len() > 1 || out.status() == 0 {
            print(&rows, options, out);
        }
        Ok(out.status())
    }
}

fn header(options: &Options) -> Vec<String> {
    let units = match (options.has(b'i'), options.has(b'h')) {
        (true, _) => ["Inodes", "IUsed", "IFree", "IUse%"],
        (false, true) => ["Size", "Used", "Avail", "Use%"],
        (false, false) => ["1K-blocks", "Used", "Available", "Use%"],
    };
    let mut row = vec!["Filesystem".to_owned(), "Type".to_owned()];
    row.extend(units.map(str::to_owned));
    row.push("Mounted on".to_owned());
    row
}

fn row(mounted: &Mounted, stat: &StatVfs, options: &Options) -> Vec<String> {
    let (all, free) = match options.has(b'i') {
        true => (stat.inodes, stat.inodes_free),
        false => (
            stat.blocks.saturating_mul(stat.block_size),
            stat.blocks_free.saturating_mul(stat.block_size),
        ),
    };
    let used = all.saturating_sub(free);
    let shown = |number: u64| match (options.has(b'i'), options.has(b'h')) {
        (_, true) => human(number),
        (true, false) => number.to_string(),
        (false, false) => number.div_ceil(1024).to_string(),
    };
    let share = match u128::from(all) {
        0 => "-".to_owned(),
        all => format!("{}%", (u128::from(used) * 100).div_ceil(all)),
    };
    vec![
        mounted.source.to_string(),
        mounted.kind.to_string(),
        shown(all),
        shown(used),
        shown(free),
        share,
        mounted.at.to_string(),
    ]
}

fn print(rows: &[Vec<String>], options: &Options, out: &mut Out) {
    let least = [14, 4, 5, 5, 5, 4, 0];
    let width = |column: usize| {
        let widest = rows.iter().map(|row| row[column].chars().count()).max();
        widest.unwrap_or(0).max(least[column])
    };
    let widths: Vec<usize> = (0..least.len()).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (column, (field, width)) in row.iter().zip(&widths).enumerate() {
            match column {
                1 if !options.has(b'T') => {}
                0 | 1 => line.push_str(&format!("{field:<width$} ")),
                6 => line.push_str(field),
                _ => line.push_str(&format!("{field:>width$} ")),
            }
        }
        out.text(line + "\n");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Guest;

    #[test]
    fn tells_how_full_the_disk_is() {
        let mut guest = Guest::new();
        let text = guest.run("df /tmp", "");
        let mut lines = text.lines();
        assert_eq!(
            lines.next().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")),
            Some("Filesystem 1K-blocks Used Available Use% Mounted on".to_owned())
        );
        assert!(
            lines.next().is_some_and(|line| line.contains(" 65536 ") && line.ends_with('/')),
            "{text}"
        );
        let missing = "[stderr]\ndf: no: No such file or directory\n[exit 1]\n";
        assert_eq!(guest.run("df no", ""), missing);
    }
}
