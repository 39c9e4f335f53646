//! Starting: options, parameters, environment, and where commands come from.

use bstr::ByteSlice;

use super::builtin;
use super::error::Halt;
use super::exec::{OWN_FDS, open_main};
use super::fields::Fields;
use super::frame::{Frame, Origin, Role, Source};
use super::parse::is_name;
use super::shell::Shell;
use super::vars;
use crate::base::Fd;
use crate::base::strings::Strings;
use crate::fs::OpenFlags;
use crate::kernel::{Stop, Sys};

/// What the arguments ask for.
#[derive(Default)]
struct Request {
    command: bool,
    login: bool,
    /// Where the operands begin.
    operands: usize,
}

pub(super) fn start(args: &Strings, sys: &mut Sys<'_>) -> Result<Shell, Stop> {
    let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.to_vec()).collect();
    let name = args.first().map_or(&b"sh"[..], |name| name.strip_prefix(b"-").unwrap_or(name));
    let mut shell = Shell::new(name, sys.os().pid());
    environment(&mut shell, sys);
    let mut request = match options(&mut shell, &args) {
        Ok(request) => request,
        Err(message) => return Ok(refuse(shell, &message)),
    };
    request.login |= args.first().is_some_and(|name| name.starts_with(b"-"));
    let operands = &args[request.operands.min(args.len())..];
    let source = if request.command {
        let Some((command, rest)) = operands.split_first() else {
            return Ok(refuse(shell, b"-c requires an argument"));
        };
        let params = set_name(&mut shell, rest);
        shell.params = params.iter().collect::<Fields>().into();
        Source::text(command, Role::Main)
    } else if let (Some((file, rest)), false) = (operands.split_first(), shell.options.stdin) {
        shell.name = file.as_slice().into();
        shell.params = rest.iter().collect::<Fields>().into();
        match sys.fs().open(file, OpenFlags::RDONLY, 0) {
            Ok(fd) => {
                let own = sys.io().dup_from(fd, OWN_FDS, true)?;
                sys.io().close(fd)?;
                Source::input(Origin::File(own), Role::Main)
            }
            Err(Stop::Block(wait)) => return Err(Stop::Block(wait)),
            Err(Stop::Fail(errno)) => {
                let reason = match errno {
                    crate::base::Errno::ENOENT => "No such file",
                    other => other.message(),
                };
                let message = [b"cannot open ", &file[..], b": ", reason.as_bytes()].concat();
                shell.exiting = Some(2);
                shell.complain(&message);
                return Ok(shell);
            }
        }
    } else {
        shell.params = operands.iter().collect::<Fields>().into();
        let terminals = sys.io().is_tty(Fd::STDIN) && sys.io().is_tty(Fd::STDERR);
        shell.options.stdin = true;
        shell.options.interactive |= terminals;
        let interactive = shell.options.interactive;
        Source::input(if interactive { Origin::Terminal } else { Origin::Stdin }, Role::Main)
    };
    if shell.options.interactive {
        shell.begin_interactive(sys);
    }
    if request.login {
        profiles(&mut shell, sys);
    }
    open_main(&mut shell, source);
    Ok(shell)
}

/// A shell that only says what is wrong and exits.
fn refuse(mut shell: Shell, message: &[u8]) -> Shell {
    shell.complain(message);
    shell.exiting = Some(2);
    shell
}

/// `$0` is the first operand after the command, if there is one.
fn set_name<'a>(shell: &mut Shell, operands: &'a [Vec<u8>]) -> &'a [Vec<u8>] {
    match operands.split_first() {
        Some((name, rest)) => {
            shell.name = name.as_slice().into();
            rest
        }
        None => operands,
    }
}

fn options(shell: &mut Shell, args: &[Vec<u8>]) -> Result<Request, Vec<u8>> {
    let mut request = Request { operands: 1, ..Request::default() };
    while let Some(arg) = args.get(request.operands) {
        let (sign, letters) = match arg.as_slice() {
            b"-" | b"--" => {
                request.operands += 1;
                break;
            }
            [sign @ (b'-' | b'+'), letters @ ..] if !letters.is_empty() => (*sign, letters),
            _ => break,
        };
        request.operands += 1;
        for letter in letters {
            let on = sign == b'-';
            match letter {
                b'c' if on => request.command = true,
                b'l' if on => request.login = true,
                b'o' => {
                    let name = args.get(request.operands).map_or(&b""[..], |name| name);
                    request.operands += 1;
                    let words = [vec![sign, b'o'], name.to_vec()];
                    builtin::switch(shell, &words).map_err(message)?;
                }
                letter => {
                    let words = [vec![sign, *letter]];
                    builtin::switch(shell, &words).map_err(message)?;
                }
            }
        }
    }
    Ok(request)
}

fn message(halt: Halt) -> Vec<u8> {
    match halt {
        Halt::Fail(failure) => failure.message,
        Halt::Block(_) | Halt::Yield => Vec::new(),
    }
}

/// Takes variables from the environment, and sets those every shell has.
fn environment(shell: &mut Shell, sys: &mut Sys<'_>) {
    let root = sys.os().credentials().is_ok_and(|who| who.is_root());
    let defaults: [(vars::Slot, &[u8]); 5] = [
        (vars::IFS, b" \t\n"),
        (vars::OPTIND, b"1"),
        (vars::PS1, if root { b"# " } else { b"$ " }),
        (vars::PS2, b"> "),
        (vars::PS4, b"+ "),
    ];
    for (slot, value) in defaults {
        let _ = shell.vars.set(slot, value);
    }
    let ppid = sys.os().ppid();
    let _ = shell.vars.set(vars::PPID, ppid.to_string().as_bytes());
    let env = sys.shell().env().clone();
    for entry in env.iter() {
        let Some((name, value)) = entry.split_once_str("=") else { continue };
        if is_name(name) && name != b"IFS" && name != b"PPID" && name != b"OPTIND" {
            let slot = shell.vars.intern(name);
            let _ = shell.vars.set(slot, value);
            shell.vars.set_exported(slot, true);
        }
    }
    // An inherited PWD counts only if it leads here.
    let cwd = sys.fs().cwd().unwrap_or_else(|_| "/".into());
    let inherited = shell.vars.get(vars::PWD).map(ToOwned::to_owned).filter(|pwd| {
        pwd.starts_with(b"/")
            && sys.fs().stat(pwd).ok().map(|stat| (stat.dev, stat.ino))
                == sys.fs().stat(".").ok().map(|stat| (stat.dev, stat.ino))
    });
    let _ = shell.vars.set(vars::PWD, &inherited.unwrap_or(cwd));
}

/// Puts the start-up files of a login shell onto the stack, the first one on top.
fn profiles(shell: &mut Shell, sys: &mut Sys<'_>) {
    let home = shell.vars.get(vars::HOME).map(|home| [home.as_bytes(), b"/.profile"].concat());
    for path in home.into_iter().chain([b"/etc/profile".to_vec()]) {
        let Ok(fd) = sys.fs().open(&path, OpenFlags::RDONLY, 0) else { continue };
        let own = sys.io().dup_from(fd, OWN_FDS, true);
        let _ = sys.io().close(fd);
        if let Ok(own) = own {
            shell.calls += 1;
            let source = Source::input(Origin::File(own), Role::File);
            shell.frames.push(Frame::Source(Box::new(source)));
        }
    }
}
