//! The two processes side by side, as /proc describes them.

use std::collections::BTreeMap;

use calfkit_tests::{Client, inspect::Snapshot};

use crate::{Failure, page::Page};

/// Capabilities that a DHCP client needs, by their number (capabilities(7)).
const NAMES: [(u32, &str); 3] = [
    (10, "CAP_NET_BIND_SERVICE"),
    (12, "CAP_NET_ADMIN"),
    (13, "CAP_NET_RAW"),
];

pub(crate) fn show(page: &Page, client: &Client) -> Result<(), Failure> {
    let gone = |error| {
        Failure(format!(
            "a process cannot be looked at: {error}\n{}",
            client.said()
        ))
    };
    let core = Snapshot::read(client.process().pid()).map_err(gone)?;
    let calf = Snapshot::read(client.calf_pid()).map_err(gone)?;
    let own =
        Snapshot::read(i32::try_from(std::process::id()).map_err(Failure::new)?).map_err(gone)?;
    page.heading("The privileged core");
    describe(page, &core, &own);
    page.heading("The calf: reads all that comes from the network, holds nothing");
    describe(page, &calf, &core);
    if calf.seccomp != 2 || calf.capabilities["CapEff"] != 0 || !calf.no_new_privs {
        return Err(Failure(format!("this is no sandbox: {calf:?}")));
    }
    Ok(())
}

/// `around`: the process whose namespaces it may share.
fn describe(page: &Page, process: &Snapshot, around: &Snapshot) {
    let Snapshot {
        pid,
        name,
        users,
        capabilities,
        no_new_privs,
        seccomp,
        root,
        ..
    } = process;
    page.row("process", &format!("{pid} ({name})"));
    page.row(
        "user",
        &users.first().map(ToString::to_string).unwrap_or_default(),
    );
    page.row("capabilities", &capability_names(capabilities["CapEff"]));
    page.row(
        "seccomp",
        match seccomp {
            0 => "none",
            1 => "strict",
            _ => "filter",
        },
    );
    page.row("no_new_privs", if *no_new_privs { "yes" } else { "no" });
    let apart = process.namespaces_apart_from(around);
    page.row(
        "own namespaces",
        &if apart.is_empty() {
            "none".into()
        } else {
            apart.join(" ")
        },
    );
    let names = root.as_ref().map_or_else(
        || "unreadable".into(),
        |names| {
            if names.is_empty() {
                "empty".into()
            } else {
                format!("{} names", names.len())
            }
        },
    );
    page.row("root folder", &names);
    page.row("descriptors", &grouped(&process.descriptors));
}

fn capability_names(set: u64) -> String {
    let count = set.count_ones();
    let named: Vec<_> = NAMES
        .iter()
        .filter(|(bit, _)| set & (1 << bit) != 0)
        .map(|(_, name)| *name)
        .collect();
    match count {
        0 => "none".into(),
        _ if usize::try_from(count) == Ok(named.len()) => named.join(" "),
        _ => format!("{count}, with {}", named.join(" ")),
    }
}

/// `2 socket, 3 pipe, 1 [timerfd]`: which of them it is says nothing to a reader.
fn grouped(descriptors: &BTreeMap<i32, String>) -> String {
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for target in descriptors.values() {
        let kind = match target.split_once(':') {
            Some(("anon_inode", kind)) => kind.trim_matches(['[', ']']),
            Some((kind, _)) => kind,
            None => target,
        };
        *groups.entry(kind).or_default() += 1;
    }
    let texts: Vec<_> = groups
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    texts.join(", ")
}
