//! Tells scripts and lease files what happened on an interface.
//!
//! A hook is told after the fact, in order, one at a time, while the interface is served on; a script that
//! configures the host is waited for, because its word is the answer.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    path::PathBuf,
    rc::{Rc, Weak},
};

use dhcp_frontend::{
    dhcpcd,
    lease_file::{self, Change},
    script::{self, InterfaceFacts, Occasion, Part, Reason, Script},
    setup::{LogLevel, Profile},
    voice,
};
use sdk_rpc::Lease;
use tokio::{
    sync::Notify,
    task::{JoinHandle, spawn_local},
};

use crate::{clock::Clocks, export, interface::Shared, scripts};

/// News that wait for a hook.
const MOST_WAITING: usize = 64;

/// What happened, to be told.
#[derive(Clone, Debug)]
pub(crate) struct News {
    pub(crate) reason: Reason,
    /// The lease in force from now on.
    pub(crate) new: Option<Lease>,
    /// The lease in force before.
    pub(crate) old: Option<Lease>,
}

impl News {
    /// Something that concerns no lease.
    pub(crate) const fn plain(reason: Reason) -> Self {
        Self {
            reason,
            new: None,
            old: None,
        }
    }
}

/// Tells what happens on one interface.
#[derive(Debug)]
pub(crate) struct Herald {
    shared: Weak<Shared>,
    /// For the hook, if there is one.
    queue: Option<Rc<Queue>>,
    task: Option<JoinHandle<()>>,
    /// How the lease in force came to be as it is.
    last: Cell<Reason>,
    /// Why there is none any more.
    lost_by: Cell<Option<Reason>>,
}

/// News that a hook was not told yet.
#[derive(Debug, Default)]
struct Queue {
    waiting: RefCell<VecDeque<News>>,
    /// A hook runs.
    is_running: Cell<bool>,
    /// Something was added, or a hook has ended.
    changed: Notify,
}

impl Queue {
    /// Adds the newest. Where too many wait the oldest is left out, and false the answer: what holds now
    /// matters most.
    fn add(&self, news: News) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        waiting.push_back(news);
        let fits = waiting.len() <= MOST_WAITING;
        if !fits {
            waiting.pop_front();
        }
        self.changed.notify_waiters();
        fits
    }

    /// Leaves out all but the newest.
    fn shorten(&self) {
        let mut waiting = self.waiting.borrow_mut();
        let all_but_one = waiting.len().saturating_sub(1);
        waiting.drain(..all_but_one);
    }

    /// The oldest, whose hook runs from now on.
    async fn next(&self) -> News {
        loop {
            let changed = self.changed.notified();
            if let Some(news) = self.waiting.borrow_mut().pop_front() {
                self.is_running.set(true);
                return news;
            }
            changed.await;
        }
    }

    fn has_run(&self) {
        self.is_running.set(false);
        self.changed.notify_waiters();
    }

    /// Resolves when every hook has run.
    async fn finished(&self) {
        loop {
            let changed = self.changed.notified();
            if self.waiting.borrow().is_empty() && !self.is_running.get() {
                return;
            }
            changed.await;
        }
    }
}

impl Herald {
    /// A herald of `shared`'s interface, with a task for its hook if it has one.
    pub(crate) fn new(shared: &Rc<Shared>) -> Self {
        let hook = shared.profile.script.as_ref();
        let (queue, task) = match hook.filter(|script| script.part == Part::Hook) {
            None => (None, None),
            Some(_) => {
                let queue = Rc::new(Queue::default());
                let task = spawn_local(run_hooks(Rc::downgrade(shared), Rc::clone(&queue)));
                (Some(queue), Some(task))
            }
        };
        Self {
            shared: Rc::downgrade(shared),
            queue,
            task,
            last: Cell::new(Reason::Bound),
            lost_by: Cell::new(None),
        }
    }

    /// Brings the lease file up to date, says what the client that was started would say, and has the hook
    /// run.
    pub(crate) fn tell(&self, news: News) {
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        if self.is_said(&news) {
            return;
        }
        speak(&shared, &news);
        write_lease_file(&shared, &news);
        if let Some(queue) = &self.queue
            && !queue.add(news)
        {
            shared.complain("the hook is far behind; it is not told everything");
        }
    }

    /// The same, with the script that configures the host, which is waited for. False if it ran to its end and
    /// said no.
    pub(crate) async fn perform(&self, news: News) -> bool {
        let Some(shared) = self.shared.upgrade() else {
            return true;
        };
        if self.is_said(&news) {
            return true;
        }
        write_lease_file(&shared, &news);
        let agreed = match &shared.profile.script {
            Some(script) => run(&shared, script, &news).await,
            None => true,
        };
        speak(&shared, &news);
        agreed
    }

    /// Whether it is known already: what takes a lease away is told as that, and then as the reason why there
    /// is none.
    fn is_said(&self, news: &News) -> bool {
        if news.new.is_some() {
            self.last.set(news.reason);
        }
        let lost_by = self.lost_by.take();
        if news.old.is_some() && news.new.is_none() {
            self.lost_by.set(Some(news.reason));
        }
        news.old.is_none() && lost_by == Some(news.reason)
    }

    /// The news of the lease in force once more, for an operator who wants all that depends on it done anew.
    pub(crate) fn again(&self, lease: Lease) -> News {
        News {
            reason: self.last.get(),
            new: Some(lease.clone()),
            old: Some(lease),
        }
    }

    /// What would be configured, as variables.
    pub(crate) fn variables(
        &self,
        lease: &Lease,
        of: impl FnOnce(&Occasion<'_>) -> String,
    ) -> String {
        let news = News {
            new: Some(lease.clone()),
            ..News::plain(Reason::Test)
        };
        let shared = self.shared.upgrade();
        shared.map_or_else(String::new, |shared| occasion(&shared, &news, of))
    }

    /// Resolves when every hook has run.
    pub(crate) async fn finished(&self) {
        if let Some(queue) = &self.queue {
            queue.finished().await;
        }
    }

    /// Resolves when the hook was told the last of what waits, at the end of everything. What came before that
    /// is not told any more.
    pub(crate) async fn told_the_last(&self) {
        if let Some(queue) = &self.queue {
            queue.shorten();
            queue.finished().await;
        }
    }
}

impl Drop for Herald {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn run_hooks(shared: Weak<Shared>, queue: Rc<Queue>) {
    loop {
        let news = queue.next().await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        if let Some(script) = &shared.profile.script {
            // What a hook thinks of it changes nothing.
            run(&shared, script, &news).await;
        }
        queue.has_run();
    }
}

/// Runs a script, and tells the operator what was left out of its environment and how it failed. False if it
/// ran to its end and said no.
async fn run(shared: &Shared, script: &Script, news: &News) -> bool {
    let vocabulary = &shared.profile.vocabulary;
    let calls = occasion(shared, news, |occasion| {
        script::calls(script, vocabulary, occasion)
    });
    let mut agreed = true;
    for call in calls {
        if !call.left_out.is_empty() {
            shared.warn_once(&format!(
                "left out of the script's environment, since a shell could take harm: {}",
                call.left_out.join(", ")
            ));
        }
        let ended = scripts::run(script, call, shared.context.setup.json).await;
        agreed &= !ended.is_refusal();
        if !ended.is_success() {
            let path = script.path.display();
            let line = format!("{path} ({:?}) {ended}", news.reason);
            shared.events.line(LogLevel::Warning, &shared.name, &line);
        }
    }
    agreed
}

/// Says what people and programs look for in the log of the client that was started.
fn speak(shared: &Shared, news: &News) {
    let client = shared.context.setup.client;
    if let Some(line) = occasion(shared, news, |occasion| voice::line(client, occasion)) {
        shared.events.about_run(LogLevel::Info, &line);
    }
}

fn write_lease_file(shared: &Shared, news: &News) {
    let Profile {
        lease_file: own,
        lease_folder: folder,
        ..
    } = &shared.profile;
    let in_folder = |folder: &PathBuf| dhcpcd::lease_file::path(folder, &shared.name);
    let Some(path) = own.clone().or_else(|| folder.as_ref().map(in_folder)) else {
        return;
    };
    let client = shared.context.setup.client;
    let vocabulary = &shared.profile.vocabulary;
    let change = occasion(shared, news, |occasion| {
        lease_file::change(client, vocabulary, occasion)
    });
    let Some(change) = change else {
        return;
    };
    if let Change::Entry { left_out, .. } = &change
        && !left_out.is_empty()
    {
        shared.warn_once(&format!(
            "left out of the lease file, since a reader could take harm: {}",
            left_out.join(", ")
        ));
    }
    if let Err(error) = export::write(&path, &shared.name, &change) {
        shared.warn(&format!("the lease file {}: {error}", path.display()));
    }
}

/// What `news` looks like to those who are told.
fn occasion<T>(shared: &Shared, news: &News, tell: impl FnOnce(&Occasion<'_>) -> T) -> T {
    let link = shared.news.link();
    let now = Clocks::now();
    let facts = InterfaceFacts {
        name: shared.name.clone(),
        index: shared.index,
        mac: link.mac,
        mtu: link.mtu,
        flags: flags(link.up, link.carrier),
        up: link.up,
        carrier: link.carrier,
        metric: shared.metric(),
    };
    tell(&Occasion {
        reason: news.reason,
        interface: facts,
        new: news.new.as_ref(),
        old: news.old.as_ref(),
        requested: shared.wanted(),
        requested_options: &shared.profile.settings.requested,
        wall_now: now.wall,
        now: now.boottime,
        pid: std::process::id(),
        interface_order: shared.context.interface_order(),
    })
}

/// netdevice(7): what an Ethernet interface has, and what the link says.
pub(crate) const fn flags(up: bool, carrier: bool) -> u32 {
    const UP: u32 = 0x1;
    const BROADCAST: u32 = 0x2;
    const RUNNING: u32 = 0x40;
    const MULTICAST: u32 = 0x1000;
    const LOWER_UP: u32 = 0x1_0000;
    let mut flags = BROADCAST | MULTICAST;
    if up {
        flags |= UP;
    }
    if carrier {
        flags |= RUNNING | LOWER_UP;
    }
    flags
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn told(queue: &Queue) -> Vec<Reason> {
        let next = || queue.next().now_or_never().map(|news| news.reason);
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_hook_that_is_far_behind_is_told_the_newest_and_not_the_oldest() {
        let queue = Queue::default();
        assert!(queue.add(News::plain(Reason::Preinit)));
        for _ in 1..MOST_WAITING {
            assert!(queue.add(News::plain(Reason::Nak)));
        }
        assert!(!queue.add(News::plain(Reason::Stop)));

        let told = told(&queue);
        assert_eq!(told.len(), MOST_WAITING);
        assert_eq!(told.first(), Some(&Reason::Nak));
        assert_eq!(told.last(), Some(&Reason::Stop));
    }

    #[test]
    fn at_the_end_a_hook_is_told_the_end_alone() {
        let queue = Queue::default();
        for reason in [Reason::Carrier, Reason::NoCarrier, Reason::Stop] {
            queue.add(News::plain(reason));
        }
        queue.shorten();
        assert_eq!(told(&queue), [Reason::Stop]);
    }

    #[test]
    fn it_is_finished_when_nothing_waits_and_nothing_runs() {
        let queue = Queue::default();
        assert!(queue.finished().now_or_never().is_some());
        queue.add(News::plain(Reason::Bound));
        assert!(queue.finished().now_or_never().is_none());
        assert!(queue.next().now_or_never().is_some());
        assert!(queue.finished().now_or_never().is_none());
        queue.has_run();
        assert!(queue.finished().now_or_never().is_some());
    }
}
