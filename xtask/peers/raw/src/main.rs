//! A socketpair without any protocol: what the kernel takes for moving the octets. One write(2) a frame, reads of
//! 64 KiB, blocking; a call is one octet each way.

use std::{
    fs::File,
    io::{Read, Write},
    time::Instant,
};

use rpc_load::{Clock, IN_FLIGHT, Role, Row, role};

/// After this the server answers with one octet for each that it has read; before, an octet is a call.
const FRAMES: u8 = 1;
const CALL: u8 = 0;
/// Ends the frames.
const LAST: u8 = 2;

fn main() {
    match role() {
        Role::Server(descriptor) => serve(File::from(descriptor)),
        Role::Client(load) => {
            let (server, descriptor) = load.server();
            let mut socket = File::from(descriptor);
            call(&mut socket);
            let mut clock = Clock::start(Some(&server));
            match load.row {
                Row::Sequential => {
                    for _ in 0..load.count {
                        let begun = Instant::now();
                        call(&mut socket);
                        clock.call(begun.elapsed());
                    }
                }
                Row::Pipelined => {
                    let mut answers = [0; IN_FLIGHT];
                    for _ in 0..load.count / IN_FLIGHT {
                        for _ in 0..IN_FLIGHT {
                            socket.write_all(&[CALL]).unwrap();
                        }
                        socket.read_exact(&mut answers).unwrap();
                    }
                }
                Row::Single(octets) => {
                    let frame = vec![FRAMES; octets];
                    for _ in 0..load.count {
                        socket.write_all(&frame).unwrap();
                    }
                    socket.write_all(&[LAST]).unwrap();
                    socket.read_exact(&mut [0]).unwrap();
                }
                Row::Batch(_) | Row::Ring(_) | Row::Sessions => load.cannot(),
            }
            clock.stop(load.count);
        }
    }
}

fn call(socket: &mut File) {
    socket.write_all(&[CALL]).unwrap();
    socket.read_exact(&mut [0]).unwrap();
}

fn serve(mut socket: File) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(octets @ 1..) = socket.read(&mut buffer) {
        if buffer[0] == CALL {
            if socket.write_all(&buffer[..octets]).is_err() {
                return;
            }
        } else if buffer[octets - 1] == LAST {
            let _sent = socket.write_all(&[CALL]);
        }
    }
}
