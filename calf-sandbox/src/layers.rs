//! The layers a sandbox is made of, so that what is in force can be said layer by layer.

use std::fmt;

/// One layer of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// No effective, permitted, inheritable or ambient capability.
    Capabilities,
    /// A cgroup namespace of its own.
    CgroupNamespace,
    /// Limits by cgroup.
    CgroupLimits,
    /// Exactly the declared descriptors are open.
    Descriptors,
    /// The capability bounding set is empty.
    EmptyBoundingSet,
    /// The root directory is an empty, read-only file system and nothing else is mounted.
    EmptyRoot,
    /// An IPC namespace of its own.
    IpcNamespace,
    /// A Landlock domain that denies every file, network and scope right.
    Landlock,
    /// A mount namespace of its own.
    MountNamespace,
    /// A network namespace of its own.
    NetNamespace,
    /// No program it could execute would gain privilege.
    NoNewPrivileges,
    /// A process namespace of its own, and one thread in it.
    PidNamespace,
    /// Resource limits; no further descriptor can be opened.
    ResourceLimits,
    /// The final system call filter is in force.
    Seccomp,
    /// Securebits, locked.
    Securebits,
    /// A user namespace of its own.
    UserNamespace,
    /// A host name namespace of its own.
    UtsNamespace,
}

impl Layer {
    /// Every layer, in the order of their names.
    pub const ALL: [Self; 17] = [
        Self::Capabilities,
        Self::CgroupNamespace,
        Self::CgroupLimits,
        Self::Descriptors,
        Self::EmptyBoundingSet,
        Self::EmptyRoot,
        Self::IpcNamespace,
        Self::Landlock,
        Self::MountNamespace,
        Self::NetNamespace,
        Self::NoNewPrivileges,
        Self::PidNamespace,
        Self::ResourceLimits,
        Self::Seccomp,
        Self::Securebits,
        Self::UserNamespace,
        Self::UtsNamespace,
    ];

    /// The name in logs and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Capabilities => "capabilities",
            Self::CgroupNamespace => "cgroup-namespace",
            Self::CgroupLimits => "cgroup-limits",
            Self::Descriptors => "descriptors",
            Self::EmptyBoundingSet => "empty-bounding-set",
            Self::EmptyRoot => "empty-root",
            Self::IpcNamespace => "ipc-namespace",
            Self::Landlock => "landlock",
            Self::MountNamespace => "mount-namespace",
            Self::NetNamespace => "net-namespace",
            Self::NoNewPrivileges => "no-new-privileges",
            Self::PidNamespace => "pid-namespace",
            Self::ResourceLimits => "resource-limits",
            Self::Seccomp => "seccomp",
            Self::Securebits => "securebits",
            Self::UserNamespace => "user-namespace",
            Self::UtsNamespace => "uts-namespace",
        }
    }

    /// Whether a sandbox without this layer is an error whatever the policy says.
    #[must_use]
    pub const fn is_mandatory(self) -> bool {
        match self {
            Self::Capabilities
            | Self::Descriptors
            | Self::EmptyRoot
            | Self::IpcNamespace
            | Self::MountNamespace
            | Self::NetNamespace
            | Self::NoNewPrivileges
            | Self::PidNamespace
            | Self::ResourceLimits
            | Self::Seccomp
            | Self::UtsNamespace => true,
            // LinuxKit's kernels lack Landlock, its containers the right to a user namespace.
            Self::CgroupNamespace
            | Self::CgroupLimits
            | Self::EmptyBoundingSet
            | Self::Landlock
            | Self::Securebits
            | Self::UserNamespace => false,
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Which layers hold a calf, as seen from outside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers(Vec<Layer>);

impl Layers {
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn note(&mut self, layer: Layer, in_force: bool) {
        if in_force && !self.in_force(layer) {
            self.0.push(layer);
        }
    }

    /// Whether `layer` holds the calf.
    #[must_use]
    pub fn in_force(&self, layer: Layer) -> bool {
        self.0.contains(&layer)
    }

    /// Every layer there is, and whether it is in force: an absent layer is said, not left out.
    pub fn iter(&self) -> impl Iterator<Item = (Layer, bool)> + '_ {
        Layer::ALL
            .into_iter()
            .map(|layer| (layer, self.in_force(layer)))
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (layer, in_force)) in self.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            let state = if in_force { "in-force" } else { "absent" };
            write!(formatter, "{gap}{layer}={state}")?;
        }
        Ok(())
    }
}
