//! What a command is given to work on: a world file, a savegame, or nothing, which is the demo.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use hostscape::Sim;
use hostscape::variant::{Catalogue, Files};
use hostscape::world::file::{self, WorldSpec};

use crate::failure::Failure;

/// What was found in a file.
pub enum Source {
    /// A world yet to begin.
    World(WorldSpec, Catalogue),
    /// A savegame's text.
    Save(String),
}

/// Opens a world file, a savegame or a bundled world by its name; the demo without any.
pub fn open(path: Option<&Path>) -> Result<Source, Failure> {
    let Some(path) = path else {
        return world("demo.world.ron", file::DEMO.as_bytes(), Catalogue::bundled());
    };
    if let Some((name, text)) = bundled(path) {
        return world(name, text.as_bytes(), Catalogue::bundled());
    }
    let bytes = read(path)?;
    if is_save(&bytes) {
        return Ok(Source::Save(text_of(&path.display().to_string(), bytes)?));
    }
    world(&path.display().to_string(), &bytes, catalogue_beside(path)?)
}

/// The bundled world of this name, unless there is such a file.
fn bundled(path: &Path) -> Option<(&'static str, &'static str)> {
    let found = match path.to_str()? {
        "demo" => ("demo.world.ron", file::DEMO),
        "two_machines" => ("two_machines.world.ron", file::TWO_MACHINES),
        _ => return None,
    };
    fs::symlink_metadata(path).is_err().then_some(found)
}

/// The same, begun; a seed replaces the world file's.
pub fn begin(path: Option<&Path>, seed: Option<u64>) -> Result<Sim, Failure> {
    match open(path)? {
        Source::World(mut spec, catalogue) => {
            spec.seed = seed.unwrap_or(spec.seed);
            Sim::from_world(&spec, catalogue).map_err(Failure::new)
        }
        Source::Save(_) if seed.is_some() => Err(Failure::new(
            "--seed is for worlds that begin; a savegame has its own seed: leave --seed out",
        )),
        Source::Save(text) => load(&text, path),
    }
}

/// Builds the world of a savegame.
pub fn load(text: &str, path: Option<&Path>) -> Result<Sim, Failure> {
    let name = path.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
    Sim::load(text).map_err(|error| Failure::new(format_args!("{name}: {error}")))
}

/// A savegame's text, from a file or else from standard input.
pub fn read_save(path: Option<&Path>) -> Result<String, Failure> {
    let (name, bytes) = match path {
        Some(path) => (path.display().to_string(), read(path)?),
        None => {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map_err(|error| {
                Failure::new(format_args!("cannot read standard input: {error}"))
            })?;
            ("standard input".to_owned(), bytes)
        }
    };
    text_of(&name, bytes)
}

/// Whether a file's content is meant to be a savegame.
pub fn is_save(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).trim_ascii_start();
    start.starts_with(b"hostscape:") || start.starts_with(b"// Hostscape savegame")
}

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        let remedy = match error.kind() {
            io::ErrorKind::NotFound => {
                "; check the path (demo and two_machines are bundled worlds)"
            }
            io::ErrorKind::IsADirectory => "; name a file in it",
            _ => "",
        };
        Failure::new(format_args!("{}: {error}{remedy}", path.display()))
    })
}

/// Writes a file so that it is either the old one or the new one, whatever happens.
///
/// What is no regular file, such as a terminal or a pipe, is written to as it is; a symbolic link
/// stays one, and what it leads to is written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let target = check_target(path)?;
    if fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file()) {
        let write = || {
            let mut device = fs::OpenOptions::new().write(true).open(&target)?;
            io::Write::write_all(&mut device, bytes)?;
            io::Write::flush(&mut device)
        };
        return write().map_err(|error| cannot_write(path, &error));
    }
    let mut aside = target.as_os_str().to_owned();
    aside.push(format!(".{}.new", std::process::id()));
    let aside = PathBuf::from(aside);
    let write = || {
        let mut file = fs::File::create(&aside)?;
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        fs::rename(&aside, &target)
    };
    write().map_err(|error| {
        // What was written aside is of no use to anybody.
        let _ = fs::remove_file(&aside);
        cannot_write(path, &error)
    })
}

/// Where writing to `path` leads. Fails early where it can't succeed: in no folder, or to one.
pub fn check_target(path: &Path) -> Result<PathBuf, Failure> {
    // The path of an open pipe leads nowhere else, though it looks like a link.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return Ok(path.to_owned());
    }
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        // Renaming over a link that leads nowhere would lose the link.
        Err(error) if fs::symlink_metadata(path).is_ok() => {
            return Err(cannot_write(path, &error));
        }
        Err(_) => path.to_owned(),
    };
    if target.is_dir() {
        return Err(cannot_write(path, &io::ErrorKind::IsADirectory.into()));
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(target),
        Ok(_) => Err(cannot_write(path, &io::ErrorKind::NotADirectory.into())),
        Err(error) => Err(cannot_write(path, &error)),
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "make its folder first, or mend the link",
        io::ErrorKind::IsADirectory => "name a file in it",
        io::ErrorKind::StorageFull => "make room there, or choose another place",
        _ => "choose a place you may write to",
    };
    Failure::new(format_args!("cannot write {}: {error}; {remedy}", path.display()))
}

/// The bundled variants, and those in the folder `os-variants` beside a file.
pub fn catalogue_beside(path: &Path) -> Result<Catalogue, Failure> {
    let mut catalogue = Catalogue::bundled();
    let folder = path.parent().unwrap_or(Path::new("")).join("os-variants");
    let Ok(entries) = fs::read_dir(&folder) else { return Ok(catalogue) };
    for entry in entries.flatten() {
        let folder = entry.path();
        if let Some(name) = entry.file_name().to_str()
            && folder.join("variant.ron").is_file()
        {
            catalogue.add(name, folder.display().to_string(), variant_files(&folder)?);
        }
    }
    Ok(catalogue)
}

/// The files of a variant's folder, by their paths in it.
pub fn variant_files(folder: &Path) -> Result<Files, Failure> {
    let mut files = Files::new();
    let mut waiting = vec![(folder.to_owned(), String::new())];
    while let Some((path, inside)) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path)
            .map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))?;
        if metadata.is_dir() {
            let entries = fs::read_dir(&path)
                .map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))?;
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let inside = if inside.is_empty() { name } else { format!("{inside}/{name}") };
                waiting.push((entry.path(), inside));
            }
        } else if metadata.is_file() {
            let bytes = read(&path)?;
            let executable = is_executable(&metadata);
            files
                .insert(inside, hostscape::variant::SourceFile { bytes: bytes.into(), executable });
        }
    }
    Ok(files)
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

fn world(name: &str, bytes: &[u8], catalogue: Catalogue) -> Result<Source, Failure> {
    match file::read(name, bytes, &catalogue) {
        Ok((spec, warnings)) => {
            warnings.iter().for_each(|warning| eprintln!("{warning}"));
            Ok(Source::World(spec, catalogue))
        }
        Err(findings) => {
            let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
            Err(Failure::new(format_args!("this world can't be used:\n{}", lines.join("\n"))))
        }
    }
}

fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(format_args!(
            "{name}: damaged savegame, byte {at} is not text; restore an undamaged copy"
        ))
    })
}
