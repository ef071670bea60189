//! What is let through, and what real shells make of it.

use std::{fs, io, path::PathBuf, process::Command};

use super::is_safe;

#[test]
fn words_paths_and_lists_are_safe() {
    for text in [
        "",
        "box1.example.org",
        "10.0.0.1 10.0.0.2",
        "/boot/pxe-0{}*?~#%=@",
        "Z\u{fc}rich",
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
        "a&b",
        "a^b",
        "a<b",
        "a>b",
        "a(b",
        "a)b",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\0b",
        "a\u{1b}[2Jb",
        "a\u{7f}b",
        "a\u{85}b",
    ] {
        assert!(!is_safe(text), "{text:?}");
    }
}

/// What careless scripts do with `$value`. Each use in a shell of its own, which a wrong syntax ends; and what goes
/// on in the background is waited for. `canary` leaves a file.
const CARELESS: &str = r#"
canary() { : > ran; }
for value; do
    (eval "x=$value"; wait)
    (eval "x='$value'"; wait)
    (eval "x=\"$value\""; wait)
    (eval "echo $value"; wait)
done
"#;

/// Runs [`CARELESS`] over `values`, in an empty folder. Whether anything was left there; `None` where there is no
/// such shell.
fn leaves_a_file(test: &str, shell: &str, values: &[String]) -> Option<bool> {
    let name = format!("{test}-{}-{shell}", std::process::id());
    let folder: PathBuf = std::env::temp_dir().join(name);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir(&folder).unwrap();
    let ran = Command::new(shell)
        .args(["-c", CARELESS, shell])
        .args(values)
        .current_dir(&folder)
        .output();
    if ran
        .as_ref()
        .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    {
        return None;
    }
    // Most of the values are wrong syntax; that it ran to its end is what the control is for.
    ran.unwrap();
    let left = fs::read_dir(&folder).unwrap().next().is_some();
    fs::remove_dir_all(&folder).unwrap();
    Some(left)
}

/// `canary` between all pairs of punctuation that are let through.
fn safe_values() -> Vec<String> {
    let marks = (b'!'..=b'~')
        .map(char::from)
        .filter(|c| c.is_ascii_punctuation());
    let mut values = Vec::new();
    for one in marks.clone() {
        for other in marks.clone() {
            values.push(format!("a{one}canary{other}"));
            values.push(format!("{one}{other}canary"));
        }
    }
    values.retain(|value| is_safe(value));
    values
}

#[test]
fn no_shell_runs_or_writes_anything_for_what_is_let_through() {
    let values = safe_values();
    assert!(values.len() > 500, "{}", values.len());
    assert_eq!(leaves_a_file("safe", "sh", &values), Some(false));
    let by_bash = leaves_a_file("safe", "bash", &values);
    if by_bash.is_none() {
        eprintln!("bash is left out: there is none");
    } else {
        assert_eq!(by_bash, Some(false));
    }
}

#[test]
fn a_shell_does_run_or_write_something_for_what_is_refused() {
    for value in [
        "a;canary",
        "a|canary",
        "a&canary",
        "a&&canary",
        "a\ncanary",
        "`canary`",
        "$(canary)",
        "a>canary",
        "a;(canary)",
        "a';canary;'",
        "a\";canary;\"",
    ] {
        assert!(!is_safe(value), "{value}");
        let left = leaves_a_file("refused", "sh", &[value.to_owned()]);
        assert_eq!(left, Some(true), "{value}");
    }
}
