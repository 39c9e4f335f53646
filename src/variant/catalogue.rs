//! The catalogue: the variants that machines can be of, each built into an image at most once.
//!
//! Why `Arc`: an image never changes once built, and every machine of its variant points to it.
#![expect(clippy::disallowed_types, reason = "images are immutable and shared, see above")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::accounts::Accounts;
use super::bundled;
use super::check::Check;
use super::finding::{Finding, Position, Report};
use super::layout::{Layout, lay_out};
use super::machine::{self, Facts, Interface, Template, Values};
use super::resolve::{Files, Resolved, Source, SourceFile, ron_path};
use super::tree::{Content, Entry, Tree};
use crate::base::digest::Digest;
use crate::base::{Errno, Gid, Timestamp, Uid};
use crate::fs::{Image, ImageBuilder, InodeKind};
use crate::kernel::{Hardware, SpecFile};

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
    accounts: Accounts,
}

impl Variant {
    /// The files by which a machine with these facts differs from the image, by path.
    pub fn files(&self, facts: &Facts<'_>) -> Vec<SpecFile> {
        let default = Values::new(&self.hostname, &self.interfaces, "", None, &self.variables);
        machine::files(&self.templates, &default, &self.values(facts))
    }

    /// The values of the variant's templates for a machine with these facts.
    pub fn values<'v>(&'v self, facts: &Facts<'v>) -> Values<'v> {
        let hostname = facts.hostname.unwrap_or(&self.hostname);
        let interfaces = self.interfaces_with(facts.interfaces);
        Values::new(hostname, &interfaces, facts.hosts, facts.variables, &self.variables)
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
    pub fn variables(&self) -> impl Iterator<Item = &str> + Clone {
        self.variables.keys().map(String::as_str)
    }

    /// The numbers of a user of the image and of the user's primary group.
    pub fn user(&self, name: &str) -> Option<(Uid, Gid)> {
        let user = self.accounts.users.iter().find(|user| user.name == name)?;
        Some((user.uid, user.gid))
    }

    /// The login names of the image's users, by number.
    pub fn users(&self) -> impl Iterator<Item = &str> + Clone {
        self.accounts.users.iter().map(|user| user.name.as_str())
    }

    /// Whether the image has something at this path.
    pub fn has_path(&self, path: &str) -> bool {
        self.tree.get(path).is_some()
    }

    /// The inode at this path: a file's mode and owner, for those who write over it.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.tree.get(path)
    }

    /// The path that keeps a file from being written at `path`: a parent that is no directory, or
    /// `path` itself if it is one.
    pub fn in_the_way<'p>(&self, path: &'p str) -> Option<&'p str> {
        let is_directory = |entry: &Entry| entry.content == Content::Directory;
        let parents = path.match_indices('/').skip(1).map(|(end, _)| &path[..end]);
        let blocking = |path: &&str| self.tree.get(path).is_some_and(|entry| !is_directory(entry));
        let here = self.tree.get(path).filter(|entry| is_directory(entry));
        parents.clone().find(blocking).or(here.map(|_| path))
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
        let mut resolved = match Resolved::new(&self.sources, name) {
            Ok(resolved) => resolved,
            Err(findings) => return (None, findings),
        };
        match &self.programs {
            Some(known) => resolved.file.place_others(known.iter().map(String::as_str)),
            None => resolved.file.place_others(bundled::PROGRAMS.iter().copied()),
        }
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
            accounts: decided.accounts,
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
    String::from_utf8_lossy(bytes).lines().filter_map(setting).next_back()
}

/// Builds the image; what the filesystem refuses goes to the report.
fn image(tree: &Tree, report: &mut Report) -> Option<Arc<Image>> {
    let mut builder = ImageBuilder::new();
    builder.time(IMAGE_TIME);
    for (path, entry) in tree.iter() {
        if let Err(errno) = add(&mut builder, path, entry) {
            let position = || Position::START;
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, ExpectFile, expect, expect_file};
    use proptest::prelude::{any, proptest};

    use super::*;
    use crate::fs::{Access, Context, Follow, NoSynthetic, Vfs};

    fn files(ron: &str, root: &[(&str, &str)]) -> Files {
        let root =
            root.iter().map(|(path, text)| (format!("root{path}"), (*text).to_owned().into()));
        root.chain([("variant.ron".to_owned(), ron.to_owned().into())]).collect()
    }

    fn check_text(ron: &str, root: &[(&str, &str)], expected: Expect) {
        let findings = check_variant("toy", "toy", files(ron, root), &Catalogue::bundled());
        let text: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
        expected.assert_eq(&text);
    }

    fn text_of(variant: &Variant, path: &str) -> String {
        match &variant.entry(path).unwrap().content {
            Content::File(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            other => panic!("{path} is {other:?}"),
        }
    }

    #[test]
    fn bundled_variants_are_clean_and_look_as_they_should() {
        let catalogue = Catalogue::bundled();
        assert_eq!(catalogue.names().collect::<Vec<_>>(), ["base", "desktop", "router"]);
        let golden: [(&str, ExpectFile); 3] = [
            ("base", expect_file!["golden/base.txt"]),
            ("desktop", expect_file!["golden/desktop.txt"]),
            ("router", expect_file!["golden/router.txt"]),
        ];
        for (name, golden) in golden {
            assert_eq!(catalogue.check(name), [], "{name}");
            golden.assert_eq(&catalogue.variant(name).unwrap().listing());
        }
    }

    #[test]
    fn images_hold_what_the_listing_says() {
        let variant = Catalogue::bundled().variant("desktop").unwrap();
        let vfs = Vfs::new(variant.image.clone(), variant.hardware.disk_bytes);
        let access = Access { uid: Uid::ROOT, gid: Gid::ROOT, groups: Vec::new() };
        let context = Context {
            access: &access,
            root: vfs.root(),
            cwd: vfs.root(),
            umask: 0o022,
            now: Timestamp::default(),
            synthetic: &NoSynthetic,
        };
        for (path, entry) in variant.tree.iter() {
            let node = vfs.resolve(&context, path.as_bytes(), Follow::No).unwrap();
            let stat = vfs.stat(&context, node).unwrap();
            assert_eq!(
                (stat.mode, stat.uid, stat.gid),
                (entry.mode, entry.uid, entry.gid),
                "{path}"
            );
        }
    }

    #[test]
    fn an_image_is_built_once_and_found_by_its_digest() {
        let catalogue = Catalogue::bundled();
        let (one, two) = (catalogue.variant("base").unwrap(), catalogue.variant("base").unwrap());
        assert!(Arc::ptr_eq(&one, &two));
        let found = catalogue.image(one.image.digest()).unwrap();
        assert!(Arc::ptr_eq(&one.image, &found));
        let other = Catalogue::bundled().variant("base").unwrap();
        assert_eq!(other.image.digest(), one.image.digest());
        assert_ne!(catalogue.variant("router").unwrap().image.digest(), one.image.digest());
    }

    #[test]
    fn routers_forward_and_desktops_do_not() {
        let catalogue = Catalogue::bundled();
        assert!(catalogue.variant("router").unwrap().forwards);
        assert!(!catalogue.variant("desktop").unwrap().forwards);
        assert_eq!(sysctl_forwards(b"net/ipv4/ip_forward=0\n"), Some(false));
        assert_eq!(sysctl_forwards(b"# net.ipv4.ip_forward\n\xff"), None);
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn a_machine_gets_its_own_names_and_addresses() {
        let variant = Catalogue::bundled().variant("desktop").unwrap();
        assert_eq!(variant.files(&Facts::default()), []);
        let interface = Interface {
            number: 0,
            address: Some("10.0.1.10/24".parse().unwrap()),
            gateway: Some("10.0.1.1".parse().unwrap()),
            routes: vec![("10.0.9.0/24".parse().unwrap(), "10.0.1.9".parse().unwrap())],
        };
        let facts = Facts {
            hostname: Some("pc1"),
            interfaces: core::slice::from_ref(&interface),
            hosts: "10.0.1.10\tpc1\n10.0.1.11\tpc2\n",
            variables: None,
        };
        let text: String = variant
            .files(&facts)
            .iter()
            .map(|file| format!("--- {}\n{}", file.path, String::from_utf8_lossy(&file.bytes)))
            .collect();
        expect![[r#"
            --- /etc/hostname
            pc1
            --- /etc/hosts
            127.0.0.1	localhost
            10.0.1.10	pc1
            10.0.1.11	pc2
            --- /etc/network/interfaces
            # /etc/network/interfaces: read by /etc/init.d/rcS when the machine boots.
            # auto NAME brings an interface up; the indented lines below iface configure it:
            #   address 10.0.0.2/24      its address
            #   gateway 10.0.0.1         where everything else goes
            #   up COMMAND               what to run once it is up

            auto lo
            iface lo inet loopback

            auto eth0
            iface eth0 inet static
                address 10.0.1.10/24
                gateway 10.0.1.1
                up ip route add 10.0.9.0/24 via 10.0.1.9
        "#]]
        .assert_eq(&text);
        assert_eq!(text_of(&variant, "/etc/hosts"), "127.0.0.1\tlocalhost\n127.0.1.1\tdesktop\n");
        expect![[r#"
            NAME="Hostscape Desktop"
            VERSION="1.0"
            ID=hostscape-desktop
            ID_LIKE=hostscape
            VERSION_ID="1.0"
            PRETTY_NAME="Hostscape Desktop 1.0"
            HOME_URL="https://github.com/hostscape/hostscape"
        "#]]
        .assert_eq(&text_of(&variant, "/etc/os-release"));
        expect![[r#"
            # /etc/inittab: what init runs. Each line is TERMINAL:LEVELS:ACTION:COMMAND.
            # sysinit runs once and is waited for; respawn is started again whenever it ends.

            ::sysinit:/etc/init.d/rcS
            tty1::respawn:/sbin/getty tty1
            tty2::respawn:/sbin/getty tty2
            tty3::respawn:/sbin/getty tty3
            tty4::respawn:/sbin/getty tty4
            ::ctrlaltdel:/sbin/reboot
        "#]]
        .assert_eq(&text_of(&variant, "/etc/inittab"));
        expect![[r#"
            root:x:0:0:root:/root:/bin/sh
            daemon:x:1:1:daemon:/usr/sbin:/bin/false
            bin:x:2:2:bin:/bin:/bin/false
            user:x:1000:1000:User:/home/user:/bin/sh
            nobody:x:65534:65534:nobody:/nonexistent:/bin/false
        "#]]
        .assert_eq(&text_of(&variant, "/etc/passwd"));
        expect![[r#"
            root:x:0:
            daemon:x:1:
            bin:x:2:
            adm:x:4:
            tty:x:5:
            disk:x:6:
            wheel:x:10:root
            shadow:x:42:
            users:x:100:user
            user:x:1000:
            nogroup:x:65534:
        "#]]
        .assert_eq(&text_of(&variant, "/etc/group"));
        expect![[r#"
            root::20454:0:99999:7:::
            daemon:*:20454:0:99999:7:::
            bin:*:20454:0:99999:7:::
            user::20454:0:99999:7:::
            nobody:*:20454:0:99999:7:::
        "#]]
        .assert_eq(&text_of(&variant, "/etc/shadow"));
    }

    #[test]
    fn a_variant_of_strings_extends_bundled_ones() {
        let mut catalogue = Catalogue::bundled();
        let ron = r#"(
            extends: "desktop",
            description: "Kiosk",
            variables: {"owner": "Ann"},
            programs: {"/usr/bin": ["!hello"]},
            files: {"/etc/motd": (mode: 0o600, owner: "user"), "/home/user/x": (text: "{{owner}}")},
            services: {"web": (order: 7)},
        )"#;
        let root = [("/etc/motd", "of {{owner}}"), ("/etc/init.d/web", "#!/bin/sh\n")];
        catalogue.add("kiosk", "kiosk", files(ron, &root));
        assert_eq!(catalogue.check("kiosk"), []);
        let kiosk = catalogue.variant("kiosk").unwrap();
        assert_eq!(text_of(&kiosk, "/etc/motd"), "of Ann");
        assert_eq!(text_of(&kiosk, "/home/user/x"), "Ann");
        let motd = kiosk.entry("/etc/motd").unwrap();
        assert_eq!((motd.mode, motd.uid), (0o600, Uid(1000)));
        assert_eq!(kiosk.entry("/etc/init.d/web").unwrap().mode, 0o755);
        let link = Content::Symlink("../init.d/web".to_owned());
        assert_eq!(kiosk.entry("/etc/rc.d/S07web").unwrap().content, link);
        assert!(!kiosk.has_path("/usr/bin/hello"));
        assert!(kiosk.has_path("/home/user/.profile"));
    }

    #[test]
    fn replacing_a_variant_reaches_those_that_extend_it() {
        let mut catalogue = Catalogue::bundled();
        let before = catalogue.variant("desktop").unwrap();
        catalogue.add("base", "base", files("(programs: {\"/bin\": [\"sh\"]})", &[]));
        let findings = catalogue.variant("desktop").unwrap_err();
        assert!(!findings.to_string().is_empty());
        drop(before);
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn findings_tell_place_and_remedy() {
        let extends = |fields: &str| format!("(\n  extends: \"base\",\n  {fields},\n)");
        check_text(
            &extends(r#"hardware: (memory: "64 Mb", disk: "10", ttys: 99)"#),
            &[],
            expect![[r#"
                toy/variant.ron:3:22: found "64 Mb", expected a size such as "512 KiB", "64 MiB" or "2 GiB", rewrite it
                toy/variant.ron:3:37: "10", expected at least 1 MiB, choose a larger one
                toy/variant.ron:3:49: ttys is 99, expected 1 to 12, choose one of these
            "#]],
        );
        check_text(
            &extends(r#"files: {"/etc/motd": (owner: "rot"), "/nowhere": (mode: 0o600)}"#),
            &[],
            expect![[r#"
                toy/variant.ron:3:32: unknown user "rot", expected one of root, daemon, bin, nobody, did you mean "root"?
                toy/variant.ron:3:52: nothing is at "/nowhere", expected a program or a file below root/ there, say what it is with text, directory, symlink, program or device
            "#]],
        );
        check_text(
            &extends(
                r#"files: {"etc": (text: ""), "/a": (text: "", directory: true, mode: 0o10000)}"#,
            ),
            &[],
            expect![[r#"
                toy/variant.ron:3:18: "etc", expected an absolute path such as "/etc/motd", without ".", ".." or "//", write it out in full
                toy/variant.ron:3:36: several kinds of file at once, expected one of text, directory, symlink, program, device, keep one
                toy/variant.ron:3:70: mode 0o10000, expected permission bits in octal, 0o0 to 0o7777, write it in octal: 0o755
            "#]],
        );
        check_text(
            &extends(r#"files: {"/a": (mode: 755), "/etc": (text: ""), "/bin/sh/x": (text: "")}"#),
            &[],
            expect![[r#"
                toy/variant.ron:3:17: nothing is at "/a", expected a program or a file below root/ there, say what it is with text, directory, symlink, program or device
                toy/variant.ron:3:24: decimal mode 755, which is 0o1363, expected permission bits in octal, 0o0 to 0o7777, write it in octal: 0o755
                toy/variant.ron:3:38: "/etc" does not fit into the image, expected "/etc" to be a directory, or empty, choose another path, or leave it out
                toy/variant.ron:3:63: "/bin/sh/x" does not fit into the image, expected "/bin/sh" to be a directory, or empty, choose another path, or leave it out
            "#]],
        );
        check_text(
            &extends(
                r#"users: {"Ann": (uid: 5), "bob": (groups: ["user"]), "eve": (uid: 6, home: "x:y", shell: "/bin/csh")}"#,
            ),
            &[],
            expect![[r#"
                toy/variant.ron:3:18: "Ann", expected a lower-case letter or '_', then letters, digits, '_' and '-', at most 32, choose another name
                toy/variant.ron:3:35: user "bob" has no uid, expected a number, add `uid: 1000` or another
                toy/variant.ron:3:45: unknown group "user", expected one of adm, disk, nogroup, shadow, tty, users, wheel, did you mean "users"?
                toy/variant.ron:3:77: "x:y", expected no colon, which separates fields, and one line, leave it out
                toy/variant.ron:3:91: user eve has the shell "/bin/csh", expected a program or script of the image, add it to `programs`, or name another shell
            "#]],
        );
        check_text(
            &extends(r#"groups: {"a": (members: ["nobdy"])}"#),
            &[],
            expect![[r#"
            toy/variant.ron:3:17: group "a" has no gid, expected a number, add `gid: 1000` or another
            toy/variant.ron:3:28: unknown user "nobdy", expected one of bin, daemon, nobody, root, did you mean "nobody"?
        "#]],
        );
        check_text(
            &extends(r#"services: {"web": (order: 100)}"#),
            &[],
            expect![[r#"
            toy/variant.ron:3:21: service "web" has no script, expected a file root/etc/init.d/web, add the script, or remove the service
            toy/variant.ron:3:29: order 100, expected 0 to 99, choose a smaller one
        "#]],
        );
        check_text(
            &extends(
                r#"interfaces: {"eth0": (address: "10.0.0.1"), "wlan0": (), "eth2": (address: "10.0.0.2/24", gateway: "10.1.0.1")}"#,
            ),
            &[],
            expect![[r#"
                toy/variant.ron:3:34: found "10.0.0.1", expected an address with its prefix length such as "10.0.1.10/24", rewrite it
                toy/variant.ron:3:56: "wlan0", expected "eth0" to "eth31", rename it
                toy/variant.ron:3:102: gateway 10.1.0.1, expected one in the network of the interface's address, correct it or the address
            "#]],
        );
        check_text(
            &extends(
                r#"variables: {"a b": "", "hostname": ""}, hostname: "-", description: "a\"b""#,
            ),
            &[],
            expect![[r#"
                toy/variant.ron:3:22: "a b", expected a word of letters, digits and '_', rename it
                toy/variant.ron:3:38: "hostname", expected a name that is not computed, rename it
                toy/variant.ron:3:53: "-", expected letters, digits, '-' and '.', at most 64, neither '-' nor '.' at an end, choose another name
                toy/variant.ron:3:71: "a\"b", expected one line without quotes, \, $ and `, it goes into /etc/os-release
            "#]],
        );
        check_text(
            &extends(r#"weak_spots: {"x": (path: "/etc/nothing")}"#),
            &[],
            expect![[r#"
            toy/variant.ron:3:28: nothing is at "/etc/nothing", expected a path of the image, correct the path
        "#]],
        );
        check_text(
            "(extends: \"base\")",
            &[("/etc/motd", "Hello\n  {{hostnam}}\n"), ("/etc/../x", "")],
            expect![[r#"
                toy/root/etc/../x:1:1: this path cannot be on a machine, expected an absolute path such as "/etc/motd", without ".", ".." or "//", rename it
                toy/root/etc/motd:2:3: unknown template "hostnam", expected one of address, hostname, hosts, interfaces, description, gettys, variant, version, did you mean "hostname"?
            "#]],
        );
        check_text(
            "(extends: \"dekstop\")",
            &[],
            expect![[r#"
            toy/variant.ron:1:11: unknown variant "dekstop", expected one of base, desktop, router, toy, did you mean "desktop"?
        "#]],
        );
    }

    #[test]
    fn unknown_programs_are_found_where_the_registry_is_known() {
        let mut catalogue = Catalogue::bundled();
        catalogue.know_programs(["sh", "cat"]);
        let ron = "(programs: {\"/bin\": [\"sh\", \"cta\"]}, files: {\"/x\": (program: \"y\")})";
        catalogue.add("toy", "toy", files(ron, &[]));
        let text: String =
            catalogue.check("toy").iter().map(|finding| format!("{finding}\n")).collect();
        expect![[r#"
            toy/variant.ron:1:28: unknown program "cta", expected one of sh, cat, did you mean "cat"?
            toy/variant.ron:1:61: unknown program "y", expected one of sh, cat, remove it, or add it to the registry
        "#]].assert_eq(&text);
    }

    /// A valid file with one slice of it replaced.
    fn mutated(text: &str, at: usize, length: usize, by: &[u8]) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        let start = at % (bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, by.iter().copied());
        bytes
    }

    fn ron_bytes(bytes: Vec<u8>) -> Files {
        let file = SourceFile { bytes: bytes.into(), executable: false };
        Files::from([("variant.ron".to_owned(), file)])
    }

    const DESKTOP: &str = include_str!("../../os-variants/desktop/variant.ron");
    const BASE: &str = include_str!("../../os-variants/base/variant.ron");

    proptest! {
        #[test]
        fn any_bytes_are_findings_or_a_variant(bytes in any::<Vec<u8>>()) {
            check_variant("toy", "toy", ron_bytes(bytes), &Catalogue::bundled());
        }

        #[test]
        fn mutated_variants_are_findings_or_variants(
            base in any::<bool>(),
            at in any::<usize>(),
            length in 0..20usize,
            by in "[ \"(){}\\[\\],:a-z0-9!/.\n]{0,12}",
        ) {
            let text = if base { BASE } else { DESKTOP };
            let files = ron_bytes(mutated(text, at, length, by.as_bytes()));
            for finding in check_variant("toy", "toy", files, &Catalogue::bundled()) {
                let text = finding.to_string();
                assert!(!text.contains('\n') && finding.position >= Position::START, "{text}");
            }
        }

        #[test]
        fn any_root_files_are_findings_or_a_variant(
            path in "[/.a-z\\PC]{0,20}",
            text in "[{}a-z\n#!/]{0,40}",
        ) {
            let root = [(path.as_str(), text.as_str())];
            check_variant("toy", "toy", files("(extends: \"base\")", &root), &Catalogue::bundled());
        }
    }
}
