//! Password hashes as `/etc/shadow` holds them.
//!
//! Follows: Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512" (`$5$` and `$6$`), by the
//! `sha-crypt` crate. Left out: the other schemes of `crypt`.

use bstr::ByteSlice;
use sha_crypt::{Sha256Params, Sha512Params, sha256_crypt_b64, sha512_crypt_b64};

/// Rounds when the hash names none.
const ROUNDS: usize = 5000;
/// Most rounds that are computed: a guest may write any number into its files.
const ROUNDS_MAX: usize = 20_000;
/// Bytes of a password and of a salt that count.
const PASSWORD_MAX: usize = 256;
const SALT_MAX: usize = 16;

/// Whether `password` is the one that `secret` was made of.
pub fn verify(password: &[u8], secret: &[u8]) -> bool {
    hash(password, secret).is_some_and(|hash| hash.as_bytes() == secret)
}

/// The hash of `password` with the scheme, rounds and salt of `setting`, such as `$6$salt$` or a
/// whole hash; `None` for a scheme that is unknown here.
pub fn hash(password: &[u8], setting: &[u8]) -> Option<String> {
    let setting = setting.to_str().ok()?;
    let mut fields = setting.strip_prefix('$')?.split('$');
    let scheme = fields.next()?;
    let mut salt = fields.next()?;
    let mut prefix = format!("${scheme}$");
    let mut rounds = ROUNDS;
    if let Some(number) = salt.strip_prefix("rounds=") {
        rounds = number.parse::<usize>().ok()?.max(1000);
        prefix.push_str(&format!("rounds={rounds}$"));
        salt = fields.next()?;
    }
    if rounds > ROUNDS_MAX || password.len() > PASSWORD_MAX {
        return None;
    }
    let salt = salt.get(..SALT_MAX).unwrap_or(salt);
    let text =
        match scheme {
            "5" => sha256_crypt_b64(password, salt.as_bytes(), &Sha256Params::new(rounds).ok()?)
                .ok()?,
            "6" => sha512_crypt_b64(password, salt.as_bytes(), &Sha512Params::new(rounds).ok()?)
                .ok()?,
            _ => return None,
        };
    Some(format!("{prefix}{salt}${text}"))
}

#[cfg(test)]
mod tests {
    use super::verify;

    #[test]
    fn hashes_are_those_of_glibc() {
        // Made with `openssl passwd` and glibc's `crypt`.
        for (password, secret) in [
            (
                "secret",
                "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1",
            ),
            ("Hello", "$5$ab$9eRCLIGywdYDZEAC17ny6wrmIcJYL6RKSYZMritZ3.0"),
            (
                "secret",
                "$6$rounds=1000$saltstringsaltst$CAQNWAF1PcltKLhRAkYWaZqdIFjIDsYJvWv4QTevvEtn7.3rY5iLBOJMF3x8uuTdcia6zvUXW6H7c26XZuk3c0",
            ),
        ] {
            assert!(verify(password.as_bytes(), secret.as_bytes()), "{secret}");
            assert!(!verify(b"wrong", secret.as_bytes()), "{secret}");
        }
    }

    #[test]
    fn nonsense_lets_nobody_in() {
        for secret in ["*", "!", "$1$ab$x", "$6$", "$6$rounds=999999999$ab$x", "$5", "\u{ff}"] {
            assert!(!verify(b"", secret.as_bytes()), "{secret}");
        }
    }
}
