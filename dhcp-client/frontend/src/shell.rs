//! What may reach a shell: a server chooses these values, and scripts are careless with them.
//!
//! Injection through a host name, a domain or a boot file is the DHCP client's oldest hole (CVE-2011-0996,
//! CVE-2011-0997, CVE-2011-2716, CVE-2018-1111). A value that a shell could read as more than a word is
//! not quoted, because whoever reads it next would have to quote it again: it is left out, and named.

/// What ends or joins commands, redirects, substitutes, groups or quotes in a shell. `^` is the pipe of the first
/// ones, and parentheses are also what fish and rc substitute by.
const SYNTAX: [char; 13] = [
    '`', '$', '"', '\'', '\\', ';', '&', '|', '^', '<', '>', '(', ')',
];

/// Whether no shell can take `text` for more than text, or than several words.
///
/// What only makes another text of a text is let through, because boot files and paths have it: `*?[]` (names of
/// files that are there), `~`, `{}` (a brace is syntax only as a word, after which a `;` is needed), `#`, `!`,
/// `=`, `%`. So are spaces, by which lists are told: the second word of a list that a script gives to `eval`
/// without quotes is a command to it, and is so with every client.
#[must_use]
pub fn is_safe(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || SYNTAX.contains(&c))
}

#[cfg(test)]
mod tests;
