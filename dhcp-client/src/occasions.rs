//! From what priv's roles call it to what scripts call it.

use dhcp_frontend::script::Reason;
use sdk_rpc::{ConfigureCause, DeconfigureCause, Setback, UpdateCause};

pub(crate) const fn configured(cause: ConfigureCause) -> Reason {
    match cause {
        ConfigureCause::Bound => Reason::Bound,
        ConfigureCause::Rebooted => Reason::Reboot,
        ConfigureCause::LinkLocal => Reason::LinkLocal,
        ConfigureCause::Informed => Reason::Inform,
        ConfigureCause::Offered => Reason::Test,
    }
}

pub(crate) const fn updated(cause: UpdateCause) -> Reason {
    match cause {
        UpdateCause::Renewed => Reason::Renew,
        UpdateCause::Rebound => Reason::Rebind,
        UpdateCause::Rebooted => Reason::Reboot,
        UpdateCause::Bound => Reason::Bound,
        UpdateCause::LinkLocal => Reason::LinkLocal,
        UpdateCause::Informed => Reason::Inform,
    }
}

pub(crate) const fn deconfigured(cause: DeconfigureCause) -> Reason {
    match cause {
        DeconfigureCause::Nak => Reason::Nak,
        DeconfigureCause::Expired => Reason::Expire,
        DeconfigureCause::Released => Reason::Release,
        DeconfigureCause::Conflict => Reason::Conflict,
        DeconfigureCause::Stopped => Reason::Stop,
        DeconfigureCause::Ipv6Only => Reason::Ipv6Only,
    }
}

pub(crate) const fn setback(setback: Setback) -> Reason {
    match setback {
        Setback::NoAnswer => Reason::Fail,
        Setback::Refused => Reason::Nak,
        Setback::Conflict => Reason::Conflict,
        Setback::Ipv6Only => Reason::Ipv6Only,
    }
}
