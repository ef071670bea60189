//! What a calf says, by `Log` or on its standard output and error: printed as its own words, one
//! clean line each, and no more of them than an operator can read.

use std::{
    cell::{Cell, RefCell},
    cmp::Ordering,
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
    window: Window,
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
            window: Window::default(),
        }
    }

    /// Prints `text` unless the calf said too much lately.
    pub(crate) fn say(&self, text: &str, now: Instant) {
        if let Some(line) = self.window.admit(text, now) {
            self.events.warn(&self.interface, &line);
        }
    }
}

/// How much of one calf's words is printed.
#[derive(Debug, Default)]
pub(crate) struct Window(Cell<Option<(Instant, u32)>>);

impl Window {
    /// What to print of `text`: nothing, once the calf said too much lately and that was printed.
    pub(crate) fn admit(&self, text: &str, now: Instant) -> Option<String> {
        let (start, said) = match self.0.get() {
            Some((start, said)) if now.saturating_duration_since(start) < WINDOW => (start, said),
            Some(_) | None => (now, 0),
        };
        self.0.set(Some((start, said.saturating_add(1))));
        match said.cmp(&LINES) {
            Ordering::Less => Some(format!("calf: {}", clean(text))),
            Ordering::Equal => Some("calf: says too much; the rest is left out".to_owned()),
            Ordering::Greater => None,
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

    #[test]
    fn each_window_has_so_many_lines_and_one_that_says_so() {
        let window = Window::default();
        let start = Instant::now();
        for at in [start, start + WINDOW] {
            let printed = (0..1000).filter_map(|_| window.admit("x", at)).count();
            assert_eq!(printed, LINES as usize + 1);
        }
    }
}
