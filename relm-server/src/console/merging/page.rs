//! The page that lays records side by side: which one stays and whose value each member gets is chosen, looked at, and merged.

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};
use relm_core::engine::Outcome;
use relm_core::record::Document;
use relm_core::{Error, ErrorKind, Filter, Id, ListRequest, ObjectType, Result, Scoped};
use serde_json::Value;

use super::RECORDS_MAX;
use super::chosen::Chosen;
use super::compared::{Comparison, Fact};
use crate::console::curl;
use crate::console::form::Form;
use crate::console::layout::{Layout, Place, Section};
use crate::console::objects::{self, plural, title};
use crate::console::problem::Problem;
use crate::console::records::path_of;
use crate::console::shown::Message;
use crate::console::visit::{Opened, Visit, page_of};
use crate::html::answer;
use crate::status::status_of;

/// What is said where a record is no longer as the page showed it.
const CHANGED_MEANWHILE: &str = "Somebody has changed one of these records since this page was shown, so nothing was merged. They are shown as \
                                 they are now: look at them again.";

#[derive(Template)]
#[template(path = "console/merge.html")]
struct Page {
    layout: Layout,
    object: ObjectType,
    /// Where the list is.
    list: String,
    path: String,
    comparison: Comparison,
    chosen: Chosen,
    /// How many of those that were asked for are not there.
    missing: usize,
    /// Whether more were asked for than can be merged at once.
    is_cut: bool,
    /// What it would come to, once that is asked for.
    preview: Option<Preview>,
    nonce: String,
    error: Option<Error>,
    call: String,
}

/// What a merge would come to.
struct Preview {
    name: String,
    facts: Vec<Fact>,
    /// The request that was looked at, as it is made where somebody says so.
    checked: String,
}

impl Page {
    fn title(&self) -> &'static str {
        title(self.object)
    }

    fn plural(&self) -> &'static str {
        plural(self.object)
    }

    /// Whether there is anything to merge.
    fn can_be_merged(&self) -> bool {
        self.comparison.sides.len() > 1
    }

    fn error(&self) -> Option<Message<'_>> {
        self.error.as_ref().map(Message::of)
    }

    /// Whether a record has the value that a member gets.
    fn is_source(&self, member: &str, id: &Id) -> bool {
        self.chosen.source(&self.comparison, member) == *id
    }

    /// The record that stays.
    fn stays(&self) -> &str {
        let mut sides = self.comparison.sides.iter();
        let side = sides.find(|side| side.id == self.chosen.target);
        side.map_or("", |side| &side.name)
    }
}

/// The records that a page is of, as they are.
struct Asked {
    documents: Vec<Document>,
    missing: usize,
    is_cut: bool,
}

impl Asked {
    async fn read(scoped: &Scoped, object: ObjectType, form: &Form) -> Result<Self> {
        let mut ids: Vec<Id> = Vec::new();
        for id in form.all("id").filter_map(Id::parse) {
            if id.kind() == object.kind() && !ids.contains(&id) {
                ids.push(id);
            }
        }
        let is_cut = ids.len() > RECORDS_MAX;
        ids.truncate(RECORDS_MAX);
        if ids.is_empty() {
            return Ok(Self {
                documents: Vec::new(),
                missing: 0,
                is_cut,
            });
        }
        let texts: Vec<String> = ids.iter().map(Id::text).collect();
        let request = ListRequest::default()
            .filter(Filter::new("id", "in", texts.join(",")))
            .limit(ids.len());
        let mut documents = objects::list(scoped, object, &request).await?.data;
        documents.sort_by_key(|document| ids.iter().position(|id| *id == document.id));
        Ok(Self {
            missing: ids.len() - documents.len(),
            documents,
            is_cut,
        })
    }
}

pub(in crate::console) async fn compare(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let opened = visit.open().await?;
    let asked = Asked::read(&opened.scoped, object, &visit.query).await?;
    let shown = Shown {
        form: &visit.query,
        asked,
        previews: false,
        error: None,
    };
    page(&visit, &opened, object, shown).await
}

/// Shows what a merge would come to, or merges what was seen.
pub(in crate::console) async fn merge(visit: Visit) -> Result<Response<Bytes>, Problem> {
    let object = objects::of_path(&visit)?;
    let opened = visit.open().await?;
    let asked = Asked::read(&opened.scoped, object, &visit.form).await?;
    let shown = |asked, error| Shown {
        form: &visit.form,
        asked,
        previews: true,
        error,
    };
    let checked: Option<Value> = serde_json::from_str(visit.form.text("checked")).ok();
    let target = Id::parse(visit.form.text("target"));
    let (Some(body), Some(target)) = (checked, target) else {
        return page(&visit, &opened, object, shown(asked, None)).await;
    };
    let is_seen = asked.missing > 0 || {
        let seen = visit.form.text("seen");
        versions(&asked.documents)? == seen
    };
    if !is_seen {
        let error = Error::new(ErrorKind::VersionConflict, CHANGED_MEANWHILE);
        return page(&visit, &opened, object, shown(asked, Some(error))).await;
    }
    let once = visit.once(opened.scoped.clone(), &("merge", target, &body))?;
    let version = visit.form.text("version").parse().ok();
    match objects::merge(&once, object, target, body, version).await {
        Ok((outcome, _)) => {
            let notice = match outcome {
                Outcome::Accepted => "merging",
                Outcome::Created | Outcome::Done => "merged",
            };
            let list = path_of(&opened.place, object);
            let path = format!("{list}/{target}?notice={notice}");
            Ok(answer::see_other(&path))
        }
        Err(error) if error.kind() == ErrorKind::VersionConflict => {
            let error = Error::new(error.kind(), CHANGED_MEANWHILE);
            page(&visit, &opened, object, shown(asked, Some(error))).await
        }
        Err(error) if status_of(error.kind()).is_client_error() => {
            page(&visit, &opened, object, shown(asked, Some(error))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// What a page is made of.
struct Shown<'a> {
    form: &'a Form,
    asked: Asked,
    /// Whether it shows what the merge would come to.
    previews: bool,
    error: Option<Error>,
}

async fn page(
    visit: &Visit,
    Opened { scoped, place }: &Opened,
    object: ObjectType,
    shown: Shown<'_>,
) -> Result<Response<Bytes>, Problem> {
    let Shown {
        form,
        asked,
        previews,
        mut error,
    } = shown;
    let comparison = Comparison::of(scoped, place, object, &asked.documents).await?;
    let chosen = Chosen::read(form, &comparison);
    let can_be_merged = comparison.sides.len() > 1;
    let body = chosen.body(&comparison);
    let mut preview = None;
    if previews && can_be_merged {
        match look(scoped, object, &comparison, &chosen, &body).await {
            Ok(found) => preview = Some(found),
            Err(refused) if status_of(refused.kind()).is_client_error() => {
                error = error.or(Some(refused));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let status = match &error {
        Some(error) => status_of(error.kind()),
        None => StatusCode::OK,
    };
    let list = path_of(place, object);
    let call = format!("/v1/{}/{}/merge", plural(object), chosen.target);
    let page = Page {
        layout: visit.layout(Section::Records(object), Some(Place::clone(place))),
        object,
        path: format!("{list}/merge"),
        list,
        comparison,
        chosen,
        missing: asked.missing,
        is_cut: asked.is_cut,
        preview,
        nonce: visit.nonce(),
        error,
        call: curl::line(&visit.api, "POST", &call, curl::KEY, Some(&body)),
    };
    Ok(page_of(status, &page))
}

/// What the merge would come to now, by a dry run of it.
async fn look(
    scoped: &Scoped,
    object: ObjectType,
    comparison: &Comparison,
    chosen: &Chosen,
    body: &Value,
) -> Result<Preview> {
    let rehearsal = scoped.clone().dry_run();
    let merged = objects::merge(&rehearsal, object, chosen.target, body.clone(), None);
    let (_, members) = merged.await?;
    let (name, facts) = comparison.result(chosen.target, members);
    Ok(Preview {
        name,
        facts,
        checked: body.to_string(),
    })
}

/// The versions of records, as a form repeats them.
fn versions(documents: &[Document]) -> Result<String> {
    let mut all = Vec::with_capacity(documents.len());
    for document in documents {
        let members = objects::members(document)?;
        let version = members.get("version").and_then(Value::as_i64);
        all.push(format!("{}:{}", document.id, version.unwrap_or(0)));
    }
    Ok(all.join(" "))
}
