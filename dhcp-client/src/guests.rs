//! Who is connected to a socket of a run, and whose place the next one gets: however many connections a user
//! holds, no other user is kept out by them.

use std::{collections::VecDeque, os::fd::AsFd};

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use tokio::task::{JoinHandle, spawn_local};

/// Connections at a time on one socket.
const PLACES: usize = 8;

/// Whose a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The user id of the process that connected.
    User(u32),
    /// The kernel does not say; all of these count as one user.
    Unknown,
}

impl Owner {
    fn of(peer: &impl AsFd) -> Self {
        getsockopt(peer, PeerCredentials).map_or(Self::Unknown, |peer| Self::User(peer.uid()))
    }
}

/// A connection that is being served.
#[derive(Debug)]
struct Guest {
    owner: Owner,
    serving: JoinHandle<()>,
}

/// The connections of a socket, the oldest first; none outlives this.
#[derive(Debug, Default)]
pub(crate) struct Guests(VecDeque<Guest>);

impl Guests {
    /// Makes a place for `peer`, if need be by ending the oldest connection of the user who has most of them.
    pub(crate) fn make_place(&mut self, peer: &impl AsFd) -> Owner {
        self.0.retain(|guest| !guest.serving.is_finished());
        if self.0.len() >= PLACES
            && let Some(leaving) = self
                .place_of_the_greediest()
                .and_then(|place| self.0.remove(place))
        {
            leaving.serving.abort();
        }
        Owner::of(peer)
    }

    /// Serves one for whom there is a place.
    pub(crate) fn admit(&mut self, owner: Owner, serving: impl Future<Output = ()> + 'static) {
        let serving = spawn_local(serving);
        self.0.push_back(Guest { owner, serving });
    }

    /// Place of the oldest connection of the user who has most of them; of several such users, the oldest.
    fn place_of_the_greediest(&self) -> Option<usize> {
        let count = |owner| self.0.iter().filter(|guest| guest.owner == owner).count();
        let most = self.0.iter().map(|guest| count(guest.owner)).max()?;
        self.0.iter().position(|guest| count(guest.owner) == most)
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        for guest in &self.0 {
            guest.serving.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, os::unix::net::UnixStream};

    use super::*;

    /// Everybody's connections, in order, after `owners` came one after the other.
    async fn left_of(owners: &[u32]) -> Vec<Owner> {
        let local = tokio::task::LocalSet::new();
        let left = local.run_until(async {
            let mut guests = Guests::default();
            let (peer, _other) = UnixStream::pair().unwrap();
            for owner in owners {
                guests.make_place(&peer);
                guests.admit(Owner::User(*owner), pending());
            }
            guests.0.iter().map(|guest| guest.owner).collect()
        });
        left.await
    }

    #[tokio::test]
    async fn one_user_who_comes_for_ever_takes_only_her_own_places() {
        let mut owners = vec![1, 2];
        owners.extend([7; 100]);
        let left = left_of(&owners).await;
        assert_eq!(left.len(), PLACES);
        assert_eq!(left[..2], [Owner::User(1), Owner::User(2)]);
    }

    #[tokio::test]
    async fn of_users_with_one_each_the_oldest_leaves() {
        let owners: Vec<u32> = (0..9).collect();
        let left = left_of(&owners).await;
        assert_eq!(left.first(), Some(&Owner::User(1)));
        assert_eq!(left.last(), Some(&Owner::User(8)));
    }

    #[tokio::test]
    async fn one_that_ended_leaves_its_place() {
        let local = tokio::task::LocalSet::new();
        let left = local.run_until(async {
            let mut guests = Guests::default();
            let (peer, _other) = UnixStream::pair().unwrap();
            for _ in 0..PLACES {
                guests.admit(Owner::User(1), async {});
            }
            tokio::task::yield_now().await;
            let owner = guests.make_place(&peer);
            assert_eq!(owner, Owner::User(nix::unistd::geteuid().as_raw()));
            guests.0.len()
        });
        assert_eq!(left.await, 0);
    }
}
