//! Inputs to one machine: what happens to it from outside, other than frames.

use serde::{Deserialize, Serialize};

use crate::base::Tick;
use crate::net::InterfaceId;

use super::machine::Machine;
use super::terminals::TtyId;

/// Something that happens to a machine from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineInput {
    /// Keys are typed on a terminal; what does not fit into its queue is lost.
    Keys {
        /// On which terminal.
        tty: TtyId,
        /// What the keyboard sends.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// A terminal's window gets a new size.
    Resize {
        /// Which terminal.
        tty: TtyId,
        /// Its new width.
        columns: u16,
        /// Its new height.
        rows: u16,
    },
    /// The power is turned on.
    PowerOn,
    /// The power is cut.
    PowerOff,
    /// The power button is pressed.
    PowerButton,
    /// The link at an interface appears or goes away.
    Carrier(InterfaceId, bool),
}

impl Machine {
    /// Lets something happen to the machine; what follows from it comes with the next step.
    pub fn input(&mut self, input: MachineInput, now: Tick) {
        match input {
            MachineInput::Keys { tty, bytes } => {
                self.type_keys(tty, &bytes);
            }
            MachineInput::Resize { tty, columns, rows } => self.resize_tty(tty, columns, rows),
            MachineInput::PowerOn => self.power_on(now),
            MachineInput::PowerOff => self.power_off(),
            MachineInput::PowerButton => self.press_power_button(now),
            MachineInput::Carrier(interface, up) => {
                // A plug in an interface that is not there is in nothing.
                let _ = self
                    .with_net(|stack, environment| stack.set_carrier(interface, up, environment));
            }
        }
    }

    /// The tick that the machine has come to.
    pub fn now(&self) -> Tick {
        self.now
    }
}
