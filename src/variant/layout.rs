//! The layout of a variant: where everything it asks for lies in its image.
//!
//! What is put later takes the place of what was put before: programs, the files below `root/`,
//! the account files, device nodes and links for terminals and services, the `files` table.

use std::collections::BTreeMap;

use super::accounts::Accounts;
use super::finding::{Finding, Position, Report, did_you_mean, one_of, quoted};
use super::machine::{Interface, MACHINE_NAMES, Template, Values};
use super::names;
use super::outline::Step;
use super::resolve::Resolved;
use super::schema::FileEntry;
use super::template;
use super::tree::{Content, Entry, Refusal, Tree};
use crate::base::limits::{IMAGE_INODES_MAX, VARIANT_BYTES_MAX};
use crate::base::{Gid, Uid};
use crate::kernel::Hardware;

/// The names whose values the variant itself computes.
pub const VARIANT_NAMES: [&str; 4] = ["description", "gettys", "variant", "version"];

/// A variant laid out.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What the image holds.
    pub tree: Tree,
    /// The files that differ from machine to machine.
    pub templates: Vec<Template>,
    /// Values for templates that all machines of the variant share.
    pub variables: BTreeMap<String, String>,
}

/// What the checks have made of the values in `variant.ron`.
pub struct Decided {
    /// The default host name.
    pub hostname: String,
    /// What the machine is made of.
    pub hardware: Hardware,
    /// In ascending order of number, without gaps.
    pub interfaces: Vec<Interface>,
    /// Users and groups.
    pub accounts: Accounts,
}

/// Lays a variant out; what does not fit goes to the report.
pub fn lay_out(
    name: &str,
    resolved: &Resolved<'_>,
    decided: &Decided,
    report: &mut Report,
) -> Layout {
    let layout = Layout {
        tree: Tree::default(),
        templates: Vec::new(),
        variables: variables(name, resolved, decided),
    };
    let mut maker = Maker { resolved, decided, report, layout };
    maker.programs();
    maker.root_files();
    maker.accounts();
    maker.terminals();
    maker.services();
    maker.file_table();
    maker.homes();
    maker.templates();
    maker.layout
}

/// The values that all machines of the variant share: the designer's and the computed ones.
fn variables(name: &str, resolved: &Resolved<'_>, decided: &Decided) -> BTreeMap<String, String> {
    let file = &resolved.file;
    let mut gettys = String::new();
    for tty in 1..=decided.hardware.ttys {
        if tty > 1 {
            gettys.push('\n');
        }
        gettys.push_str(&format!("tty{tty}::respawn:/sbin/getty tty{tty}"));
    }
    let computed = [
        ("description", file.description.clone().unwrap_or_default()),
        ("gettys", gettys),
        ("variant", name.to_owned()),
        ("version", file.version.clone().unwrap_or_default()),
    ];
    let mut variables = file.variables.clone();
    variables.extend(computed.map(|(name, value)| (name.to_owned(), value)));
    variables
}

struct Maker<'m, 'a> {
    resolved: &'m Resolved<'a>,
    decided: &'m Decided,
    report: &'m mut Report,
    layout: Layout,
}

impl Maker<'_, '_> {
    fn error(&mut self, path: &[Step<'_>], what: String, expected: &str, remedy: &str) {
        error(self.resolved, self.report, path, what, expected, remedy);
    }

    /// Puts an inode that `asked` of `variant.ron` asks for; whether it is there now.
    fn put(&mut self, asked: &[Step<'_>], path: &str, entry: Entry) -> bool {
        let put = self.layout.tree.put(path, entry);
        if let Err(refusal) = &put {
            let what = format!("{} does not fit into the image", quoted(path));
            self.error(asked, what, &explained(refusal), "choose another path, or leave it out");
        }
        put.is_ok()
    }

    fn programs(&mut self) {
        let file = &self.resolved.file;
        for (directory, programs) in &file.programs {
            for name in programs {
                let asked = [Step::Field("programs"), Step::Key(directory)];
                let path = format!("{directory}/{name}");
                if names::is_path(&path) {
                    self.put(&asked, &path, Entry::new(0o755, Content::Program(name.clone())));
                }
            }
        }
    }

    fn root_files(&mut self) {
        for (path, (_, file)) in &self.resolved.root {
            if !names::is_path(path) {
                self.root_error(path, "this path cannot be on a machine", names::PATH, "rename it");
                continue;
            }
            // A script says so in its first line; the boot scripts are run by name.
            let script = file.bytes.starts_with(b"#!") || path.starts_with("/etc/init.d/");
            let mode = if script || file.executable { 0o755 } else { 0o644 };
            let entry = Entry::new(mode, Content::File(file.bytes.to_vec()));
            if let Err(refusal) = self.layout.tree.put(path, entry) {
                let what = "this file does not fit into the image";
                self.root_error(path, what, &explained(&refusal), "rename it, or leave it out");
            }
        }
    }

    /// Notes an error about a whole file below `root/`.
    fn root_error(&mut self, path: &str, what: &str, expected: &str, remedy: &str) {
        let mut report = Report::new(self.resolved.root_file(path));
        report.error(|| Position::START, what, expected, remedy);
        self.report.extend(report.finish());
    }

    fn accounts(&mut self) {
        let accounts = &self.decided.accounts;
        let shadow_group = accounts.gid("shadow").unwrap_or(Gid::ROOT);
        let asked = [Step::Field("users")];
        for (path, mode, gid, text) in [
            ("/etc/passwd", 0o644, Gid::ROOT, accounts.passwd()),
            ("/etc/group", 0o644, Gid::ROOT, accounts.group()),
            ("/etc/shadow", 0o640, shadow_group, accounts.shadow()),
        ] {
            // A variant that brings its own file has said all there is to say.
            if self.resolved.root.contains_key(path) {
                if let Some(entry) = self.layout.tree.get_mut(path) {
                    (entry.mode, entry.gid) = (mode, gid);
                }
                continue;
            }
            let content = Content::File(text.into_bytes());
            self.put(&asked, path, Entry { mode, uid: Uid::ROOT, gid, content });
        }
    }

    /// The device nodes of the virtual terminals (Linux: major 4).
    fn terminals(&mut self) {
        let gid = self.decided.accounts.gid("tty").unwrap_or(Gid::ROOT);
        for tty in 1..=self.decided.hardware.ttys {
            let content = Content::Device { major: 4, minor: tty };
            let entry = Entry { mode: 0o620, uid: Uid::ROOT, gid, content };
            self.put(&[Step::Field("hardware")], &format!("/dev/tty{tty}"), entry);
        }
    }

    fn services(&mut self) {
        for (name, service) in &self.resolved.file.services {
            let asked = [Step::Field("services"), Step::Key(name)];
            let script = format!("/etc/init.d/{name}");
            if !names::is_path(&script) || !self.resolved.root.contains_key(&script) {
                let what = format!("service {} has no script", quoted(name));
                let expected = format!("expected a file root{script}");
                self.error(&asked, what, &expected, "add the script, or remove the service");
                continue;
            }
            let link = format!("/etc/rc.d/S{:02}{name}", service.order.unwrap_or(50));
            let target = format!("../init.d/{name}");
            self.put(&asked, &link, Entry::new(0o777, Content::Symlink(target)));
        }
    }

    fn file_table(&mut self) {
        for (path, row) in &self.resolved.file.files {
            if !names::is_path(path) {
                continue; // The check has said so.
            }
            let asked = [Step::Field("files"), Step::Key(path)];
            if row.absent == Some(true) {
                self.layout.tree.remove(path);
                continue;
            }
            if let Some(entry) = new_entry(row)
                && !self.put(&asked, path, entry)
            {
                continue;
            }
            let uid = self.owner(row, path);
            let gid = self.group(row, path);
            match self.layout.tree.get_mut(path) {
                Some(entry) => {
                    entry.mode = row.mode.unwrap_or(entry.mode) & 0o7777;
                    entry.uid = uid.unwrap_or(entry.uid);
                    entry.gid = gid.unwrap_or(entry.gid);
                }
                None => self.error(
                    &asked,
                    format!("nothing is at {}", quoted(path)),
                    "expected a program or a file below root/ there",
                    "say what it is with text, directory, symlink, program or device",
                ),
            }
        }
    }

    fn owner(&mut self, row: &FileEntry, path: &str) -> Option<Uid> {
        let owner = row.owner.as_ref()?;
        let accounts = &self.decided.accounts;
        let uid = accounts.uid(owner);
        if uid.is_none() {
            let known = accounts.users.iter().map(|user| user.name.as_str());
            let asked = [Step::Field("files"), Step::Key(path), Step::Field("owner")];
            unknown(self.resolved, self.report, &asked, "user", owner, known, "add the user");
        }
        uid
    }

    fn group(&mut self, row: &FileEntry, path: &str) -> Option<Gid> {
        let group = row.group.as_ref()?;
        let accounts = &self.decided.accounts;
        let gid = accounts.gid(group);
        if gid.is_none() {
            let known = accounts.groups.keys().map(String::as_str);
            let asked = [Step::Field("files"), Step::Key(path), Step::Field("group")];
            unknown(self.resolved, self.report, &asked, "group", group, known, "add the group");
        }
        gid
    }

    /// Home directories below `/home`, filled from `/etc/skel` as `useradd -m` does.
    fn homes(&mut self) {
        let skeleton: Vec<(String, Entry)> = self
            .layout
            .tree
            .below("/etc/skel")
            .map(|(path, entry)| (path["/etc/skel".len()..].to_owned(), entry.clone()))
            .collect();
        for user in &self.decided.accounts.users {
            if !user.home.starts_with("/home/") || !names::is_path(&user.home) {
                continue;
            }
            let asked = [Step::Field("users"), Step::Key(&user.name)];
            let owned = |entry: Entry| Entry { uid: user.uid, gid: user.gid, ..entry };
            let home = Entry::new(0o755, Content::Directory);
            self.put(&asked, &user.home, owned(home));
            for (path, entry) in &skeleton {
                let path = format!("{}{path}", user.home);
                if self.layout.tree.get(&path).is_none() {
                    self.put(&asked, &path, owned(entry.clone()));
                }
            }
        }
    }

    /// Fills in the templates for a machine without facts of its own and remembers their text.
    fn templates(&mut self) {
        let Layout { tree, templates, variables } = &mut self.layout;
        let Decided { hostname, interfaces, .. } = self.decided;
        let values = Values::new(hostname, interfaces, "", None, variables);
        for (path, entry) in tree.iter() {
            let Content::File(bytes) = &entry.content else { continue };
            let Ok(text) = core::str::from_utf8(bytes) else { continue };
            let mut slots = template::slots(text);
            if let Some(slot) = slots.find(|slot| values.get(slot.name).is_none()) {
                let mut report = Report::new(self.resolved.root_file(path));
                let known = || {
                    let computed = MACHINE_NAMES.into_iter();
                    computed.chain(variables.keys().map(String::as_str))
                };
                report.error(
                    || Position::of_offset(text, slot.start),
                    format!("unknown template {}", quoted(slot.name)),
                    one_of(known()),
                    did_you_mean(slot.name, known(), "add it to `variables` in variant.ron"),
                );
                self.report.extend(report.finish());
            }
            if template::slots(text).next().is_some() {
                let Entry { mode, uid, gid, .. } = *entry;
                let (path, text) = (path.to_owned(), text.to_owned());
                templates.push(Template { path, mode, uid, gid, text });
            }
        }
        for template in templates.iter() {
            let text = template::expand(&template.text, |name| values.get(name));
            if let Some(entry) = tree.get_mut(&template.path) {
                entry.content = Content::File(text.into_bytes());
            }
        }
    }
}

/// What was expected instead of a refusal.
fn explained(refusal: &Refusal) -> String {
    match refusal {
        Refusal::InTheWay(path) => {
            format!("expected {} to be a directory, or empty", quoted(path))
        }
        Refusal::Full => {
            format!("expected at most {IMAGE_INODES_MAX} inodes and {VARIANT_BYTES_MAX} bytes")
        }
    }
}

/// The inode that a row of the `files` table makes, if it makes one.
fn new_entry(row: &FileEntry) -> Option<Entry> {
    let text = || row.text.clone().map(|text| (0o644, Content::File(text.into_bytes())));
    let directory = || (row.directory == Some(true)).then_some((0o755, Content::Directory));
    let symlink = || row.symlink.clone().map(|target| (0o777, Content::Symlink(target)));
    let program = || row.program.clone().map(|name| (0o755, Content::Program(name)));
    let device = || row.device.map(|(major, minor)| (0o600, Content::Device { major, minor }));
    let made = text().or_else(directory).or_else(symlink).or_else(program).or_else(device);
    made.map(|(mode, content)| Entry::new(mode, content))
}

/// Notes an error about a value of a merged variant, in the file that wrote it last.
pub fn error(
    resolved: &Resolved<'_>,
    report: &mut Report,
    path: &[Step<'_>],
    what: String,
    expected: &str,
    remedy: &str,
) {
    if report.is_full() {
        return report.leave_out();
    }
    let (file, position) = resolved.place(path);
    let mut here = Report::new(file);
    here.error(|| position, what, expected, remedy);
    let findings: Vec<Finding> = here.finish();
    report.extend(findings);
}

/// Notes that `name` is none of the `known` ones; `kind` is what it should be one of.
pub fn unknown<'k>(
    resolved: &Resolved<'_>,
    report: &mut Report,
    path: &[Step<'_>],
    kind: &str,
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
    or_else: &str,
) {
    // Guessing costs, and a hostile file is wrong in a million places.
    if report.is_full() {
        return report.leave_out();
    }
    let what = format!("unknown {kind} {}", quoted(name));
    let remedy = did_you_mean(name, known.clone(), or_else);
    error(resolved, report, path, what, &one_of(known), &remedy);
}
