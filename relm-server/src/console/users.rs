//! Who may sign in: listed, invited, given new links, removed.

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};
use relm_core::{Error, Id, NewUserLink, Role, User, UserInput};

use super::Console;
use super::layout::{Layout, Section, minute};
use super::problem::Problem;
use super::shown::Message;
use super::visit::{Visit, page as page_ok, page_of};
use crate::html::answer;

const PATH: &str = "/console/users";

#[derive(Template)]
#[template(path = "console/users.html")]
struct Page<'a> {
    layout: Layout,
    users: Vec<Row>,
    is_owner: bool,
    email: &'a str,
    name: &'a str,
    role: &'a str,
    error: Option<Error>,
}

/// Somebody who may sign in.
struct Row {
    user: User,
    /// When the person signed in last, or how long an invitation is good.
    state: String,
    is_self: bool,
}

impl Page<'_> {
    /// What is said at a field.
    fn error_at(&self, field: &str) -> Option<Message<'_>> {
        let error = self.error.as_ref();
        let at = error.filter(|error| error.field().unwrap_or("email") == field);
        at.map(Message::of)
    }
}

#[derive(Template)]
#[template(path = "console/user_link.html")]
struct Linked<'a> {
    layout: Layout,
    user: &'a User,
    url: String,
    expires: String,
}

#[derive(Template)]
#[template(path = "console/user_remove.html")]
struct Confirm<'a> {
    layout: Layout,
    user: &'a User,
}

pub(super) async fn page(visit: Visit) -> Result<Response<Bytes>, Problem> {
    shown(&visit, StatusCode::OK, None).await
}

async fn shown(
    visit: &Visit,
    status: StatusCode,
    error: Option<Error>,
) -> Result<Response<Bytes>, Problem> {
    let own = &visit.signed_in()?.user;
    let mut users = visit.crm().accounts().users().await?;
    // In the order in which they came.
    users.reverse();
    let row = |user: User| Row {
        state: state(&user),
        is_self: user.id == own.id,
        user,
    };
    Ok(page_of(
        status,
        &Page {
            layout: visit.layout(Section::Users, None),
            users: users.into_iter().map(row).collect(),
            is_owner: own.role == Role::Owner,
            email: visit.form.text("email"),
            name: visit.form.text("name"),
            role: visit.form.text("role"),
            error,
        },
    ))
}

fn state(user: &User) -> String {
    match (user.password(), &user.signed_in_at, user.link_expires_at()) {
        (Some(_), Some(at), _) => format!("signed in {}", minute(at)),
        (Some(_), None, _) => "has not signed in yet".to_owned(),
        (None, _, Some(at)) => format!("invited, until {}", minute(&at)),
        (None, _, None) => "invited".to_owned(),
    }
}

pub(super) async fn invite(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let form = &visit.form;
    let Ok(role) = form.text("role").parse::<Role>() else {
        let message = "Choose what the person may do: owner, editor or reader.";
        let error = Error::new(relm_core::ErrorKind::UnknownValue, message).at("role");
        return shown(&visit, StatusCode::UNPROCESSABLE_ENTITY, Some(error)).await;
    };
    let input = UserInput {
        email: form.text("email").to_owned(),
        name: form.trimmed("name").map(str::to_owned),
        role,
    };
    match visit.crm().accounts().invite(input).await {
        Ok(link) => linked(&visit, &link),
        Err(error) if error.field().is_some() => {
            let status = crate::status::status_of(error.kind());
            shown(&visit, status, Some(error)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes another link for a user: to set a password that was forgotten, or after an invitation has expired.
pub(super) async fn renew_link(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let link = visit.crm().accounts().renew_link(visit.id("id")?).await?;
    linked(&visit, &link)
}

/// Shows a link, the one time that it is shown.
fn linked(visit: &Visit, link: &NewUserLink) -> Result<Response<Bytes>, Problem> {
    let NewUserLink { user, token, .. } = link;
    let expires = user.link_expires_at();
    Ok(page_ok(&Linked {
        layout: visit.layout(Section::Users, None),
        user,
        url: format!("{}{}", visit.base, Console::link_path(user, token)),
        expires: expires.as_ref().map(minute).unwrap_or_default(),
    }))
}

pub(super) async fn confirm(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let user = visit.crm().accounts().user(visit.id("id")?).await?;
    Ok(page_ok(&Confirm {
        layout: visit.layout(Section::Users, None),
        user: &user,
    }))
}

pub(super) async fn remove(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let id: Id = visit.id("id")?;
    visit.crm().accounts().remove(id).await?;
    Ok(answer::see_other(PATH))
}
