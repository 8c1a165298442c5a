//! `/v1/imports`: files of records that are taken in.

use futures_util::StreamExt;
use relm_core::engine::ImportOptions;
use relm_core::query::filter::Filter;
use relm_core::record::ActorType;
use relm_core::record::file::{
    CellOptions, DateOrder, DecimalMark, Delimiter, Encoding, FileFormat, FileOptions,
};
use relm_core::record::import::Import;
use relm_core::{
    Error, ErrorKind, Id, KeyAction, KeyResource, KeyScope, Kind, ObjectType, Principal, Quoted,
};
use serde_json::{Map, Value};

use super::answer::{Answer, ApiError, Outcome};
use super::call::{Call, missing};
use super::download::Download;
use super::held_key::HeldKey;
use super::scopes::check_scope;
use crate::parameters::{Query, Takes, bad};

/// Why an import ends whose sender is let in no more.
const NO_KEY: &str = "The key that sent its file was good no more before the file was whole.";

pub(super) async fn create(mut call: Call) -> Outcome {
    call.expect_no_version()?;
    let options = options(&mut call)?;
    check_scope(&call.principal, write_of(options.object_type))?;
    let key = call.idempotency_key()?;
    let mut upload = call.scoped.imports().begin(options).await?;
    let mut file = std::mem::replace(&mut call.file, futures_util::stream::empty().boxed());
    let held = call.key.take();
    while let Some(piece) = file.next().await {
        if let Err(refused) = still_valid(held.as_ref()).await {
            upload.abandon(NO_KEY).await;
            return Err(refused);
        }
        match piece {
            Ok(piece) => upload.push(&piece).await?,
            Err(refusal) => {
                let reason = format!("Its file broke off: {refusal}");
                upload.abandon(&reason).await;
                return Err(refusal.into());
            }
        }
    }
    if let Err(refused) = still_valid(held.as_ref()).await {
        upload.abandon(NO_KEY).await;
        return Err(refused);
    }
    let reply = upload.finish(key.as_deref()).await?;
    Ok(Answer::reply(&reply))
}

/// Refuses what arrives after its key was revoked. The store is asked once in [`KEY_CACHE_MS`](relm_core::engine::KEY_CACHE_MS) at most.
async fn still_valid(key: Option<&HeldKey>) -> Result<(), ApiError> {
    match key {
        Some(key) => key.check().await,
        None => Ok(()),
    }
}

/// What the parameters ask for.
fn options(call: &mut Call) -> Result<ImportOptions, ApiError> {
    let content_type = call.head.headers.get(hyper::header::CONTENT_TYPE);
    let content_type = content_type.and_then(|ty| ty.to_str().ok());
    let content_type = content_type.map(str::to_owned);
    check_content_type(content_type.as_deref())?;
    let query = &mut call.query;
    let mut options = ImportOptions::new(take_object(query, Takes::Import)?);
    options = options.file(FileOptions {
        format: take_named(query, "format", &FileFormat::ALL.map(FileFormat::as_str))?,
        content_type,
        file_name: query.take("file_name")?,
        encoding: take_named(query, "encoding", &Encoding::ALL.map(Encoding::as_str))?,
        delimiter: take_named(query, "delimiter", &Delimiter::ALL.map(Delimiter::as_str))?,
    });
    options.cells = CellOptions {
        date_order: take_named(query, "date_order", &DateOrder::ALL.map(DateOrder::as_str))?,
        decimal_mark: take_named(
            query,
            "decimal_mark",
            &DecimalMark::ALL.map(DecimalMark::as_str),
        )?,
    };
    if let Some(names) = query.take("dedup_on")? {
        let names = names.split(',').filter(|name| !name.is_empty());
        options = names.fold(options, ImportOptions::dedup_on);
    }
    if query.take_switch("dry_run")? == Some(true) {
        options = options.dry_run();
    }
    if let Some(mapping) = query.take("mapping")? {
        options = options.mapping(mapping_of(&mapping)?);
    }
    query.finish_of(Takes::Import)?;
    Ok(options)
}

/// A form and JSON are no files of records: of what else there is, the file itself says what it is.
fn check_content_type(content_type: Option<&str>) -> Result<(), ApiError> {
    let essence = content_type.unwrap_or_default().split(';').next();
    let essence = essence.unwrap_or_default().trim().to_ascii_lowercase();
    let refused = [
        "multipart/form-data",
        "application/x-www-form-urlencoded",
        "application/json",
    ];
    match refused.contains(&essence.as_str()) {
        false => Ok(()),
        true => Err(crate::serve::Refusal::UnsupportedMediaType(
            format!(
                "Send the file itself as the body, as text/csv, application/x-ndjson or text/vcard, not as {}.",
                Quoted(&essence)
            )
            .into(),
        )
        .into()),
    }
}

fn mapping_of(text: &str) -> Result<Map<String, Value>, Error> {
    match relm_core::value::json::parse(text.as_bytes()) {
        Ok(Value::Object(mapping)) => Ok(mapping),
        Ok(_) | Err(_) => {
            let given = Quoted(text);
            let message = format!(
                "`mapping` must be a JSON object such as {{\"E-mail\":\"email\",\"Fax\":null}}, not {given}."
            );
            Err(bad("mapping", message))
        }
    }
}

/// Takes the object that records are of, in the singular or as paths have it.
pub(super) fn take_object(query: &mut Query, takes: Takes) -> Result<ObjectType, ApiError> {
    let collection = |object: ObjectType| KeyResource::from(object).as_str();
    let Some(given) = query.take("object")? else {
        if let Some(name) = query.first_name()
            && let Some(known) = crate::parameters::elsewhere::of_elsewhere(name, takes)
        {
            return Err(known.into());
        }
        let message = "`object` is required: `contacts`, `companies`, `deals` or `activities`.";
        return Err(bad("object", message).into());
    };
    let mut all = ObjectType::ALL.into_iter();
    let named = all.find(|object| collection(*object) == given || object.as_str() == given);
    named.ok_or_else(|| {
        let message = format!(
            "`object` must be `contacts`, `companies`, `deals` or `activities`, not {}.",
            Quoted(&given)
        );
        let options = ObjectType::ALL.map(collection);
        bad("object", message).options(&given, options).into()
    })
}

/// Takes one of some names.
pub(super) fn take_named<T: std::str::FromStr>(
    query: &mut Query,
    name: &str,
    names: &[&str],
) -> Result<Option<T>, Error> {
    let Some(given) = query.take(name)? else {
        return Ok(None);
    };
    given.parse().map(Some).map_err(|_| {
        let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let message = format!(
            "`{name}` must be one of {}, not {}.",
            listed.join(", "),
            Quoted(&given)
        );
        bad(name, message).options(&given, names.iter().copied())
    })
}

fn write_of(object: ObjectType) -> KeyScope {
    KeyScope::new(object.into(), KeyAction::Write)
}

/// Whether a key may see the imports of an object: whoever may write its records imports them, and whoever may read them sees them anyway.
fn may_see(principal: &Principal, object: ObjectType) -> bool {
    let read = KeyScope::new(object.into(), KeyAction::Read);
    principal.scopes.cover(read) || principal.scopes.cover(write_of(object))
}

pub(super) async fn list(call: Call) -> Outcome {
    let mut request = call.query.into_list(Kind::Import)?;
    let seen = ObjectType::ALL.into_iter();
    let seen: Vec<&str> = seen
        .filter(|object| may_see(&call.principal, *object))
        .map(ObjectType::as_str)
        .collect();
    if seen.is_empty() {
        let message = "This request needs the scope to read or write an object, such as `contacts:read`, which this API key has not.";
        return Err(Error::new(ErrorKind::Forbidden, message).into());
    }
    if seen.len() < ObjectType::ALL.len() {
        request = request.filter(Filter::new("object_type", "in", seen.join(",")));
    }
    let list = call.scoped.imports().list(&request).documents().await?;
    Ok(Answer::list(&list))
}

pub(super) async fn get(mut call: Call) -> Outcome {
    call.query.finish()?;
    let id = seen(&mut call).await?;
    let found = call.scoped.imports().get_json(id).await?;
    let document = found.ok_or_else(|| missing(Kind::Import))?;
    Ok(Answer::document(&document))
}

pub(super) async fn cancel(mut call: Call) -> Outcome {
    let id = writable(&mut call).await?;
    let reply = call.scoped.imports().cancel(id).await?;
    Ok(Answer::reply(&reply))
}

pub(super) async fn undo(mut call: Call) -> Outcome {
    let id = writable(&mut call).await?;
    let reply = call.scoped.imports().undo(id).await?;
    Ok(Answer::reply(&reply))
}

pub(super) async fn delete(mut call: Call) -> Outcome {
    let id = writable(&mut call).await?;
    call.scoped.imports().delete(id).await?;
    Ok(Answer::deleted(id))
}

pub(super) async fn errors(mut call: Call) -> Result<Download, ApiError> {
    call.query.finish()?;
    let id = readable(&mut call).await?;
    let pieces = call.scoped.imports().errors_csv(id).await?;
    Ok(Download::new("failed-rows", FileFormat::Csv, pieces))
}

pub(super) async fn conflicts(mut call: Call) -> Result<Download, ApiError> {
    call.query.finish()?;
    let id = readable(&mut call).await?;
    let pieces = call.scoped.imports().conflicts_csv(id).await?;
    Ok(Download::new("conflicts", FileFormat::Csv, pieces))
}

async fn named(call: &mut Call) -> Result<Import, ApiError> {
    let id = call.id(0, Kind::Import)?;
    let found = call.scoped.imports().get(id).await?;
    found.ok_or_else(|| missing(Kind::Import))
}

/// The import of the path, which the key may see.
async fn seen(call: &mut Call) -> Result<Id, ApiError> {
    let import = named(call).await?;
    match may_see(&call.principal, import.object_type) {
        true => Ok(import.id),
        false => Err(not_seen(import.object_type)),
    }
}

/// The import of the path, whose rows the key may read: of those that it sent itself it knows them, and may only be one that writes.
async fn readable(call: &mut Call) -> Result<Id, ApiError> {
    let import = named(call).await?;
    let is_its_own = import.actor.actor_type == ActorType::ApiKey
        && import.actor.id == Some(call.principal.key_id.text());
    if !(is_its_own && may_see(&call.principal, import.object_type)) {
        let read = KeyScope::new(import.object_type.into(), KeyAction::Read);
        check_scope(&call.principal, read)?;
    }
    Ok(import.id)
}

fn not_seen(object: ObjectType) -> ApiError {
    let collection = KeyResource::from(object).as_str();
    let message = format!(
        "This request needs the scope `{collection}:read` or `{collection}:write`, which this API key has not."
    );
    Error::new(ErrorKind::Forbidden, message).into()
}

/// The import of the path, whose records the key may write.
async fn writable(call: &mut Call) -> Result<Id, ApiError> {
    call.query.finish()?;
    call.expect_no_version()?;
    let import = named(call).await?;
    check_scope(&call.principal, write_of(import.object_type))?;
    Ok(import.id)
}
