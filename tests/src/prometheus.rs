//! A collector of metrics that believes nothing: it reads HTTP and the text format as their descriptions have
//! them, and refuses whatever else there is.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
};

use crate::{SOON, namespace::Namespace};

/// The media type of the text format.
pub const TEXT_FORMAT: &str = "text/plain; version=0.0.4";

/// An answer of a server that speaks HTTP/1.0 (RFC 1945 section 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Three digits.
    pub status: u16,
    /// By their names in lower case.
    pub fields: BTreeMap<String, String>,
    /// As long as the field Content-Length says.
    pub body: String,
}

impl Answer {
    /// Reads a whole answer.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (head, body) = text.split_once("\r\n\r\n").ok_or("no empty line")?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(status_of).ok_or("no status line")?;
        let mut fields = BTreeMap::new();
        for line in lines {
            let (name, value) = line
                .split_once(": ")
                .filter(|(name, value)| is_token(name) && !value.contains(char::is_control))
                .ok_or_else(|| format!("no field: {line:?}"))?;
            if fields
                .insert(name.to_ascii_lowercase(), value.to_owned())
                .is_some()
            {
                return Err(format!("twice: {line:?}"));
            }
        }
        let length = fields.get("content-length").ok_or("no length")?;
        if length.parse() != Ok(body.len()) {
            return Err(format!("{} octets instead of {length}", body.len()));
        }
        Ok(Self {
            status,
            fields,
            body: body.to_owned(),
        })
    }
}

fn status_of(line: &str) -> Option<u16> {
    let (code, reason) = line.strip_prefix("HTTP/1.0 ")?.split_once(' ')?;
    let well = code.len() == 3 && !reason.is_empty() && !reason.contains(char::is_control);
    code.parse().ok().filter(|_| well)
}

fn is_token(name: &str) -> bool {
    let may = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
    !name.is_empty() && name.bytes().all(may)
}

/// Values by series, as `name{label="value"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page(BTreeMap<String, u64>);

impl Page {
    /// Reads a page of which all series have labels and whole numbers, as ours do.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut page = Self::default();
        let mut names = BTreeSet::new();
        let body = text.strip_suffix('\n').ok_or("no newline at the end")?;
        let mut lines = body.split('\n').peekable();
        while let Some(line) = lines.next() {
            let (name, help) = comment(line, "HELP")?;
            let (typed, kind) = comment(lines.next().unwrap_or_default(), "TYPE")?;
            let known = ["counter", "gauge"].contains(&kind);
            if help.is_empty() || typed != name || !known || !is_name(name) || !names.insert(name) {
                return Err(format!("{name}, {typed}: {kind}"));
            }
            let mut series = 0;
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                page.take(name, line)
                    .ok_or_else(|| format!("no series of {name}, or twice: {line:?}"))?;
                series += 1;
            }
            if series == 0 {
                return Err(format!("nothing of {name}"));
            }
        }
        Ok(page)
    }

    fn take(&mut self, name: &str, line: &str) -> Option<()> {
        let (series, value) = line.rsplit_once(' ')?;
        let labels = series.strip_prefix(name)?.strip_prefix('{')?;
        let mut rest = labels.strip_suffix('}')?;
        let mut seen = BTreeSet::new();
        loop {
            let (label, quoted) = rest.split_once("=\"")?;
            if !is_name(label) || !seen.insert(label) {
                return None;
            }
            match after_quoted(quoted)? {
                "" => break,
                more => rest = more.strip_prefix(',')?,
            }
        }
        let value = value.parse().ok()?;
        self.0
            .insert(series.to_owned(), value)
            .is_none()
            .then_some(())
    }

    /// The value of a series of ours, by its name without what all have.
    #[must_use]
    pub fn value(&self, series: &str) -> Option<u64> {
        self.0.get(&format!("calfkit_dhcp_{series}")).copied()
    }
}

fn comment<'a>(line: &'a str, kind: &str) -> Result<(&'a str, &'a str), String> {
    let rest = line
        .strip_prefix("# ")
        .and_then(|rest| rest.strip_prefix(kind));
    rest.and_then(|rest| rest.strip_prefix(' ')?.split_once(' '))
        .ok_or_else(|| format!("no {kind}: {line:?}"))
}

fn is_name(name: &str) -> bool {
    let may = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
    name.bytes().all(may) && name.starts_with(|first: char| !first.is_ascii_digit())
}

/// What is left after a label's value and the quote behind it.
fn after_quoted(text: &str) -> Option<&str> {
    let mut characters = text.char_indices();
    loop {
        match characters.next()? {
            (at, '"') => return text.get(at + 1..),
            (_, '\\') => {
                let (_, escaped) = characters.next()?;
                if !['\\', '"', 'n'].contains(&escaped) {
                    return None;
                }
            }
            (_, _) => {}
        }
    }
}

impl Namespace {
    /// Connects to a socket of the host.
    ///
    /// # Panics
    /// If nobody listens.
    #[must_use]
    pub fn connect(&self, path: &str) -> UnixStream {
        let stream = self.run(|| UnixStream::connect(path));
        let stream = stream.unwrap_or_else(|error| panic!("{path}: {error}"));
        stream
            .set_read_timeout(Some(SOON))
            .expect("a socket takes a limit");
        stream
    }

    /// Sends a request to a socket of the host, and reads until the connection ends.
    ///
    /// # Panics
    /// If nobody listens, or what comes is no answer.
    #[must_use]
    pub fn asked(&self, path: &str, request: &str) -> Answer {
        let mut stream = self.connect(path);
        let mut ask = || -> io::Result<String> {
            stream.write_all(request.as_bytes())?;
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            Ok(text)
        };
        let text = ask().unwrap_or_else(|error| panic!("{path}: {error}"));
        Answer::parse(&text).unwrap_or_else(|wrong| panic!("{wrong}; {text:?}"))
    }

    /// The metrics that are told on a socket of the host.
    ///
    /// # Panics
    /// If there are none.
    #[must_use]
    pub fn metrics(&self, path: &str) -> Page {
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n";
        let Answer {
            status,
            fields,
            body,
        } = self.asked(path, request);
        assert_eq!(status, 200, "{body}");
        assert_eq!(
            fields.get("content-type").map(String::as_str),
            Some(TEXT_FORMAT)
        );
        Page::parse(&body).unwrap_or_else(|wrong| panic!("{wrong}; {body}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_not_to_the_letter_is_refused() {
        let well = "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(Answer::parse(well).map(|it| it.body), Ok("abc".to_owned()));
        for wrong in [
            "HTTP/1.0 200 OK\nContent-Length: 3\n\nabc",
            "HTTP/1.0 20 OK\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nab",
            "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabcd",
            "HTTP/1.0 200 OK\r\nContent-Type: x\r\n\r\nabc",
            "HTTP/1.0 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.0 200 OK\r\nContent Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        ] {
            assert!(Answer::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_page_that_is_not_to_the_letter_is_refused() {
        let head = "# HELP calfkit_dhcp_x Help.\n# TYPE calfkit_dhcp_x counter\n";
        let parse = |lines: &str| Page::parse(&format!("{head}{lines}"));
        let well = r#"calfkit_dhcp_x{a="\"}\\\n",b="c d"} 7"#;
        let page = parse(&format!("{well}\n")).expect("all is well");
        assert_eq!(page.value(r#"x{a="\"}\\\n",b="c d"}"#), Some(7));
        for wrong in [
            "",
            well,
            "calfkit_dhcp_x{a=\"b\"} 7\n\n",
            "calfkit_dhcp_x{a=\"b\"} 7\ncalfkit_dhcp_x{a=\"b\"} 8\n",
            "calfkit_dhcp_y{a=\"b\"} 7\n",
            "calfkit_dhcp_x{a=\"b} 7\n",
            "calfkit_dhcp_x{a=\"b\"c} 7\n",
            "calfkit_dhcp_x{a=\"\\t\"} 7\n",
            "calfkit_dhcp_x{a=\"b\",a=\"c\"} 7\n",
            "calfkit_dhcp_x{a=\"b\"} seven\n",
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(Page::parse(&format!("{head}{well}\n{head}{well}\n")).is_err());
    }
}
