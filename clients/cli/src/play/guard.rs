//! The real terminal, taken over and given back.
//!
//! Invariant: whatever happens, a panic included, the terminal ends as it was found.

use std::io::{self, Write};
use std::panic;
use std::sync::Once;

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};

/// Holds the terminal; gives it back when dropped.
pub struct Guard(());

impl Guard {
    /// Takes the terminal over: raw keys, the alternate screen.
    pub fn enter() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let usual = panic::take_hook();
            panic::set_hook(Box::new(move |what| {
                // The message must not vanish with the alternate screen.
                restore();
                usual(what);
            }));
        });
        enable_raw_mode()?;
        let guard = Self(());
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    // A terminal that went away has nothing to be restored.
    let mut stdout = io::stdout();
    let _ = queue!(stdout, DisableBracketedPaste, ResetColor, LeaveAlternateScreen, Show);
    let _ = stdout.flush();
    let _ = disable_raw_mode();
}
