//! Moving a deal to another stage of the board, by the same function as `PATCH /v1/deals/:id`.

use bytes::Bytes;
use hyper::Response;
use relm_core::{Error, ErrorKind, Id, ObjectType};
use serde_json::{Value, json};

use super::stages::CHOSEN;
use super::{BOARD, shown};
use crate::console::form::Form;
use crate::console::objects;
use crate::console::problem::Problem;
use crate::console::records::path_of;
use crate::console::visit::{Opened, Visit};
use crate::html::answer;
use crate::status::status_of;

/// What a form asks for.
struct Move {
    deal: Id,
    /// As it was shown.
    version: i64,
    /// None, to leave it without one.
    stage: Option<String>,
}

impl Move {
    /// Its button says which card goes to which stage, by their places among the form's hidden fields.
    fn read(form: &Form) -> Option<Self> {
        let (card, stage) = form.text("to").split_once('.')?;
        let card = form.text(&format!("deal.{card}"));
        let (deal, version) = card.split_once(':')?;
        let stage = form.all("stage").nth(stage.parse().ok()?)?;
        Some(Self {
            deal: Id::parse(deal)?,
            version: version.parse().ok()?,
            stage: Some(stage.to_owned()).filter(|stage| !stage.is_empty()),
        })
    }
}

pub(in crate::console) async fn move_deal(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    let Some(asked) = Move::read(&visit.form) else {
        let error = Error::new(
            ErrorKind::BadRequest,
            "Choose the deal, and the stage that it goes to.",
        );
        return shown(&visit, opened, Some(error)).await;
    };
    let moved = carry_out(&opened, &asked).await;
    match moved {
        Ok(()) => {
            let board = format!("{}/{BOARD}", path_of(&opened.place, ObjectType::Deal));
            let chosen = visit.address.query().unwrap_or_default();
            let chosen = chosen
                .split('&')
                .filter(|pair| pair.split_once('=').is_some_and(|(name, _)| name == CHOSEN));
            let chosen: String = chosen.map(|pair| format!("&{pair}")).collect();
            let to = format!("{board}?notice=moved{chosen}#{}", asked.deal);
            Ok(answer::see_other(&to))
        }
        Err(error) if error.kind() == ErrorKind::VersionConflict => {
            let message = "Somebody else saved this deal since the board was shown, so it was not moved. It stands where it is now: \
                           look at it, and move it again.";
            let error = Error::new(ErrorKind::VersionConflict, message);
            shown(&visit, opened, Some(error)).await
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            shown(&visit, opened, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Moves the deal. A form that was sent twice has moved it already.
async fn carry_out(opened: &Opened, asked: &Move) -> Result<(), Error> {
    let body = json!({ "stage": asked.stage });
    let (scoped, deal) = (&opened.scoped, ObjectType::Deal);
    let moved = objects::update(scoped, deal, asked.deal, body, Some(asked.version)).await;
    match moved {
        Err(error) if error.kind() == ErrorKind::VersionConflict => {
            let found = objects::get(scoped, deal, asked.deal).await?;
            let members = found.as_ref().map(objects::members).transpose()?;
            let is_there = members.is_some_and(|members| {
                let stage = members.get("stage").and_then(Value::as_str);
                stage == asked.stage.as_deref()
            });
            if is_there { Ok(()) } else { Err(error) }
        }
        moved => moved,
    }
}
