//! The console of `relm-server serve`, and the links by which people get into it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use relm_core::engine::Crm;
use relm_core::{ErrorKind, Role, User};
use tokio::net::TcpListener;

use super::administration;
use super::console_notice::ConsoleNotice;
use super::measuring::bind;
use super::outcome::{CommandError, Out};
use super::reached::base_of;
use crate::config::{AdminCommand, ServeArgs};
use crate::console::Console;
use crate::dispatch::Stop;
use crate::html::BaseUrl;
use crate::observation::Observer;
use crate::serve::{Limits, serve};
use crate::site::Site;

/// Where the console is served.
pub(super) struct ConsoleAddress {
    address: SocketAddr,
    /// Where the API is reached.
    api: BaseUrl,
    /// Where it has an address of its own.
    listener: Option<TcpListener>,
}

impl ConsoleAddress {
    /// Listens at the console's own address, if it has one beside that of the API.
    pub async fn listen(args: &ServeArgs, api: SocketAddr) -> Result<Self, CommandError> {
        let at = api;
        let api: BaseUrl = base_of(args.public_url.as_ref(), at).parse()?;
        let Some(own) = args.console.listen.filter(|_| args.console.is_served()) else {
            return Ok(Self {
                address: at,
                api,
                listener: None,
            });
        };
        let listener = bind(own).await?;
        Ok(Self {
            address: listener.local_addr()?,
            api,
            listener: Some(listener),
        })
    }

    /// Makes the first owner where nobody can sign in yet, and says where to.
    pub async fn notice(&self, crm: &Crm, args: &ServeArgs) -> Result<ConsoleNotice, CommandError> {
        if !args.console.is_served() {
            return Ok(ConsoleNotice::default());
        }
        let found = match crm.accounts().found().await {
            // A store that takes no writes is served all the same.
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                tracing::warn!(%error, "the first owner could not be made: `relm-server admin reset` makes a link later");
                None
            }
            found => found?,
        };
        let base = base(args, self.address);
        let way_in = match found {
            Some(link) => {
                let path = Console::link_path(&link.user, &link.token);
                Some(format!(
                    "This link, good once within a day, sets the first owner's password:\n\n  {base}{path}"
                ))
            }
            None if can_anybody_sign_in(crm).await => None,
            None => Some(
                "`relm-server admin reset` prints a link that sets the first owner's password."
                    .to_owned(),
            ),
        };
        Ok(ConsoleNotice {
            url: Some(format!("{base}/console")),
            way_in,
        })
    }

    /// The site with the console in it, or what serves the console beside it; whether all of that ended in time.
    pub fn serve(
        self,
        site: Site,
        crm: Crm,
        args: &ServeArgs,
        limits: &Limits,
        stop: &Stop,
        observer: Observer,
    ) -> (Site, impl Future<Output = bool> + use<>) {
        let (site, own) = match (self.listener, args.console.is_served()) {
            (_, false) => (site, None),
            (None, true) => (
                site.console(Console::new(crm, args.public_url.clone()).observer(observer)),
                None,
            ),
            (Some(listener), true) => {
                let console = Arc::new(Console::beside(crm, self.api).observer(observer));
                let serving = serve(listener, console, limits.clone(), stop.clone().wait());
                (site, Some(tokio::spawn(serving)))
            }
        };
        let ended = async {
            match own {
                Some(own) => own.await.unwrap_or(false),
                None => true,
            }
        };
        (site, ended)
    }
}

/// Whether somebody has set a password. Where that cannot be found out, nothing is to be said of it.
async fn can_anybody_sign_in(crm: &Crm) -> bool {
    let users = crm.accounts().users().await;
    users.map_or(true, |users| {
        users.iter().any(|user| user.password().is_some())
    })
}

/// Where the console is reached: told, or at its address. What an operator says of the API's address is not where another one is.
fn base(args: &ServeArgs, address: SocketAddr) -> String {
    let told = args.public_url.as_ref();
    base_of(told.filter(|_| args.console.listen.is_none()), address)
}

/// `relm-server admin`.
pub(super) async fn admin(
    crm: &Crm,
    args: &ServeArgs,
    command: AdminCommand,
    out: &mut Out,
) -> Result<(), CommandError> {
    let AdminCommand::Reset { email } = command;
    let accounts = crm.accounts();
    let link = match email {
        Some(email) => {
            let user = accounts.user_of(&email).await?;
            let user = user.ok_or_else(|| format!("nobody signs in as {email}"))?;
            accounts.renew_link(user.id).await?
        }
        None => match first_owner(accounts.users().await?) {
            Some(user) => accounts.renew_link(user.id).await?,
            None => accounts
                .found()
                .await?
                .ok_or("another process has just made the first owner")?,
        },
    };
    let address = args.console.listen.unwrap_or(args.listen);
    let path = Console::link_path(&link.user, &link.token);
    administration::say(
        out,
        format_args!(
            "{}  {}{path}",
            link.user.email.as_deref().unwrap_or("first owner"),
            base(args, address)
        ),
    )
}

/// The owner who came first.
fn first_owner(users: Vec<User>) -> Option<User> {
    // They are listed newest first.
    let mut oldest_first = users.into_iter().rev();
    oldest_first.find(|user| user.role == Role::Owner)
}
