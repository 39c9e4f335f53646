//! The files of a planned machine: its names, addresses and routes, and what the world file
//! writes over its image.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bstr::BString;

use super::reader::Reader;
use super::spec::{MachinePlan, WorldSpec};
use crate::base::limits::{WORLD_FILES_BYTES_MAX, WORLD_HOSTS_MAX};
use crate::base::{Gid, Uid};
use crate::kernel::SpecFile;
use crate::variant::finding::quoted;
use crate::variant::names;
use crate::variant::outline::Step::{Field, Index, Key};
use crate::variant::template;
use crate::variant::units;
use crate::variant::{Facts, Values, Variant};

/// Fills in the files of all machines.
pub fn write(reader: &mut Reader<'_, '_, '_>, spec: &mut WorldSpec) {
    let hosts = Hosts::new(spec);
    let mut bytes = 0;
    for index in 0..spec.machines.len() {
        let Some(variant) = reader.variants.get(index).cloned().flatten() else { continue };
        let files = machine_files(reader, &spec.machines[index], index, &variant, hosts.of(index));
        bytes += files.iter().map(|file| file.path.len() + file.bytes.len()).sum::<usize>();
        if bytes > WORLD_FILES_BYTES_MAX {
            let what = format!("more than {WORLD_FILES_BYTES_MAX} bytes of files");
            let path = [Field("machines"), Index(index)];
            let expected = "expected all machines' files together to be smaller";
            return reader.checked.error(&path, what, expected, "put them into a variant");
        }
        spec.machines[index].files = files;
    }
}

fn machine_files(
    reader: &mut Reader<'_, '_, '_>,
    plan: &MachinePlan,
    index: usize,
    variant: &Variant,
    hosts: &str,
) -> Vec<SpecFile> {
    let Some(entry) = reader.file.machines.get(index) else { return Vec::new() };
    let facts = Facts {
        hostname: Some(&plan.hostname),
        interfaces: &plan.interfaces,
        hosts,
        variables: Some(&entry.variables),
    };
    let values = variant.values(&facts);
    let mut files: BTreeMap<BString, SpecFile> =
        variant.files(&facts).into_iter().map(|file| (file.path.clone(), file)).collect();
    for path in entry.files.keys() {
        if let Some(file) = own_file(reader, index, variant, &values, path) {
            files.insert(file.path.clone(), file);
        }
    }
    files.into_values().collect()
}

/// A file that the world file itself writes.
fn own_file(
    reader: &mut Reader<'_, '_, '_>,
    index: usize,
    variant: &Variant,
    values: &Values<'_>,
    path: &str,
) -> Option<SpecFile> {
    let row = reader.file.machines.get(index)?.files.get(path)?;
    let at = [Field("machines"), Index(index), Field("files"), Key(path)];
    let within = |field| [at[0], at[1], at[2], at[3], Field(field)];
    let checked = &mut reader.checked;
    if !names::is_path(path) {
        checked.key_error(&at, format!("path {}", quoted(path)), names::PATH, "correct it");
        return None;
    }
    if let Some(way) = variant.in_the_way(path) {
        let what = format!("{} cannot be a file", quoted(path));
        let expected = format!("expected {} to be a directory, or empty", quoted(way));
        checked.key_error(&at, what, expected, "choose another path");
    }
    if let Some(mode) = row.mode
        && let Err(what) = units::mode(mode, checked.outline.text(&within("mode")))
    {
        checked.error(&within("mode"), what, units::MODE, "write it in octal: 0o755");
    }
    let mut slots = template::slots(&row.text);
    if let Some(slot) = slots.find(|slot| values.get(slot.name).is_none()) {
        let remedy = "add it to the variant's `variables`";
        checked.unknown(&within("text"), "template", slot.name, values.names(), remedy);
    }
    let replaced = variant.entry(path);
    let owner = row.owner.as_ref().and_then(|owner| {
        let user = variant.user(owner);
        if user.is_none() {
            let remedy = "add the user to the variant";
            checked.unknown(&within("owner"), "user", owner, variant.users(), remedy);
        }
        user
    });
    let (uid, gid) =
        owner.or(replaced.map(|entry| (entry.uid, entry.gid))).unwrap_or((Uid::ROOT, Gid::ROOT));
    let script = row.text.starts_with("#!") || path.starts_with("/etc/init.d/");
    let usual = if script { 0o755 } else { 0o644 };
    Some(SpecFile {
        path: path.into(),
        mode: row.mode.or(replaced.map(|entry| entry.mode)).unwrap_or(usual),
        uid,
        gid,
        bytes: values.expand(&row.text).into_bytes(),
    })
}

/// The lines of `/etc/hosts` that machines share.
enum Hosts {
    /// Everyone knows everyone.
    All(String),
    /// There are too many; each knows its neighbours.
    Neighbours(Vec<String>),
}

impl Hosts {
    fn new(spec: &WorldSpec) -> Self {
        if spec.machines.len() <= WORLD_HOSTS_MAX {
            let lines = spec.machines.iter().map(lines);
            return Self::All(lines.collect());
        }
        let mut texts = vec![String::new(); spec.machines.len()];
        for segment in &spec.segments {
            if segment.ports.len() > WORLD_HOSTS_MAX {
                continue;
            }
            let lines: String = segment
                .ports
                .iter()
                .filter_map(|port| spec.machines.get(port.machine))
                .map(lines)
                .collect();
            for port in &segment.ports {
                if let Some(text) = texts.get_mut(port.machine) {
                    text.push_str(&lines);
                }
            }
        }
        Self::Neighbours(texts)
    }

    fn of(&self, machine: usize) -> &str {
        match self {
            Self::All(text) => text,
            Self::Neighbours(texts) => texts.get(machine).map_or("", String::as_str),
        }
    }
}

/// A machine's lines: its first address bears its name; where there are several, each also bears
/// the name with its interface.
fn lines(plan: &MachinePlan) -> String {
    let mut text = String::new();
    let addressed = || plan.interfaces.iter().filter(|interface| interface.address.is_some());
    let several = addressed().nth(1).is_some();
    for (index, interface) in addressed().enumerate() {
        let Some(address) = interface.address else { continue };
        let mut names: Vec<String> = Vec::new();
        if index == 0 {
            names.push(plan.hostname.clone());
            names.extend((plan.name != plan.hostname).then(|| plan.name.clone()));
        }
        if several {
            names.push(format!("{}-eth{}", plan.name, interface.number));
        }
        writeln!(text, "{}\t{}", address.address(), names.join(" "))
            .expect("a string takes all that is written");
    }
    text
}
