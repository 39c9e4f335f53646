//! Templates: `{{name}}` in a file of a variant stands for a value.
//!
//! Only two braces around one word are a template; everything else stays as it is, so that shell
//! scripts and C programs can be written as usual. Values are not expanded again.
//!
//! Invariant: a text becomes at most `TEMPLATE_BYTES_MAX` longer.

use crate::base::limits::TEMPLATE_BYTES_MAX;

/// A `{{name}}` of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot<'t> {
    /// Where its first brace is.
    pub start: usize,
    /// The byte after its last brace.
    pub end: usize,
    /// The word between the braces.
    pub name: &'t str,
}

/// The templates of a text in order.
pub fn slots(text: &str) -> impl Iterator<Item = Slot<'_>> {
    let mut from = 0;
    core::iter::from_fn(move || {
        loop {
            let start = from + text.get(from..)?.find("{{")?;
            let inner = &text[start + 2..];
            let length = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
            if length > 0 && inner[length..].starts_with("}}") {
                let end = start + 2 + length + 2;
                from = end;
                return Some(Slot { start, end, name: &inner[..length] });
            }
            from = start + 1;
        }
    })
}

/// `text` with each template replaced by what `value` gives for its name; those without a value
/// stay as they are, and so do those that would make it too long.
pub fn expand<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut copied = 0;
    let most = text.len().saturating_add(TEMPLATE_BYTES_MAX);
    for slot in slots(text) {
        if let Some(value) = value(slot.name)
            && expanded.len() + value.len() + (text.len() - copied) <= most
        {
            expanded.push_str(&text[copied..slot.start]);
            expanded.push_str(value);
            copied = slot.end;
        }
    }
    expanded.push_str(&text[copied..]);
    expanded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    fn expanded(text: &str) -> String {
        expand(text, |name| match name {
            "host" => Some("pc1"),
            "self" => Some("{{host}}"),
            _ => None,
        })
    }

    #[test]
    fn replaces_known_names_only() {
        assert_eq!(expanded("a {{host}}{{host}} b"), "a pc1pc1 b");
        assert_eq!(
            expanded("{{other}} {{ host }} ${{host}} {{{host}}}"),
            "{{other}} {{ host }} $pc1 {pc1}"
        );
        assert_eq!(expanded("{{host} {{}} {{"), "{{host} {{}} {{");
        assert_eq!(expanded("{{self}}"), "{{host}}");
    }

    #[test]
    fn is_bounded() {
        let value = "v".repeat(TEMPLATE_BYTES_MAX / 4);
        let text = "{{a}}".repeat(1000);
        let expanded = expand(&text, |_| Some(&value));
        assert!(expanded.len() <= text.len() + TEMPLATE_BYTES_MAX);
        assert!(expanded.starts_with("vvv") && expanded.ends_with("{{a}}"));
    }

    proptest! {
        #[test]
        fn text_without_templates_is_kept(text in "[a{} é\n]*") {
            let expected = text.replace("{{a}}", "");
            assert_eq!(expand(&text, |_| None), text);
            if !expected.contains("{{a}}") {
                assert_eq!(expand(&text, |name| (name == "a").then_some("")), expected);
            }
        }
    }
}
