//! Variables of a script's environment as they are collected: each name once, each value safe in a shell,
//! all of them together small enough for a process to be started with.

use crate::{script::Call, shell};

/// Octets of all names and values. What a server says fits into one message; more is a calf's invention,
/// and execve(2) would refuse it together with the rest.
const MOST_OCTETS: usize = 128 * 1024;

/// Variables, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    environment: Vec<(String, String)>,
    left_out: Vec<String>,
    octets: usize,
}

impl Variables {
    /// Adds a variable, unless it has no value that could be told safely. The first of a name stands.
    pub(crate) fn put(&mut self, name: impl Into<String>, value: Option<String>) {
        let name = name.into();
        if self.environment.iter().any(|(taken, _)| *taken == name) {
            return;
        }
        let fits = |value: &str| {
            let octets = self.octets.saturating_add(name.len());
            let octets = octets.saturating_add(value.len());
            (octets <= MOST_OCTETS).then_some(octets)
        };
        match value.filter(|value| shell::is_safe(value)) {
            Some(value) if let Some(octets) = fits(&value) => {
                self.octets = octets;
                self.environment.push((name, value));
            }
            Some(_) | None if self.left_out.contains(&name) => {}
            Some(_) | None => self.left_out.push(name),
        }
    }

    /// The run of a script with these variables, and with those of the operator's that hide none of them.
    pub(crate) fn into_call<'a>(
        self,
        arguments: Vec<String>,
        operators: impl IntoIterator<Item = &'a (String, String)>,
    ) -> Call {
        let Self {
            mut environment,
            left_out,
            octets: _,
        } = self;
        for (name, value) in operators {
            if !environment.iter().any(|(taken, _)| taken == name) {
                environment.push((name.clone(), value.clone()));
            }
        }
        Call {
            arguments,
            environment,
            left_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_stands() {
        let mut variables = Variables::default();
        variables.put("a", Some("1".into()));
        variables.put("a", Some("2".into()));
        let operators = [("a".into(), "3".into()), ("b".into(), "4".into())];
        let call = variables.into_call(Vec::new(), &operators);
        assert_eq!(
            call.environment,
            [("a".into(), "1".into()), ("b".into(), "4".into())]
        );
    }

    #[test]
    fn what_is_too_much_for_a_process_is_left_out() {
        let mut variables = Variables::default();
        for number in 0..10 {
            variables.put(format!("v{number}"), Some("x".repeat(20_000)));
        }
        let call = variables.into_call(Vec::new(), &[]);
        assert_eq!(call.environment.len(), 6);
        assert_eq!(call.left_out, ["v6", "v7", "v8", "v9"]);
    }
}
