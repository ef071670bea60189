//! Peers of an earlier and of a later schema: what both know works, the rest is a named error.

use std::{cell::RefCell, rc::Rc};

use capnp_rpc::rpc_capnp::message;
use sdk_rpc::{
    Disconnect, Error, HostParts, HostView, Level, Limits, Log, Net, Record, connect, connect_log,
    connect_net, serve, serve_host, serve_log, serve_net,
};

use crate::{
    calfkit_capnp as present,
    local::{LocalHost, LocalNet, MAC, frame},
    previous::calfkit_capnp as previous,
    rogue::{BOOTSTRAP, INTERFACE_LOG, Rogue, octets},
    stage::{quiet, run, socket_pair},
};

/// The sink of a client of the earlier schema.
struct EarlierSink(RefCell<Vec<usize>>);

impl previous::frame_sink::Server for EarlierSink {
    async fn push(self: Rc<Self>, params: previous::frame_sink::PushParams) -> capnp::Result<()> {
        for frame in params.get()?.get_frames()? {
            self.0.borrow_mut().push(frame.get_bytes()?.len());
        }
        Ok(())
    }
}

#[test]
fn a_client_of_the_earlier_schema_works_with_our_net() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, session) = connect::<previous::net::Client>(here, Limits::net()).unwrap();

        let mac = net.mac_request().send().promise.await.unwrap();
        let [.., a, b, c, d, e, f] = mac.get().unwrap().get_address().to_be_bytes();
        assert_eq!([a, b, c, d, e, f], MAC.0);

        let mut write = net.write_request();
        let mut frames = write.get().init_frames(1);
        frames.reborrow().get(0).set_bytes(&[1; 60]);
        write.send().await.unwrap();

        let sink = Rc::new(EarlierSink(RefCell::default()));
        let mut attach = net.attach_request();
        let client = capnp_rpc::new_client_from_rc(Rc::clone(&sink));
        attach.get().set_sink(client);
        let _attachment = attach.send().promise.await.unwrap();
        local.0.arrive(&[frame(0, 64), frame(0, 65)]);
        quiet().await;

        assert_eq!(*sink.0.borrow(), [64, 65]);
        assert_eq!(local.0.written.borrow().len(), 1);
        assert_eq!(session.close().await, Disconnect::Dropped);
    });
}

#[test]
fn a_client_of_the_earlier_schema_reads_what_it_knows_of_our_description() {
    run(async {
        let (here, there) = socket_pair();
        let host = LocalHost::new();
        // Nothing that the earlier schema has.
        host.0.description.borrow_mut().confirm = true;
        host.0.description.borrow_mut().settings.offers_only = true;
        let parts = HostParts {
            view: host.clone(),
            lease_sink: host.clone(),
            log: host.clone(),
        };
        let _serving = serve_host(there, parts, Limits::host()).unwrap();
        let (offered, _session) = connect::<previous::host::Client>(here, Limits::host()).unwrap();
        let facets = offered.facets_request().send().pipeline;

        let description = facets.get_view().describe_request().send().promise;
        let description = description.await.unwrap();
        let description = description.get().unwrap().get_description().unwrap();
        let expected = host.0.description.borrow().clone();
        assert_eq!(
            description.get_interface().unwrap(),
            expected.interface.as_str()
        );
        assert_eq!(description.get_link().unwrap().get_mtu(), expected.link.mtu);
        assert!(description.has_settings());

        let mut line = facets.get_log().line_request();
        line.get().set_level(previous::Level::Warn);
        line.get().set_text("said");
        line.send().await.unwrap();
        quiet().await;
        assert_eq!(*host.0.lines.borrow(), [(Level::Warn, "said".to_owned())]);
    });
}

/// What a server of the earlier schema offers.
struct Earlier(RefCell<Vec<String>>);

impl previous::net::Server for Earlier {
    async fn mac(
        self: Rc<Self>,
        _params: previous::net::MacParams,
        mut results: previous::net::MacResults,
    ) -> capnp::Result<()> {
        results.get().set_address(0x02_00_00_00_00_07);
        Ok(())
    }

    async fn write(self: Rc<Self>, params: previous::net::WriteParams) -> capnp::Result<()> {
        let frames = params.get()?.get_frames()?.len();
        self.0.borrow_mut().push(format!("{frames} frames"));
        Ok(())
    }
}

impl previous::log::Server for Earlier {
    async fn line(self: Rc<Self>, params: previous::log::LineParams) -> capnp::Result<()> {
        let text = params.get()?.get_text()?.to_string()?;
        self.0.borrow_mut().push(text);
        Ok(())
    }
}

impl previous::host_view::Server for Earlier {
    async fn describe(
        self: Rc<Self>,
        _params: previous::host_view::DescribeParams,
        mut results: previous::host_view::DescribeResults,
    ) -> capnp::Result<()> {
        let mut description = results.get().init_description();
        description.set_interface("eth7");
        let mut link = description.reborrow().init_link();
        link.set_mtu(1500);
        let mut settings = description.reborrow().init_settings();
        settings.set_host_name("earlier");
        let mut pace = settings.init_pace();
        pace.set_first(4000);
        pace.set_longest(64_000);
        Ok(())
    }
}

/// The facets, of which only the view is there.
struct EarlierHost(Rc<Earlier>);

impl previous::host::Server for EarlierHost {
    async fn facets(
        self: Rc<Self>,
        _params: previous::host::FacetsParams,
        mut results: previous::host::FacetsResults,
    ) -> capnp::Result<()> {
        let view: previous::host_view::Client = capnp_rpc::new_client_from_rc(Rc::clone(&self.0));
        results.get().set_view(view);
        Ok(())
    }
}

#[test]
fn a_net_of_the_earlier_schema_works_with_our_client_and_what_it_does_not_know_is_named() {
    run(async {
        let (here, there) = socket_pair();
        let earlier = Rc::new(Earlier(RefCell::default()));
        let offered: previous::net::Client = capnp_rpc::new_client_from_rc(Rc::clone(&earlier));
        let _serving = serve(there, offered, Limits::net()).unwrap();
        let (net, session) = connect_net(here).unwrap();

        assert_eq!(net.mac().await, Ok(MAC));
        let Err(Error::Refused(why)) = net.counters().await else {
            panic!("it answered what it does not know");
        };
        assert!(why.starts_with("the peer does not know this call"), "{why}");

        // The session goes on.
        net.write(vec![frame(0, 60)]).await.unwrap();
        assert_eq!(net.mac().await, Ok(MAC));
        assert_eq!(*earlier.0.borrow(), ["1 frames"]);
        assert_eq!(session.close().await, Disconnect::Dropped);
    });
}

#[test]
fn what_a_host_of_the_earlier_schema_cannot_say_reads_as_absent() {
    run(async {
        let (here, there) = socket_pair();
        let host = EarlierHost(Rc::new(Earlier(RefCell::default())));
        let offered: previous::host::Client = capnp_rpc::new_client(host);
        let _serving = serve(there, offered, Limits::host()).unwrap();
        let (clients, _session) = sdk_rpc::connect_host(here).unwrap();

        let description = clients.view.describe().await.unwrap();

        assert_eq!(description.interface, "eth7");
        assert_eq!(description.settings.host_name.as_deref(), Some("earlier"));
        assert!(!description.confirm);
        assert!(!description.settings.offers_only);
    });
}

#[test]
fn a_log_of_the_earlier_schema_gets_records_as_lines() {
    run(async {
        let (here, there) = socket_pair();
        let earlier = Rc::new(Earlier(RefCell::default()));
        let offered: previous::log::Client = capnp_rpc::new_client_from_rc(Rc::clone(&earlier));
        let mut serving = serve(there, offered, Limits::host()).unwrap();
        let (log, session) = connect_log(here, Limits::host()).unwrap();

        let record = Record::new(Level::Info, "part", "text").with("name", true);
        log.record(record.clone()).await.unwrap();
        session.close().await;
        serving.closed().await;

        assert_eq!(*earlier.0.borrow(), [record.to_string()]);
    });
}

/// The call of `record` with a field of this number, which is all that differs between two of them.
fn record_call(fill: impl FnOnce(present::field::value::Builder<'_>)) -> Vec<u8> {
    const RECORD: u16 = 2;
    octets(|message: message::Builder<'_>| {
        let mut call = message.init_call();
        call.set_question_id(1);
        call.set_interface_id(INTERFACE_LOG);
        call.set_method_id(RECORD);
        call.reborrow().init_target().set_imported_cap(BOOTSTRAP);
        let params = call.init_params().init_content();
        let params = params.init_as::<present::log::record_params::Builder<'_>>();
        let mut record = params.init_record();
        record.set_target("part");
        record.set_message("text");
        let mut field = record.init_fields(1).get(0);
        field.set_name("name");
        fill(field.init_value());
    })
}

#[test]
fn a_member_of_a_union_that_only_a_later_peer_knows_is_a_named_error() {
    run(async {
        let known = record_call(|mut value| value.set_unsigned(0));
        let other = record_call(|mut value| value.set_signed(0));
        let places: Vec<usize> = (0..known.len())
            .filter(|i| known[*i] != other[*i])
            .collect();
        let [place] = places[..] else {
            panic!("more than the member differs: {places:?}");
        };
        let mut later = known.clone();
        later[place] = 99;

        for (call, fate) in [
            (later, Disconnect::Value("unknown enumerant 99".into())),
            // It is the member alone that is wrong.
            (known, Disconnect::Closed),
        ] {
            let host = LocalHost::new();
            let serve = |there| serve_log(there, host.clone(), Limits::host()).unwrap();
            let mut rogue = Rogue::start(serve);
            rogue.bootstrap(0).await;
            rogue.write(&call).await;
            quiet().await;
            assert_eq!(rogue.hang_up().await.0, fate);
        }
    });
}
