//! dhcpcd's words, through the front end's own door: what a command line and a file come to, and what
//! scripts are told.

mod bed;
mod blocks;
mod command_line;
mod directives;
mod dump;
mod endings;
mod environment;
mod explain;
mod hostile;
mod lease;
mod lease_file;
mod linuxkit;
mod mistakes;
mod statics;
