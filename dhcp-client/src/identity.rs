//! Who the client says it is: the host's DUID and an interface's IAID (RFC 4361), and its name.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use dhcp_frontend::setup::{HostName, Identifier};
use sdk_rpc::MacAddress;

/// Hardware type Ethernet, with which a client identifier made from a MAC address begins. RFC 2132 section
/// 9.14: "In this case the type field SHOULD be one of the ARP hardware types defined in STD2 \[22\]."
const HTYPE_ETHERNET: u8 = 1;
/// RFC 4361 section 6.1: "the type of the 'client identifier' option is set to 255."
const TYPE_DUID: u8 = 255;
/// DUID-LLT of RFC 8415 section 11.2, and its hardware type Ethernet.
const DUID_LLT: [u8; 4] = [0, 1, 0, 1];
/// DUID-LL of RFC 8415 section 11.4, and its hardware type Ethernet.
const DUID_LL: [u8; 4] = [0, 3, 0, 1];
/// RFC 8415 section 11.1: "The length of the DUID (not including the type code) is at least 1 octet and
/// at most 128 octets."
const SHORTEST_DUID: usize = 2 + 1;
const LONGEST_DUID: usize = 2 + 128;
/// Midnight of 1 January 2000 UTC, from which a DUID-LLT counts, in seconds since 1970.
const EPOCH_OF_DUIDS: u64 = 946_684_800;
/// Name of the file in the state directory.
const FILE: &str = "duid";

/// Option 61 as the operator wants it; empty is none.
pub(crate) fn client_identifier(
    wanted: &Identifier,
    MacAddress(mac): MacAddress,
    duid: &[u8],
) -> Vec<u8> {
    match wanted {
        Identifier::None => Vec::new(),
        Identifier::HardwareAddress => [&[HTYPE_ETHERNET][..], &mac].concat(),
        Identifier::Octets(octets) => octets.clone(),
        Identifier::Duid { iaid, duid: given } => {
            let iaid = iaid.map_or_else(|| iaid_of(mac), u32::to_be_bytes);
            let duid = given.as_deref().unwrap_or(duid);
            [&[TYPE_DUID][..], &iaid, duid].concat()
        }
    }
}

/// RFC 4361 section 6.1: "DHCPv4 clients that support more than one network interface SHOULD use a
/// different IAID on each interface": the part of the MAC address in which interfaces differ.
const fn iaid_of([_, _, a, b, c, d]: [u8; 6]) -> [u8; 4] {
    [a, b, c, d]
}

/// The host's DUID, kept in `directory`, where an operator can read and change it; made from `mac` and the
/// time when there is none yet. With it comes what the operator should know.
///
/// RFC 4361 section 6.1: "Any DHCPv4 client that conforms to this specification SHOULD provide a means by
/// which an operator can learn what DUID the client has chosen.  Such clients SHOULD also provide a means by
/// which the operator can configure the DUID." and "DHCPv4 clients that support more than one network
/// interface SHOULD use the same DUID on every interface." RFC 4361 section 6.1: "A DHCPv4 client that
/// generates a DUID and that has stable storage MUST retain this DUID for use in subsequent DHCPv4 messages,
/// even after an operating system reboot." Where there is no storage it is made of the MAC address alone,
/// since RFC 8415 section 11.2 says of the other kind: "Clients and servers that do not have any stable
/// storage MUST NOT use this type of DUID."
pub(crate) fn duid(
    directory: &Path,
    MacAddress(mac): MacAddress,
    wall_now: u64,
) -> (Vec<u8>, Option<String>) {
    let path = directory.join(FILE);
    let trouble = match read(&path) {
        Ok(duid) => return (duid, None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(format!("{} is ignored: {error}", path.display())),
    };
    let seconds = wall_now.saturating_sub(EPOCH_OF_DUIDS) & 0xffff_ffff;
    let seconds = u32::try_from(seconds).unwrap_or(0);
    let duid = [&DUID_LLT[..], &seconds.to_be_bytes(), &mac].concat();
    match keep(directory, &path, &duid) {
        Ok(()) => (duid, trouble),
        Err(error) => {
            let path = path.display();
            let trouble =
                format!("the DUID is not kept ({path}: {error}): made of the MAC address alone");
            ([&DUID_LL[..], &mac].concat(), Some(trouble))
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
        .open(path)?;
    let mut text = String::new();
    // Three characters an octet.
    file.take(LONGEST_DUID as u64 * 3)
        .read_to_string(&mut text)?;
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "it holds no DUID");
    let octets: Option<Vec<u8>> = text
        .trim_end()
        .split(':')
        .map(|octet| match octet.len() {
            2 => u8::from_str_radix(octet, 16).ok(),
            _ => None,
        })
        .collect();
    octets
        .filter(|octets| (SHORTEST_DUID..=LONGEST_DUID).contains(&octets.len()))
        .ok_or_else(invalid)
}

/// By one rename, and never through a link.
fn keep(directory: &Path, path: &Path, duid: &[u8]) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let fresh = path.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let octets: Vec<String> = duid.iter().map(|octet| format!("{octet:02x}")).collect();
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?
        .write_all(format!("{}\n", octets.join(":")).as_bytes())?;
    fs::rename(&fresh, path)
}

/// The name that servers are told.
pub(crate) fn host_name(wanted: &HostName) -> Option<String> {
    match wanted {
        HostName::None => None,
        HostName::Given(name) => Some(name.clone()),
        HostName::System => system_name(),
        HostName::SystemShort => {
            system_name().and_then(|name| name.split('.').next().map(str::to_owned))
        }
    }
}

/// The host's name, if it has one worth telling.
pub(crate) fn system_name() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?.into_string().ok()?;
    let unset = ["", "(none)", "localhost", "localhost.localdomain"].contains(&name.as_str());
    (!unset).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddress = MacAddress([2, 0, 0xca, 0x1f, 0, 7]);

    fn directory(name: &str) -> std::path::PathBuf {
        let directory = std::env::temp_dir().join(format!("duid-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&directory));
        directory
    }

    #[test]
    fn case_014_an_identifier_is_what_the_operator_wants() {
        let identifier = |wanted| client_identifier(&wanted, MAC, &[0, 3, 0, 1, 9]);
        assert_eq!(
            identifier(Identifier::HardwareAddress),
            [1, 2, 0, 0xca, 0x1f, 0, 7]
        );
        assert_eq!(identifier(Identifier::None), [0; 0]);
        assert_eq!(identifier(Identifier::Octets(vec![0, b'x'])), [0, b'x']);
        assert_eq!(
            identifier(Identifier::Duid {
                iaid: None,
                duid: None
            }),
            [255, 0xca, 0x1f, 0, 7, 0, 3, 0, 1, 9]
        );
        assert_eq!(
            identifier(Identifier::Duid {
                iaid: Some(1),
                duid: None
            }),
            [255, 0, 0, 0, 1, 0, 3, 0, 1, 9]
        );
    }

    #[test]
    fn a_duid_is_made_once_and_kept() {
        let directory = directory("kept");
        let (first, trouble) = duid(&directory, MAC, EPOCH_OF_DUIDS + 258);
        assert_eq!(trouble, None);
        assert_eq!(
            first,
            [0, 1, 0, 1, 0, 0, 1, 2, 2, 0, 0xca, 0x1f, 0, 7],
            "type, hardware type, time, address"
        );
        let later = duid(&directory, MacAddress([9; 6]), EPOCH_OF_DUIDS + 999);
        assert_eq!(later, (first, None));
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn the_operator_reads_the_duid_in_its_file_and_may_write_another() {
        let directory = directory("operator");
        duid(&directory, MAC, EPOCH_OF_DUIDS + 258);
        let kept = fs::read_to_string(directory.join(FILE)).unwrap();
        assert_eq!(kept, "00:01:00:01:00:00:01:02:02:00:ca:1f:00:07\n");
        fs::write(directory.join(FILE), "00:02:00:00:ab:cd:01\n").unwrap();
        let written = duid(&directory, MAC, EPOCH_OF_DUIDS + 999);
        assert_eq!(written, (vec![0, 2, 0, 0, 0xab, 0xcd, 1], None));
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn interfaces_have_iaids_of_their_own() {
        let wanted = Identifier::Duid {
            iaid: None,
            duid: None,
        };
        let of = |mac| client_identifier(&wanted, MacAddress(mac), &[0, 3, 0, 1, 9]);
        let (first, second) = (of([2, 0, 0, 0, 0, 1]), of([2, 0, 0, 0, 0, 2]));
        assert_ne!(first[1..5], second[1..5]);
        assert_eq!(first[5..], second[5..]);
    }

    #[test]
    fn a_damaged_duid_is_replaced_and_said() {
        let directory = directory("damaged");
        fs::create_dir_all(&directory).unwrap();
        let long = "00:".repeat(131) + "00";
        for text in ["", "zz:00:01", "00", "00:01:0", "0001", long.as_str()] {
            fs::write(directory.join(FILE), text).unwrap();
            let (made, trouble) = duid(&directory, MAC, EPOCH_OF_DUIDS);
            assert_eq!(made.len(), 14, "{text:?}");
            assert!(trouble.unwrap().contains("is ignored"), "{text:?}");
        }
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn where_nothing_can_be_kept_the_duid_is_made_of_the_address_alone() {
        let (made, trouble) = duid(Path::new("/proc/nowhere"), MAC, EPOCH_OF_DUIDS);
        assert_eq!(made, [0, 3, 0, 1, 2, 0, 0xca, 0x1f, 0, 7]);
        assert!(trouble.unwrap().contains("not kept"));
    }
}
