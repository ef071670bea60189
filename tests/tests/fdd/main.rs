//! The descriptor daemon as its users run it: the real binary, in a host of its own.

mod commands;
mod exec;
mod hostile;
mod meeting;
mod misuse;
mod owner;
mod restart;
