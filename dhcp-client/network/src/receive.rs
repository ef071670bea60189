//! From the packet socket to the sink: batches, in order, and no faster than the sink takes them.
//! What the sink has no time for waits in the kernel's queue, which discards what is too much.

use std::{rc::Rc, time::Instant};

use nix::errno::Errno;
use sdk_rpc::{Frame, FrameSink};
use tokio::task::AbortHandle;

use crate::{
    packet_socket::{PacketSocket, ReceiveBuffer, Received},
    record::Record,
};

/// Frames in one call of the sink. Small: the sink's own queue counts calls, and a DHCP client sees
/// few frames.
const BATCH: usize = 16;

/// More stale frames than the kernel's queue can hold ([`drain`] ends although more arrive).
const MOST_STALE: usize = 1024;

/// Errors in a row after which the socket is given up. The link going down gives one.
const MOST_ERRORS: u32 = 16;

/// Keeps a sink attached: frames stop when this is dropped.
#[derive(Debug)]
pub struct Attachment {
    task: AbortHandle,
}

impl Attachment {
    pub(crate) fn new(task: AbortHandle) -> Self {
        Self { task }
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Discards what waited since before the sink was attached: answers to somebody else's questions.
pub(crate) fn drain(socket: &PacketSocket, record: &Record) {
    let mut buffer = ReceiveBuffer::new();
    for _ in 0..MOST_STALE {
        match socket.receive(&mut buffer) {
            Ok(Received::Nothing) => return,
            Ok(Received::Frame { .. } | Received::Truncated) => {
                record.count(|counters| counters.stale = counters.stale.saturating_add(1));
            }
            Err(_) => count_error(record),
        }
    }
}

/// Carries frames to `sink` until it, or the socket, is no more.
pub(crate) async fn carry<S: FrameSink>(socket: Rc<PacketSocket>, record: Rc<Record>, sink: S) {
    let mut buffer = ReceiveBuffer::new();
    let mut errors = 0;
    loop {
        let batch = match socket.readable().await {
            Ok(mut ready) => {
                let (batch, end) = read_batch(&socket, &mut buffer, &record);
                match end {
                    End::Empty => {
                        ready.clear_ready();
                        errors = 0;
                    }
                    End::Full => errors = 0,
                    End::Error(errno) if errors == MOST_ERRORS => {
                        let reason = errno.desc();
                        record.say(
                            Instant::now(),
                            format_args!("no more frames can be received: {reason}"),
                        );
                        return;
                    }
                    End::Error(_) => errors += 1,
                }
                batch
            }
            Err(error) => {
                record.say(
                    Instant::now(),
                    format_args!("no more frames can be awaited: {error}"),
                );
                return;
            }
        };
        if !batch.is_empty() {
            record.arrived(Instant::now(), &batch);
            if sink.push(batch).await.is_err() {
                return;
            }
        }
        // A sink that is always ready must not keep a flood on this thread to itself.
        tokio::task::yield_now().await;
    }
}

/// Why a batch ended.
enum End {
    /// Nothing more is waiting.
    Empty,
    /// It has as many frames as may be.
    Full,
    /// The kernel reported an error, which is counted.
    Error(Errno),
}

fn read_batch(
    socket: &PacketSocket,
    buffer: &mut ReceiveBuffer,
    record: &Record,
) -> (Vec<Frame>, End) {
    let mut batch = Vec::new();
    for _ in 0..BATCH {
        match socket.receive(buffer) {
            Ok(Received::Frame {
                bytes,
                checksum_ready,
            }) => batch.push(Frame {
                bytes: bytes.to_vec(),
                checksum_ready,
            }),
            Ok(Received::Truncated) => {
                record.count(|counters| counters.truncated = counters.truncated.saturating_add(1));
            }
            Ok(Received::Nothing) => return (batch, End::Empty),
            Err(errno) => {
                count_error(record);
                return (batch, End::Error(errno));
            }
        }
    }
    (batch, End::Full)
}

fn count_error(record: &Record) {
    record.count(|counters| counters.receive_errors = counters.receive_errors.saturating_add(1));
}
