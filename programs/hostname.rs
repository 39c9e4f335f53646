//! hostname: print or set the host name.
//!
//! Follows: hostname of net-tools, in options and messages.

use bstr::{BStr, ByteSlice};

use crate::base::Errno;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{Compute, End, once};
use crate::kernel::program::{Program, Sys};

pub(super) const PROGRAM: Program = once::<Hostname>("hostname");

const SPEC: Spec = Spec::new(
    "usage: hostname [-dfiIs] [-F FILE | NAME]\n\
     Print the host name, or set it.\n\n  \
     -d, --domain            what comes after the first dot\n  \
     -f, --fqdn, --long      the whole name\n  \
     -F, --file=FILE         set it to what FILE says\n  \
     -i, --ip-address        the address of the name\n  \
     -I, --all-ip-addresses  the addresses of all interfaces but loopback\n  \
     -s, --short             what comes before the first dot",
    "dfF:iIs",
)
.long(&[
    ("all-ip-addresses", b'I'),
    ("domain", b'd'),
    ("file", b'F'),
    ("fqdn", b'f'),
    ("ip-address", b'i'),
    ("long", b'f'),
    ("short", b's'),
]);

/// Bytes of the file that are read.
const FILE_MAX: usize = 4096;

#[derive(Clone)]
struct Hostname;

impl Compute for Hostname {
    const SPEC: Spec = SPEC;

    fn compute(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<u8, End> {
        let text;
        let new = match (options.value(b'F'), options.operands.first()) {
            (Some(path), _) => {
                text = sys.fs().read_file(path, FILE_MAX).map_err(|errno| out.fail(1, errno))?;
                let lines = text.lines().map(<[u8]>::trim_ascii);
                lines.into_iter().find(|line| !line.is_empty() && !line.starts_with(b"#"))
            }
            (None, Some(name)) => Some(name.as_slice()),
            (None, None) => None,
        };
        if let Some(name) = new {
            return sys.os().set_hostname(name).map(|()| 0).map_err(|errno| match errno {
                Errno::EPERM => out.fail(1, "you must be root to change the host name"),
                _ => out.fail(1, "name too long"),
            });
        }
        let name = sys.os().uname().nodename;
        let dot = name.find_byte(b'.');
        let shown = match options.last_of(b"dfiIs") {
            Some(b's') => name[..dot.unwrap_or(name.len())].to_vec(),
            Some(b'd') => dot.map_or(Vec::new(), |dot| name[dot + 1..].to_vec()),
            Some(b'i') => match sys.ip().resolve(&name) {
                Ok(address) => address.to_string().into_bytes(),
                Err(error) => return Err(out.fail(1, error)),
            },
            Some(b'I') => {
                let ip = sys.ip();
                let interfaces = ip.interfaces().iter().skip(1).filter(|interface| interface.up);
                let addresses = interfaces.flat_map(|interface| &interface.addresses);
                addresses
                    .map(|prefix| format!("{} ", prefix.address()))
                    .collect::<String>()
                    .into_bytes()
            }
            _ => name.to_vec(),
        };
        out.text(BStr::new(&shown));
        out.text("\n");
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Guest;

    #[test]
    fn prints_and_sets_the_name() {
        let mut guest = Guest::new();
        assert_eq!(guest.run("hostname", ""), "guest\n[exit 0]\n");
        assert_eq!(guest.run("hostname web.example.org", ""), "[exit 0]\n");
        assert_eq!(guest.run("hostname -s", ""), "web\n[exit 0]\n");
        assert_eq!(guest.run("hostname -d", ""), "example.org\n[exit 0]\n");
        guest.file("/tmp/name", "# comment\n\n box \n");
        assert_eq!(guest.run("hostname -F /tmp/name", ""), "[exit 0]\n");
        assert_eq!(guest.run("hostname", ""), "box\n[exit 0]\n");
        assert_eq!(
            guest.user(1000).run("hostname x", ""),
            "[stderr]\nhostname: you must be root to change the host name\n[exit 1]\n"
        );
    }
}
