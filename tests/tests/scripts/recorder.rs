//! A script in front of the stock one that writes down what it was told.

use std::collections::BTreeMap;

use calfkit_tests::Room;

/// Where it is in a room.
pub(crate) const SCRIPT: &str = "/opt/recorder";

/// Where it writes.
const RECORD: &str = "/run/told";

/// The recorder's text, for this stock script.
pub(crate) fn text(stock: &str) -> String {
    format!(
        "#!/bin/sh\n\
         {{ echo \"== ${{reason:-$1}}\"; env; }} >> {RECORD}\n\
         {stock} \"$@\"\n\
         status=$?\n\
         echo '== done' >> {RECORD}\n\
         exit $status\n"
    )
}

/// One run of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// Why: udhcpc's verb, or the reason of the others.
    pub(crate) reason: String,
    /// Its environment.
    pub(crate) variables: BTreeMap<String, String>,
}

/// The runs of the script that have ended.
pub(crate) fn told(room: &Room) -> Vec<Told> {
    let record = room.host().read(RECORD).unwrap_or_default();
    let mut told: Vec<Told> = Vec::new();
    let mut open = None;
    for line in record.lines() {
        match (line.strip_prefix("== "), &mut open) {
            (Some("done"), _) => told.extend(open.take().filter(is_no_chance)),
            (Some(reason), _) => {
                open = Some(Told {
                    reason: reason.to_owned(),
                    variables: BTreeMap::new(),
                });
            }
            (None, Some(Told { variables, .. })) => {
                let (name, value) = line.split_once('=').unwrap_or((line, ""));
                variables.insert(name.to_owned(), value.to_owned());
            }
            (None, None) => panic!("outside of a run: {line:?}"),
        }
    }
    told
}

/// Whether dhcpcd saw the link up at once is chance.
fn is_no_chance(told: &Told) -> bool {
    told.reason != "NOCARRIER"
}

/// The reasons of all runs, in order.
pub(crate) fn reasons(told: &[Told]) -> Vec<&str> {
    told.iter().map(|told| told.reason.as_str()).collect()
}
