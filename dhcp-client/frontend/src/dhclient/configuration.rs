//! dhclient.conf(5), statement by statement.
//!
//! What is wrong with one statement is noted with its place, and the next one is read; as with ISC's
//! parser, no file keeps the client from running. Statements are in `settings`, declarations with a
//! block or a definition in `declarations`.

use std::path::{Path, PathBuf};

use super::{
    section::{Configuration, MOST_INTERFACES, Section},
    statement::{Fault, mark, readable, word},
    tokens::{Token, Tokens},
};
use crate::{Host, remarks::Remarks, setup::Fate, value};

/// Octets of a statement that its note shows.
const LONGEST_SHOWN: usize = 200;

/// Files that one configuration may include; a file that includes itself would have no end.
const MOST_FILES: usize = 16;

/// Reads a configuration; `None` if there is no such file.
pub(super) fn read(path: &Path, host: &dyn Host, remarks: &mut Remarks) -> Option<Configuration> {
    let file = host.read(path).ok()?;
    let mut reader = Reader {
        configuration: Configuration::default(),
        host_name: host.host_name(),
        host,
        remarks,
        files: 0,
    };
    reader.file(path, &file, Scope::General);
    Some(reader.configuration)
}

/// Of what a statement speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Of all interfaces.
    General,
    /// Of one, by its place in the list of sections.
    Interface(usize),
}

/// A configuration as far as it has been read.
pub(super) struct Reader<'h> {
    pub(super) configuration: Configuration,
    pub(super) host_name: Option<String>,
    host: &'h dyn Host,
    pub(super) remarks: &'h mut Remarks,
    files: usize,
}

/// A statement at whose keyword the tokens stand.
pub(super) struct Place<'p> {
    path: &'p Path,
    line: usize,
    begin: usize,
}

impl Reader<'_> {
    fn file(&mut self, path: &Path, file: &[u8], scope: Scope) {
        let mut tokens = Tokens::new(file);
        while tokens.peek() != Token::End {
            let before = tokens.mark();
            self.statement(path, &mut tokens, scope);
            // A brace that closes nothing belongs to no statement.
            if tokens.mark() == before {
                tokens.next();
            }
        }
    }

    /// Reads one statement and notes what becomes of it.
    fn statement(&mut self, path: &Path, tokens: &mut Tokens<'_>, scope: Scope) {
        let place = Place {
            path,
            line: tokens.line(),
            begin: tokens.mark(),
        };
        if tokens.takes(b';') {
            return;
        }
        let fate = match self.read_statement(path, tokens, scope) {
            Ok(fate) => fate,
            Err(Fault(why)) => {
                // What is wrong may have been found at the statement's end.
                if tokens.mark() == place.begin || !tokens.ended() {
                    tokens.skip_statement();
                }
                Fate::Missing(why)
            }
        };
        self.note(&place, tokens, fate);
    }

    fn note(&mut self, place: &Place<'_>, tokens: &Tokens<'_>, fate: Fate) {
        let shown = tokens.text_since(place.begin, LONGEST_SHOWN);
        let at = format!("{}:{}", place.path.display(), place.line);
        self.remarks
            .push(at, shown.trim_end_matches([';', ' ']), fate);
    }

    /// What becomes of a statement.
    fn read_statement(
        &mut self,
        path: &Path,
        tokens: &mut Tokens<'_>,
        scope: Scope,
    ) -> Result<Fate, Fault> {
        let keyword = word(tokens, "a statement")?.to_ascii_lowercase();
        match keyword.as_str() {
            "interface" => self.interface(path, tokens, scope),
            "include" => self.include(tokens, scope),
            "if" | "switch" => {
                skip_conditional(tokens);
                let why = "conditional statements are not evaluated";
                Ok(Fate::Missing(why.to_owned()))
            }
            "lease" => self.lease(tokens),
            "alias" => self.alias(tokens),
            "option" => self.definition(tokens, scope),
            _ => self.setting(&keyword, tokens, scope),
        }
    }

    /// `interface "NAME" { ... }`: what stands before it outside is asked of that interface, too.
    fn interface(
        &mut self,
        path: &Path,
        tokens: &mut Tokens<'_>,
        scope: Scope,
    ) -> Result<Fate, Fault> {
        if scope != Scope::General {
            return Err("an interface declaration cannot stand in another".into());
        }
        let name = readable(tokens)?;
        let name = value::interface_name(&name).map_err(Fault)?;
        let index = self.section_of(name)?;
        mark(tokens, b'{')?;
        loop {
            match tokens.peek() {
                Token::Mark(b'}') => {
                    tokens.next();
                    return Ok(Fate::Honoured);
                }
                Token::End => return Err("the declaration does not end".into()),
                Token::Word(_) | Token::Text(_) | Token::Mark(_) => {
                    self.statement(path, tokens, Scope::Interface(index));
                }
            }
        }
    }

    /// The place of an interface's section, which begins as the general one is now.
    fn section_of(&mut self, name: String) -> Result<usize, Fault> {
        let interfaces = &mut self.configuration.interfaces;
        if let Some(index) = interfaces.iter().position(|(it, _)| *it == name) {
            return Ok(index);
        }
        if interfaces.len() >= MOST_INTERFACES {
            return Err(Fault(format!("more than {MOST_INTERFACES} interfaces")));
        }
        interfaces.push((name, self.configuration.general.clone()));
        Ok(interfaces.len().saturating_sub(1))
    }

    /// `include "FILE";`
    fn include(&mut self, tokens: &mut Tokens<'_>, scope: Scope) -> Result<Fate, Fault> {
        let path = PathBuf::from(readable(tokens)?);
        mark(tokens, b';')?;
        if self.files >= MOST_FILES {
            return Err(Fault(format!("more than {MOST_FILES} files are included")));
        }
        self.files = self.files.saturating_add(1);
        let file = self.host.read(&path);
        let file = file.map_err(|error| Fault(format!("cannot read it: {error}")))?;
        self.file(&path, &file, scope);
        Ok(Fate::Honoured)
    }

    /// The section that a statement speaks of.
    pub(super) fn section(&mut self, scope: Scope) -> &mut Section {
        let Configuration {
            general,
            interfaces,
            ..
        } = &mut self.configuration;
        match scope {
            Scope::General => general,
            Scope::Interface(index) => match interfaces.get_mut(index) {
                Some((_, section)) => section,
                None => general,
            },
        }
    }
}

/// Skips `if ... { } elsif ... { } else { }`, or `switch (...) { }`.
fn skip_conditional(tokens: &mut Tokens<'_>) {
    tokens.skip_statement();
    while let Token::Word(word) = tokens.peek() {
        if !["else", "elsif"]
            .iter()
            .any(|it| word.eq_ignore_ascii_case(it))
        {
            return;
        }
        tokens.skip_statement();
    }
}
