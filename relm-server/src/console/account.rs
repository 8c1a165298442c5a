//! One's own account: the password, and the browsers that one is signed in with.

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};
use relm_core::{Session, User};

use super::form::FieldError;
use super::layout::{Layout, Section, minute};
use super::passwords::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, why_refused};
use super::problem::Problem;
use super::shown::Message;
use super::sign_in;
use super::visit::{Visit, page_of};
use crate::html::answer;

const PATH: &str = "/console/account";
/// In the place of a session's id: all but the one that asks.
const OTHERS: &str = "others";

#[derive(Template)]
#[template(path = "console/account.html")]
struct Page<'a> {
    layout: Layout,
    user: &'a User,
    sessions: Vec<Row>,
    chars_min: usize,
    error: Option<FieldError>,
}

/// A browser that one is signed in with.
struct Row {
    session: Session,
    agent: String,
    begun: String,
    used: String,
    is_this: bool,
}

impl Page<'_> {
    /// What is said at a field.
    fn error_at(&self, field: &str) -> Option<Message<'_>> {
        FieldError::at(self.error.as_ref(), field)
    }
}

pub(super) async fn page(visit: Visit) -> Result<Response<Bytes>, Problem> {
    shown(&visit, StatusCode::OK, None).await
}

async fn shown(
    visit: &Visit,
    status: StatusCode,
    error: Option<FieldError>,
) -> Result<Response<Bytes>, Problem> {
    let known = visit.signed_in()?;
    let sessions = visit.crm().accounts().sessions(known.user.id).await?;
    let row = |session: Session| Row {
        agent: session
            .agent
            .as_deref()
            .map_or_else(|| "Unknown".to_owned(), browser),
        begun: minute(&session.created_at),
        used: minute(&session.used_at),
        is_this: session.id == known.session.id,
        session,
    };
    Ok(page_of(
        status,
        &Page {
            layout: visit.layout(Section::Account, None),
            user: &known.user,
            sessions: sessions.into_iter().map(row).collect(),
            chars_min: PASSWORD_CHARS_MIN,
            error,
        },
    ))
}

/// What a browser is called that calls itself this, as far as that can be told: `Firefox on Linux`.
fn browser(agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        let mut names = names.iter().filter(|(part, _)| agent.contains(part));
        names.next().map(|(_, name)| *name)
    };
    // Each names those that it wants to be taken for.
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => agent.chars().take(60).collect(),
    }
}

/// Sets another password. All sessions end with the old one, and a new one begins for the browser that asked.
pub(super) async fn set_password(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let user = visit.signed_in()?.user.clone();
    let refuse = async |status, field, message: String| {
        let error = Some(FieldError { field, message });
        shown(&visit, status, error).await
    };
    let form = &visit.form;
    let (current, new) = (form.text("current"), form.text("password"));
    if let Some(message) = why_refused(new, user.email.as_deref()) {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "password", message).await;
    }
    if form.text("again") != new {
        let message = "This is not the same password.".to_owned();
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "again", message).await;
    }
    // Whoever found a browser open guesses no faster than whoever has none.
    let email = user.email.as_deref().unwrap_or_default();
    let visitor = sign_in::visitor(&visit, email, Some(&user));
    let now = visit.crm().monotonic();
    if let Err(seconds) = visit.shared.back_off.begin(visitor, now) {
        let message = format!("Too many attempts have failed. Try again in {seconds} seconds.");
        return refuse(StatusCode::TOO_MANY_REQUESTS, "current", message).await;
    }
    let digest = user.password().map(str::to_owned);
    let passwords = &visit.shared.passwords;
    let is_right =
        current.len() <= PASSWORD_BYTES_MAX && passwords.check(current.to_owned(), digest).await?;
    if !is_right {
        let message = "This is not your password.".to_owned();
        return refuse(StatusCode::FORBIDDEN, "current", message).await;
    }
    visit.shared.back_off.succeeded(visitor);
    let digest = passwords.digest(new.to_owned()).await?;
    let user = visit.crm().accounts().set_password(&user, digest).await?;
    Ok(sign_in::begin_with_new_password(&visit, &user).await)
}

/// Ends one of one's sessions, or all but this one.
pub(super) async fn end_session(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let known = visit.signed_in()?;
    let accounts = visit.crm().accounts();
    if visit.param("id") == OTHERS {
        for session in accounts.sessions(known.user.id).await? {
            if session.id != known.session.id {
                accounts.end_session(known.user.id, session.id).await?;
            }
        }
        return Ok(answer::see_other(PATH));
    }
    let id = visit.id("id")?;
    accounts.end_session(known.user.id, id).await?;
    Ok(match id == known.session.id {
        true => sign_in::signed_out(&visit),
        false => answer::see_other(PATH),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_by_its_name() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
                "Firefox on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.9.1", "curl/8.9.1"),
        ] {
            assert_eq!(browser(agent), name);
        }
    }
}
