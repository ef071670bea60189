//! A byte stream is the same byte stream whether it is here or behind a connection.

use std::{io::ErrorKind, time::Duration};

use sdk_rpc::{
    Disconnect, Error, Flow, FlowStream, Limits, OctetSink, Session, StreamFlow, connect_flow,
    serve_flow,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split},
    time::timeout,
};

use crate::stage::{quiet, run, socket_pair};

/// Octets that the stream below the flow holds in each direction.
const PIPE_OCTETS: usize = 4096;

type Local = StreamFlow<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>;

/// A flow over one end of an in-memory stream, and the other end.
fn flow() -> (Local, DuplexStream) {
    let (near, far) = duplex(PIPE_OCTETS);
    let (reading, writing) = split(near);
    (StreamFlow::new(reading, writing), far)
}

/// Runs the same body against a local flow and against its client.
macro_rules! local_and_remote {
    ($body:ident, $local:ident, $remote:ident) => {
        #[test]
        fn $local() {
            run(async {
                let (flow, far) = flow();
                $body(flow, far).await;
            });
        }

        #[test]
        fn $remote() {
            run(async {
                let (here, there) = socket_pair();
                let (local, far) = flow();
                let _serving = serve_flow(there, local, Limits::flow()).unwrap();
                let (flow, _session) = connect_flow(here, Limits::flow()).unwrap();
                $body(flow, far).await;
            });
        }
    };
}

fn pattern(length: usize) -> Vec<u8> {
    (0..251).cycle().take(length).collect()
}

async fn both_ways(flow: impl Flow<Outgoing: 'static>, far: DuplexStream) {
    let mut near = FlowStream::start(&flow).await.unwrap();
    let sent = pattern(1_000_000);
    let (mut far_reading, mut far_writing) = split(far);
    let echo = tokio::task::spawn_local(async move {
        tokio::io::copy(&mut far_reading, &mut far_writing)
            .await
            .unwrap();
        far_writing.shutdown().await.unwrap();
    });
    let (mut reading, mut writing) = split(&mut near);
    let mut received = Vec::new();
    let (wrote, read) = futures::join!(
        async {
            writing.write_all(&sent).await?;
            writing.shutdown().await
        },
        reading.read_to_end(&mut received)
    );
    wrote.unwrap();
    read.unwrap();
    assert!(received == sent, "{} octets came back", received.len());
    echo.await.unwrap();
}
local_and_remote!(
    both_ways,
    octets_go_both_ways_locally,
    octets_go_both_ways_remotely
);

async fn half_close(flow: impl Flow<Outgoing: 'static>, mut far: DuplexStream) {
    let mut near = FlowStream::start(&flow).await.unwrap();
    near.write_all(b"question").await.unwrap();
    near.shutdown().await.unwrap();
    let mut question = Vec::new();
    far.read_to_end(&mut question).await.unwrap();
    assert_eq!(question, b"question");

    far.write_all(b"answer").await.unwrap();
    drop(far);
    let mut answer = Vec::new();
    near.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"answer");
    let late = near.write_all(b"more").await.and(near.flush().await);
    assert_eq!(late.unwrap_err().kind(), ErrorKind::BrokenPipe);
}
local_and_remote!(
    half_close,
    one_direction_ends_and_the_other_goes_on_locally,
    one_direction_ends_and_the_other_goes_on_remotely
);

async fn dropped(flow: impl Flow<Outgoing: 'static>, mut far: DuplexStream) {
    let mut near = FlowStream::start(&flow).await.unwrap();
    near.write_all(b"half").await.unwrap();
    near.flush().await.unwrap();
    let mut half = [0; 4];
    far.read_exact(&mut half).await.unwrap();
    drop(near);
    // Both halves of the stream are gone: nobody reads what is written.
    quiet().await;
    let written = far.write_all(b"unheard").await;
    assert_eq!(written.unwrap_err().kind(), ErrorKind::BrokenPipe);
}
local_and_remote!(
    dropped,
    who_drops_a_flow_closes_it_locally,
    who_drops_a_flow_closes_it_remotely
);

async fn started_twice(flow: impl Flow<Outgoing: 'static>, _far: DuplexStream) {
    let _first = FlowStream::start(&flow).await.unwrap();
    let second = FlowStream::start(&flow).await.unwrap_err();
    assert_eq!(second, Error::Refused("the flow was started before".into()));
}
local_and_remote!(
    started_twice,
    a_flow_starts_once_locally,
    a_flow_starts_once_remotely
);

async fn stalled(flow: impl Flow<Outgoing: 'static>, mut far: DuplexStream) {
    let mut near = FlowStream::start(&flow).await.unwrap();
    let sent = pattern(4 << 20);
    let mut taken = 0;
    while let Ok(written) = timeout(
        Duration::from_millis(200),
        near.write(sent.get(taken..).unwrap()),
    )
    .await
    {
        taken += written.unwrap();
    }
    // The pipe, the messages of one stream window, and one write beyond.
    assert!(
        taken < 256 * 1024,
        "{taken} octets for a reader that reads nothing"
    );
    let mut received = vec![0; taken];
    let (flushed, read) = futures::join!(near.flush(), far.read_exact(&mut received));
    flushed.unwrap();
    read.unwrap();
    assert!(received == sent.get(..taken).unwrap());
}
local_and_remote!(
    stalled,
    a_reader_that_does_not_read_stops_the_writer_locally,
    a_reader_that_does_not_read_stops_the_writer_remotely
);

/// A flow that says of what it sends that something is missing.
struct Broken;

/// Where nothing can go.
struct Nowhere;

impl Flow for Broken {
    type Outgoing = Nowhere;

    async fn start<S: OctetSink + 'static>(&self, incoming: S) -> Result<Nowhere, Error> {
        incoming.push(b"beginning".to_vec()).await?;
        incoming.abort("the disk\nis full").await?;
        Ok(Nowhere)
    }
}

impl OctetSink for Nowhere {
    async fn push(&self, _octets: Vec<u8>) -> Result<(), Error> {
        Err(Error::Refused("nowhere".into()))
    }

    async fn end(&self) -> Result<(), Error> {
        Err(Error::Refused("nowhere".into()))
    }

    async fn abort(&self, _reason: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn closed(&self) {}
}

#[test]
fn the_reason_of_an_abort_arrives_after_what_came_before_it() {
    run(async {
        let (here, there) = socket_pair();
        let _serving = serve_flow(there, Broken, Limits::flow()).unwrap();
        let (flow, _session) = connect_flow(here, Limits::flow()).unwrap();
        let mut near = FlowStream::start(&flow).await.unwrap();

        let mut received = Vec::new();
        let error = near.read_to_end(&mut received).await.unwrap_err();
        assert_eq!(received, b"beginning");
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        assert_eq!(error.to_string(), "the disk is full");
    });
}

/// A session with a started flow, and what is below the flow.
async fn started() -> (
    Session,
    Session,
    FlowStream<sdk_rpc::OctetSinkClient>,
    DuplexStream,
) {
    let (here, there) = socket_pair();
    let (local, far) = flow();
    let serving = serve_flow(there, local, Limits::flow()).unwrap();
    let (flow, session) = connect_flow(here, Limits::flow()).unwrap();
    let near = FlowStream::start(&flow).await.unwrap();
    (serving, session, near, far)
}

#[test]
fn a_peer_that_goes_closes_the_stream_below() {
    run(async {
        let (mut serving, session, _near, mut far) = started().await;
        drop(session);
        assert_eq!(serving.closed().await, Disconnect::Closed);
        quiet().await;
        let written = far.write_all(b"unheard").await;
        assert_eq!(written.unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_server_that_goes_is_no_orderly_end() {
    run(async {
        let (serving, _session, mut near, _far) = started().await;
        drop(serving);
        let error = near.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        let written = near.write_all(b"unheard").await.and(near.flush().await);
        assert_eq!(written.unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_half_closed_flow_whose_peer_goes_leaves_nothing_behind() {
    run(async {
        let (mut serving, session, mut near, mut far) = started().await;
        near.shutdown().await.unwrap();
        drop(session);
        assert_eq!(serving.closed().await, Disconnect::Closed);
        quiet().await;
        let written = far.write_all(b"unheard").await;
        assert_eq!(written.unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}
