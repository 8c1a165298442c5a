//! Deals as a board: a column for each stage, with its newest deals, how many there are, and what they are worth; and the form that
//! moves one to another stage.
//!
//! Nothing in the engine adds up all deals of a stage. What a column says is of the deals that were read for it, and where those are
//! not all, it says so.

mod cards;
mod columns;
mod moving;
mod stages;

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::{Error, ObjectType};

use self::columns::{COUNTED_MAX, Column};
pub(super) use self::moving::move_deal;
pub(super) use self::stages::stages_in_use;
use self::stages::{CHOSEN, LOOKED_AT, Stages, filter};
use super::curl;
use super::layout::{Layout, Section};
use super::problem::Problem;
use super::records::path_of;
use super::shown::Message;
use super::visit::{Opened, Visit, page_of, status_by};

/// The last word of its path.
const BOARD: &str = "board";

#[derive(Template)]
#[template(path = "console/board.html")]
struct Page {
    layout: Layout,
    /// Where the list of deals is.
    list: String,
    /// Where the board is.
    path: String,
    /// The same, with the stages that were chosen.
    action: String,
    columns: Vec<Column>,
    stages: Stages,
    was_moved: bool,
    error: Option<Error>,
    call: String,
}

impl Page {
    fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }

    /// Whether deals can be moved from one stage to another.
    fn moves(&self) -> bool {
        self.columns.iter().any(|column| self.moves_from(column))
    }

    /// Whether those of a column can be moved to another one.
    fn moves_from(&self, column: &Column) -> bool {
        let mut others = self.columns.iter();
        let takes = |other: &Column| other.takes && other.number != column.number;
        self.layout.may_write() && others.any(takes)
    }

    fn counted_max(&self) -> usize {
        COUNTED_MAX
    }

    fn looked_at(&self) -> usize {
        LOOKED_AT
    }

    /// Whether any column says how likely its deals are to be won.
    fn is_weighted(&self) -> bool {
        self.columns
            .iter()
            .any(|column| column.probability.is_some())
    }
}

pub(super) async fn board(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    shown(&visit, opened, None).await
}

/// The board, and why a deal was not moved on it.
async fn shown(
    visit: &Visit,
    opened: Opened,
    error: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let Opened { scoped, place } = opened;
    let stages = Stages::of(&scoped, visit.query.text(CHOSEN)).await?;
    let columns = Column::all(&scoped, &place, &stages).await?;
    let list = path_of(&place, ObjectType::Deal);
    let path = format!("{list}/{BOARD}");
    let stage = stages.all.first().map_or("lead", String::as_str);
    let api = format!("/v1/deals?{}&limit={COUNTED_MAX}", filter(stage));
    let mut layout = visit.layout(Section::Records(ObjectType::Deal), Some(place));
    layout.within = Some(BOARD);
    let status = status_by(error.as_ref());
    let page = Page {
        layout,
        list,
        action: format!("{path}{}", stages.query()),
        path,
        columns,
        was_moved: visit.query.text("notice") == "moved",
        stages,
        error,
        call: curl::line(&visit.api, "GET", &api, curl::KEY, None),
    };
    Ok(page_of(status, &page))
}
