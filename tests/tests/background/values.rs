//! Values of a server that steer terminals and forge lines, wherever a run says something: none of them comes
//! out as it came in.

use calfkit_tests::{
    SOON,
    message::{Kind, code, option},
    server::{Decision, reply_frame_of},
    until,
};
use nix::sys::signal::Signal;

use crate::{leased, network};

const LOG: &str = "/run/testbed/log";

/// A word to look for, with what sets the title of a terminal, clears it, begins a line, and does so in eight
/// bits, as one octet and as UTF-8 has it.
const HOSTILE: &[u8] = b"owned\x1b]0;title\x07\x1b[2J\r\nforged\x08\x7f\x9b2J\xc2\x9b2J\0end";

/// Options that are text, or are shown as such.
const TEXTS: [u8; 14] = [
    code::HOST_NAME,
    code::DOMAIN,
    14,
    code::ROOT_PATH,
    18,
    40,
    47,
    code::MESSAGE,
    60,
    64,
    code::TFTP_SERVER,
    code::BOOT_FILE,
    100,
    252,
];

fn assert_clean(what: &str, text: &str) {
    for line in text.split('\n') {
        let raw = line.chars().find(|character| character.is_control());
        assert_eq!(raw, None, "{what}: {line:?}");
        assert!(!line.starts_with("forged"), "{what}: {text:?}");
    }
}

#[test]
fn control_characters_of_a_server_reach_no_terminal() {
    let (bed, server) = network();
    server.hook(|_, usual| {
        let Some(usual) = usual else {
            return Decision::Usual;
        };
        let mut reply = usual.clone();
        for code in TEXTS {
            reply.set_option(code, HOSTILE);
        }
        let options = reply.options.iter();
        let mut area: Vec<u8> = options
            .flat_map(|(code, value)| option(*code, value))
            .collect();
        area.push(code::END);
        let payload = reply.encode_with(&area, HOSTILE, HOSTILE);
        Decision::Frames(vec![reply_frame_of(&reply, &payload)])
    });
    let asked = TEXTS.map(|code| code.to_string()).join(",");
    let options = [
        "--request",
        &asked,
        "--log",
        "stderr",
        "--log",
        LOG,
        "--log-level",
        "debug",
    ];
    let run = leased(&bed, &options);

    let mut shown = String::new();
    for words in [
        &["status"][..],
        &["status", "--json"],
        &["dump"],
        &["dump", "--json"],
    ] {
        let said = bed.client.ctl(words).success().join("\n");
        assert_clean(&words.join(" "), &said);
        shown.push_str(&said);
    }
    // Control: the one text of a server that is shown whatever is in it.
    assert!(shown.contains("owned?]0;title"), "{shown}");

    // A refusal with a reason in words.
    server.refuse_next(1);
    run.signal(run.server(), Signal::SIGUSR1);
    assert!(server.wait_sent(0, Kind::NAK, SOON).is_some());
    let refused = || {
        bed.client
            .read(LOG)
            .ok()
            .filter(|log| log.contains("DHCPNAK"))
    };
    let log = until(SOON, refused).unwrap_or_else(|| panic!("{:?}", bed.client.read(LOG)));
    assert_clean("log", &log);
    assert_clean("the terminal", &run.said());
}
