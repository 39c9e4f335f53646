//! [`Options`]: what `set` switches.

use serde::{Deserialize, Serialize};

macro_rules! options {
    ($($field:ident, $letter:expr, $name:literal;)*) => {
        /// The shell's switches.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        pub struct Options {
            $(#[doc = $name] pub $field: bool,)*
        }

        impl Options {
            /// Letters and names in the order that listings show.
            pub const ALL: &[(Option<char>, &str)] = &[$(($letter, $name)),*];

            /// The switches in the same order.
            pub fn each(&mut self) -> Vec<&mut bool> {
                vec![$(&mut self.$field),*]
            }
        }
    };
}

options! {
    errexit, Some('e'), "errexit";
    noglob, Some('f'), "noglob";
    ignoreeof, Some('I'), "ignoreeof";
    interactive, Some('i'), "interactive";
    monitor, Some('m'), "monitor";
    noexec, Some('n'), "noexec";
    stdin, Some('s'), "stdin";
    xtrace, Some('x'), "xtrace";
    verbose, Some('v'), "verbose";
    vi, Some('V'), "vi";
    emacs, Some('E'), "emacs";
    noclobber, Some('C'), "noclobber";
    allexport, Some('a'), "allexport";
    notify, Some('b'), "notify";
    nounset, Some('u'), "nounset";
    nolog, None, "nolog";
    debug, None, "debug";
}

impl Options {
    /// The switch of a letter.
    pub fn by_letter(&mut self, letter: u8) -> Option<&mut bool> {
        let wanted = Some(char::from(letter));
        let index = Self::ALL.iter().position(|(letter, _)| *letter == wanted)?;
        self.each().into_iter().nth(index)
    }

    /// The switch of a name.
    pub fn by_name(&mut self, name: &[u8]) -> Option<&mut bool> {
        let index = Self::ALL.iter().position(|(_, known)| known.as_bytes() == name)?;
        self.each().into_iter().nth(index)
    }

    /// The letters of what is on: `$-`.
    pub fn flags(&self) -> String {
        let mut copy = self.clone();
        let states = copy.each();
        let on = Self::ALL.iter().zip(states).filter(|(_, state)| **state);
        on.filter_map(|((letter, _), _)| *letter).collect()
    }
}
