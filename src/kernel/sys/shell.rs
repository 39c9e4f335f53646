//! What a shell gives its commands: arguments, environment, and the way to other commands.

use bstr::{BStr, BString};

use crate::base::Errno;
use crate::base::strings::Strings;

use super::Sys;

/// The face for arguments and environment; see [`Sys::shell`].
pub struct Shell<'s, 'a>(pub(super) &'s mut Sys<'a>);

static NONE: Strings = Strings::new();

impl Shell<'_, '_> {
    /// The arguments, the name the program was called by first.
    pub fn args(&self) -> &Strings {
        self.0.process().map_or(&NONE, |process| &process.args)
    }

    /// The environment, as `NAME=value` strings.
    pub fn env(&self) -> &Strings {
        self.0.process().map_or(&NONE, |process| &process.env)
    }

    /// The value of an environment variable.
    pub fn getenv(&self, name: impl AsRef<[u8]>) -> Option<&BStr> {
        self.env().value_of(name)
    }

    /// Sets an environment variable.
    pub fn setenv(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        if let Ok(process) = self.0.process_mut() {
            process.env.set_value(name, value);
        }
    }

    /// Removes an environment variable.
    pub fn unsetenv(&mut self, name: impl AsRef<[u8]>) {
        if let Ok(process) = self.0.process_mut() {
            process.env.remove_value(name);
        }
    }

    /// Replaces the whole environment, which is what `/proc/PID/environ` shows.
    pub fn set_env(&mut self, env: Strings) {
        if let Ok(process) = self.0.process_mut() {
            process.env = env;
        }
    }

    /// The path of the command that `name` means, by the environment's `PATH`.
    ///
    /// # Errors
    ///
    /// `ENOENT`: none found. `EACCES`: found, but not executable.
    pub fn which(&mut self, name: impl AsRef<[u8]>) -> Result<BString, Errno> {
        let path = self.getenv("PATH").map(ToOwned::to_owned);
        self.which_in(name, path.as_ref().map(AsRef::as_ref))
    }

    /// As [`Self::which`], by the given list of directories.
    ///
    /// # Errors
    ///
    /// As [`Self::which`].
    pub fn which_in(
        &mut self,
        name: impl AsRef<[u8]>,
        path: Option<&BStr>,
    ) -> Result<BString, Errno> {
        self.0.burn(super::PATH_FUEL);
        self.0.machine.search_path(self.0.pid, BStr::new(name.as_ref()), path)
    }

    /// The usage text of a program that is registered under this name.
    pub fn usage(&self, program: &str) -> Option<&'static str> {
        self.0.registry.get(program).map(|program| program.usage)
    }
}
