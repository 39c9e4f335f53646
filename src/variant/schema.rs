//! The RON form of `os-variants/NAME/variant.ron`, and how a variant inherits.
//!
//! Every field may be left out. A variant that `extends` another is merged over it, deeply:
//!
//! | kind | rule |
//! |---|---|
//! | text, number, choice | the extending variant's, where it writes one |
//! | struct, such as `hardware` or one user | field by field |
//! | map, such as `users` or `files` | key by key; an entry with `absent: true` removes the inherited one |
//! | list of names | appended, without repeats; `"!name"` removes one, a leading `"!"` removes all |
//!
//! Files below `root/` replace inherited files of the same path as a whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A whole `variant.ron`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VariantFile {
    /// The variant that this one is merged over.
    pub extends: Option<String>,
    /// What the variant is, in one line.
    pub description: Option<String>,
    /// Its version, as `/etc/os-release` shows it.
    pub version: Option<String>,
    /// The host name of machines that are given none.
    pub hostname: Option<String>,
    /// What the machine is made of.
    pub hardware: HardwareFile,
    /// Directory → names of the programs in it; `*` is every program that has no other place.
    pub programs: BTreeMap<String, Vec<String>>,
    /// Path → mode, owner, or an inode that no file below `root/` can express.
    pub files: BTreeMap<String, FileEntry>,
    /// Login name → account.
    pub users: BTreeMap<String, UserFile>,
    /// Group name → group.
    pub groups: BTreeMap<String, GroupFile>,
    /// Name of a script in `/etc/init.d` → when it is started.
    pub services: BTreeMap<String, ServiceFile>,
    /// `eth0`, `eth1` … → how it is configured unless a world says otherwise.
    pub interfaces: BTreeMap<String, InterfaceFile>,
    /// Values for `{{name}}` in files below `root/`.
    pub variables: BTreeMap<String, String>,
    /// Name → a weakness put there on purpose, for tools and quests; changes nothing by itself.
    pub weak_spots: BTreeMap<String, WeakSpotFile>,
}

/// What a machine is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HardwareFile {
    /// Fuel per tick: the speed of its processor. A desktop has 10,000.
    pub fuel_per_tick: Option<u32>,
    /// Memory, such as `"64 MiB"`.
    pub memory: Option<String>,
    /// Disk, such as `"1 GiB"`.
    pub disk: Option<String>,
    /// Processes that may exist at once.
    pub processes_max: Option<u32>,
    /// Virtual terminals with a login.
    pub ttys: Option<u32>,
}

/// What differs for one path of the image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileEntry {
    /// Permission bits, such as `0o4755`.
    pub mode: Option<u16>,
    /// The owner's login name.
    pub owner: Option<String>,
    /// The group's name.
    pub group: Option<String>,
    /// Makes the path a file of this text.
    pub text: Option<String>,
    /// Makes the path a directory.
    pub directory: Option<bool>,
    /// Makes the path a symbolic link to this.
    pub symlink: Option<String>,
    /// Makes the path a program file of this implementation, whatever its name.
    pub program: Option<String>,
    /// Makes the path a character device of this major and minor number.
    pub device: Option<(u32, u32)>,
    /// Removes an inherited file or program.
    pub absent: Option<bool>,
}

/// How an account is locked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Password {
    /// No password opens it.
    Locked,
    /// The login name is enough.
    Empty,
    /// The second field of `/etc/shadow`, as it is.
    Hash(String),
}

/// One account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserFile {
    /// The user's number.
    pub uid: Option<u32>,
    /// Name of the primary group; left out, a group of the user's own name and number.
    pub group: Option<String>,
    /// Names of further groups.
    pub groups: Vec<String>,
    /// The full name.
    pub full_name: Option<String>,
    /// The home directory; left out, `/home/NAME`. One below `/home` is made, from `/etc/skel`.
    pub home: Option<String>,
    /// The login shell; left out, `/bin/sh`.
    pub shell: Option<String>,
    /// Left out, locked.
    pub password: Option<Password>,
    /// Removes an inherited account.
    pub absent: Option<bool>,
}

/// One group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupFile {
    /// The group's number.
    pub gid: Option<u32>,
    /// Members beside those that list the group among their `groups`.
    pub members: Vec<String>,
    /// Removes an inherited group.
    pub absent: Option<bool>,
}

/// One service: a script `/etc/init.d/NAME` that `/etc/rc.d/SxxNAME` links to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceFile {
    /// Services start in ascending order, 0 to 99; left out, 50.
    pub order: Option<u8>,
    /// Removes an inherited service from the boot; its script stays.
    pub absent: Option<bool>,
}

/// One Ethernet interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InterfaceFile {
    /// Its address, such as `"192.168.1.1/24"`.
    pub address: Option<String>,
    /// The gateway of its default route.
    pub gateway: Option<String>,
    /// Removes an inherited interface.
    pub absent: Option<bool>,
}

/// A weakness put there on purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WeakSpotFile {
    /// Where it is: a path of the machine.
    pub path: Option<String>,
    /// What is weak.
    pub description: Option<String>,
    /// A hint for someone who looks for it.
    pub hint: Option<String>,
    /// Removes an inherited weak spot.
    pub absent: Option<bool>,
}

/// Being laid over by what extends it.
pub trait Merge {
    /// Lays `child` over `self`.
    fn lay_over(&mut self, child: Self);
}

impl<T> Merge for Option<T> {
    fn lay_over(&mut self, child: Self) {
        if child.is_some() {
            *self = child;
        }
    }
}

impl<T: Merge + Default> Merge for BTreeMap<String, T> {
    fn lay_over(&mut self, child: Self) {
        for (key, entry) in child {
            // A new entry is merged over nothing, so that the marks in its lists are obeyed too.
            self.entry(key).or_default().lay_over(entry);
        }
    }
}

/// Text that may not be left out: the values of `variables`.
impl Merge for String {
    fn lay_over(&mut self, child: Self) {
        *self = child;
    }
}

impl Merge for Vec<String> {
    fn lay_over(&mut self, child: Self) {
        for name in child {
            match name.strip_prefix('!') {
                Some("") => self.clear(),
                Some(removed) => {
                    self.retain(|kept| kept != removed);
                    // "Every other one" is only counted at the end, so it must be told then.
                    if self.iter().any(|kept| kept == OTHERS) {
                        self.push(name);
                    }
                }
                None => {
                    // A set would lose the designer's order; the lists are short.
                    if !self.contains(&name) {
                        self.push(name);
                    }
                }
            }
        }
    }
}

/// Field by field; the exhaustive pattern makes a forgotten field an error.
macro_rules! merge_fields {
    ($($type:ident { $($field:ident),* $(,)? })*) => {$(
        impl Merge for $type {
            fn lay_over(&mut self, child: Self) {
                let Self { $($field),* } = child;
                $(self.$field.lay_over($field);)*
            }
        }
    )*};
}

merge_fields! {
    VariantFile {
        extends, description, version, hostname, hardware, programs, files, users, groups,
        services, interfaces, variables, weak_spots,
    }
    HardwareFile { fuel_per_tick, memory, disk, processes_max, ttys }
    FileEntry { mode, owner, group, text, directory, symlink, program, device, absent }
    UserFile { uid, group, groups, full_name, home, shell, password, absent }
    GroupFile { gid, members, absent }
    ServiceFile { order, absent }
    InterfaceFile { address, gateway, absent }
    WeakSpotFile { path, description, hint, absent }
}

/// Stands in a list of programs for every one that the variant puts nowhere else.
const OTHERS: &str = "*";

impl VariantFile {
    /// Puts every program of `known` that has no place yet where `*` stands.
    pub fn place_others<'k>(&mut self, known: impl Iterator<Item = &'k str>) {
        let Some(directory) = (self.programs.iter())
            .find(|(_, names)| names.iter().any(|name| name == OTHERS))
            .map(|(directory, _)| directory.clone())
        else {
            return;
        };
        let mentioned = |name: &str| {
            let names = self.programs.values().flatten();
            names.map(|other| other.strip_prefix('!').unwrap_or(other)).any(|other| other == name)
        };
        let others: Vec<String> =
            known.filter(|name| !mentioned(name)).map(ToOwned::to_owned).collect();
        for names in self.programs.values_mut() {
            names.retain(|name| name != OTHERS && !name.starts_with('!'));
        }
        self.programs.entry(directory).or_default().extend(others);
    }

    /// Drops the entries that say `absent: true`, once the last variant is merged.
    pub fn drop_absent(&mut self) {
        let gone = |absent: Option<bool>| absent == Some(true);
        self.users.retain(|_, user| !gone(user.absent));
        self.groups.retain(|_, group| !gone(group.absent));
        self.services.retain(|_, service| !gone(service.absent));
        self.interfaces.retain(|_, interface| !gone(interface.absent));
        self.weak_spots.retain(|_, spot| !gone(spot.absent));
        // Absent files stay: they take away what programs and `root/` put there.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> VariantFile {
        ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
            .from_str(text)
            .unwrap()
    }

    fn merged(parent: &str, child: &str) -> VariantFile {
        let mut file = VariantFile::default();
        file.lay_over(read(parent));
        file.lay_over(read(child));
        file.drop_absent();
        file
    }

    #[test]
    fn scalars_are_replaced_and_structs_merge_by_field() {
        let file = merged(
            "(hostname: \"a\", hardware: (ttys: 2, disk: \"1G\"))",
            "(hostname: \"b\", hardware: (ttys: 4))",
        );
        assert_eq!(file.hostname.as_deref(), Some("b"));
        assert_eq!((file.hardware.ttys, file.hardware.disk.as_deref()), (Some(4), Some("1G")));
    }

    #[test]
    fn a_star_is_every_program_that_is_not_mentioned() {
        let parent = "(programs: {\"/bin\": [\"cat\"], \"/usr/bin\": [\"*\"]})";
        let mut file =
            merged(parent, "(programs: {\"/usr/bin\": [\"!yes\"], \"/sbin\": [\"ip\"]})");
        file.place_others(["cat", "ip", "tr", "wc", "yes"].into_iter());
        assert_eq!(file.programs["/bin"], ["cat"]);
        assert_eq!(file.programs["/usr/bin"], ["tr", "wc"]);
    }

    #[test]
    fn lists_append_unless_marked() {
        let parent = "(programs: {\"/bin\": [\"cat\", \"ls\"], \"/sbin\": [\"ip\"]})";
        let child = "(programs: {\"/bin\": [\"!cat\", \"ls\", \"nc\"], \"/sbin\": [\"!\", \"su\"],
            \"/opt\": [\"!x\", \"y\"]})";
        let file = merged(parent, child);
        assert_eq!(file.programs["/bin"], ["ls", "nc"]);
        assert_eq!(file.programs["/sbin"], ["su"]);
        assert_eq!(file.programs["/opt"], ["y"]);
    }

    #[test]
    fn maps_merge_by_key_and_absent_removes() {
        let file = merged(
            "(users: {\"a\": (uid: 1, shell: \"/bin/false\"), \"b\": (uid: 2)})",
            "(users: {\"a\": (shell: \"/bin/sh\"), \"b\": (absent: true), \"c\": (uid: 3)})",
        );
        assert_eq!(file.users.keys().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(
            file.users["a"],
            UserFile { uid: Some(1), shell: Some("/bin/sh".to_owned()), ..UserFile::default() }
        );
    }
}
