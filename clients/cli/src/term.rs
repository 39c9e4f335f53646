//! `hostscape term`: the screen of a terminal that received the bytes on standard input.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use clap::Args;
use hostscape::kernel::screen::{Screen, ScreenView};
use serde_json::json;

use crate::failure::Failure;
use crate::size::Size;

/// Prints what a terminal shows after the bytes on standard input
#[derive(Args)]
#[command(after_help = "\
The JSON form is one object:

  cursor  [row, column], counted from 0
  lines   every row of the screen, spaces at its end removed
  reply   what the terminal sent back (answers to device status, cursor position
          and device attributes queries), as hexadecimal digits

Example: printf 'a\\033[2;3Hb' | hostscape term --size 10x3 --json")]
pub struct Term {
    /// Size of the screen
    #[arg(long, value_name = "COLSxROWS", default_value = "80x24")]
    size: Size,
    /// Print a JSON object instead of the screen's text
    #[arg(long)]
    json: bool,
}

impl Term {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let mut screen = Screen::new(self.size.columns, self.size.rows);
        let mut reply = Vec::new();
        let mut stdin = io::stdin().lock();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match stdin.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => reply.extend(screen.write(&buffer[..count]).replies),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let message = format_args!("cannot read standard input: {error}");
                    return Err(Failure::new(message));
                }
            }
        }
        let view = screen.view();
        let text = if self.json { as_json(&view, &reply) } else { as_text(&view) };
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::output(&error))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn as_text(view: &ScreenView) -> String {
    view.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

fn as_json(view: &ScreenView, reply: &[u8]) -> String {
    let hex: String = reply.iter().map(|byte| format!("{byte:02x}")).collect();
    let object = json!({
        "cursor": [view.cursor.row, view.cursor.column],
        "lines": view.lines,
        "reply": hex,
    });
    format!("{object}\n")
}
