//! What a calf says, by `Log` or on its standard output and error: printed as its own words, one
//! clean line each, and no more of them than an operator can read.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use sdk_rpc::{Counter, Error, Level, Log};

use crate::{events::Events, failure::Progress, interface::Shared};

/// Lines printed in each [`WINDOW`]; the rest is counted.
const LINES: u32 = 20;
/// Length of the window in which [`LINES`] are printed.
const WINDOW: Duration = Duration::from_secs(10);
/// Characters of a line that are printed.
const LONGEST_LINE: usize = 300;

/// Prints what one calf says.
#[derive(Debug)]
pub(crate) struct Speech {
    interface: String,
    events: Rc<Events>,
    progress: Rc<RefCell<Progress>>,
    window: Cell<Option<(Instant, u32)>>,
}

impl Speech {
    /// For a calf of this interface.
    pub(crate) fn of(shared: &Shared) -> Self {
        let Shared {
            name,
            events,
            progress,
            ..
        } = shared;
        Self::new(name.clone(), Rc::clone(events), Rc::clone(progress))
    }

    fn new(interface: String, events: Rc<Events>, progress: Rc<RefCell<Progress>>) -> Self {
        Self {
            interface,
            events,
            progress,
            window: Cell::new(None),
        }
    }

    /// Prints `text` unless the calf said too much lately.
    pub(crate) fn say(&self, text: &str, now: Instant) {
        let (start, said) = match self.window.get() {
            Some((start, said)) if now.saturating_duration_since(start) < WINDOW => (start, said),
            Some(_) | None => (now, 0),
        };
        self.window.set(Some((start, said.saturating_add(1))));
        if said < LINES {
            self.events
                .warn(&self.interface, &format!("calf: {}", clean(text)));
        } else if said == LINES {
            self.events
                .warn(&self.interface, "calf: says too much; the rest is left out");
        }
    }
}

impl Log for Speech {
    async fn line(&self, level: Level, text: &str) -> Result<(), Error> {
        if level > Level::Debug {
            self.say(text, Instant::now());
        }
        Ok(())
    }

    async fn counters(&self, counters: Vec<Counter>, state: &str) -> Result<(), Error> {
        self.progress.borrow_mut().replace(counters, state);
        Ok(())
    }
}

/// One line of bounded length that cannot steer a terminal or forge another line.
fn clean(text: &str) -> String {
    text.chars()
        .take(LONGEST_LINE)
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_forge_another_or_steer_the_terminal() {
        assert_eq!(clean("a\nb\u{1b}[2Jc"), "a?b?[2Jc");
        assert_eq!(clean(&"x".repeat(1000)).len(), LONGEST_LINE);
    }
}
