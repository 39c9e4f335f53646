//! [`Code`]: what a process runs, its state's type erased, and how that state is saved.
//!
//! A savegame holds the program's name and its state: embedded RON in the readable form, a
//! postcard block in the compact one. A loaded process is `Unlinked` until the registry, which
//! only the embedder has, turns name and text into a state again.

use serde::de::Error as _;
use serde::ser::{Error as _, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::strings::Strings;

use super::{Main, Program, Registry, Step, Stop, Sys};

/// A process's state without its type.
pub(crate) trait State: Send + Sync {
    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop>;
    fn memory(&self) -> u64;
    fn to_postcard(&self) -> Result<Vec<u8>, postcard::Error>;
    fn to_ron(&self) -> Result<String, ron::Error>;
}

impl<M: Main> State for M {
    fn step(&mut self, sys: &mut Sys<'_>) -> Result<Step, Stop> {
        Main::step(self, sys)
    }

    fn memory(&self) -> u64 {
        Main::memory(self)
    }

    fn to_postcard(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_allocvec(self)
    }

    fn to_ron(&self) -> Result<String, ron::Error> {
        ron::to_string(self)
    }
}

pub(crate) type Start = fn(&Strings, &mut Sys<'_>) -> Result<Box<dyn State>, Stop>;
pub(crate) type Load = fn(&Saved) -> Result<Box<dyn State>, String>;

pub(super) fn start<M: Main>(args: &Strings, sys: &mut Sys<'_>) -> Result<Box<dyn State>, Stop> {
    Ok(Box::new(M::start(args, sys)?))
}

pub(super) fn load<M: Main>(saved: &Saved) -> Result<Box<dyn State>, String> {
    let state: M = match saved {
        Saved::Ron(text) => text.into_rust().map_err(|error| error.to_string())?,
        Saved::Postcard(bytes) => {
            let (state, rest) =
                postcard::take_from_bytes(bytes).map_err(|error| error.to_string())?;
            if !rest.is_empty() {
                return Err(format!("{} bytes too many", rest.len()));
            }
            state
        }
    };
    Ok(Box::new(state))
}

/// A state as a savegame holds it.
pub(crate) enum Saved {
    Ron(Box<ron::value::RawValue>),
    Postcard(Vec<u8>),
}

/// Why a saved process cannot go on in this world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The savegame names a program that the registry lacks.
    #[error("unknown program `{0}`; add it to the registry before loading")]
    UnknownProgram(String),
    /// The state does not fit the program.
    #[error("the state of a process of `{program}` cannot be read: {reason}")]
    Unreadable {
        /// The program's name.
        program: String,
        /// What the reader found.
        reason: String,
    },
}

/// What a process runs.
pub(crate) enum Code {
    /// The program is known; without a state it has yet to start.
    Linked { program: Program, state: Option<Box<dyn State>> },
    /// As a savegame gives it.
    Unlinked { program: String, state: Option<Saved> },
    /// A zombie runs nothing.
    Ended,
}

impl Code {
    /// A program that has yet to start.
    pub(crate) fn new(program: Program) -> Self {
        Self::Linked { program, state: None }
    }

    /// The running program's own copy for a forked child, with another state.
    pub(crate) fn with_state(program: Program, state: Box<dyn State>) -> Self {
        Self::Linked { program, state: Some(state) }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Linked { program, .. } => program.name,
            Self::Unlinked { program, .. } => program,
            Self::Ended => "",
        }
    }

    /// Makes a loaded process able to run.
    pub(crate) fn relink(&mut self, registry: &Registry) -> Result<(), StateError> {
        let Self::Unlinked { program: name, state } = self else { return Ok(()) };
        let program = registry.get(name).ok_or_else(|| StateError::UnknownProgram(name.clone()))?;
        let state = state
            .as_ref()
            .map(|saved| (program.load)(saved))
            .transpose()
            .map_err(|reason| StateError::Unreadable { program: name.clone(), reason })?;
        *self = Self::Linked { program, state };
        Ok(())
    }
}

impl core::fmt::Debug for Code {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Code({})", self.name())
    }
}

/// The saved form: `program` is empty for a zombie.
#[derive(Deserialize)]
#[serde(rename = "Code")]
struct Readable {
    program: String,
    state: Option<Box<ron::value::RawValue>>,
}

#[derive(Deserialize)]
struct Compact {
    program: String,
    state: Option<serde_bytes::ByteBuf>,
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let human_readable = serializer.is_human_readable();
        let mut code = serializer.serialize_struct("Code", 2)?;
        code.serialize_field("program", self.name())?;
        let state = match self {
            Self::Linked { state, .. } => state,
            Self::Ended => &None,
            Self::Unlinked { .. } => return Err(S::Error::custom("a process is not linked yet")),
        };
        if human_readable {
            let text = state
                .as_ref()
                .map(|state| {
                    ron::value::RawValue::from_boxed_ron(state.to_ron()?.into())
                        .map_err(ron::Error::from)
                })
                .transpose()
                .map_err(S::Error::custom)?;
            code.serialize_field("state", &text)?;
        } else {
            let bytes = state.as_ref().map(|state| state.to_postcard()).transpose();
            let bytes = bytes.map_err(S::Error::custom)?.map(serde_bytes::ByteBuf::from);
            code.serialize_field("state", &bytes)?;
        }
        code.end()
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (program, state) = if deserializer.is_human_readable() {
            let Readable { program, state } = Readable::deserialize(deserializer)?;
            (program, state.map(Saved::Ron))
        } else {
            let Compact { program, state } = Compact::deserialize(deserializer)?;
            (program, state.map(|bytes| Saved::Postcard(bytes.into_vec())))
        };
        match (program.is_empty(), &state) {
            (true, None) => Ok(Self::Ended),
            (true, Some(_)) => Err(D::Error::custom("a state without a program")),
            (false, _) => Ok(Self::Unlinked { program, state }),
        }
    }
}
