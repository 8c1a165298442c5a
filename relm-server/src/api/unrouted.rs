//! What is said where no route is: which path or method was most likely meant.

use hyper::Method;
use hyper::header::{ALLOW, HeaderValue};
use relm_core::{ErrorKind, Quoted};

use super::answer::ApiError;
use super::code::Code;
use super::path_meant::path_meant;
use super::routes::{Missed, Routes};
use super::words::of_a_word;

/// No such path, or no such method on it.
pub(super) fn unrouted(routes: &Routes, method: &Method, path: &str, missed: Missed) -> ApiError {
    match missed {
        Missed::Method(allowed) => match word_of_a_list(path) {
            Some(sentence) => not_found(format!("There is no such path. {sentence}")),
            None => not_allowed(method, path, &allowed),
        },
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

fn not_allowed(method: &Method, path: &str, allowed: &[Method]) -> ApiError {
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    let names = names.join(", ");
    let is_change =
        [Method::PUT, Method::POST].contains(method) && allowed.contains(&Method::PATCH);
    let message = if is_change {
        format!("This path takes {names}. To change a record, PATCH it.")
    } else if is_of_one(method) && is_list(allowed) {
        format!("This path takes {names}. To change or delete a record, name its id in the path.")
    } else if path == "/v1/search" {
        format!("This path takes {names}. A search has its words in the URL: `GET /v1/search?q=…`.")
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

/// What is said of a path of which a word stands where a list of objects has ids.
fn word_of_a_list(path: &str) -> Option<&'static str> {
    let (list, word) = path.strip_prefix("/v1/")?.split_once('/')?;
    let is_of_objects = ["contacts", "companies", "deals", "activities"].contains(&list);
    of_a_word(word).filter(|_| is_of_objects)
}
