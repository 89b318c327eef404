//! Questions before the chat begins: name, password, and whether there is an account.

use std::io::{self, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// The longest answer, in octets.
const LONGEST: usize = 1100;

/// The terminal's modes as they were; put back when dropped, whatever they are by then.
#[derive(Debug)]
pub(super) struct Modes {
    before: Option<Termios>,
}

impl Modes {
    /// Notes the modes of the standard input, if it is a terminal.
    pub(super) fn save() -> Self {
        Self {
            before: tcgetattr(rustix::stdio::stdin()).ok(),
        }
    }

    /// Puts the modes back; gives whether they were others.
    pub(super) fn restore(&self) -> bool {
        let Some(before) = &self.before else {
            return false;
        };
        let now = tcgetattr(rustix::stdio::stdin());
        let changed = now.is_ok_and(|now| now.local_modes != before.local_modes);
        // Without a terminal there is nothing to put back.
        let _restored = tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, before);
        changed
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        self.restore();
    }
}

/// Asks for a line. `None`: the input has ended.
pub(super) fn ask(question: &str) -> io::Result<Option<String>> {
    let answer = read(question)?;
    Ok(answer.map(|answer| answer.trim().to_owned()))
}

/// Asks for a line that is not shown. `None`: the input has ended.
pub(super) fn ask_secret(question: &str) -> io::Result<Option<Zeroizing<String>>> {
    let modes = Modes::save();
    if let Some(before) = &modes.before {
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Flush, &silent)?;
    }
    read(question)
}

/// Reads a line without reading ahead: what follows belongs to others.
fn read(question: &str) -> io::Result<Option<Zeroizing<String>>> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(question.as_bytes())?;
    stdout.flush()?;
    drop(stdout);
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        let mut octet = Zeroizing::new([0; 1]);
        let count = match rustix::io::read(rustix::stdio::stdin(), &mut octet[..]) {
            Err(rustix::io::Errno::INTR) => continue,
            count => count?,
        };
        match octet.first() {
            Some(octet) if count > 0 && *octet != b'\n' => {
                // What is longer is cut, and refused by whom it is for.
                if line.len() < LONGEST {
                    line.push(*octet);
                }
            }
            _ if count == 0 && line.is_empty() => return Ok(None),
            _ => break,
        }
    }
    let text = std::str::from_utf8(&line)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "what was typed is not UTF-8"))?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}
