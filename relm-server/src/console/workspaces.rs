//! The workspaces, and the way into one of them.

use askama::Template;
use bytes::Bytes;
use hyper::Response;
use relm_core::{Mode, ObjectType, Workspace};

use super::layout::{Layout, Place, Section, minute};
use super::problem::Problem;
use super::visit::{Visit, page as page_ok};
use crate::html::answer;

/// What is shown first of a workspace.
const FIRST: Section = Section::Records(ObjectType::Contact);

#[derive(Template)]
#[template(path = "console/workspaces.html")]
struct Page {
    layout: Layout,
    workspaces: Vec<Row>,
}

struct Row {
    name: String,
    id: String,
    made: String,
    live: String,
    test: String,
}

/// Where the first page of a workspace is.
fn first(workspace: &Workspace, mode: Mode) -> String {
    let place = Place {
        workspace_id: workspace.id,
        workspace: workspace.name.clone(),
        mode,
    };
    place.path(FIRST)
}

/// `/console`: into the workspace, where there is one alone.
pub(super) async fn way_in(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let workspaces = visit.crm().workspaces().await?;
    match &workspaces[..] {
        [only] => Ok(answer::see_other(&first(only, Mode::Live))),
        _ => Ok(shown(&visit, &workspaces)),
    }
}

pub(super) async fn page(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let workspaces = visit.crm().workspaces().await?;
    Ok(shown(&visit, &workspaces))
}

fn shown(visit: &Visit, workspaces: &[Workspace]) -> Response<Bytes> {
    let row = |workspace: &Workspace| Row {
        name: workspace.name.clone(),
        id: workspace.id.to_string(),
        made: minute(&workspace.created_at),
        live: first(workspace, Mode::Live),
        test: first(workspace, Mode::Test),
    };
    page_ok(&Page {
        layout: visit.layout(Section::Workspaces, None),
        workspaces: workspaces.iter().map(row).collect(),
    })
}

/// `/console/WORKSPACE/MODE`: its first page.
pub(super) async fn first_page(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let opened = visit.open().await?;
    Ok(answer::see_other(&opened.place.path(FIRST)))
}
