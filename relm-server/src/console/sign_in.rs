//! Signing in and out.

use askama::Template;
use bytes::Bytes;
use hyper::header::{HeaderValue, RETRY_AFTER, SET_COOKIE};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use relm_core::{ErrorKind, User};

use super::back_off::{Visitor, account};
use super::layout::{Layout, Section};
use super::passwords::PASSWORD_BYTES_MAX;
use super::problem::Problem;
use super::visit::{Visit, page, page_of};
use super::{PATH, cookie, device, place};
use crate::html::answer;

const SIGN_IN: &str = "/console/sign-in";
/// What is said whether the address or the password is wrong: who has an account is nobody's to find out.
const WRONG: &str = "The e-mail address or the password is wrong.";

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignIn<'a> {
    layout: Layout,
    email: &'a str,
    /// Where to go on.
    next: &'a str,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "console/arrival.html")]
struct Arrival<'a> {
    layout: Layout,
    path: &'a str,
}

/// Leads whoever is not signed in to the form, and from there on to what was asked for.
pub(super) fn led_there(head: &Parts) -> Response<Bytes> {
    let asked = head.uri.path_and_query().map_or(PATH, |path| path.as_str());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", asked);
    answer::see_other(&format!("{SIGN_IN}?{}", query.finish()))
}

/// What whoever follows a link from another site is shown first. Their browser kept the cookie back, as it should; the page has it
/// ask again, from here.
pub(super) fn arrival(head: &Parts) -> Response<Bytes> {
    let asked = head.uri.path_and_query().map_or(PATH, |path| path.as_str());
    page(&Arrival {
        layout: Layout::of(None, Section::Other, None),
        path: local(asked),
    })
}

/// A path of the console, or its beginning: nobody is led elsewhere.
fn local(path: &str) -> &str {
    let rest = path.strip_prefix(PATH);
    let is_ours = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let is_plain = path
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    match is_ours && is_plain && !path.starts_with(SIGN_IN) {
        true => path,
        false => PATH,
    }
}

/// The form. Whoever is signed in already goes on.
pub(super) async fn form(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let next = local(visit.query.text("next"));
    if visit.session.is_some() {
        return Ok(answer::see_other(next));
    }
    Ok(page(&SignIn {
        layout: visit.layout(Section::Other, None),
        email: "",
        next,
        error: None,
    }))
}

pub(super) async fn submit(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let email = visit.form.text("email").trim();
    let password = visit.form.text("password");
    // Before attempts are counted only who shows what may be a browser's proof is looked up, and few at once.
    let shown = match &visit.device {
        Some(_) => {
            let _place = place(&visit.shared.strangers).await?;
            visit.crm().accounts().user_of(email).await?
        }
        None => None,
    };
    let visitor = visitor(&visit, email, shown.as_ref());
    let now = visit.crm().monotonic();
    if let Err(seconds) = visit.shared.back_off.begin(visitor, now) {
        let message = format!("Too many attempts have failed. Try again in {seconds} seconds.");
        let mut refused = refused(&visit, StatusCode::TOO_MANY_REQUESTS, &message);
        let headers = refused.headers_mut();
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(refused);
    }
    let user = match (password.len() <= PASSWORD_BYTES_MAX, shown) {
        (true, None) => visit.crm().accounts().user_of(email).await?,
        (true, shown) => shown,
        (false, _) => None,
    };
    let digest = user.as_ref().and_then(User::password).map(str::to_owned);
    let password = match password.len() <= PASSWORD_BYTES_MAX {
        true => password.to_owned(),
        false => String::new(),
    };
    let is_right = visit.shared.passwords.check(password, digest).await?;
    let Some(user) = user.filter(|_| is_right) else {
        return Ok(refused(&visit, StatusCode::FORBIDDEN, WRONG));
    };
    visit.shared.back_off.succeeded(visitor);
    let next = local(visit.form.text("next")).to_owned();
    begin(&visit, &user, &next).await
}

/// Who gives a password for an address, which is this user's, as far as that is known.
pub(super) fn visitor(visit: &Visit, email: &str, user: Option<&User>) -> Visitor {
    let proof = user.zip(visit.device.as_deref());
    match proof.and_then(|(user, shown)| device::known(user, shown)) {
        Some(device) => Visitor::Known(device),
        None => Visitor::Stranger(account(email), visit.peer),
    }
}

fn refused(visit: &Visit, status: StatusCode, error: &str) -> Response<Bytes> {
    page_of(
        status,
        &SignIn {
            layout: Layout::of(None, Section::Other, None),
            email: visit.form.text("email"),
            next: local(visit.form.text("next")),
            error: Some(error),
        },
    )
}

/// Begins a session of who proved to be this user, under a token of its own: whatever session the browser showed ends, so that
/// nobody can have chosen the token beforehand.
pub(super) async fn begin(
    visit: &Visit,
    user: &User,
    next: &str,
) -> Result<Response<Bytes>, Problem> {
    let accounts = visit.crm().accounts();
    if let Some(former) = &visit.session {
        let ended = accounts.end_session(former.user.id, former.session.id);
        ended.await?;
    }
    let begun = accounts.sign_in(user, visit.agent.as_deref()).await;
    let begun = begun.map_err(|error| match error.kind() {
        ErrorKind::Conflict | ErrorKind::NotFound => {
            Problem::new(StatusCode::FORBIDDEN, "Not signed in", error.message())
        }
        _ => error.into(),
    })?;
    let mut response = answer::see_other(local(next));
    let kept = cookie::kept(&begun.token, visit.is_https);
    response.headers_mut().insert(SET_COOKIE, kept);
    if let Some(device) = device::token(user) {
        let kept = cookie::kept_device(&device, visit.is_https);
        response.headers_mut().append(SET_COOKIE, kept);
    }
    Ok(response)
}

/// [`begin`] of who has just set a password: where that fails, the password is set all the same, and the form takes it.
pub(super) async fn begin_with_new_password(visit: &Visit, user: &User) -> Response<Bytes> {
    begin(visit, user, PATH).await.unwrap_or_else(|problem| {
        problem.log(&visit.shared.log_throttle);
        answer::see_other(SIGN_IN)
    })
}

pub(super) async fn sign_out(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let known = visit.signed_in()?;
    let accounts = visit.crm().accounts();
    accounts
        .end_session(known.user.id, known.session.id)
        .await?;
    Ok(signed_out(&visit))
}

/// Leads to the form, with a browser that has forgotten its session.
pub(super) fn signed_out(visit: &Visit) -> Response<Bytes> {
    let mut response = answer::see_other(SIGN_IN);
    let forgotten = cookie::forgotten(visit.is_https);
    response.headers_mut().insert(SET_COOKIE, forgotten);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::form::Form;

    #[test]
    fn nobody_is_led_elsewhere() {
        for own in [
            "/console",
            "/console/ws_1/live/keys",
            "/console/users?a=b",
            "/console?x",
        ] {
            assert_eq!(local(own), own);
        }
        for other in [
            "",
            "/",
            "//evil.example",
            "https://evil.example",
            "/consolex",
            "/console\\evil",
            "/console/\r\nset-cookie: a=b",
            "/console/ä",
            "/console@evil.example",
            "javascript:alert(1)",
            "/console/sign-in?next=/console",
            " /console",
        ] {
            assert_eq!(local(other), PATH, "{other}");
        }
    }

    #[test]
    fn what_was_asked_for_is_asked_for_again() {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("next", "/console/users?a=b&c=d");
        let form = Form::parse(query.finish().as_bytes());
        assert_eq!(local(form.text("next")), "/console/users?a=b&c=d");
    }
}
