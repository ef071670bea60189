//! `cargo xtask ledger`: the compliance report and the case table, kept true.
//!
//! The code quotes the sentence of an RFC that it obeys, `RFC 2131 section 4.4.1: "..."`. The ledger holds these quotes to
//! the RFCs' texts in `specs/`, takes every sentence there that obliges somebody, and fails when one of them is neither
//! quoted and tested nor excused. A tool with annotations of its own was tried; it would have had every quote written
//! twice.

mod account;
mod cases;
mod citation;
mod compliance;
mod furniture;
mod markdown;
mod place;
mod sentence;
mod source;
mod specification;
mod table;
mod test_index;
mod verdict;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use lexopt::Arg::{Long, Value};

use crate::failure::Failure;
use crate::step::Outcome;
use crate::workspace::root;

use account::Account;
use citation::Library;
use compliance::Chapter;
use source::Source;
use specification::Specification;
use test_index::TestIndex;

/// Where the RFCs' texts are, and what is said of them by hand.
const SPECIFICATIONS: &str = "specs";
/// Folders of the repository whose code is not read: this chore's own examples, and what compilers made.
const NOT_READ: [&str; 2] = ["xtask", "target"];
/// The report on the RFCs.
const COMPLIANCE: &str = "docs/compliance.md";
/// The texts of the numbered cases, written by hand.
const CASES: &str = "docs/cases.toml";
/// The table of the numbered cases.
const CASE_TABLE: &str = "docs/cases.md";

pub(crate) fn main(words: Vec<OsString>) -> Result<(), Failure> {
    let mut only_check = false;
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("check") => only_check = true,
            Long(_) | lexopt::Arg::Short(_) | Value(_) => return Err(argument.unexpected().into()),
        }
    }
    if only_check {
        check()?;
        return Ok(());
    }
    let pages = pages()?;
    for (name, text) in &pages.texts {
        let path = root().join(name);
        fs::write(&path, text).map_err(Failure::file(&path))?;
        println!("{name}");
    }
    complain(&pages.complaints)
}

/// Fails when a requirement, a quote or a case is not accounted for, or a page is not what would be written now.
pub(crate) fn check() -> Result<Outcome, Failure> {
    let mut pages = pages()?;
    for (name, text) in &pages.texts {
        let path = root().join(name);
        if fs::read_to_string(&path).ok().as_ref() != Some(text) {
            let complaint = format!("{name} is out of date; `cargo xtask ledger` writes it");
            pages.complaints.push(complaint);
        }
    }
    complain(&pages.complaints)?;
    Ok(Outcome::Done)
}

/// What the ledger has to say.
struct Pages {
    /// What should be in each page, by its path.
    texts: Vec<(&'static str, String)>,
    complaints: Vec<String>,
}

fn complain(complaints: &[String]) -> Result<(), Failure> {
    for complaint in complaints {
        eprintln!("{complaint}");
    }
    match complaints.len() {
        0 => Ok(()),
        count => Err(Failure::Mistakes {
            place: "the ledger",
            count,
        }),
    }
}

fn pages() -> Result<Pages, Failure> {
    let mut complaints = Vec::new();
    let library = library()?;
    let accounts = accounts(&library, &mut complaints)?;
    let sources = sources()?;
    let index = TestIndex::of(&sources);
    let quotes = verdict::quotes(&sources, &library, &mut complaints);
    let none = verdict::Quotes::default();
    let mut chapters = Vec::new();
    for (rfc, account) in &accounts {
        let Some(specification) = library.get(rfc) else {
            continue;
        };
        let quotes = quotes.get(rfc).unwrap_or(&none);
        let verdicts = verdict::judge(specification, account, quotes, &index, &mut complaints);
        chapters.push(Chapter {
            rfc: *rfc,
            verdicts,
        });
    }
    let compliance = compliance::report(&chapters, &index);
    let path = root().join(CASES);
    let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
    let cases = cases::table(&text, &index, &mut complaints);
    Ok(Pages {
        texts: vec![(COMPLIANCE, compliance), (CASE_TABLE, cases)],
        complaints,
    })
}

/// Every `specs/rfcNNNN.txt`.
fn library() -> Result<Library, Failure> {
    let mut library = Library::new();
    for path in files_in(&root().join(SPECIFICATIONS), "txt")? {
        let Some(rfc) = number_of(&path) else {
            continue;
        };
        let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
        library.insert(rfc, Specification::read(rfc, &text));
    }
    Ok(library)
}

/// Every `specs/rfcNNNN.toml`.
fn accounts(
    library: &Library,
    complaints: &mut Vec<String>,
) -> Result<BTreeMap<u16, Account>, Failure> {
    let mut accounts = BTreeMap::new();
    for path in files_in(&root().join(SPECIFICATIONS), "toml")? {
        let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
        match (number_of(&path), Account::read(&text)) {
            (Some(rfc), Ok(account)) if library.contains_key(&rfc) => {
                accounts.insert(rfc, account);
            }
            (_, Ok(_)) => complaints.push(format!("{}: of no RFC in specs/", path.display())),
            (_, Err(mistake)) => complaints.push(format!("{}: {mistake}", path.display())),
        }
    }
    Ok(accounts)
}

/// The number in `rfcNNNN.txt`.
fn number_of(path: &Path) -> Option<u16> {
    path.file_stem()?
        .to_str()?
        .strip_prefix("rfc")?
        .parse()
        .ok()
}

/// Every Rust file whose quotes and tests count.
fn sources() -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for path in files_in(root(), "rs")? {
        let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
        let name = path.strip_prefix(root()).unwrap_or(&path);
        sources.push(Source::read(&name.to_string_lossy(), &text));
    }
    Ok(sources)
}

/// Whether there is nothing for the ledger in a folder.
fn is_passed_over(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || NOT_READ.contains(&name.as_ref())
}

/// The files with an extension in a folder and all that are in it but for those passed over, sorted.
fn files_in(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Failure::file(&folder))? {
            let path = entry.map_err(Failure::file(&folder))?.path();
            let is_folder = path.is_dir() && !path.is_symlink();
            if is_folder && !is_passed_over(&path) {
                folders.push(path);
            } else if !is_folder && path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
