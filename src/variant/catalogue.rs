//! The catalogue: the variants that machines can be of, each built into an image at most once.
//!
//! Why `Arc`: an image never changes once built, and every machine of its variant points to it.
#![expect(clippy::disallowed_types, reason = "images are immutable and shared, see above")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::bundled;
use super::check::Check;
use super::finding::{Finding, Report, Severity};
use super::layout::{Layout, lay_out};
use super::machine::{self, Facts, Hardware, Interface, MachineFile, Template, Values};
use super::resolve::{Files, Resolved, Source, SourceFile, ron_path};
use super::tree::{Content, Entry, Tree};
use crate::base::digest::Digest;
use crate::base::{Errno, Timestamp};
use crate::fs::{Image, ImageBuilder, InodeKind};

/// When the files of all images were made: 2026-01-01 00:00:00 UTC.
const IMAGE_TIME: Timestamp = Timestamp { secs: 1_767_225_600, nanos: 0 };

/// Why there is no such variant. `Display` prints one finding a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n"))]
pub struct VariantError {
    /// What is wrong with its files, at least one of them an error.
    pub findings: Vec<Finding>,
}

/// A weakness that was put into a variant on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeakSpot {
    /// Its name.
    pub name: String,
    /// Where it is: a path of the machine.
    pub path: Option<String>,
    /// What is weak.
    pub description: String,
    /// A hint for someone who looks for it.
    pub hint: Option<String>,
}

/// A variant ready to make machines of.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name in the catalogue.
    pub name: String,
    /// What it is, in one line.
    pub description: String,
    /// The file tree its machines share.
    pub image: Arc<Image>,
    /// What its machines are made of.
    pub hardware: Hardware,
    /// The interfaces its machines have without being given any, `eth0` first.
    pub interfaces: Vec<Interface>,
    /// The host name of machines that are given none.
    pub hostname: String,
    /// Weaknesses put there on purpose.
    pub weak_spots: Vec<WeakSpot>,
    /// Whether its machines forward packets once they have booted.
    pub forwards: bool,
    /// What the image was built from, for listings and checks.
    tree: Tree,
    templates: Vec<Template>,
    variables: BTreeMap<String, String>,
}

impl Variant {
    /// The files by which a machine with these facts differs from the image.
    pub fn files(&self, facts: &Facts<'_>) -> Vec<MachineFile> {
        let hostname = facts.hostname.unwrap_or(&self.hostname);
        let interfaces = self.interfaces_with(facts.interfaces);
        let default = Values::new(&self.hostname, &self.interfaces, "", None, &self.variables);
        let variables = facts.variables;
        let own = Values::new(hostname, &interfaces, facts.hosts, variables, &self.variables);
        machine::files(&self.templates, &default, &own)
    }

    /// The interfaces of a machine that is given some of its own: these, and the variant's where
    /// they leave a number out.
    pub fn interfaces_with(&self, own: &[Interface]) -> Vec<Interface> {
        let mut numbered: BTreeMap<u8, Interface> =
            self.interfaces.iter().map(|interface| (interface.number, interface.clone())).collect();
        numbered.extend(own.iter().map(|interface| (interface.number, interface.clone())));
        let end = numbered.keys().next_back().map_or(0, |last| last + 1);
        let unused = |number| Interface { number, ..Interface::default() };
        (0..end).map(|n| numbered.remove(&n).unwrap_or_else(|| unused(n))).collect()
    }

    /// The names that files of this variant take values from.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// Whether the image has something at this path.
    pub fn has_path(&self, path: &str) -> bool {
        self.tree.get(path).is_some()
    }

    /// The inode at this path: a file's mode and owner, for those who write over it.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.tree.get(path)
    }

    /// The image as text, one line per inode.
    pub fn listing(&self) -> String {
        self.tree.listing()
    }
}

/// The variants known by name.
#[derive(Clone, Debug)]
pub struct Catalogue {
    sources: BTreeMap<String, Source>,
    built: BTreeMap<String, OnceLock<Result<Arc<Variant>, VariantError>>>,
    programs: Option<Vec<String>>,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::bundled()
    }
}

impl Catalogue {
    /// No variants at all.
    pub const fn empty() -> Self {
        Self { sources: BTreeMap::new(), built: BTreeMap::new(), programs: None }
    }

    /// The variants that come with the engine.
    pub fn bundled() -> Self {
        let mut catalogue = Self::empty();
        for (path, bytes, mode) in bundled::FILES {
            let Some((name, path)) = path.split_once('/') else { continue };
            catalogue.built.entry(name.to_owned()).or_default();
            let source = catalogue.sources.entry(name.to_owned()).or_insert_with(|| Source {
                folder: format!("os-variants/{name}"),
                files: Files::new(),
            });
            let file = SourceFile { bytes: Cow::Borrowed(bytes), executable: mode & 0o111 != 0 };
            source.files.insert(path.to_owned(), file);
        }
        catalogue
    }

    /// Adds a variant, or replaces the one of this name. `folder` is what findings call its
    /// folder; `files` are what is in it, by path: `variant.ron`, `root/etc/motd`.
    pub fn add(&mut self, name: impl Into<String>, folder: impl Into<String>, files: Files) {
        let name = name.into();
        // Any variant may extend this one.
        self.built.values_mut().for_each(|built| *built = OnceLock::new());
        self.built.entry(name.clone()).or_default();
        self.sources.insert(name, Source { folder: folder.into(), files });
    }

    /// Tells which programs exist, so that a variant that names another is refused.
    pub fn know_programs(&mut self, names: impl IntoIterator<Item = impl Into<String>>) {
        self.built.values_mut().for_each(|built| *built = OnceLock::new());
        self.programs = Some(names.into_iter().map(Into::into).collect());
    }

    /// The names of all variants in order.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.sources.keys().map(String::as_str)
    }

    /// Whether there is a variant of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.sources.contains_key(name)
    }

    /// The variant of this name, built when it is first asked for.
    ///
    /// # Errors
    ///
    /// What is wrong with its files, or with those it extends.
    pub fn variant(&self, name: &str) -> Result<Arc<Variant>, VariantError> {
        let build = || {
            let (variant, findings) = self.build(name);
            variant.map(Arc::new).ok_or(VariantError { findings })
        };
        match self.built.get(name) {
            Some(built) => built.get_or_init(build).clone(),
            None => build(),
        }
    }

    /// The image with this digest among the variants built so far, for loading a save.
    pub fn image(&self, digest: Digest) -> Option<Arc<Image>> {
        let built = self.built.values().filter_map(|built| built.get()?.as_ref().ok());
        built.map(|variant| &variant.image).find(|image| image.digest() == digest).cloned()
    }

    /// Everything that is wrong with a variant.
    pub fn check(&self, name: &str) -> Vec<Finding> {
        self.build(name).1
    }

    fn build(&self, name: &str) -> (Option<Variant>, Vec<Finding>) {
        let resolved = match Resolved::new(&self.sources, name) {
            Ok(resolved) => resolved,
            Err(findings) => return (None, findings),
        };
        let folder = self.sources.get(name).map_or(name, |source| &source.folder);
        let mut report = Report::new(ron_path(folder));
        let programs = self.programs.as_deref();
        let mut check = Check { resolved: &resolved, report: &mut report, programs };
        let decided = check.decide(name);
        let layout = lay_out(name, &resolved, &decided, check.report);
        check.after_layout(&layout);
        let image = image(&layout.tree, &mut report);
        let broken = report.has_errors();
        let findings = report.finish();
        let Some(image) = image.filter(|_| !broken) else { return (None, findings) };
        let weak_spots = resolved.file.weak_spots.iter().map(|(name, spot)| WeakSpot {
            name: name.clone(),
            path: spot.path.clone(),
            description: spot.description.clone().unwrap_or_default(),
            hint: spot.hint.clone(),
        });
        let Layout { tree, templates, variables } = layout;
        let variant = Variant {
            name: name.to_owned(),
            description: resolved.file.description.clone().unwrap_or_default(),
            image,
            hardware: decided.hardware,
            interfaces: decided.interfaces,
            hostname: decided.hostname,
            weak_spots: weak_spots.collect(),
            forwards: forwards(&tree),
            tree,
            templates,
            variables,
        };
        (Some(variant), findings)
    }
}

/// Checks the variant in `folder`, which may extend those of the catalogue.
pub fn check_variant(
    name: &str,
    folder: &str,
    files: Files,
    catalogue: &Catalogue,
) -> Vec<Finding> {
    let mut catalogue = catalogue.clone();
    catalogue.add(name, folder, files);
    catalogue.check(name)
}

/// Whether `/etc/sysctl.conf` turns forwarding on; the last line about it counts.
fn forwards(tree: &Tree) -> bool {
    match tree.get("/etc/sysctl.conf").map(|entry| &entry.content) {
        Some(Content::File(bytes)) => sysctl_forwards(bytes).unwrap_or(false),
        _ => false,
    }
}

/// What a sysctl.conf(5) says about forwarding, if it says anything.
pub fn sysctl_forwards(bytes: &[u8]) -> Option<bool> {
    let setting = |line: &str| {
        let (name, value) = line.split_once('=')?;
        let name = name.trim().replace('/', ".");
        (name == "net.ipv4.ip_forward").then(|| value.trim() != "0")
    };
    String::from_utf8_lossy(bytes).lines().filter_map(setting).last()
}

/// Builds the image; what the filesystem refuses goes to the report.
fn image(tree: &Tree, report: &mut Report) -> Option<Arc<Image>> {
    let mut builder = ImageBuilder::new();
    builder.time(IMAGE_TIME);
    for (path, entry) in tree.iter() {
        if let Err(errno) = add(&mut builder, path, entry) {
            let position = || super::finding::Position::START;
            let what = format!("{path} cannot be made: {errno}");
            report.error(position, what, "expected a path and size that fit", "change it");
            return None;
        }
    }
    Some(builder.build())
}

fn add(builder: &mut ImageBuilder, path: &str, entry: &Entry) -> Result<(), Errno> {
    let Entry { mode, uid, gid, content } = entry;
    let (mode, uid, gid) = (*mode, *uid, *gid);
    match content {
        Content::Directory => builder.dir(path, mode, uid, gid)?,
        Content::File(bytes) => builder.file(path, mode, uid, gid, bytes)?,
        Content::Symlink(target) => builder.symlink(path, target, uid, gid)?,
        Content::Program(name) => builder.program(path, mode, uid, gid, name.as_str())?,
        Content::Device { major, minor } => {
            let kind = InodeKind::CharDevice { major: *major, minor: *minor };
            builder.device(path, mode, uid, gid, kind)?
        }
    };
    Ok(())
}

/// The findings that make a file unusable.
pub fn errors(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.severity == Severity::Error)
}
