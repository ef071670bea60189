//! Takes the furniture of printed pages out of an RFC's text: footers, form feeds, running headers, and the gap that
//! they tear into a paragraph.

/// The text's lines without page breaks. Where a sentence ran over the break, its two halves are neighbours again.
pub(super) fn without_pages(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = Vec::new();
    let mut pages = text.split('\u{c}');
    lines.extend(pages.next().unwrap_or_default().lines());
    for page in pages {
        drop_blank_end(&mut lines);
        // The footer: "Droms                       Standards Track                     [Page 1]".
        lines.pop();
        drop_blank_end(&mut lines);
        let mut next = page.lines().skip_while(|line| is_blank(line));
        // The running header: "RFC 2131          Dynamic Host Configuration Protocol         March 1997".
        next.next();
        let mut next = next.skip_while(|line| is_blank(line)).peekable();
        let ends = lines.last().is_none_or(|line| ends_something(line));
        let begins = next.peek().is_none_or(|line| begins_something(line));
        if ends || begins {
            lines.push("");
        }
        lines.extend(next);
    }
    lines
}

/// Whether a line is the first of an item of a list: `o`, `*`, `-`, `--`, `1.`, `(1)`.
pub(super) fn is_item(line: &str) -> bool {
    let Some((mark, rest)) = line.trim_start().split_once(' ') else {
        return false;
    };
    if rest.trim().is_empty() {
        return false;
    }
    let number = mark.strip_suffix('.').or_else(|| {
        mark.strip_prefix('(')
            .and_then(|mark| mark.strip_suffix(')'))
    });
    matches!(mark, "o" | "*" | "-" | "--" | "+")
        || number.is_some_and(|number| {
            !number.is_empty() && number.len() <= 2 && number.bytes().all(|c| c.is_ascii_digit())
        })
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn drop_blank_end(lines: &mut Vec<&str>) {
    while lines.last().is_some_and(|line| is_blank(line)) {
        lines.pop();
    }
}

fn ends_something(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with(['.', ':', '!', '?', '|', '+']) || line.ends_with("--")
}

/// A heading (the only text that starts in the first column) or an item of a list.
fn begins_something(line: &str) -> bool {
    line.starts_with(|c: char| !c.is_whitespace()) || is_item(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(before: &str, after: &str) -> String {
        format!(
            "{before}\n\n\n\nDroms        Standards Track     [Page 9]\n\u{c}\nRFC 2131      Some Title      March 1997\n\n\n{after}\n"
        )
    }

    #[test]
    fn a_sentence_that_runs_over_a_page_is_whole_again() {
        let text = broken("   The client MUST", "   wait for it.");
        assert_eq!(
            without_pages(&text),
            ["   The client MUST", "   wait for it."]
        );
    }

    #[test]
    fn a_paragraph_a_heading_and_an_item_after_a_page_stand_apart() {
        for (before, after) in [
            ("   It ended.", "   Another begins."),
            ("   a list", "   o item"),
            ("   no end", "4.1 Heading"),
        ] {
            let text = broken(before, after);
            assert_eq!(without_pages(&text), [before, "", after]);
        }
    }

    #[test]
    fn items_of_lists_are_known_by_their_marks() {
        for line in ["   o a", "*  b", " -- c", "  1. d", " (12) e"] {
            assert!(is_item(line), "{line}");
        }
        for line in ["   or a", "1996 b", "3.1 c", "  o", "a. b"] {
            assert!(!is_item(line), "{line}");
        }
    }
}
