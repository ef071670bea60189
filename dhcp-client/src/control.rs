//! Control: what operators may see of a run and ask of it, over two sockets in a folder.
//!
//! ```text
//!  NAME.sock       0660, the owner's and the control group's   everything   (Control)
//!  NAME.view.sock  0666, everybody's                           to look at   (Overview)
//! ```
//!
//! Who may connect is the kernel's decision, by owner, group and mode of the socket; what a connection can
//! do is the facet that its socket offers.

mod answer;
mod desk;
mod request;
mod sockets;

pub(crate) use desk::{Ask, Desk, not_served};
pub(crate) use request::request;
pub(crate) use sockets::Doors;
