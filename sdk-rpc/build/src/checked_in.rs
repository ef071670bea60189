//! A compiled schema beside its source, for who has no compiler.
//!
//! The compiled form does not hold the text it was made of, so a second file says of which it was: a line
//! for each source, its name and a hash.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{Absent, Error, source::Source};

/// Where the two are.
pub(crate) struct Files {
    pub(crate) request: PathBuf,
    of: PathBuf,
}

impl Files {
    pub(crate) fn of(crate_folder: &Path, schema: &Path) -> Self {
        let schema = crate_folder.join(schema);
        Self {
            request: schema.with_extension("cgr"),
            of: schema.with_extension("cgr.of"),
        }
    }

    pub(crate) fn exist(&self) -> bool {
        self.request.is_file()
    }

    /// Those that are there.
    pub(crate) fn present(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.request, &self.of]
            .into_iter()
            .filter(|path| path.is_file())
    }

    pub(crate) fn write(&self, request: &[u8], sources: &[Source]) -> Result<(), Error> {
        fs::write(&self.request, request).map_err(Error::file(&self.request))?;
        fs::write(&self.of, lines(sources).concat()).map_err(Error::file(&self.of))
    }

    /// The name of a source of which the compiled schema is not; `None` if it is of all.
    pub(crate) fn check(&self, sources: &[Source]) -> Result<Option<String>, Error> {
        let said = match fs::read_to_string(&self.of) {
            Ok(said) => said,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Error::File(self.of.clone(), error)),
        };
        let other = sources
            .iter()
            .zip(lines(sources))
            .find(|(_, line)| !said.lines().any(|said| said == line.trim_end()));
        Ok(other.map(|(source, _)| source.name.clone()))
    }

    /// The compiled schema, if there is one and it is of `sources`.
    pub(crate) fn read(
        &self,
        schema: &Path,
        sources: &[Source],
        absent: Absent,
    ) -> Result<Vec<u8>, Error> {
        if !self.exist() {
            return Err(Error::NoCompiler {
                schema: schema.to_path_buf(),
                absent,
            });
        }
        match self.check(sources)? {
            None => fs::read(&self.request).map_err(Error::file(&self.request)),
            Some(source) => Err(Error::Stale {
                compiled: self.request.clone(),
                source,
                absent,
            }),
        }
    }
}

fn lines(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .map(|source| format!("{} {:016x}\n", source.name, source.hash))
        .collect()
}
