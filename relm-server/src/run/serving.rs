//! `relm-server serve`: the API, the deliveries and the retention of one process, from its first line to its last.

use std::future::Future;
use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use relm_core::engine::Crm;
use relm_core::{ErrorKind, KeyAccess, Mode};
use tokio::net::TcpListener;

use super::CommandError;
use super::database::open;
use crate::allocator;
use crate::api::Api;
use crate::config::{Database, DatabaseArgs, ServeArgs};
use crate::dispatch::{self, Stop};
use crate::pages::{BaseUrl, Pages};
use crate::serve::{Limits, serve};
use crate::site::Site;
use crate::webhooks::{AllowNets, HttpTransport, Reach, TransportOptions};

/// The name of the workspace that a first start makes.
const FIRST_WORKSPACE: &str = "default";

pub(super) async fn serve_api(args: ServeArgs, database: DatabaseArgs) -> Result<(), CommandError> {
    // The port first: when it is taken, nothing else was touched.
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", args.listen))?;
    let address = listener.local_addr()?;
    let loopback = args.webhooks.allow_loopback;
    let options = TransportOptions {
        allow_nets: args.webhooks.allow_nets.clone(),
        allow_loopback: loopback.unwrap_or(address.ip().is_loopback()),
        ca_file: args.webhooks.ca_file.clone(),
        ..TransportOptions::default()
    };
    // One rule for endpoints that are made and for attempts to reach them.
    let reach = Arc::new(Reach::new(&options));
    let transport = HttpTransport::new(options)?;
    // Where an operator allows networks of their own, http leads to no others: the transport sees to that.
    let plain_http = args.webhooks.allow_nets != AllowNets::default();
    let crm = open(&database, !database.no_migrate).await?;
    let crm = crm.plain_http(plain_http).targets(reach).build();
    if database.secret_keys.is_empty() {
        tracing::warn!(
            "RELM_SECRET_KEY is not set: the secrets of webhooks are kept in the database as they are"
        );
    }
    let keys = first_keys(&crm).await?;
    // Whoever reads the address may signal the server to stop at once: it must be caught already.
    let stop = Stop::on(stop_signal());
    let documentation = documentation(args.public_url.as_ref(), address);
    if let Err(error) = print_start(&database.database, address, &documentation, keys.as_ref()) {
        // Whoever reads no further, such as `head`, does not end what others are served.
        tracing::warn!(%error, "what was to be printed is lost; `relm-server keys create` makes further keys");
    }
    let drain = args.shutdown_seconds;
    let options = args.webhooks.options();
    let deliveries = dispatch::deliver(crm.clone(), transport, options, stop.clone(), drain);
    let deliveries = tokio::spawn(deliveries);
    if args.webhooks.event_retention_days > 0 {
        let days = args.webhooks.event_retention_days;
        tokio::spawn(dispatch::retain(crm.clone(), days, stop.clone()));
    }
    tokio::spawn(allocator::give_back_freed_memory());
    let limits = Limits {
        connections_per_peer_max: args.connections_per_peer,
        drain_timeout: drain,
        ..Limits::default()
    };
    let limit = args.rate_limit_per_minute;
    let api = match database.database {
        Database::Memory | Database::Sqlite(_) => Api::new(crm, limit),
        Database::Server(_) => Api::of_replicas(crm, limit),
    };
    let pages = Pages::new(args.public_url);
    let site = Arc::new(Site::new(api.cors(args.cors_origins), pages));
    if !serve(listener, site, limits, stop.wait()).await {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    // It ends within the same deadline; a panic in it was logged.
    let _ = deliveries.await;
    tracing::info!("stopped");
    Ok(())
}

/// On an empty database, a workspace and a key for each of its modes.
async fn first_keys(crm: &Crm) -> Result<Option<[String; 2]>, CommandError> {
    if !crm.workspaces().await?.is_empty() {
        return Ok(None);
    }
    let workspace = match crm.create_workspace(FIRST_WORKSPACE).await {
        Ok(workspace) => workspace.id,
        // Another replica was first.
        Err(error) if error.kind() == ErrorKind::Conflict => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let make = |mode| {
        crm.create_key(
            workspace,
            mode,
            KeyAccess::Full,
            Some(FIRST_WORKSPACE.to_owned()),
        )
    };
    let live = make(Mode::Live).await?;
    let test = make(Mode::Test).await?;
    Ok(Some([live.secret, test.secret]))
}

/// Where a browser finds the documentation: of a server that listens on every address, on this host.
fn documentation(public_url: Option<&BaseUrl>, mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let base = public_url.map_or_else(|| format!("http://{address}"), BaseUrl::to_string);
    format!("{base}/docs")
}

fn print_start(
    database: &Database,
    address: SocketAddr,
    documentation: &str,
    keys: Option<&[String; 2]>,
) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "Relm serves http://{address} from {database}")?;
    writeln!(out, "Its documentation, in a browser: {documentation}")?;
    if let Some([live, test]) = keys {
        writeln!(
            out,
            "\nA workspace `{FIRST_WORKSPACE}` was made. Its keys, shown this once:\n"
        )?;
        writeln!(out, "  live  {live}\n  test  {test}\n")?;
        writeln!(out, "Try it:\n")?;
        writeln!(
            out,
            "  curl -X POST http://{address}/v1/contacts -H 'Authorization: Bearer {test}' \
             -H 'Content-Type: application/json' -d '{{\"email\":\"ada@example.com\"}}'\n"
        )?;
    }
    writeln!(out, "Press Ctrl-C to stop.")?;
    out.flush()
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
