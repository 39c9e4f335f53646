//! Checks of a merged variant: every value means something, every name is known.

use std::collections::BTreeMap;

use super::accounts::Accounts;
use super::finding::{Report, quoted};
use super::layout::{self, Decided, Layout, VARIANT_NAMES};
use super::machine::{Interface, MACHINE_NAMES};
use super::names;
use super::outline::Step::{self, Field, Index, Key};
use super::resolve::Resolved;
use super::schema::{FileEntry, Password, UserFile};
use super::units::{self, Expected};
use crate::base::limits::{ACCOUNTS_MAX, PROCESSES_MAX, TTYS_MAX};
use crate::kernel::Hardware;

/// What a machine has unless its variant says otherwise.
const DEFAULT_HARDWARE: Hardware = Hardware {
    fuel_per_tick: 10_000,
    memory_bytes: 64 << 20,
    disk_bytes: 1 << 30,
    processes_max: 256,
    ttys: 1,
};

/// Checks the values of a merged variant; the layout checks how they fit together.
pub struct Check<'c, 'a> {
    /// The variant.
    pub resolved: &'c Resolved<'a>,
    /// Where findings go.
    pub report: &'c mut Report,
    /// The programs that exist; `None` if that is not known.
    pub programs: Option<&'c [String]>,
}

impl Check<'_, '_> {
    /// Checks everything and decides what was left open.
    pub fn decide(&mut self, name: &str) -> Decided {
        let file = &self.resolved.file;
        let hostname = file.hostname.clone().unwrap_or_else(|| name.to_owned());
        if !names::is_host(&hostname) {
            self.error(&[Field("hostname")], quoted(&hostname), names::HOST, "choose another name");
        }
        for (field, text) in [("description", &file.description), ("version", &file.version)] {
            let text = text.as_deref().unwrap_or_default();
            if text.contains(['"', '\\', '$', '`']) || text.contains(char::is_control) {
                let expected = "expected one line without quotes, \\, $ and `";
                self.error(&[Field(field)], quoted(text), expected, "it goes into /etc/os-release");
            }
        }
        self.programs();
        self.files();
        self.users();
        self.groups();
        self.services();
        self.variables();
        Decided {
            hostname,
            hardware: self.hardware(),
            interfaces: self.interfaces(),
            accounts: Accounts::new(file),
        }
    }

    fn error(&mut self, path: &[Step<'_>], what: String, expected: &str, remedy: &str) {
        layout::error(self.resolved, self.report, path, what, expected, remedy);
    }

    fn unknown<'k>(
        &mut self,
        path: &[Step<'_>],
        kind: &str,
        name: &str,
        known: impl Iterator<Item = &'k str> + Clone,
        or_else: &str,
    ) {
        layout::unknown(self.resolved, self.report, path, kind, name, known, or_else);
    }

    /// Passes a parsed value on, or notes what it should have been.
    fn parsed<T>(
        &mut self,
        path: &[Step<'_>],
        written: &str,
        parsed: Result<T, Expected>,
    ) -> Option<T> {
        parsed
            .map_err(|expected| {
                self.error(path, format!("found {}", quoted(written)), expected, "rewrite it");
            })
            .ok()
    }

    fn hardware(&mut self) -> Hardware {
        let mut hardware = DEFAULT_HARDWARE;
        let file = &self.resolved.file.hardware;
        for (field, text, bytes, least) in [
            ("memory", &file.memory, &mut hardware.memory_bytes, 1 << 20),
            ("disk", &file.disk, &mut hardware.disk_bytes, 1 << 20),
        ] {
            let path = [Field("hardware"), Field(field)];
            let Some(text) = text else { continue };
            match self.parsed(&path, text, units::size(text)) {
                Some(size) if size >= least => *bytes = size,
                Some(_) => {
                    self.error(
                        &path,
                        quoted(text),
                        "expected at least 1 MiB",
                        "choose a larger one",
                    );
                }
                None => {}
            }
        }
        let processes_max = u32::try_from(PROCESSES_MAX).unwrap_or(u32::MAX);
        let mut within = |field, value: Option<u32>, least: u32, most: u32, default| {
            let value = value.unwrap_or(default);
            if !(least..=most).contains(&value) {
                let expected = format!("expected {least} to {most}");
                let path = [Field("hardware"), Field(field)];
                self.error(&path, format!("{field} is {value}"), &expected, "choose one of these");
            }
            value.clamp(least, most)
        };
        // Under this a shell would need seconds to print a prompt; over it one tick takes long.
        let (least, most) = (100, 100_000_000);
        hardware.fuel_per_tick =
            within("fuel_per_tick", file.fuel_per_tick, least, most, hardware.fuel_per_tick);
        hardware.processes_max =
            within("processes_max", file.processes_max, 8, processes_max, hardware.processes_max);
        hardware.ttys = within("ttys", file.ttys, 1, TTYS_MAX, hardware.ttys);
        hardware
    }

    fn programs(&mut self) {
        for (directory, list) in &self.resolved.file.programs {
            let path = [Field("programs"), Key(directory)];
            if !names::is_path(directory) {
                self.error(&path, quoted(directory), names::PATH, "name a directory");
                continue;
            }
            for (index, name) in list.iter().enumerate() {
                let path = [path[0], path[1], Index(index)];
                if name.contains('/') || !names::is_path(&format!("{directory}/{name}")) {
                    let expected = "expected a program's name, without its directory";
                    self.error(&path, quoted(name), expected, "write the directory as the key");
                } else {
                    self.program(&path, name);
                }
            }
        }
    }

    fn program(&mut self, path: &[Step<'_>], name: &str) {
        let Some(programs) = self.programs else { return };
        if !programs.iter().any(|known| known == name) {
            let known = programs.iter().map(String::as_str);
            self.unknown(path, "program", name, known, "remove it, or add it to the registry");
        }
    }

    fn files(&mut self) {
        for (path, row) in &self.resolved.file.files {
            let asked = [Field("files"), Key(path)];
            if !names::is_path(path) {
                self.error(&asked, quoted(path), names::PATH, "write it out in full");
            }
            let FileEntry { text, directory, symlink, program, device, mode, .. } = row;
            let kinds = [
                text.is_some(),
                *directory == Some(true),
                symlink.is_some(),
                program.is_some(),
                device.is_some(),
            ];
            if kinds.iter().filter(|kind| **kind).count() > 1 {
                let expected = "expected one of text, directory, symlink, program, device";
                self.error(
                    &asked,
                    "several kinds of file at once".to_owned(),
                    expected,
                    "keep one",
                );
            }
            if let Some(mode) = *mode {
                let asked = [asked[0], asked[1], Field("mode")];
                if let Err(what) = units::mode(mode, self.resolved.written(&asked)) {
                    self.error(&asked, what, units::MODE, "write it in octal: 0o755");
                }
            }
            if let Some(target) = symlink
                && (target.is_empty() || target.len() > 4095 || target.contains('\0'))
            {
                let asked = [asked[0], asked[1], Field("symlink")];
                self.error(&asked, quoted(target), "expected a path", "name what it leads to");
            }
            if let Some(program) = program {
                self.program(&[asked[0], asked[1], Field("program")], program);
            }
        }
    }

    fn users(&mut self) {
        let file = &self.resolved.file;
        for (field, count) in [("users", file.users.len()), ("groups", file.groups.len())] {
            if count > ACCOUNTS_MAX {
                let expected = format!("expected at most {ACCOUNTS_MAX}");
                self.error(&[Field(field)], format!("{count} {field}"), &expected, "remove some");
            }
        }
        for (name, user) in &file.users {
            let at = [Field("users"), Key(name)];
            self.account_name(&at, name);
            if user.uid.is_none() {
                let what = format!("user {} has no uid", quoted(name));
                self.error(&at, what, "expected a number", "add `uid: 1000` or another");
            }
            self.user_fields(name, user);
            let groups = user.groups.iter().enumerate();
            let groups = groups.map(|(index, group)| (group, Some(index)));
            for (group, index) in groups.chain(user.group.iter().map(|group| (group, None))) {
                // A user's own group comes into being with the user.
                let own = file.users.get(group).is_some_and(|owner| owner.group.is_none());
                if !own && !file.groups.contains_key(group) {
                    let known = file.groups.keys().map(String::as_str);
                    let asked = match index {
                        Some(index) => vec![at[0], at[1], Field("groups"), Index(index)],
                        None => vec![at[0], at[1], Field("group")],
                    };
                    self.unknown(&asked, "group", group, known, "add it to `groups`");
                }
            }
        }
    }

    fn account_name(&mut self, path: &[Step<'_>], name: &str) {
        if !names::is_account(name) {
            self.error(path, quoted(name), names::ACCOUNT, "choose another name");
        }
    }

    /// The fields that land between the colons of `/etc/passwd` and `/etc/shadow`.
    fn user_fields(&mut self, name: &str, user: &UserFile) {
        let hash = match &user.password {
            Some(Password::Hash(hash)) => Some(hash),
            _ => None,
        };
        for (field, text) in [
            ("full_name", &user.full_name),
            ("home", &user.home),
            ("shell", &user.shell),
            ("password", &hash.cloned()),
        ] {
            let asked = [Field("users"), Key(name), Field(field)];
            let Some(text) = text else { continue };
            if text.contains(':') || text.contains(char::is_control) {
                let expected = "expected no colon, which separates fields, and one line";
                self.error(&asked, quoted(text), expected, "leave it out");
            } else if matches!(field, "home" | "shell") && !names::is_path(text) && text != "/" {
                self.error(&asked, quoted(text), names::PATH, "write it out in full");
            }
        }
    }

    fn groups(&mut self) {
        let file = &self.resolved.file;
        for (name, group) in &file.groups {
            let at = [Field("groups"), Key(name)];
            self.account_name(&at, name);
            if group.gid.is_none() {
                let what = format!("group {} has no gid", quoted(name));
                self.error(&at, what, "expected a number", "add `gid: 1000` or another");
            }
            for (index, member) in group.members.iter().enumerate() {
                if !file.users.contains_key(member) {
                    let known = file.users.keys().map(String::as_str);
                    let asked = [at[0], at[1], Field("members"), Index(index)];
                    self.unknown(&asked, "user", member, known, "add it to `users`");
                }
            }
        }
    }

    fn services(&mut self) {
        for (name, service) in &self.resolved.file.services {
            if let Some(order) = service.order.filter(|order| *order > 99) {
                let asked = [Field("services"), Key(name), Field("order")];
                let what = format!("order {order}");
                self.error(&asked, what, "expected 0 to 99", "choose a smaller one");
            }
        }
    }

    fn interfaces(&mut self) -> Vec<Interface> {
        let mut found: BTreeMap<u8, Interface> = BTreeMap::new();
        for (name, interface) in &self.resolved.file.interfaces {
            let at = [Field("interfaces"), Key(name)];
            let Some(number) = names::interface(name) else {
                self.error(&at, quoted(name), names::INTERFACE, "rename it");
                continue;
            };
            let mut decided = Interface { number, ..Interface::default() };
            if let Some(text) = &interface.address {
                let path = [at[0], at[1], Field("address")];
                decided.address = self.parsed(&path, text, units::prefix(text));
            }
            if let Some(text) = &interface.gateway {
                let path = [at[0], at[1], Field("gateway")];
                decided.gateway = self.parsed(&path, text, units::address(text));
                let near = |gateway| decided.address.is_some_and(|own| own.contains(gateway));
                if let Some(gateway) = decided.gateway
                    && !near(gateway)
                {
                    let what = format!("gateway {gateway}");
                    let expected = "expected one in the network of the interface's address";
                    self.error(&path, what, expected, "correct it or the address");
                }
            }
            found.insert(number, decided);
        }
        let end = found.keys().next_back().map_or(0, |last| last + 1);
        let unused = |number| Interface { number, ..Interface::default() };
        (0..end).map(|number| found.remove(&number).unwrap_or_else(|| unused(number))).collect()
    }

    fn variables(&mut self) {
        for name in self.resolved.file.variables.keys() {
            let asked = [Field("variables"), Key(name)];
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(word) {
                let expected = "expected a word of letters, digits and '_'";
                self.error(&asked, quoted(name), expected, "rename it");
            } else if MACHINE_NAMES.contains(&name.as_str())
                || VARIANT_NAMES.contains(&name.as_str())
            {
                let expected = "expected a name that is not computed";
                self.error(&asked, quoted(name), expected, "rename it");
            }
        }
    }

    /// Checks what can only be seen once everything lies in its place.
    pub fn after_layout(&mut self, layout: &Layout) {
        for (name, spot) in &self.resolved.file.weak_spots {
            let asked = [Field("weak_spots"), Key(name), Field("path")];
            if let Some(path) = &spot.path
                && layout.tree.get(path).is_none()
            {
                let what = format!("nothing is at {}", quoted(path));
                self.error(&asked, what, "expected a path of the image", "correct the path");
            }
        }
        for user in Accounts::new(&self.resolved.file).users {
            let asked = [Field("users"), Key(&user.name), Field("shell")];
            if layout.tree.get(&user.shell).is_none() {
                let what = format!("user {} has the shell {}", user.name, quoted(&user.shell));
                let expected = "expected a program or script of the image";
                self.error(&asked, what, expected, "add it to `programs`, or name another shell");
            }
        }
    }
}
