//! The calf's `main`: claim the descriptors, make runtime, timer and connections, close, and only then
//! speak to anybody.

use std::{
    error::Error,
    os::fd::{AsFd as _, AsRawFd, RawFd},
    process::ExitCode,
    time::Duration,
};

use dhcp_engine::{Capabilities, Clock};
use dhcp_proto::Instant;
use nix::{
    errno::Errno,
    sys::{
        time::TimeSpec,
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    },
};
use tokio::io::unix::AsyncFd;

use crate::{clock, watched::watch};

/// Names of the two descriptors priv hands over, each one end of a socketpair.
pub(crate) const NET: &str = "net";
pub(crate) const HOST: &str = "host";

/// Runs the calf until priv says stop or is gone.
pub(crate) fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error is a pipe to priv, which prints it as the calf's.
            crate::log::say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut inherited = calf_sandbox::inherited()?;
    let net = inherited.take(NET)?;
    let host = inherited.take(HOST)?;
    let seed = seed()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(tokio::runtime::LocalOptions::default())?;
    runtime.block_on(async {
        let clock = BoottimeClock::new()?;
        // Making a connection takes calls that are gone after confinement; its task runs, and so reads
        // and writes, only from the first `await` on, which is after it.
        let (net, _net_session) = sdk_rpc::connect_net(net)?;
        let (host, _host_session) = sdk_rpc::connect_host(host)?;
        inherited.confine()?;
        let capabilities = Capabilities {
            net,
            view: host.view,
            lease_sink: host.lease_sink,
            log: host.log,
        };
        match dhcp_engine::run(capabilities, clock, seed).await {
            // priv is gone, or wants this calf gone: there is nobody to tell.
            Ok(_) | Err(sdk_rpc::Error::Disconnected) => Ok(()),
            Err(error) => Err(error.into()),
        }
    })
}

/// 32 octets nobody else knows, from the kernel: there is no /dev to take them from.
fn seed() -> Result<[u8; 32], Errno> {
    let mut seed = [0; 32];
    // getrandom(2): a read of up to 256 octets is never cut short, nor interrupted once the pool is
    // initialised, which it has been since early in the boot.
    rustix::rand::getrandom(&mut seed, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| Errno::from_raw(error.raw_os_error()))?;
    Ok(seed)
}

/// CLOCK_BOOTTIME and a timer on it, made before confinement: no call that makes one is left after.
struct BoottimeClock {
    timer: AsyncFd<Timer>,
}

/// nix's timer with the trait by which tokio finds its descriptor.
struct Timer(TimerFd);

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl BoottimeClock {
    fn new() -> Result<Self, Box<dyn Error>> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_BOOTTIME, flags)?;
        Ok(Self {
            timer: watch(Timer(timer))?,
        })
    }
}

impl Clock for BoottimeClock {
    fn now(&self) -> Instant {
        Instant::from_millis(clock::boottime_milliseconds())
    }

    async fn sleep_until(&mut self, at: Option<Instant>) {
        let Some(at) = at else {
            return std::future::pending().await;
        };
        // An absolute 0 would disarm the timer (timerfd_create(2)).
        let at = TimeSpec::from_duration(Duration::from_millis(at.as_millis().max(1)));
        let timer = &self.timer.get_ref().0;
        let absolute = TimerSetTimeFlags::TFD_TIMER_ABSTIME;
        if timer.set(Expiration::OneShot(at), absolute).is_err() {
            // A calf without its timer would keep a lease that is over.
            std::process::abort();
        }
        loop {
            let Ok(mut ready) = self.timer.readable().await else {
                std::process::abort()
            };
            let mut expirations = [0; 8];
            match nix::unistd::read(timer.as_fd(), &mut expirations) {
                Ok(_) => return,
                Err(Errno::EAGAIN) => ready.clear_ready(),
                Err(_) => std::process::abort(),
            }
        }
    }
}
