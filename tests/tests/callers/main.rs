//! The program in the place of the C clients, started as those who call them start them: by the same words,
//! in the same surroundings, with the same scripts.

mod bare;
mod careless;
mod dhclient;
mod dhcpcd;
mod explain;
mod ifupdown;
mod surroundings;
mod udhcpc;
mod usage;
