//! dhcpcd.conf(5) as lines: which word with which value belongs to which block.
//!
//! What dhcpcd does is done here too where it can be seen: a file of 64 KiB or more is not read, a NUL ends
//! a line, `;` begins a comment at a line's start and `#` anywhere outside quotes, and a line goes on nowhere:
//! a backslash at its end is one.

use std::{io, path::Path};

use super::words::{self, Block, Line};
use crate::Host;

/// Where dhcpcd looks without `--config`.
pub(super) const DEFAULT_PATH: &str = "/etc/dhcpcd.conf";

/// The least length of a file that dhcpcd does not read.
const TOO_LONG: usize = 64 * 1024;

/// Why a file counts as empty: dhcpcd says so and goes on.
pub(super) enum Unread {
    /// There is none.
    Absent,
    /// There is one, but it cannot or must not be read.
    Refused(String),
}

/// Reads a file.
///
/// # Errors
/// Why it counts as empty.
pub(super) fn read(path: &Path, host: &dyn Host) -> Result<Vec<Line>, Unread> {
    let content = host.read(path).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            Unread::Absent
        } else {
            Unread::Refused(format!("it cannot be read: {error}"))
        }
    })?;
    if content.len() >= TOO_LONG {
        let why = "it is longer than 65535 octets, and dhcpcd reads none of such";
        return Err(Unread::Refused(why.to_owned()));
    }
    Ok(lines(
        &content,
        &words::excerpt(&path.display().to_string()),
    ))
}

fn lines(content: &[u8], path: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut block = Block::Global;
    for (line, number) in content.split(|octet| *octet == b'\n').zip(1_u32..) {
        let Some(text) = without_comment(line) else {
            continue;
        };
        let place = format!("{path}:{number}");
        let line = split(text, place, block.clone());
        if let Some(next) = block_of(&line) {
            block = next;
        }
        lines.push(line);
    }
    lines
}

/// The block that a line begins.
fn block_of(line: &Line) -> Option<Block> {
    let name = line.value.clone().unwrap_or_default();
    match line.word.as_str() {
        "interface" => Some(Block::Interface(name)),
        "profile" => Some(Block::Profile(name)),
        "ssid" => Some(Block::Ssid),
        _ => None,
    }
}

/// What a line says; `None` where it says nothing.
fn without_comment(line: &[u8]) -> Option<&[u8]> {
    let line = line.split(|octet| *octet == 0).next()?;
    let start = line.iter().position(|octet| !is_blank(*octet))?;
    let (_, line) = line.split_at_checked(start)?;
    if matches!(line, [b'#' | b';', ..]) {
        return None;
    }
    let mut quoted = false;
    let mut escaped = false;
    let end = line.iter().position(|octet| {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'#' if !quoted => return true,
            _ => {}
        }
        false
    });
    line.get(..end.unwrap_or(line.len()))
}

fn split(text: &[u8], place: String, block: Block) -> Line {
    let text = String::from_utf8_lossy(text);
    let (word, value) = match text.split_once([' ', '\t']) {
        Some((word, value)) => (word, trimmed(value)),
        None => (text.as_ref(), ""),
    };
    Line {
        place,
        block,
        word: word.to_owned(),
        value: (!value.is_empty()).then(|| value.to_owned()),
        written: text.trim_end_matches([' ', '\t']).to_owned(),
    }
}

/// Without the blanks around, but for one at the end that a backslash protects.
fn trimmed(value: &str) -> &str {
    let mut value = value.trim_start_matches([' ', '\t']);
    while let Some(shorter) = value.strip_suffix([' ', '\t']) {
        if shorter.ends_with('\\') {
            break;
        }
        value = shorter;
    }
    value
}

const fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &[u8]) -> Vec<(Block, String, Option<String>)> {
        lines(text, "/c")
            .into_iter()
            .map(|line| (line.block, line.word, line.value))
            .collect()
    }

    fn global(word: &str, value: Option<&str>) -> (Block, String, Option<String>) {
        (Block::Global, word.into(), value.map(Into::into))
    }

    #[test]
    fn comments_and_blanks_around_words_and_values_mean_nothing() {
        let text = b"# one\n; two\n\n \t noarp \n\tmetric\t 5 \t# three\nclientid \"a#b\" # four\n";
        assert_eq!(
            read_text(text),
            [
                global("noarp", None),
                global("metric", Some("5")),
                global("clientid", Some("\"a#b\"")),
            ]
        );
    }

    #[test]
    fn a_backslash_protects_a_comment_sign_a_quote_and_a_last_blank() {
        assert_eq!(
            read_text(b"userclass a\\#b\nuserclass \\\"a # b\nuserclass a\\  \n"),
            [
                global("userclass", Some("a\\#b")),
                global("userclass", Some("\\\"a")),
                global("userclass", Some("a\\ ")),
            ]
        );
    }

    #[test]
    fn a_line_goes_on_nowhere() {
        assert_eq!(
            read_text(b"option \\\nhost_name"),
            [global("option", Some("\\")), global("host_name", None)]
        );
    }

    #[test]
    fn a_nul_ends_a_line_and_other_octets_are_words() {
        assert_eq!(
            read_text(b"noarp\0 xyz\n\xff\xfe 1\n\0\nnodelay\r\n"),
            [
                global("noarp", None),
                global("\u{fffd}\u{fffd}", Some("1")),
                global("nodelay\r", None),
            ]
        );
    }

    #[test]
    fn lines_belong_to_the_block_that_began_last() {
        let text =
            b"noarp\ninterface eth0\nmetric 1\nprofile p\nmetric 2\nssid s\nmetric 3\ninterface\n";
        let blocks: Vec<Block> = lines(text, "/c")
            .into_iter()
            .map(|line| line.block)
            .collect();
        assert_eq!(
            blocks,
            [
                Block::Global,
                Block::Global,
                Block::Interface("eth0".into()),
                Block::Interface("eth0".into()),
                Block::Profile("p".into()),
                Block::Profile("p".into()),
                Block::Ssid,
                Block::Ssid,
            ]
        );
    }

    #[test]
    fn each_line_knows_its_place() {
        let places: Vec<String> = lines(b"\n\nnoarp\n#\nnodelay", "/c")
            .into_iter()
            .map(|line| line.place)
            .collect();
        assert_eq!(places, ["/c:3", "/c:5"]);
    }
}
