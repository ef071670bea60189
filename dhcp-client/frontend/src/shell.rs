//! What may reach a shell: a server chooses these values, and scripts are careless with them.
//!
//! Injection through a host name, a domain or a boot file is the DHCP client's oldest hole (CVE-2011-0996,
//! CVE-2011-0997, CVE-2011-2716, CVE-2018-1111). A value that a shell could read as more than a word is
//! not quoted, because whoever reads it next would have to quote it again: it is left out, and named.

/// Whether no shell can take `text` for more than text, or than several words.
#[must_use]
pub fn is_safe(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control() || matches!(c, '`' | '$' | '"' | '\'' | '\\' | ';' | '|' | '<' | '>')
    })
}

#[cfg(test)]
mod tests {
    use super::is_safe;

    #[test]
    fn words_paths_and_lists_are_safe() {
        for text in [
            "",
            "box1.example.org",
            "10.0.0.1 10.0.0.2",
            "/boot/pxe-0(1)&{}*?~#%=@",
        ] {
            assert!(is_safe(text), "{text}");
        }
    }

    #[test]
    fn what_a_shell_would_act_on_is_not_safe() {
        for text in [
            "`id`",
            "$(id)",
            "a\"b",
            "a'b",
            "a\\b",
            "a;b",
            "a|b",
            "a<b",
            "a>b",
            "a\nb",
            "a\0b",
            "a\u{1b}[2Jb",
            "a\u{7f}b",
            "a\u{85}b",
        ] {
            assert!(!is_safe(text), "{text:?}");
        }
    }
}
