//! Where transports come from that are not inherited.

mod fifo;
