//! Option codes of RFC 2132 and its successors, as far as this client reads or writes them.

/// 'pad', one octet without a length.
pub(super) const PAD: u8 = 0;
/// Subnet mask.
pub(super) const SUBNET_MASK: u8 = 1;
/// Routers, in order of preference.
pub(super) const ROUTER: u8 = 3;
/// Domain name servers, in order of preference.
pub(super) const DOMAIN_NAME_SERVER: u8 = 6;
/// Host name.
pub(super) const HOST_NAME: u8 = 12;
/// Domain name.
pub(super) const DOMAIN_NAME: u8 = 15;
/// MTU of the interface.
pub(super) const INTERFACE_MTU: u8 = 26;
/// Broadcast address.
pub(super) const BROADCAST_ADDRESS: u8 = 28;
/// Static routes by address class.
pub(super) const STATIC_ROUTE: u8 = 33;
/// NTP servers, in order of preference.
pub(super) const NTP_SERVERS: u8 = 42;
/// Requested IP address.
pub(super) const REQUESTED_ADDRESS: u8 = 50;
/// IP address lease time.
pub(super) const LEASE_TIME: u8 = 51;
/// Option overload: 'file' or 'sname' hold options.
pub(super) const OVERLOAD: u8 = 52;
/// DHCP message type.
pub(super) const MESSAGE_TYPE: u8 = 53;
/// Server identifier.
pub(super) const SERVER_IDENTIFIER: u8 = 54;
/// Parameter request list.
pub(super) const PARAMETER_REQUEST_LIST: u8 = 55;
/// Text for a person.
pub(super) const MESSAGE: u8 = 56;
/// Maximum DHCP message size.
pub(super) const MAXIMUM_MESSAGE_SIZE: u8 = 57;
/// T1.
pub(super) const RENEWAL_TIME: u8 = 58;
/// T2.
pub(super) const REBINDING_TIME: u8 = 59;
/// Vendor class identifier.
pub(super) const VENDOR_CLASS: u8 = 60;
/// Client identifier.
pub(super) const CLIENT_IDENTIFIER: u8 = 61;
/// Rapid commit, RFC 4039.
pub(super) const RAPID_COMMIT: u8 = 80;
/// The client's fully qualified domain name, RFC 4702.
pub(super) const FULL_NAME: u8 = 81;
/// What a relay agent adds, RFC 3046.
pub(super) const RELAY_AGENT_INFORMATION: u8 = 82;
/// Authentication, RFC 3118.
pub(crate) const AUTHENTICATION: u8 = 90;
/// The network can do without IPv4, RFC 8925.
pub(crate) const IPV6_ONLY_PREFERRED: u8 = 108;
/// Domain search list, RFC 3397.
pub(super) const DOMAIN_SEARCH: u8 = 119;
/// Classless static routes, RFC 3442.
pub(super) const CLASSLESS_ROUTE: u8 = 121;
/// The client checks a nonce in DHCPFORCERENEW, RFC 6704.
pub(super) const FORCERENEW_NONCE_CAPABLE: u8 = 145;
/// Microsoft's code for the content of option 121, from before RFC 3442.
pub(super) const MICROSOFT_ROUTE: u8 = 249;
/// 'end', one octet without a length.
pub(super) const END: u8 = 255;

/// The options that the machine acts on: when one is malformed, that has a name of its own.
pub(super) const READ: &[u8] = &[
    SUBNET_MASK,
    ROUTER,
    DOMAIN_NAME_SERVER,
    HOST_NAME,
    DOMAIN_NAME,
    INTERFACE_MTU,
    BROADCAST_ADDRESS,
    STATIC_ROUTE,
    NTP_SERVERS,
    LEASE_TIME,
    OVERLOAD,
    MESSAGE_TYPE,
    SERVER_IDENTIFIER,
    MESSAGE,
    RENEWAL_TIME,
    REBINDING_TIME,
    CLIENT_IDENTIFIER,
    RAPID_COMMIT,
    IPV6_ONLY_PREFERRED,
    DOMAIN_SEARCH,
    CLASSLESS_ROUTE,
    MICROSOFT_ROUTE,
];
