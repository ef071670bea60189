//! What the operator was told already: a server says the same nonsense at every renewal, and to read it once is
//! enough.

use std::{
    collections::VecDeque,
    hash::{BuildHasher as _, RandomState},
};

/// Lines remembered. Whoever makes up new ones can have old ones said again, as often as leases may change.
const MOST_REMEMBERED: usize = 64;

/// Lines by their hashes, the oldest first.
#[derive(Debug, Default)]
pub struct Said {
    hasher: RandomState,
    lines: VecDeque<u64>,
}

impl Said {
    /// Whether `line` was not said yet; it counts as said from then on.
    pub fn is_new(&mut self, line: &str) -> bool {
        let hash = self.hasher.hash_one(line);
        if self.lines.contains(&hash) {
            return false;
        }
        if self.lines.len() == MOST_REMEMBERED {
            self.lines.pop_front();
        }
        self.lines.push_back(hash);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_new_once_also_between_others() {
        let mut said = Said::default();
        let new: Vec<bool> = ["a", "b", "a", "b", "c", "a"]
            .into_iter()
            .map(|line| said.is_new(line))
            .collect();
        assert_eq!(new, [true, true, false, false, true, false]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut said = Said::default();
        assert!((0..100_000).all(|number: u32| said.is_new(&number.to_string())));
        assert_eq!(said.lines.len(), MOST_REMEMBERED);
        assert!(!said.is_new("99999") && said.is_new("0"));
    }
}
