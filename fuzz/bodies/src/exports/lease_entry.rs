//! An entry of dhclient.leases(5) as those read it who have a parser, and those who go by lines: one lease, whose
//! statements are those of the format, each whole on its line.

/// What statements begin with.
const STATEMENTS: [&str; 9] = [
    "bootp",
    "expire",
    "filename",
    "fixed-address",
    "interface",
    "option",
    "rebind",
    "renew",
    "server-name",
];

pub(super) fn check(entry: &str) {
    let body = entry.strip_prefix("lease {\n").expect("a lease");
    let body = body.strip_suffix("}\n").expect("its end");
    let mut last = "";
    for line in body.lines() {
        // Whoever goes by lines takes a brace for the end of the lease.
        assert!(!line.contains(['{', '}']), "{line:?}");
        let statement = line.strip_prefix("  ").expect("a statement");
        let tokens = tokens(statement);
        let (end, words) = tokens.split_last().expect("more than nothing");
        assert!(matches!(end, Token::End), "{line:?}");
        let inside = |token: &Token| matches!(token, Token::Text | Token::Word(_) | Token::Comma);
        assert!(words.iter().all(inside), "{line:?}");
        let Some(Token::Word(first)) = words.first() else {
            panic!("{line:?}");
        };
        let known = STATEMENTS.iter().find(|word| **word == first.as_str());
        last = known.unwrap_or_else(|| panic!("{line:?}"));
    }
    assert_eq!(last, "expire", "the times are the end: {entry:?}");
}

#[derive(Debug)]
enum Token {
    Word(String),
    Text,
    Comma,
    End,
    Brace,
}

fn tokens(statement: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = statement.chars().peekable();
    while let Some(one) = rest.next() {
        match one {
            ' ' | '\t' => {}
            ';' => tokens.push(Token::End),
            ',' => tokens.push(Token::Comma),
            '{' | '}' => tokens.push(Token::Brace),
            // Only where a lease says when it was written for people.
            '#' => break,
            '"' => {
                loop {
                    match rest.next() {
                        Some('"') => break,
                        Some('\\') => drop(rest.next()),
                        Some(_) => {}
                        None => panic!("a string without end: {statement:?}"),
                    }
                }
                tokens.push(Token::Text);
            }
            _ => {
                let mut word = String::from(one);
                while let Some(next) = rest.next_if(|it| !" \t;,{}\"#".contains(*it)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    tokens
}
