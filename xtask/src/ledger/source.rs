//! A source file as the ledger reads it: its comments, and the tests in it.
//!
//! Lines are enough for this; the code is formatted by rustfmt, which puts attributes, function names and comments
//! where they are looked for here.

use std::mem;

/// A source file.
pub(super) struct Source {
    /// Its path from the repository's root.
    pub(super) path: String,
    /// Its comments, the lines of each joined.
    pub(super) comments: Vec<Comment>,
    /// The names of its tests, in their order.
    pub(super) tests: Vec<String>,
}

/// Neighbouring comment lines of one kind.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Comment {
    /// The number of its first line.
    pub(super) line: usize,
    /// Its text in one line, without the marks.
    pub(super) text: String,
    /// Whose comment it is.
    pub(super) owner: Owner,
}

/// Where a comment stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// In the code of the product.
    Product,
    /// In or before a test: its name.
    Test(String),
    /// In code that tests use.
    TestSupport,
}

impl Source {
    /// Reads a file.
    pub(super) fn read(path: &str, text: &str) -> Self {
        let mut reader = Reader::new(path);
        for (index, line) in text.lines().enumerate() {
            reader.line(index + 1, line);
        }
        reader.end(path)
    }
}

/// Whether a file is compiled into tests only, as its place tells.
fn is_of_tests(path: &str) -> bool {
    path.ends_with("/tests.rs")
        || path.starts_with("fuzz/")
        || path.split('/').any(|folder| folder == "tests")
}

struct Reader {
    comments: Vec<Comment>,
    tests: Vec<String>,
    in_tests: bool,
    /// The comment whose lines are being read, and its mark.
    open: Option<(Comment, &'static str)>,
    /// Comments that may belong to the function after them: from this one on.
    pending: usize,
    /// Whether an attribute made the next function a test.
    test_follows: bool,
    /// Whether `#[cfg(test)]` was the line before.
    cfg_test: bool,
    /// The function that lines now belong to: whether and as which test.
    function: Option<Owner>,
}

impl Reader {
    fn new(path: &str) -> Self {
        Self {
            comments: Vec::new(),
            tests: Vec::new(),
            in_tests: is_of_tests(path),
            open: None,
            pending: 0,
            test_follows: false,
            cfg_test: false,
            function: None,
        }
    }

    fn line(&mut self, number: usize, line: &str) {
        let code = line.trim();
        if let Some((mark, text)) = comment(code) {
            self.comment(number, mark, text);
            return;
        }
        self.close();
        if code.starts_with("#[") || code.starts_with("#![") {
            self.test_follows |= code.contains("test") && !code.contains("cfg(");
            self.cfg_test = code == "#[cfg(test)]";
            return;
        }
        if let Some(name) = function(code) {
            self.function(name);
        } else if !code.is_empty() {
            if self.cfg_test && code.starts_with("mod ") && code.ends_with('{') {
                self.in_tests = true;
                self.function = None;
            }
            self.pending = self.comments.len();
            self.test_follows = false;
        }
        self.cfg_test = false;
    }

    fn comment(&mut self, number: usize, mark: &'static str, text: &str) {
        match &mut self.open {
            Some((comment, kind)) if *kind == mark => {
                comment.text.push(' ');
                comment.text.push_str(&unescaped(text));
            }
            Some(_) | None => {
                self.close();
                let comment = Comment {
                    line: number,
                    text: unescaped(text),
                    owner: self.owner(),
                };
                self.open = Some((comment, mark));
            }
        }
    }

    fn close(&mut self) {
        if let Some((comment, _)) = self.open.take() {
            self.comments.push(comment);
        }
    }

    fn owner(&self) -> Owner {
        match (self.in_tests, &self.function) {
            (false, _) => Owner::Product,
            (true, Some(owner)) => owner.clone(),
            (true, None) => Owner::TestSupport,
        }
    }

    fn function(&mut self, name: &str) {
        let is_test = mem::take(&mut self.test_follows);
        let owner = if is_test {
            self.tests.push(name.to_owned());
            Owner::Test(name.to_owned())
        } else if self.in_tests {
            Owner::TestSupport
        } else {
            Owner::Product
        };
        for comment in self.comments.iter_mut().skip(self.pending) {
            comment.owner = owner.clone();
        }
        self.pending = self.comments.len();
        self.function = Some(owner);
    }

    fn end(mut self, path: &str) -> Source {
        self.close();
        Source {
            path: path.to_owned(),
            comments: self.comments,
            tests: self.tests,
        }
    }
}

/// A comment line's mark and its text.
fn comment(code: &str) -> Option<(&'static str, &str)> {
    (["//!", "///", "//"].iter())
        .find_map(|mark| code.strip_prefix(mark).map(|text| (*mark, text.trim())))
}

/// A doc comment's text without the backslashes that keep `[RFC3118]` from being taken for a link.
fn unescaped(text: &str) -> String {
    text.replace("\\[", "[").replace("\\]", "]")
}

/// The name of the function that a line begins.
fn function(code: &str) -> Option<&str> {
    let (before, after) = code.split_once("fn ")?;
    let are_qualifiers = before.split_whitespace().all(|word| {
        ["async", "const", "unsafe", "extern"].contains(&word) || word.starts_with("pub")
    });
    let end = after.find(['(', '<'])?;
    let name = after.get(..end)?;
    are_qualifiers.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(path: &str, text: &str) -> Vec<(String, Owner)> {
        let source = Source::read(path, text);
        (source.comments.into_iter())
            .map(|comment| (comment.text, comment.owner))
            .collect()
    }

    fn test(name: &str) -> Owner {
        Owner::Test(name.into())
    }

    #[test]
    fn neighbouring_lines_of_a_kind_are_one_comment() {
        let text = "//! Why.\n/// One\n/// two.\n// Three.\nconst A: u8 = 1; // not this\n    // Four\n    // five.\n";
        let source = Source::read("src/a.rs", text);
        let found: Vec<(usize, &str)> = (source.comments.iter())
            .map(|comment| (comment.line, comment.text.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (1, "Why."),
                (2, "One two."),
                (4, "Three."),
                (6, "Four five.")
            ]
        );
    }

    #[test]
    fn brackets_that_are_escaped_for_rustdoc_are_brackets() {
        let source = Source::read("src/a.rs", "/// as \\[RFC3118\\]\n/// and \\[4\\] say\n");
        assert_eq!(source.comments[0].text, "as [RFC3118] and [4] say");
    }

    #[test]
    fn a_comment_before_or_in_a_test_is_that_tests() {
        let text = "/// before\n#[tokio::test(flavor = \"current_thread\")]\nasync fn first_test() {\n    // in\n}\n\n// of support\nfn support() {\n    // in support\n}\n";
        assert_eq!(
            owners("a/tests/b.rs", text),
            [
                ("before".into(), test("first_test")),
                ("in".into(), test("first_test")),
                ("of support".into(), Owner::TestSupport),
                ("in support".into(), Owner::TestSupport),
            ]
        );
        assert_eq!(Source::read("a/tests/b.rs", text).tests, ["first_test"]);
    }

    #[test]
    fn product_code_ends_where_the_module_of_tests_begins() {
        let text = "// product\nfn f() {\n}\n\n#[cfg(test)]\nmod tests {\n    // support\n    use super::*;\n\n    #[test]\n    fn t() {\n        // in a test\n    }\n}\n";
        assert_eq!(
            owners("src/a.rs", text),
            [
                ("product".into(), Owner::Product),
                ("support".into(), Owner::TestSupport),
                ("in a test".into(), test("t")),
            ]
        );
    }

    #[test]
    fn a_constant_between_a_comment_and_a_test_keeps_them_apart() {
        let text = "// of the constant\nconst A: u8 = 1;\n#[test]\nfn t() {}\n";
        assert_eq!(
            owners("a/tests/b.rs", text),
            [("of the constant".into(), Owner::TestSupport)]
        );
    }

    #[test]
    fn files_of_tests_are_known_by_their_place() {
        assert!(is_of_tests("tests/tests/lease.rs"));
        assert!(is_of_tests("dhcp-client/src/store/tests.rs"));
        assert!(is_of_tests("fuzz/bodies/src/frame.rs"));
        assert!(is_of_tests("dhcp-client/proto/src/wire/tests/arp.rs"));
        assert!(!is_of_tests("dhcp-client/src/tester.rs"));
    }
}
