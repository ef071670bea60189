//! A log that is flooded: with the limit it costs so many lines, without it all of them.

use std::{cell::RefCell, rc::Rc, time::Duration};

use sdk_rpc::{Counter, Error, Level, Limits, Log, RateLimited, Record, connect_log, serve_log};

use crate::stage::{run, socket_pair};

const PER_SECOND: u32 = 10;
const BURST: u32 = 5;
const FLOOD: usize = 10_000;

/// Keeps lines; a record is one.
#[derive(Clone, Default)]
struct Lines(Rc<RefCell<Vec<(Level, String)>>>);

impl Log for Lines {
    async fn line(&self, level: Level, text: &str) -> Result<(), Error> {
        self.0.borrow_mut().push((level, text.to_owned()));
        Ok(())
    }

    async fn counters(&self, counters: Vec<Counter>, state: &str) -> Result<(), Error> {
        self.line(Level::Debug, &format!("{counters:?} {state}"))
            .await
    }
}

/// Floods a log behind a connection, half with lines and half with records.
async fn flood(log: impl Log + 'static) {
    let limits = Limits {
        messages_per_second: None,
        ..Limits::host()
    };
    let (here, there) = socket_pair();
    let mut serving = serve_log(there, log, limits).unwrap();
    let (log, session) = connect_log(here, limits).unwrap();
    for _ in 0..FLOOD / 2 {
        log.line(Level::Info, "flood").await.unwrap();
        log.record(Record::new(Level::Info, "flood", "flood"))
            .await
            .unwrap();
    }
    session.close().await;
    serving.closed().await;
}

#[test]
fn a_flood_over_the_rate_costs_a_burst_and_one_line_that_counts_the_rest() {
    run(async {
        tokio::time::pause();
        let lines = Lines::default();
        let limited = RateLimited::new(lines.clone(), PER_SECOND, BURST);
        flood(limited.clone()).await;
        let passed = lines.0.borrow().len();
        assert_eq!(passed, BURST as usize, "the clock stands");
        assert_eq!(limited.dropped().name, "log.dropped");
        let dropped = limited.dropped().value;
        assert_eq!(dropped, (FLOOD - passed) as u64);

        tokio::time::sleep(Duration::from_secs(20)).await;
        let told = lines.0.borrow().last().cloned();
        let expected = (Level::Warn, format!("{dropped} lines dropped"));
        assert_eq!(told, Some(expected), "once, when it is over");
        assert_eq!(lines.0.borrow().len(), passed + 1);
    });
}

#[test]
fn the_same_flood_without_the_limit_costs_all_its_lines() {
    run(async {
        let lines = Lines::default();
        flood(lines.clone()).await;
        assert_eq!(lines.0.borrow().len(), FLOOD);
    });
}

#[test]
fn places_come_back_at_the_rate_and_each_flood_is_told_once() {
    run(async {
        tokio::time::pause();
        let lines = Lines::default();
        let limited = RateLimited::new(lines.clone(), PER_SECOND, BURST);
        // Twice the rate for five seconds; the flood goes on while some pass.
        for _ in 0..100 {
            limited.line(Level::Info, "x").await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let passed = lines.0.borrow().len();
        assert_eq!(passed, (BURST + 5 * PER_SECOND) as usize);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let told = format!("{} lines dropped", 100 - passed);
        assert_eq!(lines.0.borrow().last().unwrap().1, told);

        lines.0.borrow_mut().clear();
        for _ in 0..=BURST {
            limited.line(Level::Info, "x").await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(lines.0.borrow().len(), BURST as usize + 1);
        assert_eq!(lines.0.borrow().last().unwrap().1, "1 lines dropped");
        assert_eq!(limited.dropped().value, 100 - passed as u64 + 1);
    });
}

#[test]
fn within_the_rate_nothing_is_dropped_and_counters_always_pass() {
    run(async {
        tokio::time::pause();
        let lines = Lines::default();
        let limited = RateLimited::new(lines.clone(), PER_SECOND, 1);
        for _ in 0..50 {
            limited.line(Level::Info, "x").await.unwrap();
            limited.counters(Vec::new(), "BOUND").await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(lines.0.borrow().len(), 100);
        assert_eq!(limited.dropped().value, 0);
    });
}

#[test]
fn a_log_without_places_passes_nothing() {
    run(async {
        tokio::time::pause();
        let lines = Lines::default();
        let limited = RateLimited::new(lines.clone(), 0, 0);
        limited.line(Level::Info, "x").await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
        limited.line(Level::Info, "x").await.unwrap();
        assert_eq!(limited.dropped().value, 2);
    });
}
