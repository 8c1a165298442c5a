//! `relm-server serve`: the API, the deliveries and the retention of one process, from its first line to its last.

use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use relm_core::engine::Crm;
use relm_core::{ErrorKind, KeyAccess, Mode};
use tokio::net::TcpListener;

use super::console::ConsoleAddress;
use super::console_notice::ConsoleNotice;
use super::database::open;
use super::demo::{self, Demo, DemoEngine};
use super::measuring::{Measuring, bind};
use super::outcome::CommandError;
use super::reached::base_of;
use crate::allocator;
use crate::api::Api;
use crate::config::{Database, DatabaseArgs, ServeArgs, WebhookArgs};
use crate::dispatch::{self, Stop};
use crate::observation::Observer;
use crate::pages::Pages;
use crate::serve::{Limits, serve};
use crate::site::Site;
use crate::webhooks::{AllowNets, HttpTransport, Reach, TransportOptions};

/// The name of the workspace that a first start makes.
const FIRST_WORKSPACE: &str = "default";

pub(super) async fn serve_api(args: ServeArgs, database: DatabaseArgs) -> Result<(), CommandError> {
    // The ports first: when one is taken, nothing else was touched.
    let listener = bind(args.listen).await?;
    let address = listener.local_addr()?;
    let console = ConsoleAddress::listen(&args, address).await?;
    let metrics = match args.metrics_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let Engine {
        crm,
        demo,
        transport,
        measuring,
    } = engine(&args, &database, address, metrics).await?;
    let found = Found::in_database(&crm, demo).await?;
    // Whoever reads the address may signal the server to stop at once: it must be caught already.
    let stop = Stop::on(stop_signal());
    let start = Start {
        database: &database.database,
        address,
        documentation: format!("{}/docs", base_of(args.public_url.as_ref(), address)),
        console: console.notice(&crm, &args).await?,
        found,
    };
    if let Err(error) = start.print() {
        // Whoever reads no further, such as `head`, does not end what others are served.
        tracing::warn!(%error, "what was to be printed is lost; `relm-server keys create` makes further keys, `relm-server admin reset` another link");
    }
    let drain = args.shutdown_seconds;
    let transport = measuring.transport(transport.clock(crm.clock()));
    let deliveries = tokio::spawn(dispatch::deliver(
        crm.clone(),
        transport,
        args.webhooks.options(),
        stop.clone(),
        drain,
    ));
    let imports = tokio::spawn(dispatch::import(crm.clone(), stop.clone()));
    upkeep(&crm, &args, &stop);
    let limits = Limits {
        connections_per_peer_max: args.connections_per_peer,
        drain_timeout: drain,
        ..Limits::default()
    };
    let observer = measuring.observer();
    let site = site(&crm, &args, &database.database, observer.clone());
    let (site, beside) = console.serve(site, crm.clone(), &args, &limits, &stop, observer);
    measuring.show(stop.clone());
    let (served, served_beside) =
        tokio::join!(serve(listener, Arc::new(site), limits, stop.wait()), beside);
    if !served || !served_beside {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    // They end within the same deadline; a panic in one was logged.
    let _ = deliveries.await;
    let _ = tokio::time::timeout(drain, imports).await;
    dispatch::write_last_key_uses(&crm).await;
    tracing::info!("stopped");
    Ok(())
}

/// The API and the pages of the documentation.
fn site(crm: &Crm, args: &ServeArgs, database: &Database, observer: Observer) -> Site {
    let limit = args.rate_limit_per_minute;
    let api = match database {
        Database::Memory | Database::Sqlite(_) => Api::new(crm.clone(), limit),
        Database::Server(_) => Api::of_replicas(crm.clone(), limit),
    };
    let api = api
        .cors(args.cors_origins.clone())
        .observer(observer.clone());
    Site::new(api, Pages::new(args.public_url.clone()).observer(observer))
}

/// Begins what the server does beside answering and delivering: retention, what is due, memory, and the last uses of keys.
fn upkeep(crm: &Crm, args: &ServeArgs, stop: &Stop) {
    let kept = dispatch::Kept {
        event_days: args.webhooks.event_retention_days,
        trash_days: args.trash_days,
    };
    tokio::spawn(dispatch::retain(crm.clone(), kept, stop.clone()));
    tokio::spawn(dispatch::remind(crm.clone(), stop.clone()));
    tokio::spawn(allocator::give_back_freed_memory());
    tokio::spawn(dispatch::write_key_uses(crm.clone(), stop.clone()));
}

/// The engine over the database, what reaches the endpoints of webhooks, and what measures both.
struct Engine {
    crm: Crm,
    /// What writes the demo data, where that was asked for.
    demo: Option<DemoEngine>,
    transport: HttpTransport,
    measuring: Measuring,
}

async fn engine(
    args: &ServeArgs,
    database: &DatabaseArgs,
    address: SocketAddr,
    metrics: Option<TcpListener>,
) -> Result<Engine, CommandError> {
    let options = sending(&args.webhooks, address);
    // One rule for endpoints that are made and for attempts to reach them.
    let reach = Arc::new(Reach::new(&options));
    let transport = HttpTransport::new(options)?;
    // Where an operator allows networks of their own, http leads to no others: the transport sees to that.
    let plain_http = args.webhooks.allow_nets != AllowNets::default();
    let opened = open(database, !database.no_migrate).await?;
    let demo = args.demo.then(|| DemoEngine::over(&opened, database));
    let (opened, measuring) = Measuring::begin(opened, metrics);
    let crm = opened.builder(database).plain_http(plain_http);
    let crm = crm.targets(reach).trash(args.trash_days > 0).build();
    if database.secret_keys.is_empty() {
        tracing::warn!(
            "RELM_SECRET_KEY is not set: the secrets of webhooks are kept in the database as they are"
        );
    }
    Ok(Engine {
        crm,
        demo,
        transport,
        measuring,
    })
}

/// How webhooks are sent by a server that listens at this address.
fn sending(args: &WebhookArgs, address: SocketAddr) -> TransportOptions {
    TransportOptions {
        allow_nets: args.allow_nets.clone(),
        allow_loopback: args.allow_loopback.unwrap_or(address.ip().is_loopback()),
        ca_file: args.ca_file.clone(),
        ..TransportOptions::default()
    }
}

/// What was made before there was anything to serve.
struct Found {
    /// The workspace that a first start makes, and its keys: live and test.
    keys: Option<(&'static str, [String; 2])>,
    demo: Option<Demo>,
}

impl Found {
    /// On an empty database, makes a workspace and a key for each of its modes; then writes the demo data, where that was asked for.
    async fn in_database(crm: &Crm, demo: Option<DemoEngine>) -> Result<Self, CommandError> {
        let name = match demo {
            Some(_) => demo::WORKSPACE,
            None => FIRST_WORKSPACE,
        };
        let keys = first_keys(crm, name).await?;
        Ok(Self {
            keys: keys.map(|keys| (name, keys)),
            demo: match demo {
                Some(demo) => Some(demo.fill().await?),
                None => None,
            },
        })
    }
}

/// On an empty database, a workspace of this name and a key for each of its modes.
async fn first_keys(crm: &Crm, name: &str) -> Result<Option<[String; 2]>, CommandError> {
    if !crm.workspaces().await?.is_empty() {
        return Ok(None);
    }
    let workspace = match crm.create_workspace(name).await {
        Ok(workspace) => workspace.id,
        // Another replica was first.
        Err(error) if error.kind() == ErrorKind::Conflict => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let make = |mode| crm.create_key(workspace, mode, KeyAccess::Full, Some(name.to_owned()));
    let live = make(Mode::Live).await?;
    let test = make(Mode::Test).await?;
    Ok(Some([live.secret, test.secret]))
}

/// What an operator reads once the server listens.
struct Start<'a> {
    database: &'a Database,
    address: SocketAddr,
    documentation: String,
    console: ConsoleNotice,
    found: Found,
}

impl Start<'_> {
    fn print(&self) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        let address = self.address;
        writeln!(out, "Relm serves http://{address} from {}", self.database)?;
        writeln!(
            out,
            "Its documentation, in a browser: {}",
            self.documentation
        )?;
        if let Some(console) = &self.console.url {
            writeln!(out, "Its console: {console}")?;
        }
        if let Some((name, [live, test])) = &self.found.keys {
            writeln!(
                out,
                "\nA workspace `{name}` was made. Its keys, shown this once:\n"
            )?;
            writeln!(out, "  live  {live}\n  test  {test}\n")?;
            // Another address than those of the quickstart, which whoever has tried this goes on with.
            writeln!(out, "Try it:\n")?;
            writeln!(
                out,
                "  curl -X POST http://{address}/v1/contacts -H 'Authorization: Bearer {test}' \
                 -H 'Content-Type: application/json' -d '{{\"email\":\"mary@example.com\"}}'\n"
            )?;
        }
        if let Some(demo) = &self.found.demo {
            writeln!(out, "\n{}\n", demo.said(self.console.url.as_deref()))?;
        }
        if let Some(way_in) = &self.console.way_in {
            writeln!(out, "\nNobody can sign in to the console yet. {way_in}\n")?;
        }
        writeln!(out, "Press Ctrl-C to stop.")?;
        out.flush()
    }
}

/// Listens for SIGINT and SIGTERM from now on; ends on the first of them.
fn stop_signal() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    );
    async move {
        match signals {
            (Ok(mut interrupt), Ok(mut terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                tracing::info!("stopping");
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "signals cannot be caught; end the process to stop");
                std::future::pending::<()>().await;
            }
        }
    }
}
