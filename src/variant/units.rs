//! Units: sizes, spans of time, shares, bit rates and prefixes as designers write them.
//!
//! Each parser returns what it expected when it fails, ready for a finding. Integers only: a
//! decimal fraction is read digit by digit, so that no float decides anything.

use core::net::Ipv4Addr;

use crate::base::prng::Ratio;
use crate::base::time::Ticks;
use crate::net::Prefix;

/// What a parser wanted to see.
pub type Expected = &'static str;

/// What [`size`] reads.
pub const SIZE: Expected = "expected a size such as \"512 KiB\", \"64 MiB\" or \"2 GiB\"";
/// What [`span`] reads.
pub const SPAN: Expected = "expected a span of whole milliseconds such as \"2ms\" or \"1s\"";
/// What [`share`] reads.
pub const SHARE: Expected = "expected a share from \"0%\" to \"100%\" such as \"0.5%\"";
/// What [`rate`] reads.
pub const RATE: Expected = "expected a rate such as \"56kbit\", \"10Mbit\" or \"1Gbit\"";
/// What `Prefix::from_str` reads.
pub const PREFIX: Expected = "expected an address with its prefix length such as \"10.0.1.10/24\"";
/// What [`address`] reads.
pub const ADDRESS: Expected = "expected an address such as \"10.0.1.1\"";

/// A number of bytes: `4096`, `512 KiB`, `64M`, `2 GB` (as GNU `truncate` reads them: K, KiB are
/// 1024, KB is 1000).
///
/// # Errors
///
/// [`SIZE`] if it is not one, or does not fit.
pub fn size(text: &str) -> Result<u64, Expected> {
    let (number, unit) = split(text).ok_or(SIZE)?;
    let scale = match unit {
        "" | "B" => 1,
        "K" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        "T" | "TiB" => 1 << 40,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return Err(SIZE),
    };
    number.checked_mul(scale).ok_or(SIZE)
}

/// A span of time: `2ms`, `1s`, `5min`.
///
/// # Errors
///
/// [`SPAN`] if it is not one, or does not fit.
pub fn span(text: &str) -> Result<Ticks, Expected> {
    let (number, unit) = split(text).ok_or(SPAN)?;
    let scale = match unit {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        _ => return Err(SPAN),
    };
    number.checked_mul(scale).map(Ticks).ok_or(SPAN)
}

/// A share of the whole: `1%`, `0.25%`.
///
/// # Errors
///
/// [`SHARE`] if it is not one, over 100%, or finer than a millionth.
pub fn share(text: &str) -> Result<Ratio, Expected> {
    const DIGITS: usize = 4;
    let number = text.trim().strip_suffix('%').ok_or(SHARE)?.trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if fraction.is_empty() || fraction.len() > DIGITS || !all_digits(fraction) {
        return Err(SHARE);
    }
    let whole = digits(whole).filter(|whole| *whole <= 100).ok_or(SHARE)?;
    let fraction = digits(&format!("{fraction:0<DIGITS$}")).ok_or(SHARE)?;
    let parts_per_million = u32::try_from(whole * 10_000 + fraction).map_err(|_| SHARE)?;
    if parts_per_million > Ratio::ONE.parts_per_million {
        return Err(SHARE);
    }
    Ok(Ratio { parts_per_million })
}

/// A bit rate in bits per second: `56kbit`, `10Mbit`, `1Gbit` (decimal, as tc(8) reads them).
///
/// # Errors
///
/// [`RATE`] if it is not one, is zero, or does not fit.
pub fn rate(text: &str) -> Result<u64, Expected> {
    let (number, unit) = split(text.trim().strip_suffix("/s").unwrap_or(text)).ok_or(RATE)?;
    let scale = match unit {
        "bit" => 1,
        "kbit" | "Kbit" => 1_000,
        "Mbit" | "mbit" => 1_000_000,
        "Gbit" | "gbit" => 1_000_000_000,
        _ => return Err(RATE),
    };
    number.checked_mul(scale).filter(|rate| *rate > 0).ok_or(RATE)
}

/// An IPv4 address without a prefix length.
///
/// # Errors
///
/// [`ADDRESS`] if it is not one.
pub fn address(text: &str) -> Result<Ipv4Addr, Expected> {
    text.trim().parse().map_err(|_| ADDRESS)
}

/// An IPv4 address with its prefix length.
///
/// # Errors
///
/// [`PREFIX`] if it is not one.
pub fn prefix(text: &str) -> Result<Prefix, Expected> {
    let text = text.trim();
    // `ip` takes a bare address for a /32; in a design it is a length forgotten.
    if !text.contains('/') {
        return Err(PREFIX);
    }
    text.parse().map_err(|_| PREFIX)
}

/// Whether the address can belong to one interface: neither the network's own address nor its
/// broadcast, neither loopback nor multicast nor reserved.
pub fn is_host(prefix: Prefix) -> bool {
    let address = prefix.address();
    let first = address.octets()[0];
    let edge = match prefix.broadcast() {
        // /31 and /32 have neither (RFC 3021).
        None => false,
        Some(broadcast) => address == broadcast || address == prefix.network().address(),
    };
    !edge && first != 0 && first != 127 && first < 224
}

/// What [`mode`] accepts.
pub const MODE: Expected = "expected permission bits in octal, 0o0 to 0o7777";

/// Whether `mode`, which was `written` so, can be meant: octal, since decimal 755 is 0o1363.
///
/// # Errors
///
/// What was found instead.
pub fn mode(mode: u16, written: &str) -> Result<(), String> {
    if mode != 0 && !written.starts_with("0o") {
        return Err(format!("decimal mode {mode}, which is 0o{mode:o}"));
    }
    if mode > 0o7777 { Err(format!("mode 0o{mode:o}")) } else { Ok(()) }
}

/// The leading number and what follows it.
fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((digits(&text[..end])?, text[end..].trim_start()))
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A plain decimal number; unlike `u64::from_str`, no sign.
fn digits(text: &str) -> Option<u64> {
    if all_digits(text) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("64 MiB"), Ok(64 << 20));
        assert_eq!(size("1G"), Ok(1 << 30));
        assert_eq!(size("5"), Ok(5));
        assert_eq!(size("2 kB"), Ok(2000));
        for bad in ["", "MiB", "-1", "1.5G", "99999999999 TiB", "1 XB"] {
            assert_eq!(size(bad), Err(SIZE), "{bad}");
        }
    }

    #[test]
    fn spans_shares_and_rates() {
        assert_eq!(span("2ms"), Ok(Ticks(2)));
        assert_eq!(span(" 3 s "), Ok(Ticks(3000)));
        assert_eq!(span("2"), Err(SPAN));
        assert_eq!(span("2us"), Err(SPAN));
        assert_eq!(share("1%"), Ok(Ratio::percent(1)));
        assert_eq!(share("0.0005%").unwrap().parts_per_million, 5);
        assert_eq!(share("100%"), Ok(Ratio::ONE));
        for bad in ["1", "101%", "100.1%", "1.%", "0.00001%", "-1%", "%"] {
            assert_eq!(share(bad), Err(SHARE), "{bad}");
        }
        assert_eq!(rate("10Mbit"), Ok(10_000_000));
        assert_eq!(rate("56 kbit/s"), Ok(56_000));
        assert_eq!(rate("0bit"), Err(RATE));
        assert_eq!(rate("10MB"), Err(RATE));
    }

    #[test]
    fn prefixes() {
        assert_eq!(prefix(" 10.0.1.10/24 ").unwrap().to_string(), "10.0.1.10/24");
        for bad in ["10.0.0.1", "10.0.0.1/33", "10.0.0.1/+4", "10.0.0/8", "/"] {
            assert_eq!(prefix(bad), Err(PREFIX), "{bad}");
        }
        for edge in ["10.0.0.0/24", "10.0.0.255/24", "127.0.0.1/8", "224.0.0.1/4", "0.0.0.1/8"] {
            assert!(!is_host(prefix(edge).unwrap()), "{edge}");
        }
        assert!(is_host(prefix("10.0.0.0/31").unwrap()));
    }
}
