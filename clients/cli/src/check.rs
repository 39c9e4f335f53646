//! `hostscape check`: everything that is wrong with variants, worlds and savegames.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use hostscape::save::{LoadError, Place};
use hostscape::variant::check_variant;
use hostscape::world::file;
use hostscape::{Sim, programs};

use crate::failure::Failure;
use crate::source;

/// Checks variants, world files and savegames
#[derive(Args)]
#[command(after_help = "\
Prints one line per finding: FILE:LINE:COLUMN: what, expected, remedy. The status is 0 when there
is none, 1 when there are some.

A variant is named by its variant.ron or its folder; a world file ends in .world.ron; a savegame
is recognised by its first bytes.")]
pub struct Check {
    /// Files to check
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Check {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let mut clean = true;
        let mut stdout = io::stdout().lock();
        for path in &self.files {
            for line in findings(path) {
                clean = false;
                writeln!(stdout, "{line}").map_err(|error| Failure::output(&error))?;
            }
        }
        Ok(ExitCode::from(u8::from(!clean)))
    }
}

fn findings(path: &Path) -> Vec<String> {
    let name = path.display();
    let is_variant = path.is_dir() || path.file_name().is_some_and(|file| file == "variant.ron");
    if is_variant {
        return variant(path).unwrap_or_else(|failure| vec![format!("{name}:1:1: {failure}")]);
    }
    let bytes = match source::read(path) {
        Ok(bytes) => bytes,
        Err(failure) => return vec![format!("{name}:1:1: {failure}")],
    };
    if source::is_save(&bytes) {
        return savegame(path, bytes);
    }
    match source::catalogue_beside(path) {
        Ok(catalogue) => file::check(&name.to_string(), bytes, &catalogue)
            .iter()
            .map(ToString::to_string)
            .collect(),
        Err(failure) => vec![format!("{name}:1:1: {failure}")],
    }
}

fn variant(path: &Path) -> Result<Vec<String>, Failure> {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new(".")) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !folder.join("variant.ron").is_file() {
        return Err(Failure::new("no variant.ron in this folder; name a variant's folder"));
    }
    // Variants beside this one are those it may extend.
    let mut catalogue = source::catalogue_beside(&whole.join("..").join("variant"))?;
    for entry in whole
        .parent()
        .and_then(|above| std::fs::read_dir(above).ok())
        .into_iter()
        .flatten()
        .flatten()
    {
        let sibling = entry.path();
        if let Some(name) = entry.file_name().to_str()
            && sibling.join("variant.ron").is_file()
            && sibling != whole
        {
            let files = source::variant_files(&sibling)?;
            catalogue.add(name, sibling.display().to_string(), files);
        }
    }
    catalogue.know_programs(programs::ALL.iter().map(|program| program.name));
    let files = source::variant_files(folder)?;
    let shown = folder.display().to_string();
    let found = check_variant(&name, &shown, files, &catalogue);
    Ok(found.iter().map(ToString::to_string).collect())
}

fn savegame(path: &Path, bytes: Vec<u8>) -> Vec<String> {
    let name = path.display();
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            return vec![format!("{name}:1:{}: not text, restore an undamaged copy", at + 1)];
        }
    };
    match Sim::load(&text) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let (line, column) = match &error {
                LoadError::Damaged { first, .. } | LoadError::Inconsistent(first) => {
                    match first.place {
                        Place::Line(line, column) => (u64::from(line), u64::from(column)),
                        Place::Byte(byte) => (1, byte + 1),
                    }
                }
                _ => (1, 1),
            };
            vec![format!("{name}:{line}:{column}: {error}")]
        }
    }
}
