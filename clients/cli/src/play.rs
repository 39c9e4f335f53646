//! `hostscape play`: a world at the real terminal, paced by the real clock.
//!
//! The screen is one guest terminal and a help line. Keys go to the guest, but for function keys
//! and what follows `^A`.

mod guard;
mod keys;
mod paint;
mod place;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal;
use hostscape::Sim;
use hostscape::base::{Tick, Ticks};
use hostscape::kernel::MachineInput;
use hostscape::kernel::screen::{Cursor, Style};
use hostscape::world::input::Input;

use crate::failure::Failure;
use crate::{map, save, source};
use guard::Guard;
use paint::{Frame, Painter};
use place::Place;

/// The longest time between two looks at keys and world.
const FRAME: Duration = Duration::from_millis(15);
/// A world that has fallen further behind the real clock does not catch up.
const BEHIND_MAX: Ticks = Ticks::from_millis(200);
/// How long a message stays.
const MESSAGE_TIME: Duration = Duration::from_secs(4);

const HELP: &str = "\
Keys go to the machine's terminal, but for these:

  F1   ^A ?      this help
  F2   ^A t      next terminal of this machine (^A 1 to ^A 9: that one)
  F3   ^A p      previous machine
  F4   ^A n      next machine
  F5   ^A m      map of the network
  F6   ^A s      save
  F7   ^A l      load
  F8   ^A b      press the machine's power button
  F10  ^A q      quit
       ^A a      send ^A to the machine
       ^A F1 …   send a function key to the machine

The real clock paces the world: it stands still while nobody plays.

Press any key.";

/// Plays a world in this terminal
#[derive(Args, Default)]
#[command(after_help = "\
Keys go to a terminal of the world's first machine. F1 shows how to switch machines and terminals,
see the map, save, load and quit.")]
pub struct Play {
    /// World file or savegame; left out, the bundled demo network
    #[arg(value_name = "WORLD|SAVE")]
    world: Option<PathBuf>,
}

/// What keys mean at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    /// They are the guest's.
    Guest,
    /// `^A` was struck.
    Prefix,
    /// The help is shown.
    Help,
    /// The map is shown, from this line on.
    Map(usize),
    /// A file's name is being typed.
    Prompt(Purpose, String),
    /// Quitting is to be confirmed.
    Quit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Save,
    Load,
}

impl Play {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let sim = source::begin(self.world.as_deref(), None)?;
        let place = Place::first(&sim).ok_or_else(|| {
            Failure::new("this world has no machine to sit at; add one to its file")
        })?;
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(Failure::new(
                "play needs a terminal; without one, use `hostscape run WORLD` or `hostscape exec`",
            ));
        }
        let file = match &self.world {
            Some(path) if source::read(path).is_ok_and(|bytes| source::is_save(&bytes)) => {
                path.display().to_string()
            }
            Some(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                format!("{}.save", name.trim_end_matches(".world.ron"))
            }
            None => "demo.save".to_owned(),
        };
        let mut session = Session::new(sim, place, file);
        let guard = Guard::enter()
            .map_err(|error| Failure::new(format_args!("cannot use this terminal: {error}")))?;
        let outcome = session.play();
        drop(guard);
        outcome
            .map(|()| ExitCode::SUCCESS)
            .map_err(|error| Failure::new(format_args!("the terminal is gone: {error}")))
    }
}

struct Session {
    sim: Sim,
    place: Place,
    mode: Mode,
    /// Keys that the guest's terminal had no room for.
    waiting: Vec<u8>,
    message: Option<(String, Instant)>,
    /// The savegame's file.
    file: String,
    painter: Painter,
    size: (u16, u16),
    /// When the real clock showed which tick.
    clock: (Instant, Tick),
    over: bool,
}

impl Session {
    fn new(sim: Sim, place: Place, file: String) -> Self {
        let clock = (Instant::now(), sim.now());
        Self {
            sim,
            place,
            mode: Mode::Guest,
            waiting: Vec::new(),
            message: None,
            file,
            painter: Painter::default(),
            size: (80, 24),
            clock,
            over: false,
        }
    }

    fn play(&mut self) -> io::Result<()> {
        let size = terminal::size()?;
        self.resized(size);
        while !self.over {
            self.pass_time();
            self.type_waiting();
            let frame = self.frame();
            self.painter.paint(frame, &mut io::stdout().lock())?;
            if event::poll(FRAME)? {
                self.handle(event::read()?);
                // What has come together is handled together.
                while event::poll(Duration::ZERO)? && !self.over {
                    self.handle(event::read()?);
                }
            }
        }
        Ok(())
    }

    /// Lets the world catch up with the real clock.
    fn pass_time(&mut self) {
        let (since, tick) = self.clock;
        let elapsed = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let target = tick + Ticks(elapsed);
        let behind = target.since(self.sim.now());
        if behind > BEHIND_MAX {
            self.sim.advance(BEHIND_MAX);
            self.clock = (Instant::now(), self.sim.now());
        } else {
            self.sim.run_until(target);
        }
        // Nobody reads them here, and they must not pile up.
        self.sim.notices();
    }

    fn type_waiting(&mut self) {
        if !self.waiting.is_empty() {
            let Place { machine, tty } = self.place;
            let taken = self.sim.type_keys(machine, tty, &self.waiting);
            self.waiting.drain(..taken);
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(&key),
            Event::Paste(text) if self.mode == Mode::Guest => {
                let bytes = text.bytes().map(|byte| if byte == b'\n' { b'\r' } else { byte });
                self.waiting.extend(bytes);
                self.type_waiting();
            }
            Event::Paste(text) => {
                if let Mode::Prompt(_, name) = &mut self.mode {
                    name.extend(text.chars().filter(|c| !c.is_control()));
                }
            }
            Event::Resize(columns, rows) => self.resized((columns, rows)),
            _ => {}
        }
    }

    fn resized(&mut self, size: (u16, u16)) {
        self.size = size;
        self.painter.forget();
        self.fit();
    }

    /// Makes the guest's terminal as large as there is room.
    fn fit(&mut self) {
        let (columns, rows) = (self.size.0.max(2), self.size.1.saturating_sub(1).max(1));
        let Place { machine, tty } = self.place;
        let fits = self
            .sim
            .machine(machine)
            .and_then(|machine| machine.tty(tty).map(|tty| tty.screen().size() == (columns, rows)));
        if fits == Some(false) {
            let resize = MachineInput::Resize { tty, columns, rows };
            self.input(resize);
        }
    }

    fn input(&mut self, input: MachineInput) {
        if let Err(error) = self.sim.input(Input::Machine(self.place.machine, input)) {
            self.say(error.to_string());
        }
    }

    fn key(&mut self, key: &KeyEvent) {
        match self.mode.clone() {
            Mode::Guest => self.guest_key(key),
            Mode::Prefix => self.prefixed_key(key),
            Mode::Help => self.mode = Mode::Guest,
            Mode::Map(top) => {
                self.mode = match key.code {
                    KeyCode::Up => Mode::Map(top.saturating_sub(1)),
                    KeyCode::Down => Mode::Map(top + 1),
                    KeyCode::PageUp => Mode::Map(top.saturating_sub(10)),
                    KeyCode::PageDown => Mode::Map(top + 10),
                    _ => Mode::Guest,
                };
            }
            Mode::Prompt(purpose, name) => self.prompt_key(purpose, name, key),
            Mode::Quit => match key.code {
                KeyCode::Char('y' | 'Y') | KeyCode::Enter => self.over = true,
                KeyCode::Char('s' | 'S') => self.prompt(Purpose::Save),
                _ => self.mode = Mode::Guest,
            },
        }
    }

    fn guest_key(&mut self, key: &KeyEvent) {
        if key.code == KeyCode::Char('a') && key.modifiers == KeyModifiers::CONTROL {
            self.mode = Mode::Prefix;
        } else if let KeyCode::F(number) = key.code
            && key.modifiers.is_empty()
            && let Some(letter) = function(number)
        {
            self.command(letter);
        } else {
            self.send(key);
        }
    }

    fn prefixed_key(&mut self, key: &KeyEvent) {
        self.mode = Mode::Guest;
        match key.code {
            KeyCode::Char('a') => {
                self.waiting.push(1);
                self.type_waiting();
            }
            KeyCode::Char(letter) => self.command(letter),
            _ => self.send(key),
        }
    }

    fn send(&mut self, key: &KeyEvent) {
        let application = self
            .sim
            .screen(self.place.machine, self.place.tty)
            .is_some_and(|view| view.application_cursor_keys);
        self.waiting.extend(keys::encode(key, application));
        self.type_waiting();
    }

    fn command(&mut self, letter: char) {
        match letter {
            '?' | 'h' => self.mode = Mode::Help,
            't' => self.go(self.place.next_tty(&self.sim)),
            '1'..='9' => match self.place.tty(&self.sim, letter) {
                Some(place) => self.go(place),
                None => self.say(format!("this machine has no terminal {letter}")),
            },
            'p' => self.go(self.place.neighbour(&self.sim, false)),
            'n' => self.go(self.place.neighbour(&self.sim, true)),
            'm' => self.mode = Mode::Map(0),
            's' => self.prompt(Purpose::Save),
            'l' => self.prompt(Purpose::Load),
            'b' => {
                self.input(MachineInput::PowerButton);
                self.say("pressed the power button".to_owned());
            }
            'q' => self.mode = Mode::Quit,
            _ => self.say("no such command; F1 shows them".to_owned()),
        }
    }

    fn go(&mut self, place: Place) {
        self.place = place;
        self.waiting.clear();
        self.fit();
    }

    fn prompt(&mut self, purpose: Purpose) {
        self.mode = Mode::Prompt(purpose, self.file.clone());
    }

    fn prompt_key(&mut self, purpose: Purpose, mut name: String, key: &KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return self.mode = Mode::Guest,
            KeyCode::Char('c') if control => return self.mode = Mode::Guest,
            KeyCode::Char('u') if control => name.clear(),
            KeyCode::Char(c) if !control => name.push(c),
            KeyCode::Backspace => {
                name.pop();
            }
            KeyCode::Enter => {
                self.mode = Mode::Guest;
                self.file.clone_from(&name);
                let outcome = match purpose {
                    Purpose::Save => self.save(),
                    Purpose::Load => self.load(),
                };
                let message = outcome.unwrap_or_else(|failure| failure.to_string());
                return self.say(message);
            }
            _ => {}
        }
        self.mode = Mode::Prompt(purpose, name);
    }

    fn save(&mut self) -> Result<String, Failure> {
        let path = PathBuf::from(&self.file);
        let text = self.sim.save_compact() + "\n";
        source::write_atomically(&path, text.as_bytes())?;
        Ok(format!("saved to {}", path.display()))
    }

    /// Loads a savegame; when that fails, the world goes on as it was.
    fn load(&mut self) -> Result<String, Failure> {
        let path = PathBuf::from(&self.file);
        let text = source::read_save(Some(&path))?;
        let sim = source::load(&text, Some(&path))?;
        let place = self.place.kept(&sim).or_else(|| Place::first(&sim));
        self.place = place.ok_or_else(|| Failure::new("that world has no machine"))?;
        self.sim = sim;
        self.clock = (Instant::now(), self.sim.now());
        self.waiting.clear();
        self.fit();
        Ok(format!("loaded {}", path.display()))
    }

    fn say(&mut self, message: String) {
        let line = message.lines().next().unwrap_or_default().to_owned();
        self.message = Some((line, Instant::now()));
    }

    fn frame(&mut self) -> Frame {
        let (columns, rows) = self.size;
        let room = usize::from(rows.saturating_sub(1));
        let mut frame = match &self.mode {
            Mode::Help => text(HELP.lines().map(str::to_owned).collect(), 0, room),
            Mode::Map(top) => {
                let mut lines = map::of_sim(&self.sim).to_text();
                lines.push(String::new());
                lines.push("Up and Down scroll; any other key goes back.".to_owned());
                let top = (*top).min(lines.len().saturating_sub(1));
                text(lines, top, room)
            }
            _ => self.guest(room),
        };
        frame.rows.truncate(room);
        frame.rows.resize(room, Vec::new());
        let (bar, cursor) = self.bar();
        let style = Style { inverse: true, ..Style::default() };
        frame.rows.push(Frame::bar(&bar, columns, style));
        if let Some(column) = cursor {
            let row = rows.saturating_sub(1);
            frame.cursor = Some(Cursor { row, column: column.min(columns - 1), visible: true });
        }
        frame
    }

    fn guest(&self, room: usize) -> Frame {
        let Place { machine, tty } = self.place;
        let view = self.sim.screen(machine, tty).unwrap_or_default();
        let cursor =
            Some(view.cursor).filter(|cursor| cursor.visible && usize::from(cursor.row) < room);
        Frame { rows: view.spans, cursor }
    }

    /// The last line, and where the cursor stands in it while something is typed there.
    fn bar(&self) -> (String, Option<u16>) {
        if let Mode::Prompt(purpose, name) = &self.mode {
            let what = if *purpose == Purpose::Save { "Save to" } else { "Load" };
            let bar = format!(" {what}: {name}");
            let end = u16::try_from(bar.chars().count()).unwrap_or(u16::MAX);
            return (bar, Some(end));
        }
        if self.mode == Mode::Quit {
            return (" Quit? y: yes   s: save first   any other key: no".to_owned(), None);
        }
        if self.mode == Mode::Prefix {
            let bar =
                " ^A  ? help  t terminal  p n machine  m map  s save  l load  b power  q quit";
            return (bar.to_owned(), None);
        }
        if let Some((message, since)) = &self.message
            && since.elapsed() < MESSAGE_TIME
        {
            return (format!(" {message}"), None);
        }
        let Place { machine, tty } = self.place;
        let name = self.sim.machine(machine).map(|machine| machine.name().to_owned());
        let time = save::clock(self.sim.now().since(Tick::ZERO));
        let name = name.unwrap_or_default();
        let keys = "F1 help  F2 terminal  F3 F4 machine  F5 map  F6 save  F7 load  F10 quit";
        (format!(" {name} {tty}  {time}  {keys}"), None)
    }
}

/// The command of a function key.
fn function(number: u8) -> Option<char> {
    match number {
        1 => Some('?'),
        2 => Some('t'),
        3 => Some('p'),
        4 => Some('n'),
        5 => Some('m'),
        6 => Some('s'),
        7 => Some('l'),
        8 => Some('b'),
        10 => Some('q'),
        _ => None,
    }
}

fn text(lines: Vec<String>, top: usize, room: usize) -> Frame {
    let rows = lines.iter().skip(top).take(room).map(|line| Frame::plain(line)).collect();
    Frame { rows, cursor: None }
}
