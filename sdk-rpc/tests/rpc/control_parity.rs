//! `Overview` and `Control` are the same whether they are here or behind a connection, and who is given
//! the one cannot make it the other.

use std::{cell::RefCell, rc::Rc};

use sdk_rpc::{
    Control, Counter, Disconnect, Error, InterfaceStatus, Limits, Overall, Overview, Verb,
    connect_control, serve_control, serve_overview,
};

use crate::{
    local::{bare_lease, full_lease, link_state},
    stage::{run, socket_pair},
};

/// What was asked, and of which interfaces.
type Asked = (Verb, Vec<String>);

/// A run, and what was asked of it.
#[derive(Clone, Default)]
struct LocalRun {
    asked: Rc<RefCell<Vec<Asked>>>,
}

fn status(interface: &str) -> InterfaceStatus {
    InterfaceStatus {
        interface: interface.into(),
        link: link_state(),
        state: "BOUND".into(),
        lease: Some(full_lease()),
        calf: Some(4711),
        restarts: 3,
        absent: vec!["cgroup limits".into()],
        counters: vec![Counter {
            name: "sent.DISCOVER".into(),
            value: 2,
        }],
        metric: 1002,
    }
}

fn overall() -> Overall {
    let bare = InterfaceStatus {
        lease: None,
        calf: None,
        absent: Vec::new(),
        counters: Vec::new(),
        ..status("eth1")
    };
    let link_local = InterfaceStatus {
        lease: Some(bare_lease()),
        ..status("eth2")
    };
    Overall {
        client: "service".into(),
        version: "1.2.3".into(),
        pid: 42,
        now: u64::MAX,
        interfaces: vec![status("eth0"), bare, link_local],
    }
}

impl Overview for LocalRun {
    async fn status(&self, interfaces: Vec<String>) -> Result<Overall, Error> {
        let mut overall = overall();
        let wanted = |status: &InterfaceStatus| interfaces.contains(&status.interface);
        if !interfaces.is_empty() {
            overall.interfaces.retain(wanted);
        }
        Ok(overall)
    }
}

impl Control for LocalRun {
    async fn ask(&self, verb: Verb, interfaces: Vec<String>) -> Result<Vec<String>, Error> {
        if interfaces.contains(&"lo".to_owned()) {
            return Err(Error::Refused("lo is not served".into()));
        }
        self.asked.borrow_mut().push((verb, interfaces.clone()));
        Ok(interfaces)
    }
}

async fn control_body(control: impl Control, run: LocalRun) {
    assert_eq!(control.status(Vec::new()).await, Ok(overall()));
    let one = control.status(vec!["eth1".into()]).await.unwrap();
    assert_eq!(one.interfaces.len(), 1);
    for verb in [
        Verb::Renew,
        Verb::Rebind,
        Verb::Release,
        Verb::Stop,
        Verb::Reapply,
    ] {
        let interfaces = vec!["eth0".to_owned()];
        let asked = control.ask(verb, interfaces.clone()).await;
        assert_eq!(asked, Ok(interfaces.clone()));
        assert_eq!(run.asked.borrow_mut().pop(), Some((verb, interfaces)));
    }
    let refused = control.ask(Verb::Stop, vec!["lo".into()]).await;
    assert_eq!(refused, Err(Error::Refused("lo is not served".into())));
}

#[test]
fn a_run_is_controlled_locally() {
    run(async {
        let local = LocalRun::default();
        control_body(local.clone(), local).await;
    });
}

#[test]
fn a_run_is_controlled_remotely() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalRun::default();
        let _serving = serve_control(there, local.clone(), Limits::control()).unwrap();
        let (control, _session) = connect_control(here).unwrap();
        control_body(control, local).await;
    });
}

#[test]
fn who_may_only_look_can_ask_for_nothing() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalRun::default();
        let _serving = serve_overview(there, local.clone(), Limits::control()).unwrap();
        let (control, _session) = connect_control(here).unwrap();
        assert_eq!(control.status(Vec::new()).await, Ok(overall()));
        for verb in [
            Verb::Renew,
            Verb::Rebind,
            Verb::Release,
            Verb::Stop,
            Verb::Reapply,
        ] {
            let refused = control.ask(verb, Vec::new()).await;
            assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        }
        assert_eq!(*local.asked.borrow(), []);
        assert_eq!(
            control.status(Vec::new()).await,
            Ok(overall()),
            "it goes on"
        );
    });
}

#[test]
fn a_peer_that_hangs_up_before_its_answer_ends_its_own_connection_only() {
    // CVE-2026-56117: a control client that goes in the middle of an answer.
    run(async {
        let local = LocalRun::default();
        let (here, there) = socket_pair();
        let mut serving = serve_control(there, local.clone(), Limits::control()).unwrap();
        let (control, session) = connect_control(here).unwrap();
        let pending = control.status(Vec::new());
        drop(pending);
        drop(session);
        drop(control);
        assert!(matches!(
            serving.closed().await,
            Disconnect::Closed | Disconnect::Io(_)
        ));

        let (here, there) = socket_pair();
        let _serving = serve_control(there, local.clone(), Limits::control()).unwrap();
        let (control, _session) = connect_control(here).unwrap();
        assert_eq!(control.status(Vec::new()).await, Ok(overall()));
    });
}

#[test]
fn a_thousand_interfaces_fit_one_answer() {
    #[derive(Clone)]
    struct Large;

    impl Overview for Large {
        async fn status(&self, _: Vec<String>) -> Result<Overall, Error> {
            Ok(Overall {
                interfaces: (0..1000).map(|n| status(&format!("eth{n}"))).collect(),
                ..overall()
            })
        }
    }

    run(async {
        let (here, there) = socket_pair();
        let _serving = serve_overview(there, Large, Limits::control()).unwrap();
        let (control, _session) = connect_control(here).unwrap();
        let overall = control.status(Vec::new()).await.unwrap();
        assert_eq!(overall.interfaces.len(), 1000);
        assert_eq!(overall.interfaces[999].interface, "eth999");
    });
}
