//! What makes a machine of a variant one of its own: its names, addresses and routes, and the
//! files that tell it.
//!
//! The image is shared, so these files are written over it. They come from the variant's own
//! templates (`/etc/hostname`, `/etc/hosts`, `/etc/network/interfaces`), which a designer may
//! change.

use core::net::Ipv4Addr;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::template;
use crate::base::{Gid, Uid};
use crate::kernel::SpecFile;
use crate::net::Prefix;

/// One Ethernet interface of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// N of `ethN`.
    pub number: u8,
    /// Its address, unless it is left unnumbered.
    pub address: Option<Prefix>,
    /// The gateway of a default route through it.
    pub gateway: Option<Ipv4Addr>,
    /// Further routes through it: destination and next hop.
    pub routes: Vec<(Prefix, Ipv4Addr)>,
}

/// What a machine knows of itself and its neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The host name; left out, the variant's.
    pub hostname: Option<&'a str>,
    /// The interfaces that differ from the variant's.
    pub interfaces: &'a [Interface],
    /// Lines for `/etc/hosts`, which many machines share.
    pub hosts: &'a str,
    /// Values for the variant's templates, over the variant's own.
    pub variables: Option<&'a BTreeMap<String, String>>,
}

/// A file of a variant with `{{names}}` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The absolute path.
    pub path: String,
    /// Permission bits.
    pub mode: u16,
    /// The owner.
    pub uid: Uid,
    /// The group.
    pub gid: Gid,
    /// The text before anything is filled in.
    pub text: String,
}

/// The names whose values differ from machine to machine.
pub const MACHINE_NAMES: [&str; 4] = ["address", "hostname", "hosts", "interfaces"];

/// The values of a machine's templates.
pub struct Values<'a> {
    hostname: &'a str,
    address: String,
    hosts: String,
    interfaces: String,
    variables: [Option<&'a BTreeMap<String, String>>; 2],
}

impl<'a> Values<'a> {
    /// The values for a machine with these facts; `inherited` are the variant's own, in which
    /// the names that the variant computes are included.
    pub fn new(
        hostname: &'a str,
        interfaces: &[Interface],
        hosts: &str,
        variables: Option<&'a BTreeMap<String, String>>,
        inherited: &'a BTreeMap<String, String>,
    ) -> Self {
        let address = interfaces.iter().find_map(|interface| interface.address);
        // As Debian does it, a host without an address still finds itself by name.
        let own = if address.is_none() && hosts.is_empty() {
            format!("127.0.1.1\t{hostname}\n")
        } else {
            String::new()
        };
        Self {
            hostname,
            address: address.map(|prefix| prefix.address().to_string()).unwrap_or_default(),
            hosts: own + hosts,
            interfaces: interfaces_text(interfaces),
            variables: [variables, Some(inherited)],
        }
    }

    /// All names that have a value.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        let variables = self.variables.iter().flatten().flat_map(|variables| variables.keys());
        MACHINE_NAMES.into_iter().chain(variables.map(String::as_str))
    }

    /// `text` with its templates filled in; those without a value stay.
    pub fn expand(&self, text: &str) -> String {
        template::expand(text, |name| self.get(name))
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        match name {
            "address" => Some(&self.address),
            "hostname" => Some(self.hostname),
            // A template on a line of its own brings the line's end.
            "hosts" => Some(self.hosts.trim_end_matches('\n')),
            "interfaces" => Some(self.interfaces.trim_end_matches('\n')),
            _ => {
                let mut variables = self.variables.iter().flatten();
                variables.find_map(|variables| variables.get(name)).map(String::as_str)
            }
        }
    }
}

/// The templates whose content is not the image's.
pub fn files(templates: &[Template], default: &Values<'_>, own: &Values<'_>) -> Vec<SpecFile> {
    let differs = |template: &&Template| {
        template::slots(&template.text).any(|slot| default.get(slot.name) != own.get(slot.name))
    };
    let file = |template: &Template| SpecFile {
        path: template.path.as_str().into(),
        mode: template.mode,
        uid: template.uid,
        gid: template.gid,
        bytes: own.expand(&template.text).into_bytes(),
    };
    templates.iter().filter(differs).map(file).collect()
}

/// The interfaces as interfaces(5) has them.
fn interfaces_text(interfaces: &[Interface]) -> String {
    interfaces.iter().fold(String::new(), |mut text, interface| {
        write_interface(&mut text, interface).expect("a string takes all that is written");
        text
    })
}

fn write_interface(text: &mut String, interface: &Interface) -> std::fmt::Result {
    let Interface { number, address, gateway, routes } = interface;
    if !text.is_empty() {
        writeln!(text)?;
    }
    writeln!(text, "auto eth{number}")?;
    let Some(address) = address else {
        return writeln!(text, "iface eth{number} inet manual");
    };
    writeln!(text, "iface eth{number} inet static\n    address {address}")?;
    if let Some(gateway) = gateway {
        writeln!(text, "    gateway {gateway}")?;
    }
    for (destination, hop) in routes {
        writeln!(text, "    up ip route add {destination} via {hop}")?;
    }
    Ok(())
}
