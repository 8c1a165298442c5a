//! What is said where no route is: which path or method was most likely meant.

use hyper::Method;
use hyper::header::{ALLOW, HeaderValue};
use relm_core::value::spelling::{self, OtherName};
use relm_core::{ErrorKind, Quoted};

use super::answer::ApiError;
use super::code::Code;
use super::routes::{Missed, Routes};

/// What other APIs call our resources.
const OTHER_NAMES: &[OtherName<&str>] = &[
    (
        &["people", "persons", "person", "customers", "leads"],
        "contacts",
    ),
    (
        &["company", "organizations", "organisations", "accounts"],
        "companies",
    ),
    (&["opportunities"], "deals"),
    (
        &[
            "activity",
            "notes",
            "tasks",
            "calls",
            "meetings",
            "engagements",
        ],
        "activities",
    ),
    (&["fields", "custom_fields", "properties"], "schema/fields"),
    (&["links"], "associations"),
    (&["webhook_endpoints", "hooks"], "webhooks"),
];

/// Parts of a path that are looked at to find what it meant: whoever sends it need not show a key.
const PARTS_MAX: usize = 8;

/// No such path, or no such method on it.
pub(super) fn unrouted(routes: &Routes, method: &Method, path: &str, missed: Missed) -> ApiError {
    match missed {
        Missed::Resource(message) => not_found(message),
        Missed::Method(allowed) => not_allowed(method, &allowed),
        Missed::Path => no_path(routes, path),
    }
}

fn no_path(routes: &Routes, path: &str) -> ApiError {
    let message = match path_meant(routes, path) {
        Some(meant) if path.trim_end_matches('/') == meant => {
            format!(
                "There is no such path. Leave out the last `/`: {}.",
                Quoted(&meant)
            )
        }
        Some(meant) => format!("There is no such path. Did you mean {}?", Quoted(&meant)),
        None => "There is no such path; GET /openapi.json lists those there are.".to_owned(),
    };
    not_found(message)
}

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::of(Code::Engine(ErrorKind::NotFound), message)
}

fn not_allowed(method: &Method, allowed: &[Method]) -> ApiError {
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    let names = names.join(", ");
    let is_change =
        [Method::PUT, Method::POST].contains(method) && allowed.contains(&Method::PATCH);
    let message = if is_change {
        format!("This path takes {names}. To change a record, PATCH it.")
    } else if is_of_one(method) && is_list(allowed) {
        format!("This path takes {names}. To change or delete a record, name its id in the path.")
    } else if method.as_str().to_ascii_uppercase() != method.as_str() {
        format!("This path takes {names}; methods are written in capitals.")
    } else {
        format!("This path takes {names}.")
    };
    let failure = ApiError::of(Code::MethodNotAllowed, message);
    match HeaderValue::from_str(&names) {
        Ok(value) => failure.with_header(ALLOW, value),
        Err(_) => failure,
    }
}

fn is_list(allowed: &[Method]) -> bool {
    [Method::GET, Method::POST]
        .iter()
        .all(|method| allowed.contains(method))
}

/// Whether a method is meant for one record, and not for a list.
fn is_of_one(method: &Method) -> bool {
    [Method::PUT, Method::PATCH, Method::DELETE].contains(method)
}

/// The path of ours that another was most likely meant to be, if there is such a route: without slashes too many, with
/// `/v1`, in small letters, and with our name of the resource.
fn path_meant(routes: &Routes, path: &str) -> Option<String> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.take(PARTS_MAX).collect();
    let resource = |part: &str| resource_meant(routes, part);
    // What stands before the resource (`v1`, `v2`, `api`, `crm/v3/objects`) is another API's.
    let (place, resource_name) = parts
        .iter()
        .enumerate()
        .find_map(|(place, part)| Some((place, resource(part)?)))?;
    let rest = &parts[place + 1..];
    if let [id, nested] = rest
        && let Some(nested) = resource(nested)
        && let Some(list) = nested_list(&resource_name, id, &nested)
    {
        return Some(list);
    }
    let whole = |rest: &[&str]| [&["/v1", &resource_name], rest].concat().join("/");
    let mut meant = [whole(rest), whole(&[])].into_iter();
    meant.find(|path| routes.has(path))
}

/// The list that other APIs have beneath a record, as a filter of ours.
fn nested_list(resource: &str, id: &str, nested: &str) -> Option<String> {
    let field = match (resource, nested) {
        ("contacts", "activities") => "contact_id",
        ("contacts", "deals") => "primary_contact_id",
        ("companies", "contacts" | "deals" | "activities") => "company_id",
        ("deals", "activities") => "deal_id",
        (_, "associations" | "events") => "record_id",
        _ => return None,
    };
    Some(format!("/v1/{nested}?{field}={id}"))
}

/// The resource that a part of a path names, by our name, another's, or nearly.
fn resource_meant(routes: &Routes, part: &str) -> Option<String> {
    if part.chars().nth(32).is_some() {
        return None;
    }
    let part = part.to_lowercase().replace('-', "_");
    let ours = || routes.resources();
    if let Some(same) = ours().find(|resource| *resource == part) {
        return Some(same.to_owned());
    }
    match spelling::known(&part, OTHER_NAMES) {
        Some(ours) => Some((*ours).to_owned()),
        None => spelling::nearest(&part, ours()).map(str::to_owned),
    }
}
