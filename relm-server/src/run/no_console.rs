//! In the place of the console, in a program that was built without it.

use std::future::{Future, ready};
use std::net::SocketAddr;

use relm_core::engine::Crm;

use super::console_notice::ConsoleNotice;
use super::outcome::CommandError;
use crate::config::ServeArgs;
use crate::dispatch::Stop;
use crate::observation::Observer;
use crate::serve::Limits;
use crate::site::Site;

/// Nowhere.
pub(super) struct ConsoleAddress;

impl ConsoleAddress {
    pub async fn listen(_: &ServeArgs, _: SocketAddr) -> Result<Self, CommandError> {
        Ok(Self)
    }

    pub async fn notice(&self, _: &Crm, _: &ServeArgs) -> Result<ConsoleNotice, CommandError> {
        Ok(ConsoleNotice::default())
    }

    pub fn serve(
        self,
        site: Site,
        _: Crm,
        _: &ServeArgs,
        _: &Limits,
        _: &Stop,
        _: Observer,
    ) -> (Site, impl Future<Output = bool> + use<>) {
        (site, ready(true))
    }
}
