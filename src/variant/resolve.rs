//! Resolving a variant: the chain of what it extends, merged into one.
//!
//! Invariant: a chain is at most `VARIANT_DEPTH_MAX` long and visits no variant twice.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::finding::{Finding, Position, Report, did_you_mean, one_of, quoted};
use super::outline::{Outline, Step};
use super::read;
use super::schema::{Merge, VariantFile};
use crate::base::limits::{VARIANT_BYTES_MAX, VARIANT_DEPTH_MAX, VARIANT_FILES_MAX};

/// The files of one variant by their path in its folder: `variant.ron`, `root/etc/motd`.
pub type Files = BTreeMap<String, SourceFile>;

/// One file of a variant's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFile {
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
    /// Whether the designer has marked it executable.
    pub executable: bool,
}

impl From<String> for SourceFile {
    fn from(text: String) -> Self {
        Self { bytes: Cow::Owned(text.into_bytes()), executable: false }
    }
}

impl From<&'static str> for SourceFile {
    fn from(text: &'static str) -> Self {
        Self { bytes: Cow::Borrowed(text.as_bytes()), executable: false }
    }
}

/// The file that makes a folder a variant.
pub const VARIANT_RON: &str = "variant.ron";

/// The folder whose files appear in the image.
const ROOT: &str = "root/";

/// One variant's own files, before anything is merged.
#[derive(Clone, Debug)]
pub struct Source {
    /// The folder's name in findings.
    pub folder: String,
    /// What is in it.
    pub files: Files,
}

/// A variant of a chain, with the places of its values.
pub struct Layer<'a> {
    folder: &'a str,
    outline: Outline<'a>,
}

/// A variant merged over all it extends.
pub struct Resolved<'a> {
    /// The chain, the variant itself last.
    pub layers: Vec<Layer<'a>>,
    /// The merged `variant.ron`.
    pub file: VariantFile,
    /// Absolute path → which layer has the file, and its content.
    pub root: BTreeMap<String, (usize, &'a SourceFile)>,
}

impl<'a> Resolved<'a> {
    /// Merges the chain that ends in `name`.
    ///
    /// # Errors
    ///
    /// The findings that make it impossible.
    pub fn new(sources: &'a BTreeMap<String, Source>, name: &str) -> Result<Self, Vec<Finding>> {
        let mut chain: Vec<(&Source, VariantFile, Outline<'a>)> = Vec::new();
        let mut names = vec![name.to_owned()];
        let Some(mut source) = sources.get(name) else {
            return Err(unknown(sources, name));
        };
        loop {
            let (file, outline) = read_layer(source)?;
            let next = file.extends.clone();
            chain.push((source, file, outline));
            let Some(next) = next else { break };
            source = extended(sources, &mut names, &next).map_err(|words| {
                let (source, _, outline) = chain.last().expect("a layer was just pushed");
                let mut report = Report::new(ron_path(&source.folder));
                let [what, expected, remedy] = words;
                let position = || outline.value(&[Step::Field("extends")]);
                report.error(position, what, expected, remedy);
                report.finish()
            })?;
        }
        Ok(Self::merged(chain))
    }

    fn merged(chain: Vec<(&'a Source, VariantFile, Outline<'a>)>) -> Self {
        let mut resolved =
            Self { layers: Vec::new(), file: VariantFile::default(), root: BTreeMap::new() };
        for (source, file, outline) in chain.into_iter().rev() {
            let layer = resolved.layers.len();
            for (path, file) in &source.files {
                if let Some(path) = path.strip_prefix(ROOT) {
                    resolved.root.insert(format!("/{path}"), (layer, file));
                }
            }
            resolved.file.lay_over(file);
            resolved.layers.push(Layer { folder: &source.folder, outline });
        }
        resolved.file.drop_absent();
        resolved
    }

    /// Which file has the value at `path`, and where: the last layer that writes it.
    pub fn place(&self, path: &[Step<'_>]) -> (String, Position) {
        let has = self.layers.iter().rev().find(|layer| layer.outline.has(path));
        let Some(layer) = has.or(self.layers.last()) else {
            return (VARIANT_RON.to_owned(), Position::START);
        };
        (ron_path(layer.folder), layer.outline.value(path))
    }

    /// The text from the value at `path` on, in the last layer that writes it.
    pub fn written(&self, path: &[Step<'_>]) -> &'a str {
        let has = self.layers.iter().rev().find(|layer| layer.outline.has(path));
        has.map_or("", |layer| layer.outline.text(path))
    }

    /// The name of a file below `root/` in findings.
    pub fn root_file(&self, path: &str) -> String {
        let layer = self.root.get(path).and_then(|(layer, _)| self.layers.get(*layer));
        layer.map_or_else(|| path.to_owned(), |layer| format!("{}/root{path}", layer.folder))
    }
}

/// The name of a folder's `variant.ron` in findings.
pub fn ron_path(folder: &str) -> String {
    if folder.is_empty() { VARIANT_RON.to_owned() } else { format!("{folder}/{VARIANT_RON}") }
}

fn unknown(sources: &BTreeMap<String, Source>, name: &str) -> Vec<Finding> {
    let mut report = Report::new(ron_path(name));
    let known = || sources.keys().map(String::as_str);
    report.error(
        || Position::START,
        format!("there is no variant {}", quoted(name)),
        one_of(known()),
        did_you_mean(name, known(), "add its folder to the catalogue"),
    );
    report.finish()
}

/// The source of the variant that the last of `names` extends.
fn extended<'a>(
    sources: &'a BTreeMap<String, Source>,
    names: &mut Vec<String>,
    next: &str,
) -> Result<&'a Source, [String; 3]> {
    let known = || sources.keys().map(String::as_str);
    if names.iter().any(|name| name == next) {
        names.push(next.to_owned());
        return Err([
            format!("a circle of variants: {}", names.join(" extends ")),
            "expected a chain that ends".to_owned(),
            "remove `extends` from one of them".to_owned(),
        ]);
    }
    if names.len() >= VARIANT_DEPTH_MAX {
        return Err([
            format!("a chain of more than {VARIANT_DEPTH_MAX} variants"),
            "expected a shorter one".to_owned(),
            "extend a variant nearer to the base".to_owned(),
        ]);
    }
    names.push(next.to_owned());
    sources.get(next).ok_or_else(|| {
        [
            format!("unknown variant {}", quoted(next)),
            one_of(known()),
            did_you_mean(next, known(), "add that variant, or extend another"),
        ]
    })
}

/// Reads one `variant.ron` and checks the size of what comes with it.
fn read_layer(source: &Source) -> Result<(VariantFile, Outline<'_>), Vec<Finding>> {
    let mut report = Report::new(ron_path(&source.folder));
    let bytes: usize = source.files.values().map(|file| file.bytes.len()).sum();
    if source.files.len() > VARIANT_FILES_MAX || bytes > VARIANT_BYTES_MAX {
        report.error(
            || Position::START,
            format!("a variant of {} files with {bytes} bytes", source.files.len()),
            format!("expected at most {VARIANT_FILES_MAX} files and {VARIANT_BYTES_MAX} bytes"),
            "leave big files out",
        );
    }
    let Some(text) = source.files.get(VARIANT_RON) else {
        report.error(
            || Position::START,
            "the file is missing",
            "expected variant.ron in the variant's folder",
            "add one; `(extends: \"base\")` is enough",
        );
        return Err(report.finish());
    };
    let read = read::read(&mut report, &text.bytes);
    read::conclude(report, read).map(|(read, _)| read)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn sources(list: &[(&str, &str)]) -> BTreeMap<String, Source> {
        let source = |name: &str, text: &str| Source {
            folder: name.to_owned(),
            files: Files::from([(VARIANT_RON.to_owned(), text.to_owned().into())]),
        };
        list.iter().map(|(name, text)| ((*name).to_owned(), source(name, text))).collect()
    }

    fn check(list: &[(&str, &str)], name: &str, expected: Expect) {
        let sources = sources(list);
        let text = match Resolved::new(&sources, name) {
            Ok(resolved) => format!("{:?}", resolved.file.hostname),
            Err(findings) => findings.iter().map(|finding| format!("{finding}\n")).collect(),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn chains_merge_from_their_end() {
        let list = [
            ("a", "(hostname: \"a\", version: \"1\")"),
            ("b", "(extends: \"a\", hostname: \"b\")"),
            ("c", "(extends: \"b\")"),
        ];
        check(&list, "c", expect![[r#"Some("b")"#]]);
    }

    #[test]
    fn circles_are_found() {
        let list = [("a", "(extends: \"b\")"), ("b", "(\n  extends: \"a\",\n)")];
        check(
            &list,
            "a",
            expect![[r#"
            b/variant.ron:2:12: a circle of variants: a extends b extends a, expected a chain that ends, remove `extends` from one of them
        "#]],
        );
        check(
            &[("a", "(extends: \"a\")")],
            "a",
            expect![[r#"
            a/variant.ron:1:11: a circle of variants: a extends a, expected a chain that ends, remove `extends` from one of them
        "#]],
        );
    }

    #[test]
    fn unknown_names_are_guessed() {
        check(
            &[("base", "()"), ("a", "(extends: \"bsae\")")],
            "a",
            expect![[r#"
            a/variant.ron:1:11: unknown variant "bsae", expected one of a, base, did you mean "base"?
        "#]],
        );
        check(
            &[("base", "()")],
            "bass",
            expect![[r#"
            bass/variant.ron:1:1: there is no variant "bass", expected base, did you mean "base"?
        "#]],
        );
    }

    #[test]
    fn chains_are_bounded() {
        let texts: Vec<(String, String)> =
            (0..40).map(|n| (format!("v{n}"), format!("(extends: \"v{}\")", n + 1))).collect();
        let list: Vec<(&str, &str)> = texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        check(
            &list,
            "v0",
            expect![[r#"
            v15/variant.ron:1:11: a chain of more than 16 variants, expected a shorter one, extend a variant nearer to the base
        "#]],
        );
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn syntax_errors_have_places() {
        check(
            &[("a", "(\n  hostnam: \"x\",\n)")],
            "a",
            expect![[r#"
            a/variant.ron:2:3: unknown field "hostnam", expected one of extends, description, version, hostname, hardware, programs, files, users, groups, services and 3 more, did you mean "hostname"?
        "#]],
        );
        check(
            &[("a", "(\n  hostname: 5,\n)")],
            "a",
            expect![[r#"
                a/variant.ron:2:13: found "5", expected text in quotes, put quotes around it
            "#]],
        );
        check(&[("a", "(\n  hardware: (ttys: 700),\n)")], "a", expect!["None"]);
        check(
            &[("a", "(\n  hostname: \"x\"\n  version: \"1\",\n)")],
            "a",
            expect![[r#"
                a/variant.ron:3:3: found "version", expected a comma, add one before it
            "#]],
        );
        check(
            &[("a", "(\n  hostname: \"x\",\n")],
            "a",
            expect![[r#"
                a/variant.ron:3:1: the file ends here, expected a closing bracket or quote, add what is missing
            "#]],
        );
        check(
            &[("a", "(\n  hostname: \"x,\n")],
            "a",
            expect![[r#"
                a/variant.ron:2:13: text without an end, expected a closing quote, add it where the text ends
            "#]],
        );
        check(
            &[("a", "(\n  users: {\"a\": (uid: 1),\n \"a\": (uid: 2)})")],
            "a",
            expect![[r#"
            a/variant.ron:3:2: "a" a second time, expected each key once, put both into one entry
        "#]],
        );
        check(
            &[("a", "(\n  users: {\"a\": (password: Emtpy)})")],
            "a",
            expect![[r#"
            a/variant.ron:2:27: unknown word "Emtpy", expected one of Locked, Empty, Hash, did you mean "Empty"?
        "#]],
        );
        check(
            &[("a", "(\n  users: [])")],
            "a",
            expect![[r#"
                a/variant.ron:2:10: found "[", expected a map, write it as {"key": value}
            "#]],
        );
        check(
            &[("a", "()\n)")],
            "a",
            expect![[r#"
                a/variant.ron:2:1: text after the end, expected nothing after the closing bracket, remove it, or a closing bracket too many before it
            "#]],
        );
        check(
            &[("a", &format!("(a: {}", "[".repeat(1000)))],
            "a",
            expect![[r#"
            a/variant.ron:1:2: unknown field "a", expected one of extends, description, version, hostname, hardware, programs, files, users, groups, services and 3 more, remove it
        "#]],
        );
        check(
            &[("a", "")],
            "a",
            expect![[r#"
                a/variant.ron:1:1: found the end of the line, expected fields in round brackets, write it as (name: value)
            "#]],
        );
    }
}
