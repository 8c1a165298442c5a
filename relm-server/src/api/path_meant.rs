//! Which path of ours another was most likely meant to be.

use std::borrow::Cow;

use relm_core::value::spelling::{self, OtherName};

use super::routes::Routes;
use crate::parameters;

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
    (&["api_keys", "apikeys", "tokens"], "keys"),
];

/// What other APIs call what can be done with a record of ours.
const OTHER_ACTIONS: &[OtherName<&str>] = &[
    (
        &["rotate", "roll_secret", "regenerate_secret", "secret"],
        "rotate_secret",
    ),
    (&["ping", "send_test", "trigger"], "test"),
    (&["resend", "redeliver", "retry"], "replay"),
    (&["roll", "regenerate", "renew"], "rotate"),
    (&["undelete", "unarchive", "recover"], "restore"),
    (&["revert", "rollback"], "undo"),
    (
        &["changes", "audit", "audit_log", "revisions", "versions"],
        "history",
    ),
    (&["attempts", "logs", "messages"], "deliveries"),
];

/// What other servers have beside their resources.
const OTHER_PLACES: &[OtherName<&str>] = &[
    (
        &[
            "openapi",
            "openapi.yaml",
            "openapi.yml",
            "swagger",
            "swagger.json",
            "api-docs",
        ],
        "/openapi.json",
    ),
    (
        &["health", "healthcheck", "livez", "live", "ping", "status"],
        "/healthz",
    ),
    (&["ready", "readiness"], "/readyz"),
];

/// Parts of a path that are looked at to find what it meant: whoever sends it need not show a key.
const PARTS_MAX: usize = 8;

/// The path of ours that another was most likely meant to be, if there is such a route: without slashes too many, with
/// `/v1`, in small letters that are not encoded, and with our name of the resource and of what is done with it. Where a part is
/// missing, it stands in braces.
pub(super) fn path_meant(routes: &Routes, path: &str) -> Option<String> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    let parts: Vec<Cow<'_, str>> = parts.take(PARTS_MAX).map(plain).collect();
    let parts: Vec<&str> = parts.iter().map(|part| &**part).collect();
    let resource = |part: &str| resource_meant(routes, part);
    // What stands before the resource (`v1`, `v2`, `api`, `crm/v3/objects`) is another API's.
    let found = parts
        .iter()
        .enumerate()
        .find_map(|(place, part)| Some((place, resource(part)?)));
    let Some((place, resource_name)) = found else {
        let other = spelling::known(parts.last()?, OTHER_PLACES);
        return other.map(|place| (*place).to_owned());
    };
    let rest = &parts[place + 1..];
    if let [id, nested] = rest
        && let Some(nested) = resource(nested)
        && let Some(list) = nested_list(&resource_name, id, &nested)
    {
        return Some(list);
    }
    let whole = |rest: &[&str]| [&["/v1", &resource_name], rest].concat().join("/");
    let asked = whole(rest);
    if routes.has(&asked) {
        return Some(asked);
    }
    let mended = mended(routes, &asked);
    mended.or_else(|| Some(whole(&[])).filter(|path| routes.has(path)))
}

/// A part of a path without its percent-encoding, where it has one that means something.
fn plain(part: &str) -> Cow<'_, str> {
    match parameters::decode(part) {
        Ok(decoded) if part.contains('%') => Cow::Owned(decoded),
        Ok(_) | Err(_) => Cow::Borrowed(part),
    }
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

/// A path beneath a resource with its words as ours are, or else with what is missing at its end.
fn mended(routes: &Routes, asked: &str) -> Option<String> {
    let asked: Vec<&str> = asked.split('/').collect();
    let templates = || routes.templates().map(|path| path.split('/'));
    let same = templates().find_map(|template| {
        let template: Vec<&str> = template.collect();
        if template.len() != asked.len() {
            return None;
        }
        let pairs = template.iter().zip(&asked);
        let parts: Option<Vec<&str>> = pairs.map(|(ours, part)| part_meant(ours, part)).collect();
        Some(parts?.join("/"))
    });
    same.or_else(|| {
        let longer = templates().filter_map(|template| {
            let template: Vec<&str> = template.collect();
            let (begins, rest) = template.split_at_checked(asked.len())?;
            let mut pairs = begins.iter().zip(&asked);
            let is_begun = pairs.all(|(ours, part)| is_place(ours) || ours == part);
            // An id is not all that is missing of a list's path.
            let is_of_one = asked.len() > LIST_PARTS && !rest.is_empty();
            (is_begun && is_of_one).then(|| [&asked[..], rest].concat().join("/"))
        });
        longer.min_by_key(String::len)
    })
}

/// Parts of `/v1/contacts`, with what is before its first slash.
const LIST_PARTS: usize = 3;

fn is_place(part: &str) -> bool {
    part.starts_with('{')
}

/// What stands at a part of a path of ours where this is asked for, if that can be meant.
fn part_meant<'a>(ours: &'a str, part: &'a str) -> Option<&'a str> {
    if is_place(ours) || ours == part {
        return Some(part);
    }
    let is_known = spelling::known(part, OTHER_ACTIONS) == Some(&ours);
    let is_near = || spelling::nearest(part, [ours]).is_some();
    (is_known || is_near()).then_some(ours)
}
