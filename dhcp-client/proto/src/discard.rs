//! Every reason for which an input is legally ignored, by name and counted: the counters are what
//! the operator reads when there is no lease, and the tests' eyes.

use alloc::{borrow::Cow, collections::BTreeMap, format};

use crate::message::MessageType;

/// Writes the enum, its words and its list from one table, so that none can be forgotten.
macro_rules! discards {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal,)+) => {
        /// Why an input, or one option of it, was ignored. A peer's mistake is never an error.
        ///
        /// Variants are in the order in which a frame meets the checks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Discard {
            $($(#[$doc])+ $variant,)+
        }

        impl Discard {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The words for the operator.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

discards! {
    // Ethernet
    /// Shorter than an Ethernet header.
    TruncatedEthernet = "truncated Ethernet header",
    /// Destination is neither our MAC address nor broadcast.
    OtherDestinationMac = "other destination MAC",
    /// IEEE 802.1Q or 802.1ad tag: the frame belongs to another virtual LAN.
    VlanTagged = "VLAN tagged",
    /// EtherType is neither IPv4 nor ARP.
    OtherEtherType = "other EtherType",

    // ARP, RFC 826
    /// Shorter than an ARP packet, or not for IPv4 over Ethernet.
    MalformedArp = "malformed ARP",
    /// Neither request nor reply.
    OtherArpOperation = "other ARP operation",
    /// The sender is this interface: a hub or an access point gave our own frame back.
    OwnArp = "our own ARP",
    /// It came when the link was said to be down, and nothing can be answered.
    NoLink = "no link",
    /// It says nothing of an address that this client uses or would like to.
    OtherAddress = "ARP for another address",

    // IPv4, RFC 791
    /// Wrong version, or a length that does not fit the frame.
    MalformedIpv4 = "malformed IPv4",
    /// IPv4 header with options.
    Ipv4Options = "IPv4 options",
    /// Wrong header checksum.
    BadIpv4Checksum = "bad IPv4 checksum",
    /// One piece of a fragmented datagram.
    Ipv4Fragment = "IPv4 fragment",
    /// Time to live 0.
    TimeToLiveZero = "time to live 0",
    /// The IPv4 source address is multicast or broadcast.
    UnusableSource = "unusable source address",
    /// Protocol is not UDP.
    NotUdp = "not UDP",

    // UDP, RFC 768
    /// The UDP length is below 8 or is not the length of the IPv4 payload.
    MalformedUdp = "malformed UDP",
    /// Not from port 67 to port 68.
    OtherPort = "other UDP port",
    /// Wrong UDP checksum.
    BadUdpChecksum = "bad UDP checksum",

    // Fixed part, RFC 2131 section 2
    /// Shorter than the fixed part with the magic cookie.
    TruncatedMessage = "truncated message",
    /// The magic cookie is not 99.130.83.99.
    WrongCookie = "wrong magic cookie",
    /// op is not BOOTREPLY.
    NotBootReply = "not BOOTREPLY",
    /// htype is not Ethernet.
    WrongHtype = "wrong htype",
    /// hlen is not 6.
    WrongHlen = "wrong hlen",

    // Options as a whole
    /// An option says that it is longer than the rest of its field.
    OptionOverrun = "option past the end of its field",
    /// Option 52 is not one octet of value 1, 2 or 3.
    MalformedOverload = "malformed option overload",
    /// Option 53 is absent: BOOTP, or a broken server.
    NoMessageType = "no message type",
    /// Option 53 is not one octet of a value between 1 and 8.
    MalformedMessageType = "malformed message type",
    /// A message type that only clients send.
    ClientMessage = "client message type",
    /// chaddr is not our MAC address.
    WrongChaddr = "wrong chaddr",
    /// Option 61 is there and is not the one that we send (RFC 6842).
    WrongClientIdentifier = "wrong client identifier",

    // One option: it is skipped, the message is used
    /// No 'end' option; what came before is used.
    NoEndOption = "no end option",
    /// Option 52 inside 'file' or 'sname', where it has no meaning.
    NestedOverload = "option overload inside file or sname",
    /// A list or text was longer than its limit; its beginning is used.
    ValueCut = "value cut at its limit",
    /// Option 1.
    MalformedSubnetMask = "malformed subnet mask",
    /// Option 3.
    MalformedRouter = "malformed router",
    /// Option 6.
    MalformedDomainNameServer = "malformed domain name server",
    /// Option 12.
    MalformedHostName = "malformed host name",
    /// Option 15.
    MalformedDomainName = "malformed domain name",
    /// Option 26.
    MalformedInterfaceMtu = "malformed interface MTU",
    /// Option 28.
    MalformedBroadcastAddress = "malformed broadcast address",
    /// Option 33.
    MalformedStaticRoute = "malformed static route",
    /// Option 42.
    MalformedNtpServers = "malformed NTP servers",
    /// Option 51.
    MalformedLeaseTime = "malformed lease time",
    /// Option 54.
    MalformedServerIdentifier = "malformed server identifier",
    /// Option 56.
    MalformedMessage = "malformed message text",
    /// Option 58.
    MalformedRenewalTime = "malformed renewal time",
    /// Option 59.
    MalformedRebindingTime = "malformed rebinding time",
    /// Option 80.
    MalformedRapidCommit = "malformed rapid commit",
    /// Option 108. RFC 8925 section 3.1: "The client MUST ignore the IPv6-Only Preferred option if the
    /// length field value is not 4."
    MalformedIpv6Only = "malformed IPv6-only preferred",
    /// Option 119.
    MalformedDomainSearch = "malformed domain search",
    /// Option 121.
    MalformedClasslessRoute = "malformed classless static route",
    /// Option 249.
    MalformedMicrosoftRoute = "malformed Microsoft route",
    /// Any option, 'sname' or 'file', as something to be exported.
    MalformedParameter = "malformed parameter",

    // What the machine decides, by its state
    /// xid is not the one of the current exchange.
    WrongXid = "wrong xid",
    /// A message type that this state does not wait for.
    UnexpectedInState = "unexpected in this state",
    /// The operator names the servers that may be heard, and this is none of them.
    ServerNotAllowed = "server not allowed",
    /// The operator does not want this server heard.
    ServerDenied = "server denied",
    /// An option that the operator wants in a lease is not there, or is malformed.
    RequiredOptionMissing = "required option missing",
    /// An option is there with which the operator wants no lease.
    RefusedOption = "refused option",
    /// A DHCPACK in SELECTING, which option 80 alone makes one that can be used (RFC 4039).
    NoRapidCommit = "no rapid commit",
    /// A server asks for a renewal, and the operator does not want that.
    ForcedRenewalNotWanted = "forced renewal not wanted",
    /// RFC 3203 section 2.2: "Receipt of a multicast FORCERENEW message by the client should be silently
    /// discarded."
    NotUnicast = "not unicast to the leased address",
    /// No option 90 of RFC 6704, or one that is not whole.
    NotSigned = "not signed",
    /// The server never gave a nonce by which a signature could be checked.
    NoNonce = "no nonce",
    /// The replay value is not above those that were seen.
    Replayed = "replayed",
    /// The signature is another's, or of another message.
    WrongSignature = "wrong signature",
    /// The DHCPOFFER promised a nonce (RFC 6704), and the DHCPACK has none.
    NonceWithheld = "promised nonce withheld",
    /// No server identifier where one is needed.
    NoServerIdentifier = "no server identifier",
    /// The server identifier is another server's than the one asked.
    OtherServer = "other server",
    /// yiaddr is no address that a host can have.
    UnusableYiaddr = "unusable yiaddr",
    /// The lease would be over before it began.
    ExpiredLeaseTime = "expired lease time",
}

/// What was sent, seen and ignored since the machine was made.
///
/// Bounded: one number for each message type, and for each pair of message type and reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    frames: u64,
    probes: u64,
    announcements: u64,
    sent: BTreeMap<MessageType, u64>,
    received: BTreeMap<MessageType, u64>,
    discarded: BTreeMap<(Option<MessageType>, Discard), u64>,
}

impl Counters {
    /// Frames given to the machine, of any kind.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Messages of this type handed out for sending.
    #[must_use]
    pub fn sent(&self, message_type: MessageType) -> u64 {
        self.sent.get(&message_type).copied().unwrap_or(0)
    }

    /// Well-formed messages of this type that were addressed to this client, used or not.
    #[must_use]
    pub fn received(&self, message_type: MessageType) -> u64 {
        self.received.get(&message_type).copied().unwrap_or(0)
    }

    /// How often this was the reason, over all message types.
    #[must_use]
    pub fn discarded(&self, reason: Discard) -> u64 {
        self.discarded
            .iter()
            .filter(|((_, counted), _)| *counted == reason)
            .fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// How often this was the reason for a message whose type could be read.
    #[must_use]
    pub fn discarded_of(&self, message_type: MessageType, reason: Discard) -> u64 {
        self.discarded
            .get(&(Some(message_type), reason))
            .copied()
            .unwrap_or(0)
    }

    /// Every counter that is not zero, by dotted name: `frames`, `sent.PROBE`, `sent.DISCOVER`,
    /// `received.OFFER`, `discarded.OFFER.wrong chaddr`, `discarded.malformed IPv4`.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'static, str>, u64)> {
        let single = [
            ("frames", self.frames),
            ("sent.PROBE", self.probes),
            ("sent.ANNOUNCEMENT", self.announcements),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (Cow::Borrowed(name), count));
        let sent = (self.sent.iter())
            .map(|(message_type, count)| (format!("sent.{message_type}").into(), *count));
        let received = (self.received.iter())
            .map(|(message_type, count)| (format!("received.{message_type}").into(), *count));
        let discarded = self
            .discarded
            .iter()
            .map(|((message_type, reason), count)| {
                let name = match message_type {
                    Some(message_type) => format!("discarded.{message_type}.{}", reason.name()),
                    None => format!("discarded.{}", reason.name()),
                };
                (name.into(), *count)
            });
        single.chain(sent).chain(received).chain(discarded)
    }

    pub(crate) fn count_frame(&mut self) {
        self.frames = self.frames.saturating_add(1);
    }

    pub(crate) fn count_sent(&mut self, what: Sent) {
        increment(match what {
            Sent::Message(message_type) => self.sent.entry(message_type).or_default(),
            Sent::Probe => &mut self.probes,
            Sent::Announcement => &mut self.announcements,
        });
    }

    pub(crate) fn count_received(&mut self, message_type: MessageType) {
        increment(self.received.entry(message_type).or_default());
    }

    /// `message_type` is `None` where the input was given up before its type was read.
    pub(crate) fn count_discarded(&mut self, message_type: Option<MessageType>, reason: Discard) {
        increment(self.discarded.entry((message_type, reason)).or_default());
    }
}

/// What was handed out for sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Message(MessageType),
    Probe,
    Announcement,
}

fn increment(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use alloc::{collections::BTreeSet, vec::Vec};

    use super::*;

    #[test]
    fn every_discard_has_its_own_words() {
        let names: BTreeSet<_> = Discard::ALL.iter().map(|reason| reason.name()).collect();
        assert_eq!(names.len(), Discard::ALL.len());
        // A dot would make the dotted counter names ambiguous.
        assert!(
            names
                .iter()
                .all(|name| !name.is_empty() && !name.contains('.'))
        );
    }

    /// What a report of counters carries of a name, octets, and a little less, so that priv shows it whole.
    const LONGEST_NAME: usize = 60;

    #[test]
    fn every_counter_has_a_name_that_a_report_carries() {
        // The longest word for a message type.
        let longest = MessageType::ForceRenew;
        let mut counters = Counters::default();
        for reason in Discard::ALL {
            counters.count_discarded(Some(longest), *reason);
        }
        assert_eq!(counters.iter().count(), Discard::ALL.len());
        for (name, _) in counters.iter() {
            assert!(name.len() <= LONGEST_NAME, "{name}");
        }
    }

    #[test]
    fn fresh_counters_list_nothing() {
        assert_eq!(Counters::default().iter().count(), 0);
    }

    #[test]
    fn counters_are_listed_by_dotted_name() {
        let mut counters = Counters::default();
        counters.count_frame();
        counters.count_frame();
        counters.count_sent(Sent::Message(MessageType::Discover));
        counters.count_sent(Sent::Probe);
        counters.count_received(MessageType::Offer);
        counters.count_discarded(Some(MessageType::Offer), Discard::WrongChaddr);
        counters.count_discarded(Some(MessageType::Offer), Discard::WrongChaddr);
        counters.count_discarded(None, Discard::MalformedIpv4);

        let listed: Vec<_> = counters.iter().collect();

        let expected: [(Cow<'static, str>, u64); 6] = [
            ("frames".into(), 2),
            ("sent.PROBE".into(), 1),
            ("sent.DISCOVER".into(), 1),
            ("received.OFFER".into(), 1),
            ("discarded.malformed IPv4".into(), 1),
            ("discarded.OFFER.wrong chaddr".into(), 2),
        ];
        assert_eq!(listed, expected);
    }

    #[test]
    fn discards_are_summed_over_message_types() {
        let mut counters = Counters::default();
        counters.count_discarded(Some(MessageType::Offer), Discard::WrongXid);
        counters.count_discarded(Some(MessageType::Ack), Discard::WrongXid);
        counters.count_discarded(Some(MessageType::Ack), Discard::OtherServer);

        assert_eq!(counters.discarded(Discard::WrongXid), 2);
        assert_eq!(
            counters.discarded_of(MessageType::Ack, Discard::WrongXid),
            1
        );
        assert_eq!(counters.discarded(Discard::NotUdp), 0);
    }
}
