//! Names: which ones a machine, host, user, interface or path may have.

use crate::base::limits::{INTERFACES_MAX, NAME_MAX, PATH_MAX};

/// Longest name of a machine or host in bytes (Linux `HOST_NAME_MAX`).
pub const HOST_NAME_MAX: usize = 64;

/// What [`is_host`] accepts.
pub const HOST: &str =
    "expected letters, digits, '-' and '.', at most 64, neither '-' nor '.' at an end";
/// What [`is_account`] accepts.
pub const ACCOUNT: &str =
    "expected a lower-case letter or '_', then letters, digits, '_' and '-', at most 32";
/// What [`is_path`] accepts.
pub const PATH: &str =
    "expected an absolute path such as \"/etc/motd\", without \".\", \"..\" or \"//\"";
/// What [`interface`] accepts.
pub const INTERFACE: &str = "expected \"eth0\" to \"eth31\"";

/// Whether `name` can be a host name (RFC 1123 §2.1), which machine names are as well.
pub fn is_host(name: &str) -> bool {
    (1..=HOST_NAME_MAX).contains(&name.len())
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// Whether `name` can be a login or group name (as shadow's `useradd` has it).
pub fn is_account(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
}

/// Whether `path` is absolute and in its shortest form.
pub fn is_path(path: &str) -> bool {
    path.len() < PATH_MAX
        && !path.contains('\0')
        && path.strip_prefix('/').is_some_and(|rest| {
            rest.split('/').all(|name| {
                !name.is_empty() && name != "." && name != ".." && name.len() <= NAME_MAX
            })
        })
}

/// The number in `ethN`, written without needless zeros.
pub fn interface(name: &str) -> Option<u8> {
    let digits = name.strip_prefix("eth")?;
    let number: u8 = digits.parse().ok()?;
    (usize::from(number) < INTERFACES_MAX && number.to_string() == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_it_says() {
        for good in ["pc1", "r-1.home.lan", "0", "A"] {
            assert!(is_host(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a..b", ".a", "a b", "a/b", "é", &"a".repeat(65)] {
            assert!(!is_host(bad), "{bad}");
        }
        assert!(is_account("_www-data1") && is_account("root"));
        for bad in ["", "1a", "a:b", "Root", "a\n", &"a".repeat(33)] {
            assert!(!is_account(bad), "{bad}");
        }
        assert!(is_path("/etc/a b") && is_path("/a"));
        for bad in [
            "",
            "/",
            "a",
            "/a/",
            "//a",
            "/a/../b",
            "/./a",
            "/a\0",
            &format!("/{}", "a".repeat(256)),
        ] {
            assert!(!is_path(bad), "{bad}");
        }
        assert_eq!((interface("eth0"), interface("eth31")), (Some(0), Some(31)));
        for bad in ["eth", "eth00", "eth32", "eth+1", "eth-1", "lo", "wlan0", "eth999"] {
            assert_eq!(interface(bad), None, "{bad}");
        }
    }
}
