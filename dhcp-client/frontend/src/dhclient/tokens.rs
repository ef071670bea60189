//! The words of dhclient.conf(5): names and numbers, quoted strings, and marks.
//!
//! The file is read as it is needed, so that what a hostile one costs is its own size. Nothing in it is
//! an error here: what no statement has is a mark that no statement takes.

/// Longest quoted string, in octets; ISC's parser has no room for longer ones either.
const LONGEST_TEXT: usize = 1500;

/// A piece of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Letters, digits, hyphens and underscores.
    Word(&'a str),
    /// What stood between double quotes.
    Text(Vec<u8>),
    /// Any other octet.
    Mark(u8),
    /// The end of the file, or a string that does not end.
    End,
}

/// A file, read from its beginning.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    file: &'a [u8],
    position: usize,
    line: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self {
            file,
            position: 0,
            line: 1,
        }
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Token<'a> {
        self.skip_blanks();
        let Some(first) = self.octet() else {
            return Token::End;
        };
        if is_word(first) {
            return self.word();
        }
        self.advance();
        match first {
            b'"' => self.text(),
            mark => Token::Mark(mark),
        }
    }

    /// The next token, which stays the next.
    pub(super) fn peek(&self) -> Token<'a> {
        self.clone().next()
    }

    /// Takes the next token if it is this mark.
    pub(super) fn takes(&mut self, mark: u8) -> bool {
        let mut ahead = self.clone();
        let found = ahead.next() == Token::Mark(mark);
        if found {
            *self = ahead;
        }
        found
    }

    /// The line of the next token, from 1.
    pub(super) fn line(&self) -> usize {
        let mut ahead = self.clone();
        ahead.skip_blanks();
        ahead.line
    }

    /// Where the next token begins; see [`text_since`](Self::text_since).
    pub(super) fn mark(&self) -> usize {
        let mut ahead = self.clone();
        ahead.skip_blanks();
        ahead.position
    }

    /// Whether nothing stands between the last token and the next.
    pub(super) fn touches(&self) -> bool {
        self.mark() == self.position
    }

    /// Whether the last token ended a statement.
    pub(super) fn ended(&self) -> bool {
        let last = self
            .position
            .checked_sub(1)
            .and_then(|at| self.file.get(at));
        matches!(last, Some(b';' | b'}'))
    }

    /// What was read since, on one line and at most `longest` octets of it.
    pub(super) fn text_since(&self, mark: usize, longest: usize) -> String {
        let end = self.position.min(mark.saturating_add(longest));
        let read = self.file.get(mark..end).unwrap_or_default();
        let text = String::from_utf8_lossy(read);
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ")
    }

    /// Skips the rest of a statement: up to a semicolon, over a block in braces, or up to the brace that
    /// closes the block around it.
    pub(super) fn skip_statement(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                Token::End => {
                    self.position = self.file.len();
                    return;
                }
                Token::Mark(b'}') if depth == 0 => return,
                Token::Mark(b'}') => {
                    self.next();
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return;
                    }
                }
                Token::Mark(b'{') => {
                    self.next();
                    depth = depth.saturating_add(1);
                }
                Token::Mark(b';') if depth == 0 => {
                    self.next();
                    return;
                }
                Token::Word(_) | Token::Text(_) | Token::Mark(_) => {
                    self.next();
                }
            }
        }
    }

    fn octet(&self) -> Option<u8> {
        self.file.get(self.position).copied()
    }

    fn advance(&mut self) {
        if self.octet() == Some(b'\n') {
            self.line = self.line.saturating_add(1);
        }
        self.position = self.position.saturating_add(1);
    }

    /// Blanks and comments.
    fn skip_blanks(&mut self) {
        while let Some(octet) = self.octet() {
            match octet {
                b'#' => {
                    while self.octet().is_some_and(|octet| octet != b'\n') {
                        self.advance();
                    }
                }
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => self.advance(),
                _ => return,
            }
        }
    }

    fn word(&mut self) -> Token<'a> {
        let rest = self.file.get(self.position..).unwrap_or_default();
        let length = rest.iter().take_while(|octet| is_word(**octet)).count();
        self.position = self.position.saturating_add(length);
        let word = rest.get(..length).map(str::from_utf8);
        Token::Word(word.and_then(Result::ok).unwrap_or_default())
    }

    /// The rest of a string, after its opening quote.
    fn text(&mut self) -> Token<'a> {
        let mut text = Vec::new();
        while let Some(octet) = self.octet() {
            self.advance();
            match octet {
                b'"' => return Token::Text(text),
                b'\\' => match self.escaped() {
                    Some(octet) => text.push(octet),
                    None => break,
                },
                octet => text.push(octet),
            }
            if text.len() > LONGEST_TEXT {
                break;
            }
        }
        // Whatever follows would be read the wrong way round.
        self.position = self.file.len();
        Token::End
    }

    /// The octet that an escape stands for, after its backslash.
    fn escaped(&mut self) -> Option<u8> {
        let octet = self.octet()?;
        self.advance();
        Some(match octet {
            b't' => b'\t',
            b'r' => b'\r',
            b'n' => b'\n',
            b'b' => 0x08,
            b'0'..=b'3' => self.digits(octet, 8, 2),
            b'x' => self.digits(b'0', 16, 2),
            octet => octet,
        })
    }

    /// A number of at most one digit and `more` others; one that does not fit is what fits of it.
    fn digits(&mut self, first: u8, radix: u8, more: usize) -> u8 {
        let mut number = first.saturating_sub(b'0');
        for _ in 0..more {
            let Some(digit) = self.octet().and_then(|octet| digit(octet, radix)) else {
                break;
            };
            self.advance();
            number = number.wrapping_mul(radix).wrapping_add(digit);
        }
        number
    }
}

fn digit(octet: u8, radix: u8) -> Option<u8> {
    let digit = char::from(octet).to_digit(radix.into())?;
    u8::try_from(digit).ok()
}

const fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(file: &str) -> Vec<Token<'_>> {
        let mut tokens = Tokens::new(file.as_bytes());
        let next = || Some(tokens.next()).filter(|token| *token != Token::End);
        std::iter::from_fn(next).collect()
    }

    fn text(text: &str) -> Token<'_> {
        Token::Text(text.as_bytes().to_vec())
    }

    #[test]
    fn words_strings_and_marks_are_told_apart() {
        assert_eq!(
            all("send host-name \"a b\"; # c\nretry 0x10;"),
            [
                Token::Word("send"),
                Token::Word("host-name"),
                text("a b"),
                Token::Mark(b';'),
                Token::Word("retry"),
                Token::Word("0x10"),
                Token::Mark(b';'),
            ]
        );
    }

    #[test]
    fn escapes_stand_for_octets() {
        assert_eq!(
            all(r#""a\"b\\c\n\0011\x41z\q""#),
            [text("a\"b\\c\n\u{1}1Azq")]
        );
        assert_eq!(all(r#""\377""#), [Token::Text(vec![255])]);
    }

    #[test]
    fn a_hash_in_a_string_begins_no_comment() {
        assert_eq!(all("\"a#b\""), [text("a#b")]);
    }

    #[test]
    fn a_string_that_does_not_end_is_the_end_of_the_file() {
        assert_eq!(all("a \"b; c d e;"), [Token::Word("a")]);
        assert_eq!(all("a \"b\\"), [Token::Word("a")]);
        let long = format!("a \"{}\" b", "x".repeat(1501));
        assert_eq!(all(&long), [Token::Word("a")]);
    }

    #[test]
    fn lines_are_counted_where_the_next_token_is() {
        let mut tokens = Tokens::new(b"a\n\n# c\n b");
        assert_eq!(tokens.line(), 1);
        tokens.next();
        assert_eq!(tokens.line(), 4);
    }

    #[test]
    fn a_statement_ends_at_its_semicolon_or_after_its_block() {
        for (file, next) in [
            ("x y; z", "z"),
            ("x { y; { a; } b; } z", "z"),
            ("x } z", "}"),
            ("x", ""),
            ("x { y;", ""),
        ] {
            let mut tokens = Tokens::new(file.as_bytes());
            tokens.skip_statement();
            let expected = match next {
                "" => Token::End,
                "}" => Token::Mark(b'}'),
                word => Token::Word(word),
            };
            assert_eq!(tokens.next(), expected, "{file}");
        }
    }

    #[test]
    fn what_was_read_is_shown_on_one_line() {
        let mut tokens = Tokens::new(b" send\n  x 1;");
        let mark = tokens.mark();
        tokens.skip_statement();
        assert_eq!(tokens.text_since(mark, 100), "send x 1;");
        assert_eq!(tokens.text_since(mark, 4), "send");
    }
}
