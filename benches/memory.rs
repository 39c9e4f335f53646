//! How much memory and savegame a machine takes. `cargo bench --bench memory`.
//!
//! Memory is what the process has in use before and after (`/proc/self/statm`), since a counting
//! allocator would need unsafe code; so it is told only where there is such a file.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark looks at the real process and prints"
)]

#[expect(dead_code, reason = "the other benchmark needs more of it")]
mod support;

/// Bytes of real memory in use.
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split(' ').nth(1)?.parse::<u64>().ok()? * 4096)
}

fn main() {
    println!(
        "{:>10} {:>16} {:>16} {:>16}",
        "machines", "bytes each", "compact each", "readable each"
    );
    for machines in [1_000_u32, 10_000, 100_000] {
        let before = resident();
        let mut sim = support::idle(machines);
        let used = resident().zip(before).map(|(after, before)| after.saturating_sub(before));
        let each = |bytes: u64| (bytes / u64::from(machines)).to_string();
        let used = used.map_or("?".to_owned(), each);
        let compact = each(sim.save_compact().len() as u64);
        // The readable form of many machines is larger than this program's purpose.
        let readable =
            if machines > 10_000 { "-".to_owned() } else { each(sim.save().len() as u64) };
        println!("{machines:>10} {used:>16} {compact:>16} {readable:>16}");
    }
}
