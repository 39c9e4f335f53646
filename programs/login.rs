//! login: lets a user in, or not.
//!
//! Follows: shadow's and BusyBox's login: `/etc/passwd`, `/etc/shadow`, `/etc/nologin`,
//! `/etc/motd`, `~/.hushlogin`. Passwords are those of `crypt`'s `$5$` and `$6$` (SHA-crypt); an
//! empty field asks for none. Left out: the other schemes of `crypt`, which let nobody in.

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::base::strings::Strings;
use crate::base::{Errno, Fd, Tick, Ticks};
use crate::kernel::program::crypt;
use crate::kernel::program::input::Input;
use crate::kernel::program::options::{Options, Spec};
use crate::kernel::program::out::Out;
use crate::kernel::program::shapes::{End, Tool, tool};
use crate::kernel::program::users::{User, Users};
use crate::kernel::program::{Program, Step, Stop, Sys};
use crate::kernel::tty::LocalFlags;

pub(super) const PROGRAM: Program = tool::<Login>("login");

const SPEC: Spec = Spec::new(
    "usage: login [-fp] [-h HOST] [NAME]\n\
     Begin a session as NAME.\n\n  \
     -f       NAME has shown who it is already\n  \
     -h HOST  where the user comes from\n  \
     -p       keep the environment",
    "fh:p",
);

/// Wrong answers until the terminal is given back.
const ATTEMPTS: u32 = 3;
/// How long a wrong answer takes, so that guessing is slow.
const PENALTY: Ticks = Ticks::from_secs(3);
/// How long a user may take to answer.
const TIMEOUT: Ticks = Ticks::from_secs(60);
/// Bytes of the account files and messages that are read.
const FILE_MAX: usize = 1 << 20;
/// What a password check costs: it is slow by design.
const CHECK_FUEL: u32 = 20_000;

#[derive(Clone, Serialize, Deserialize)]
struct Login {
    name: Option<BString>,
    trusted: bool,
    keep_environment: bool,
    host: Option<BString>,
    stage: Stage,
    failures: u32,
    deadline: Tick,
    input: Input,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    AskName,
    Name,
    AskPassword,
    Password,
    /// A wrong answer: nothing happens until then.
    Penalty(Tick),
    Welcome,
    Shell,
}

impl Tool for Login {
    const SPEC: Spec = SPEC;

    fn start(options: &Options, out: &mut Out, sys: &mut Sys<'_>) -> Result<Self, End> {
        if sys.os().credentials()?.euid().0 != 0 {
            return Err(out.fail(1, "must be suid to work properly"));
        }
        let name = options.operands.first().cloned();
        let trusted = options.has(b'f') && sys.os().credentials()?.uid.0 == 0 && name.is_some();
        Ok(Self {
            stage: if name.is_some() { Stage::AskPassword } else { Stage::AskName },
            name,
            trusted,
            keep_environment: options.has(b'p'),
            host: options.value(b'h').map(BString::from),
            failures: 0,
            deadline: sys.os().now() + TIMEOUT,
            input: Input::default(),
        })
    }

    fn step(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        match self.stage {
            Stage::AskName => {
                out.text(format!("{} login: ", sys.os().uname().nodename));
                self.stage = Stage::Name;
            }
            Stage::Name => {
                let Some(name) = self.answer(out, sys)? else { return Ok(Step::Exit(0)) };
                let name = BString::from(name.trim_ascii());
                self.stage = if name.is_empty() { Stage::AskName } else { Stage::AskPassword };
                self.name = Some(name);
            }
            Stage::AskPassword => {
                let open = self.trusted || self.secret(sys).is_some_and(|secret| secret.is_empty());
                if open {
                    self.stage = Stage::Welcome;
                } else {
                    set_echo(false, sys);
                    out.text("Password: ");
                    self.stage = Stage::Password;
                }
            }
            Stage::Password => {
                let Some(password) = self.answer(out, sys)? else { return Ok(Step::Exit(0)) };
                set_echo(true, sys);
                out.text("\n");
                sys.os().burn(CHECK_FUEL);
                let secret = self.secret(sys);
                let right = secret.is_some_and(|secret| crypt::verify(&password, &secret));
                self.stage =
                    if right { Stage::Welcome } else { Stage::Penalty(sys.os().now() + PENALTY) };
            }
            Stage::Penalty(until) => {
                sys.os().sleep_until(until)?;
                out.text("Login incorrect\n");
                self.failures += 1;
                if self.failures >= ATTEMPTS {
                    return Ok(Step::Exit(1));
                }
                self.deadline = sys.os().now() + TIMEOUT;
                self.stage = Stage::AskName;
            }
            Stage::Welcome => {
                self.welcome(out, sys)?;
                self.stage = Stage::Shell;
            }
            Stage::Shell => {
                out.flush(sys)?;
                return self.shell(out, sys);
            }
        }
        Ok(Step::Again)
    }
}

impl Login {
    /// The next line typed, without its newline; `None` at the end, or when it takes too long.
    fn answer(&mut self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Option<Vec<u8>>, Stop> {
        match self.input.line(sys) {
            Ok(line) => Ok(line.map(|line| line.strip_suffix(b"\n").unwrap_or(line).to_vec())),
            Err(Stop::Block(mut wait)) => {
                if sys.os().now() >= self.deadline {
                    set_echo(true, sys);
                    out.text(format!("\nLogin timed out after {} seconds\n", TIMEOUT.0 / 1000));
                    return Ok(None);
                }
                wait.until =
                    Some(wait.until.map_or(self.deadline, |until| until.min(self.deadline)));
                Err(Stop::Block(wait))
            }
            Err(stop) => Err(stop),
        }
    }

    fn user(&self, sys: &mut Sys<'_>) -> Option<User> {
        Users::load(sys).by_name(self.name.as_ref()?)
    }

    /// What the password is checked against; `None` where there is no such user.
    fn secret(&self, sys: &mut Sys<'_>) -> Option<BString> {
        let user = self.user(sys)?;
        if user.password != "x" {
            return Some(user.password);
        }
        let shadow = sys.fs().read_file("/etc/shadow", FILE_MAX).ok()?;
        shadow.lines().find_map(|line| {
            let mut fields = line.split(|byte| *byte == b':');
            (fields.next()? == user.name).then(|| fields.next().unwrap_or(b"*").into())
        })
    }

    /// Becomes the user.
    fn welcome(&self, out: &mut Out, sys: &mut Sys<'_>) -> Result<(), End> {
        let users = Users::load(sys);
        let user = self.name.as_ref().and_then(|name| users.by_name(name));
        let user = user.ok_or_else(|| out.fail(1, "Login incorrect"))?;
        if user.uid.0 != 0
            && let Ok(reason) = sys.fs().read_file("/etc/nologin", FILE_MAX)
        {
            out.text(if reason.is_empty() {
                b"System closed for routine maintenance\n".to_vec()
            } else {
                reason
            });
            return Err(End::Exit(1));
        }
        if let Ok(tty) = sys.term().name(Fd::STDIN) {
            let group = users.gid_of("tty").unwrap_or(user.gid);
            // The terminal is the user's while the session lasts; without it they still may in.
            let _ = sys.fs().chown(&tty, Some(user.uid), Some(group));
            let _ = sys.fs().chmod(&tty, 0o600);
        }
        let from = self.host.as_ref().map_or_else(String::new, |host| format!(" from {host}"));
        let place =
            sys.term().name(Fd::STDIN).map_or_else(|_| String::new(), |tty| format!(" on {tty}"));
        let pid = sys.os().pid();
        sys.os().log(format!("login[{pid}]: {} logged in{place}{from}", user.name))?;
        sys.os().announce_login(&user.name)?;
        sys.os().set_credentials(user.uid, user.gid, users.groups_of(&user))?;
        if sys.fs().chdir(&user.home).is_err() {
            out.text("No directory, logging in with HOME=/\n");
            sys.fs().chdir("/")?;
        }
        if sys.fs().stat(".hushlogin").is_err() {
            out.text(sys.fs().read_file("/etc/motd", FILE_MAX).unwrap_or_default());
        }
        Ok(())
    }

    fn shell(&self, out: &mut Out, sys: &mut Sys<'_>) -> Result<Step, End> {
        let user = self.user(sys).ok_or(Errno::ENOENT)?;
        let shell =
            if user.shell.is_empty() { BString::from("/bin/sh") } else { user.shell.clone() };
        let mut env =
            if self.keep_environment { sys.shell().env().clone() } else { Strings::new() };
        let term = sys.shell().getenv("TERM").map_or_else(|| BString::from("linux"), BString::from);
        let home = if sys.fs().stat(&user.home).is_ok() { user.home.clone() } else { "/".into() };
        let path = if user.uid.0 == 0 {
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        } else {
            "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        };
        env.set_value("HOME", home);
        env.set_value("SHELL", &shell);
        env.set_value("USER", &user.name);
        env.set_value("LOGNAME", &user.name);
        env.set_value("PATH", path);
        env.set_value("TERM", term);
        env.set_value("PWD", sys.fs().cwd()?);
        let mut name = BString::from("-");
        name.extend_from_slice(shell.rsplit(|byte| *byte == b'/').next().unwrap_or_default());
        let args = [name].iter().collect();
        match sys.os().exec(&shell, &args, &env) {
            Ok(()) => Err(End::Replaced),
            Err(errno) => Err(out.fail(1, format_args!("can't execute '{shell}': {errno}"))),
        }
    }
}

/// Switches the echo of what is typed; on something that is no terminal nothing happens.
fn set_echo(on: bool, sys: &mut Sys<'_>) {
    if let Ok(mut modes) = sys.term().attributes(Fd::STDIN) {
        modes.local.set(LocalFlags::ECHO, on);
        let _ = sys.term().set_attributes(Fd::STDIN, &modes);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::testing::Guest;

    /// Made with `openssl passwd -6 -salt saltsalt secret`.
    const HASH: &str = "$6$saltsalt$";

    fn guest() -> Guest {
        let mut guest = Guest::new();
        guest.file("/etc/motd", "Welcome!\n");
        guest.file("/etc/passwd", "root:x:0:0:root:/root:/bin/env\nbob:x:7:8::/none:/bin/id\n");
        guest
    }

    #[test]
    fn an_empty_password_is_not_asked_for() {
        expect![[r#"
            Welcome!
            HOME=/root
            SHELL=/bin/env
            USER=root
            LOGNAME=root
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
            TERM=linux
            PWD=/root
            [exit 0]
        "#]]
        .assert_eq(&guest().run("login root", ""));
        expect![[r#"
            guest login: Welcome!
            HOME=/root
            SHELL=/bin/env
            USER=root
            LOGNAME=root
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
            TERM=linux
            PWD=/root
            [exit 0]
        "#]]
        .assert_eq(&guest().run("login", "root\n"));
    }

    #[test]
    fn a_wrong_password_lets_nobody_in() {
        let mut guest = guest();
        guest.file("/etc/shadow", format!("root:*:::::::\nbob:{HASH}x:::::::\n"));
        expect![[r#"
            Password: 
            Login incorrect
            guest login: Password: 
            Login incorrect
            guest login: Password: 
            Login incorrect
            [exit 1]
        "#]]
        .assert_eq(&guest.run("login root", "secret\nnobody\nsecret\nbob\nwrong\n"));
    }
}
