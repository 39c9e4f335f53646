//! The shell against a real one: every `tests/dash/*.sh` is run by `dash` and by
//! ours, and what comes out is compared.
//!
//! A case is a script, perhaps `NAME.in` beside it as standard input, perhaps a
//! first line `# args: …` with its arguments. Standard output and exit status must
//! be equal byte for byte; of standard error only whether there is any, since
//! messages differ between versions of dash.
//!
//! `HOSTSCAPE_CASE=word` runs only the cases whose names contain the word.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use bstr::ByteSlice;

use crate::support::{self, Ran};

/// Fewest cases; a folder that was not found must not pass for agreement.
const CASES_MIN: usize = 60;

struct Case {
    name: String,
    script: PathBuf,
    text: Vec<u8>,
    args: Vec<String>,
    stdin: Vec<u8>,
}

#[test]
fn scripts_do_what_they_do_in_dash() {
    if Command::new("dash").args(["-c", ":"]).status().is_err() {
        support::announce(
            "SKIPPED: no `dash` here to compare the shell with (apt-get install dash)",
        );
        return;
    }
    let cases = cases();
    let wanted = std::env::var("HOSTSCAPE_CASE").unwrap_or_default();
    assert!(cases.len() >= CASES_MIN, "only {} cases in tests/dash", cases.len());
    let cases: Vec<Case> = cases.into_iter().filter(|case| case.name.contains(&wanted)).collect();
    let next = AtomicUsize::new(0);
    let mut told: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut told = Vec::new();
                    while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                        told.extend(differences(case, &real(case), &ours(case)));
                    }
                    told
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    told.sort();
    assert!(
        told.is_empty(),
        "{} of {} scripts differ from dash\n\n{}",
        told.len(),
        cases.len(),
        told.join("\n")
    );
    support::announce(&format!("{} scripts do what they do in dash", cases.len()));
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dash");
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension() == Some(OsStr::new("sh")))
        .collect();
    scripts.sort();
    scripts.into_iter().map(case).collect()
}

fn case(script: PathBuf) -> Case {
    let text = std::fs::read(&script).unwrap();
    let first = text.lines().next().unwrap_or_default();
    let args =
        first.strip_prefix(b"# args: ").map_or_else(Vec::new, |args| words(args.to_str().unwrap()));
    let stdin = std::fs::read(script.with_extension("in")).unwrap_or_default();
    let name = script.file_stem().unwrap().to_str().unwrap().to_owned();
    Case { name, script, text, args, stdin }
}

/// Words parted by spaces; single quotes keep spaces.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for char in text.chars() {
        match char {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(char),
        }
    }
    words
}

/// What dash does, in an empty folder of its own and with a bare environment.
fn real(case: &Case) -> Ran {
    let folder =
        std::env::temp_dir().join(format!("hostscape-dash-{}-{}", std::process::id(), case.name));
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new("dash");
    command.arg(&case.script).args(&case.args).current_dir(&folder).env_clear();
    command.envs([("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")]);
    command.envs([("HOME", "/root"), ("LC_ALL", "C"), ("TZ", "UTC")]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A script that reads no input closes the pipe: that is its right.
    let _ = child.stdin.take().unwrap().write_all(&case.stdin);
    let output = child.wait_with_output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    Ran { stdout: output.stdout, stderr: output.stderr, status: output.status.code() }
}

fn ours(case: &Case) -> Ran {
    let mut args = vec!["sh", "/usr/share/case.sh"];
    args.extend(case.args.iter().map(String::as_str));
    support::Command::new(&args)
        .file("/usr/share/case.sh", &case.text)
        .stdin(&case.stdin)
        .cwd("/tmp")
        .run()
}

fn differences(case: &Case, real: &Ran, ours: &Ran) -> Option<String> {
    let quiet = real.stderr.is_empty() == ours.stderr.is_empty();
    if real.stdout == ours.stdout && real.status == ours.status && quiet {
        return None;
    }
    let mut told = format!("--- {}\n", case.name);
    if real.status != ours.status {
        let _ = writeln!(told, "    status: dash {:?}, ours {:?}", real.status, ours.status);
    }
    let (expected, found): (Vec<_>, Vec<_>) =
        (real.stdout.lines().collect(), ours.stdout.lines().collect());
    let same = expected.iter().zip(&found).take_while(|(a, b)| a == b).count();
    if real.stdout != ours.stdout {
        let line = |lines: &[&[u8]]| {
            lines.get(same).map_or("(ended)".to_owned(), |l| format!("{:?}", l.as_bstr()))
        };
        let _ = writeln!(told, "    stdout line {}: dash {}", same + 1, line(&expected));
        let _ = writeln!(
            told,
            "    {:>w$} ours {}",
            "",
            line(&found),
            w = 14 + (same + 1).to_string().len()
        );
    }
    if !quiet || !ours.stderr.is_empty() {
        let _ = writeln!(told, "    stderr: dash {:?}", real.stderr.as_bstr());
        let _ = writeln!(told, "            ours {:?}", ours.stderr.as_bstr());
    }
    Some(told)
}
