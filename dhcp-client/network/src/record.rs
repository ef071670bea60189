//! What the network role remembers and tells: counters, the pcap record, log lines. None of it is the
//! peer's to flood: lines are limited, and the limit says what it left out.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
    time::{Duration, Instant},
};

use sdk_rpc::Frame;

use crate::{Counters, Pcap, Refusal, rate::RateLimit};

/// Lines that may be written in [`LINE_WINDOW`].
const LINE_LIMIT: usize = 10;
const LINE_WINDOW: Duration = Duration::from_secs(10);

/// The book of one interface.
pub(crate) struct Record {
    interface: String,
    counters: RefCell<Counters>,
    pcap: RefCell<Option<Pcap>>,
    log: Rc<dyn Fn(&str)>,
    lines: RefCell<RateLimit>,
    omitted: Cell<u64>,
}

impl Record {
    pub(crate) fn new(interface: String, log: Rc<dyn Fn(&str)>, pcap: Option<Pcap>) -> Self {
        Self {
            interface,
            counters: RefCell::default(),
            pcap: RefCell::new(pcap),
            log,
            lines: RefCell::new(RateLimit::new(LINE_LIMIT, LINE_WINDOW)),
            omitted: Cell::new(0),
        }
    }

    /// A copy of the counters.
    pub(crate) fn counters(&self) -> Counters {
        self.counters.borrow().clone()
    }

    /// Changes the counters.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.counters.borrow_mut());
    }

    /// Frames that are about to be handed to a sink.
    pub(crate) fn arrived(&self, now: Instant, frames: &[Frame]) {
        self.count(|counters| {
            let number = u64::try_from(frames.len()).unwrap_or(u64::MAX);
            counters.frames_in = counters.frames_in.saturating_add(number);
        });
        for frame in frames {
            self.capture(now, &frame.bytes);
        }
    }

    /// Something was not sent because it broke a rule.
    pub(crate) fn refused(&self, now: Instant, what: &str, refusal: Refusal) {
        self.count(|counters| {
            let count = counters.refused.entry(refusal.name()).or_default();
            *count = count.saturating_add(1);
        });
        self.say(now, format_args!("outgoing {what} refused: {refusal}"));
    }

    /// Adds a frame to the pcap record, if there is one. The first failure ends the record: a file with
    /// a hole would mislead.
    pub(crate) fn capture(&self, now: Instant, frame: &[u8]) {
        let mut pcap = self.pcap.borrow_mut();
        let Some(Err(error)) = pcap.as_mut().map(|pcap| pcap.record(frame)) else {
            return;
        };
        *pcap = None;
        drop(pcap);
        self.say(
            now,
            format_args!("the pcap record ends here, it cannot be written: {error}"),
        );
    }

    /// Whether [`Record::capture`] has any effect.
    pub(crate) fn captures(&self) -> bool {
        self.pcap.borrow().is_some()
    }

    /// Writes one line, or counts it as omitted.
    pub(crate) fn say(&self, now: Instant, line: fmt::Arguments<'_>) {
        let interface = &self.interface;
        if !self.lines.borrow_mut().admit(now) {
            self.omitted.set(self.omitted.get().saturating_add(1));
            return;
        }
        match self.omitted.take() {
            0 => (self.log)(&format!("{interface}: {line}")),
            omitted => (self.log)(&format!(
                "{interface}: {line} ({omitted} more lines before this one were left out)"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn record_with_lines(pcap: Option<Pcap>) -> (Record, Rc<RefCell<Vec<String>>>) {
        let lines = Rc::new(RefCell::new(Vec::new()));
        let log = {
            let lines = Rc::clone(&lines);
            Rc::new(move |line: &str| lines.borrow_mut().push(line.to_owned()))
        };
        (Record::new("eth7".to_owned(), log, pcap), lines)
    }

    #[test]
    fn refusals_are_counted_by_name_and_logged_up_to_the_limit() {
        let (record, lines) = record_with_lines(None);
        let start = Instant::now();
        for _ in 0..15 {
            record.refused(start, "frame", Refusal::Protocol(1));
        }
        record.refused(start + LINE_WINDOW, "frame", Refusal::ArpFormat);

        let counters = record.counters();
        assert_eq!(counters.refused["protocol"], 15);
        assert_eq!(counters.refused["arp_format"], 1);
        let lines = lines.borrow();
        assert_eq!(lines.len(), 11);
        assert_eq!(
            lines[0],
            "eth7: outgoing frame refused: IP protocol 1 is not UDP"
        );
        assert_eq!(
            lines[10],
            "eth7: outgoing frame refused: ARP is not for IPv4 over Ethernet \
             (5 more lines before this one were left out)"
        );
    }

    /// Takes the file header, then is full.
    struct Full(bool);

    impl io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_pcap_that_cannot_be_written_ends_with_one_line() {
        let pcap = Pcap::new(Full(false), || Duration::ZERO).unwrap();
        let (record, lines) = record_with_lines(Some(pcap));
        let now = Instant::now();
        record.capture(now, &[0; 60]);
        record.capture(now, &[0; 60]);
        assert!(!record.captures());
        assert_eq!(
            *lines.borrow(),
            ["eth7: the pcap record ends here, it cannot be written: no storage space"]
        );
    }
}
