//! A value as a shell reads it inside quotes (POSIX, Shell Command Language 2.2), which is how scripts hand on what
//! they were told: by `eval`, in files they source, in lines they print. The one thing that must come out is the
//! value.

/// Inside either sort of quotes the value is itself, whole, and ends no line.
pub(super) fn check(value: &str) {
    assert_eq!(read(&format!("\"{value}\"")), Some(value.to_owned()));
    assert_eq!(read(&format!("'{value}'")), Some(value.to_owned()));
    assert!(!value.chars().any(char::is_control), "{value:?}");
}

/// The text of one word that consists of quoted parts; `None` where a shell would do anything else than take it as
/// text.
fn read(word: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = word.chars();
    while let Some(quote) = rest.next() {
        match quote {
            // 2.2.2: "shall preserve the literal value of each character".
            '\'' => loop {
                match rest.next()? {
                    '\'' => break,
                    one => text.push(one),
                }
            },
            // 2.2.3: with the exceptions of backquote, dollar sign and backslash.
            '"' => loop {
                match rest.next()? {
                    '"' => break,
                    '`' | '$' | '\\' => return None,
                    one => text.push(one),
                }
            },
            _ => return None,
        }
    }
    Some(text)
}
