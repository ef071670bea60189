//! From the command line to running services, and to an exit status. Everything that can be refused is
//! refused before anything on the host is changed.

use std::{future::Future, pin::pin, process::ExitCode, rc::Rc, task::Poll, time::Instant};

use dhcp_actuator::{Netlink, Resolver};
use tokio::{task::JoinHandle, time::timeout};

use crate::{
    command_line::Options,
    events::{self, Events},
    interface::Stage,
    service::{Opened, Refused, Service},
    signals::{Asked, Signals},
};

/// How the program ends when nothing went wrong.
enum Done {
    /// `--once`, and every interface has its lease.
    Leased,
    /// `--once`, and some interface has none.
    TimedOut,
    /// The operator wants it to end.
    Stopped,
}

/// Serves what the operator asked for and gives the exit status.
pub(crate) fn launch(options: &Options, started: Instant) -> ExitCode {
    let events = Rc::new(Events::new(options.json, started));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(tokio::runtime::LocalOptions::default());
    let result = match runtime {
        Ok(runtime) => runtime.block_on(serve(options, &events)),
        Err(error) => Err(Refused::program(format!(
            "cannot make an event loop: {error}"
        ))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Refused {
            interface: Some(interface),
            why,
            status,
        }) => {
            events.failed(&interface, &why, serde_json::Map::new());
            ExitCode::from(status)
        }
        Err(Refused {
            interface: None,
            why,
            status,
        }) => {
            events::line(&format!("dhcp-client: {why}"));
            ExitCode::from(status)
        }
    }
}

async fn serve(options: &Options, events: &Rc<Events>) -> Result<(), Refused> {
    let mut signals = Signals::listen()
        .map_err(|error| Refused::program(format!("cannot listen for signals: {error}")))?;
    let netlink = Netlink::open()
        .map_err(|error| Refused::program(format!("cannot open a netlink socket: {error}")))?;
    let mut opened = Vec::with_capacity(options.interfaces.len());
    for name in &options.interfaces {
        opened.push(Opened::open(name, options, &netlink, events)?);
    }
    let resolver = Resolver::prepare(options.resolv_conf.as_deref())
        .map_err(|error| Refused::program(error.to_string()))?;
    if let Some(warning) = resolver.warning() {
        events::line(&format!("dhcp-client: {warning}"));
    }
    let resolver = Rc::new(resolver);
    let mut services = Vec::with_capacity(options.interfaces.len());
    for opened in opened {
        services.push(Service::prepare(opened, options, &resolver));
    }
    let mut tasks = start(&services).await?;
    let outcome = tokio::select! {
        refused = first(&mut tasks) => Err(refused),
        done = until_leased(options, &services) => Ok(done),
        asked = signals.until_end(&services) => match asked {
            Ok(Asked::Stop) => Ok(Done::Stopped),
            Ok(Asked::Release) => {
                release(&services).await;
                Ok(Done::Stopped)
            }
            Err(error) => Err(Refused::program(format!("cannot listen for signals: {error}"))),
        }
    };
    match outcome {
        // What was configured stays. To end here and now also ends the calves, which the kernel kills
        // with their priv; tidying up would only keep the one who waits waiting.
        Ok(Done::Leased) => std::process::exit(0),
        Ok(Done::TimedOut) => std::process::exit(1),
        Ok(Done::Stopped) => {
            stop(&services).await;
            Ok(())
        }
        Err(refused) => {
            stop(&services).await;
            Err(refused)
        }
    }
}

/// Starts a calf for each interface, and only if all are there changes anything on the host.
async fn start(services: &[Service]) -> Result<Vec<JoinHandle<Refused>>, Refused> {
    let mut calves = Vec::with_capacity(services.len());
    for service in services {
        calves.push(service.spawn()?);
    }
    for service in services {
        service.bring_up().await?;
    }
    let mut tasks = Vec::with_capacity(services.len() * 2);
    for (service, calf) in services.iter().zip(calves) {
        tasks.push(service.supervise(calf));
        tasks.push(service.watch_link()?);
    }
    Ok(tasks)
}

/// The first task to end, and with what; tasks end only when their interface cannot be served.
async fn first(tasks: &mut [JoinHandle<Refused>]) -> Refused {
    std::future::poll_fn(|context| {
        for task in &mut *tasks {
            if let Poll::Ready(result) = pin!(task).poll(context) {
                return Poll::Ready(result.unwrap_or_else(|panic| {
                    Refused::program(format!("a service ended unexpectedly: {panic}"))
                }));
            }
        }
        Poll::Pending
    })
    .await
}

/// With `--once`: until every interface has its lease, or the time is over. Else for ever.
async fn until_leased(options: &Options, services: &[Service]) -> Done {
    if !options.once {
        return std::future::pending().await;
    }
    let all = async {
        for service in services {
            service.shared.reaches(Stage::Leased).await;
        }
    };
    if timeout(options.timeout, all).await.is_ok() {
        return Done::Leased;
    }
    for service in services {
        service.tell_failure();
    }
    Done::TimedOut
}

/// Gives every lease back, as far as the calves can be had to do it in time.
async fn release(services: &[Service]) {
    for service in services {
        service.ask_release();
    }
    for service in services {
        service.await_release().await;
    }
}

async fn stop(services: &[Service]) {
    for service in services {
        service.stop().await;
    }
}
