//! `hostscape exec`: one command on one machine, with real standard input, output and error.
//!
//! Invariant: nothing of the real computer reaches the machine but the bytes on standard input,
//! what was copied in, and the options given. Without `--tty` simulated time runs as fast as it
//! can, and waits for real input only when a process does.

mod copy;
mod streams;
mod terminal;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use bstr::BString;
use clap::Args;
use hostscape::base::Errno;
use hostscape::base::strings::Strings;
use hostscape::kernel::{Attach, ExecSpec, Execution, TtyId, WaitStatus};

use crate::failure::Failure;
use crate::size::Size;
use crate::solo::Solo;

/// Where commands are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Status when the command itself could not be tried (as of `env` and `docker`).
pub const STATUS_TROUBLE: u8 = 125;

/// Boots one machine, runs one command in it and exits with its status
#[derive(Args)]
#[command(after_help = "\
Standard input, output and error of the command are this command's own. Everything else is
simulated: the machine sees no real file but those copied in, no real clock, no real network.

Without --tty the three are byte streams, and simulated time runs as fast as possible. With --tty,
standard input is what is typed at a keyboard, standard output is what the terminal receives, and
simulated time is paced by the real clock.

The status is the command's: 128+N if signal N ended it, 127 if it was not found, 126 if it could
not be run, 125 if hostscape itself was in trouble.

Examples:
  echo 'a b' | hostscape exec -- sh -c 'read -r x y; echo \"$y $x\"'
  hostscape exec --copy-in ./scripts:/srv/scripts --cwd /srv/scripts -- sh test.sh
  hostscape exec --tty -- sh")]
pub struct Exec {
    /// OS variant of the machine
    #[arg(long, value_name = "NAME", default_value = "desktop")]
    os: String,
    /// User who runs the command, from the machine's /etc/passwd
    #[arg(long, value_name = "NAME", default_value = "root")]
    user: String,
    /// Copy a real file or folder into the machine, modes and symbolic links included
    #[arg(long, value_name = "HOSTPATH:/guest/path")]
    copy_in: Vec<copy::CopyIn>,
    /// Working directory
    #[arg(long, value_name = "DIR", default_value = "/")]
    cwd: PathBuf,
    /// Set an environment variable
    #[arg(long, value_name = "K=V", value_parser = assignment)]
    env: Vec<std::ffi::OsString>,
    /// Run the command on a terminal
    #[arg(long)]
    tty: bool,
    /// Size of the terminal; left out, that of the real one, or 80x24
    #[arg(long, value_name = "COLSxROWS", requires = "tty")]
    size: Option<Size>,
    /// The command and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CMD"
    )]
    command: Vec<std::ffi::OsString>,
}

impl Exec {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        self.start().map_err(|failure| failure.or_status(STATUS_TROUBLE)).map(ExitCode::from)
    }

    fn start(self) -> Result<u8, Failure> {
        let mut need = copy::Need::default();
        for copy in &self.copy_in {
            copy.measure(&mut need)?;
        }
        let mut solo = Solo::new(&self.os, need.room())?;
        solo.boot()?;
        let user = user::find(&mut solo.machine, &self.user)?;
        for copy in &self.copy_in {
            copy.copy(&mut solo.machine, &user)?;
        }
        let mut spec = ExecSpec {
            args: self.command.iter().map(|arg| arg.as_encoded_bytes()).collect(),
            env: self.environment(&user),
            cwd: BString::from(self.cwd.as_os_str().as_encoded_bytes()),
            uid: user.uid,
            gid: user.gid,
            groups: user.groups,
            attach: Attach::Streams,
        };
        if self.tty {
            let size = self.size.unwrap_or_else(terminal::real_size);
            solo.machine.resize_tty(TtyId::CONSOLE, size.columns, size.rows);
            solo.machine.attach_tty_output(TtyId::CONSOLE);
            spec.attach = Attach::Tty(TtyId::CONSOLE);
        }
        let execution = self.execute(&mut solo, &spec)?;
        let status = match execution.streams {
            Some(streams) => streams::run(&mut solo, execution.pid, streams)?,
            None => terminal::run(&mut solo, execution.pid, TtyId::CONSOLE)?,
        };
        if let Some(how) = solo.went_down {
            eprintln!("hostscape: the machine was {how}");
        }
        Ok(status)
    }

    fn execute(&self, solo: &mut Solo, spec: &ExecSpec) -> Result<Execution, Failure> {
        let cwd = self.cwd.display();
        let is_dir = solo.machine.stat(&spec.cwd).map(|stat| stat.kind);
        match is_dir {
            Ok(hostscape::fs::FileType::Directory) => {}
            Ok(_) => {
                return Err(Failure::new(format_args!(
                    "--cwd {cwd}: not a directory on the machine"
                )));
            }
            Err(errno) => {
                return Err(Failure::new(format_args!(
                    "--cwd {cwd}: {errno}; the machine has /, /root, /tmp … and what --copy-in brings"
                )));
            }
        }
        solo.machine.exec_command(&solo.registry, spec).map_err(|errno| {
            let name = match self.command[0].display().to_string() {
                name if name.is_empty() => "''".to_owned(),
                name => name,
            };
            match errno {
                Errno::ENOENT => Failure::with_status(127, format_args!("{name}: not found")),
                errno => Failure::with_status(126, format_args!("{name}: {errno}")),
            }
        })
    }

    fn environment(&self, user: &user::User) -> Strings {
        let mut env = Strings::new();
        env.set_value("PATH", PATH);
        env.set_value("HOME", &user.home);
        env.set_value("USER", &user.name);
        env.set_value("LOGNAME", &user.name);
        env.set_value("SHELL", &user.shell);
        if self.tty {
            env.set_value("TERM", "xterm-256color");
        }
        for assignment in &self.env {
            let bytes = assignment.as_encoded_bytes();
            if let Some(equals) = bytes.iter().position(|byte| *byte == b'=') {
                env.set_value(&bytes[..equals], &bytes[equals + 1..]);
            }
        }
        env
    }
}

fn assignment(text: &str) -> Result<std::ffi::OsString, String> {
    match text.split_once('=') {
        Some((name, _)) if !name.is_empty() => Ok(text.into()),
        _ => Err("expected NAME=VALUE, such as LANG=C".to_owned()),
    }
}

/// The status a shell would report.
fn shell_status(status: WaitStatus) -> u8 {
    status.shell_status()
}

/// Why nothing more can happen.
fn stuck() -> Failure {
    Failure::new(
        "the command waits for something that can't happen any more (a stopped process, a packet, \
         a child that waits for its parent); nothing is left to simulate",
    )
}
