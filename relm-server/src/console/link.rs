//! The link by which a password is set: of the first owner, of whoever was invited, and after a reset.

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};
use relm_core::engine::Credentials;
use relm_core::{ErrorKind, User};

use super::form::FieldError;
use super::layout::{Layout, Section, minute};
use super::passwords::{PASSWORD_CHARS_MIN, why_refused};
use super::problem::Problem;
use super::shown::Message;
use super::visit::{Visit, page_of};
use super::{place, sign_in};

#[derive(Template)]
#[template(path = "console/link.html")]
struct Page<'a> {
    layout: Layout,
    user: &'a User,
    /// What was typed, where there is no address yet.
    email: &'a str,
    name: &'a str,
    expires: String,
    chars_min: usize,
    error: Option<FieldError>,
}

impl Page<'_> {
    /// What is said at a field.
    fn error_at(&self, field: &str) -> Option<Message<'_>> {
        FieldError::at(self.error.as_ref(), field)
    }
}

/// The form. To read it leaves the link as good as it was: programs that look at links before people do change nothing.
pub(super) async fn page(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let user = linked(&visit).await?;
    Ok(shown(&visit, &user, StatusCode::OK, None))
}

pub(super) async fn submit(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let user = linked(&visit).await?;
    let refuse = |field, message: String| {
        let error = Some(FieldError { field, message });
        Ok(shown(
            &visit,
            &user,
            StatusCode::UNPROCESSABLE_ENTITY,
            error,
        ))
    };
    let password = visit.form.text("password");
    let email = match &user.email {
        Some(_) => None,
        None => visit.form.trimmed("email").map(str::to_owned),
    };
    let address = user.email.as_deref().or(email.as_deref());
    if let Some(message) = why_refused(password, address) {
        return refuse("password", message);
    }
    if visit.form.text("again") != password {
        return refuse("again", "This is not the same password.".to_owned());
    }
    let digest = visit.shared.passwords.digest(password.to_owned()).await?;
    let credentials = Credentials {
        email,
        name: visit.form.trimmed("name").map(str::to_owned),
        password: digest,
    };
    let accounts = visit.crm().accounts();
    let token = visit.param("token");
    match accounts.accept(user.id, token, credentials).await {
        Ok(user) => Ok(sign_in::begin_with_new_password(&visit, &user).await),
        Err(error) => match error.field() {
            Some("email") => refuse("email", error.message().to_owned()),
            Some("name") => refuse("name", error.message().to_owned()),
            _ => Err(error.into()),
        },
    }
}

/// Whose link it is.
async fn linked(visit: &Visit) -> Result<User, Problem> {
    let id = visit.id("user")?;
    let _place = place(&visit.shared.strangers).await?;
    let accounts = visit.crm().accounts();
    let linked = accounts.linked(id, visit.param("token")).await;
    linked.map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let message = format!(
                "{} Whoever runs the server makes a new one with `relm-server admin reset`; an owner makes one on the page Users.",
                error.message()
            );
            Problem::new(StatusCode::NOT_FOUND, "This link is not good any more", message)
        }
        _ => error.into(),
    })
}

fn shown(
    visit: &Visit,
    user: &User,
    status: StatusCode,
    error: Option<FieldError>,
) -> Response<Bytes> {
    let expires = user.link_expires_at();
    let typed = visit.form.trimmed("name");
    page_of(
        status,
        &Page {
            layout: Layout::of(None, Section::Other, None),
            user,
            email: visit.form.text("email"),
            name: typed.or(user.name.as_deref()).unwrap_or_default(),
            expires: expires.as_ref().map(minute).unwrap_or_default(),
            chars_min: PASSWORD_CHARS_MIN,
            error,
        },
    )
}
