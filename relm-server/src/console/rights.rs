//! What a request may do and take, by its route and by who asks.

use bytes::Bytes;
use hyper::Method;
use hyper::Response;
use hyper::header::{ALLOW, HeaderValue};
use hyper::http::request::Parts;
use relm_core::Role;

use super::form::{FORM_BYTES_MAX, RECORD_FORM_BYTES_MAX};
use super::problem::Problem;
use super::routes::{Handler, Needs, Route};
use super::upload::UPLOAD_BYTES_MAX;
use super::visit::{SignedIn, Visit};
use super::{same_origin, sign_in};
use crate::serve::{Allowance, AnswerSize, BodyType, Tenant};

/// The memory that a request may take.
pub(super) fn allowance(needs: Needs, handler: Handler, visit: &Visit, head: &Parts) -> Allowance {
    let user = visit.session.as_ref().map(|known| known.user.id);
    Allowance {
        tenant: Tenant(user.map_or(0, |user| user.ulid())),
        body_bytes_max: match (handler, needs) {
            (Handler::Upload(_), _) => UPLOAD_BYTES_MAX,
            (_, Needs::Write) => RECORD_FORM_BYTES_MAX,
            (_, Needs::Nothing | Needs::Session | Needs::Owner) => FORM_BYTES_MAX,
        },
        body: match handler {
            Handler::Upload(_) => BodyType::File,
            Handler::Page(_) | Handler::Download(_) => BodyType::Form,
        },
        answer: match (handler, is_read(head), needs) {
            (Handler::Download(_), ..) => AnswerSize::Download,
            (_, true, Needs::Session) | (_, _, Needs::Write) => AnswerSize::Large,
            (_, false, Needs::Session) | (_, _, Needs::Nothing | Needs::Owner) => AnswerSize::Small,
        },
    }
}

pub(super) fn is_read(head: &Parts) -> bool {
    matches!(head.method, Method::GET | Method::HEAD)
}

/// What whoever may not do this is answered with.
pub(super) fn refusal_by_needs(
    needs: Needs,
    session: Option<&SignedIn>,
    head: &Parts,
    is_read: bool,
) -> Option<Response<Bytes>> {
    let role = session.map(|session| session.user.role);
    match (needs, role) {
        (Needs::Nothing, _)
        | (Needs::Session, Some(_))
        | (Needs::Write, Some(Role::Owner | Role::Editor))
        | (Needs::Owner, Some(Role::Owner)) => None,
        (Needs::Write | Needs::Owner, Some(role)) => {
            Some(Problem::not_for(role, needs).page(session))
        }
        (_, None) if !is_read => Some(Problem::signed_out().page(None)),
        (_, None) if same_origin::is_from_elsewhere(&head.headers) => Some(sign_in::arrival(head)),
        (_, None) => Some(sign_in::led_there(head)),
    }
}

pub(super) fn not_allowed(route: &Route) -> Response<Bytes> {
    let methods = route.allowed();
    let mut response = Problem::method(methods).page(None);
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(methods));
    response
}
