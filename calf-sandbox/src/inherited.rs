//! The one place where a process turns descriptor numbers into owned descriptors.

use std::{
    env, fmt, fs,
    os::fd::{FromRawFd as _, OwnedFd, RawFd},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    marker::{self, Marker},
    policy::{FIRST_GRANT, Rights},
    sys,
};

/// Why descriptors could not be claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InheritError {
    /// [`inherited`] was called before: two owners of one number would close each other's descriptors.
    Again,
    /// The marker is not one that this version writes.
    Marker,
    /// No descriptor of that name was granted, or it was taken before.
    Name(String),
    /// A number that is one of the standard streams', or is named twice.
    Number(RawFd),
    /// This process is no calf.
    NotACalf,
    /// A granted descriptor is not open.
    NotOpen(String),
}

impl fmt::Display for InheritError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Again => formatter.write_str("inherited descriptors were claimed twice"),
            Self::Marker => write!(formatter, "{} has a form unknown here", marker::VARIABLE),
            Self::Name(name) => write!(formatter, "no inherited descriptor {name:?} is left"),
            Self::Number(number) => write!(
                formatter,
                "descriptor {number} cannot be claimed: give each a number of its own, from {FIRST_GRANT} up"
            ),
            Self::NotACalf => {
                formatter.write_str("this process was not started as a sandboxed one")
            }
            Self::NotOpen(name) => write!(formatter, "inherited descriptor {name:?} is not open"),
        }
    }
}

impl std::error::Error for InheritError {}

/// A descriptor that was granted, with its number: what `confine` asserts and pins.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) name: String,
    pub(crate) number: RawFd,
    pub(crate) rights: Rights,
    /// Until it is taken.
    pub(crate) descriptor: Option<OwnedFd>,
}

/// What a calf was given. It is consumed by [`Inherited::confine`].
#[derive(Debug)]
pub struct Inherited {
    pub(crate) marker: Marker,
    pub(crate) claims: Vec<Claim>,
    /// Where priv learns of a failure; its end says that the calf is confined.
    pub(crate) status: OwnedFd,
}

/// Whether this process was started as a calf: the first question of `main`.
#[must_use]
pub fn is_calf() -> bool {
    env::var_os(marker::VARIABLE).is_some()
}

/// Set by the first claim of this process: two owners of one number would close each other's descriptors.
static CLAIMED: AtomicBool = AtomicBool::new(false);

/// Claims the inherited descriptors. Call it first thing in a calf's `main`, before anything opens one.
///
/// # Errors
/// When this is no calf, or it was called before.
pub fn inherited() -> Result<Inherited, InheritError> {
    let text = env::var(marker::VARIABLE).map_err(|_| InheritError::NotACalf)?;
    let marker = Marker::from_text(&text).ok_or(InheritError::Marker)?;
    if CLAIMED.swap(true, Ordering::SeqCst) {
        return Err(InheritError::Again);
    }
    let mut claims = Vec::new();
    for (number, (name, rights)) in (FIRST_GRANT..).zip(&marker.grants) {
        let descriptor = claim(number).ok_or_else(|| InheritError::NotOpen(name.clone()))?;
        claims.push(Claim {
            name: name.clone(),
            number,
            rights: *rights,
            descriptor: Some(descriptor),
        });
    }
    let status =
        claim(marker.status()).ok_or_else(|| InheritError::NotOpen("status".to_owned()))?;
    Ok(Inherited {
        marker,
        claims,
        status,
    })
}

/// Claims descriptors by number, in a process that is no calf and whose caller left them open for it. Call it
/// first thing in `main`, before anything opens one.
///
/// # Errors
/// When a number is not open, not from 3 up, or named twice, or when descriptors were claimed before.
pub fn claim_numbers(numbers: &[RawFd]) -> Result<Vec<OwnedFd>, InheritError> {
    for (index, number) in numbers.iter().enumerate() {
        let again = numbers.iter().take(index).any(|other| other == number);
        if *number < FIRST_GRANT || again {
            return Err(InheritError::Number(*number));
        }
    }
    if CLAIMED.swap(true, Ordering::SeqCst) {
        return Err(InheritError::Again);
    }
    let claim =
        |number: &RawFd| claim(*number).ok_or_else(|| InheritError::NotOpen(number.to_string()));
    numbers.iter().map(claim).collect()
}

/// What whoever started this process left open besides the standard streams, and what programs that this one
/// starts are left, too. Nothing where there is no /proc, or where descriptors were claimed before.
pub(crate) fn left_open() -> Vec<OwnedFd> {
    let Ok(listed) = fs::read_dir("/proc/self/fd") else {
        return Vec::new();
    };
    let numbers: Vec<RawFd> = listed
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|number| *number >= FIRST_GRANT && sys::survives_exec(*number))
        .collect();
    if CLAIMED.swap(true, Ordering::SeqCst) {
        return Vec::new();
    }
    let own = |number| {
        // SAFETY: it is open, nothing in this process has opened it, because that is closed on exec, and CLAIMED
        // lets nothing be claimed twice.
        unsafe { OwnedFd::from_raw_fd(number) }
    };
    numbers.into_iter().map(own).collect()
}

/// `None` if nothing is open there.
fn claim(number: RawFd) -> Option<OwnedFd> {
    sys::set_close_on_exec(number).ok()?;
    // SAFETY: it is open, it was left open for exactly this by whoever started this process, and CLAIMED, with
    // the numbers of one claim being different, lets none be claimed twice.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

impl Inherited {
    /// Takes the descriptor granted under `name`. Each must be taken, and stay open until the calf is
    /// confined.
    ///
    /// # Errors
    /// When there is none of that name, or it was taken.
    pub fn take(&mut self, name: &str) -> Result<OwnedFd, InheritError> {
        self.claims
            .iter_mut()
            .find(|claim| claim.name == name)
            .and_then(|claim| claim.descriptor.take())
            .ok_or_else(|| InheritError::Name(name.to_owned()))
    }
}
