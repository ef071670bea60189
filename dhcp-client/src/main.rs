//! `dhcp-client`; all of it is in the library beside this.

fn main() -> std::process::ExitCode {
    dhcp_client::main()
}
