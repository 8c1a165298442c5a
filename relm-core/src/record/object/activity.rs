//! An activity: a call, a meeting, a note, at a moment.

use serde::{Deserialize, Serialize};

use super::columns::columns;
use super::interface::{Object, head};
use super::lists::lists;
use super::names::{COMPANY_NAMES, METADATA_NAMES, TAGS_NAMES};
use crate::error::Result;
use crate::limits::{BODY_CHARS_MAX, TEXT_CHARS_MAX};
use crate::record::check;
use crate::record::column::Searched;
use crate::record::input::{Reader, read_as_json};
use crate::record::list::{ListInput, TAGS, change_list, or_empty};
use crate::record::metadata::{self, Metadata};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
use crate::value::spelling::OtherNames;
use crate::value::time::Timestamp;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Activity {
    /// `act_` and a ULID.
    pub id: Id,
    /// Always `activity`.
    pub object: ObjectType,
    /// What sort of activity it was, as free text such as `call`.
    #[serde(rename = "type")]
    pub activity_type: String,
    /// What the activity was about, in a line.
    pub subject: Option<String>,
    /// The whole of what was said or written.
    pub body: Option<String>,
    /// The contact that the activity was with.
    pub contact_id: Option<Id>,
    /// The deal that the activity was about.
    pub deal_id: Option<Id>,
    /// The company that the activity was with.
    pub company_id: Option<Id>,
    /// When the activity happened. Default: when it was created.
    pub occurred_at: Timestamp,
    /// When it is due: an activity that has such a time is a task. Absent, as the next two, from what was written before there were tasks.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub due_at: Option<Timestamp>,
    /// When the task was done; none while it is open.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub done_at: Option<Timestamp>,
    /// The `due_at` of which an `activity.due` has told last: the engine alone writes it. Another `due_at` is told of when its time comes.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub notified_due_at: Option<Timestamp>,
    /// Who is to do it, as free text: an e-mail address, a name, or an id of the program's own.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub assignee: Option<String>,
    /// Labels by which records are grouped, each of them once. Absent from what was written before there were tags.
    #[serde(default, deserialize_with = "or_empty")]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub tags: Vec<String>,
    /// Custom fields and free-form members.
    pub metadata: Metadata,
    /// Counts the changes: 1 on create, one more with each.
    pub version: i64,
    /// Whether the record is a live or a test one.
    pub mode: Mode,
    /// When the record was created: the moment in the id.
    pub created_at: Timestamp,
    /// When the record was changed last.
    pub updated_at: Timestamp,
}

/// The members that a write sets on an activity.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ActivityInput {
    /// See [`Activity::activity_type`].
    #[serde(rename = "type", skip_serializing_if = "Patch::is_keep")]
    pub activity_type: Patch<String>,
    /// See [`Activity::subject`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub subject: Patch<String>,
    /// See [`Activity::body`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub body: Patch<String>,
    /// See [`Activity::contact_id`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub contact_id: Patch<Id>,
    /// See [`Activity::deal_id`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub deal_id: Patch<Id>,
    /// See [`Activity::company_id`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub company_id: Patch<Id>,
    /// See [`Activity::occurred_at`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub occurred_at: Patch<Timestamp>,
    /// See [`Activity::due_at`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub due_at: Patch<Timestamp>,
    /// See [`Activity::done_at`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub done_at: Patch<Timestamp>,
    /// See [`Activity::assignee`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub assignee: Patch<String>,
    /// See [`Activity::tags`](struct@Activity). All of them, or those that are added and removed.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub tags: Patch<ListInput>,
    /// Merged one level deep: a null member removes that key.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<Metadata>,
}

read_as_json!(ActivityInput, |reader| reader.all_of(Activity::read));

/// What other CRMs call the members of an activity.
pub(super) const OTHER_NAMES: OtherNames = &[
    (&["activity_type", "kind", "category"], &["type"]),
    (&["title", "name", "summary"], &["subject"]),
    (
        &["text", "note", "notes", "content", "description", "message"],
        &["body"],
    ),
    (&["contact", "person", "person_id"], &["contact_id"]),
    (&["deal", "opportunity", "opportunity_id"], &["deal_id"]),
    (
        &[
            "date",
            "at",
            "time",
            "timestamp",
            "happened_at",
            "started_at",
        ],
        &["occurred_at"],
    ),
    (
        &[
            "due",
            "due_date",
            "due_on",
            "deadline",
            "remind_at",
            "reminder",
        ],
        &["due_at"],
    ),
    (
        &[
            "done",
            "completed",
            "completed_at",
            "finished_at",
            "closed_at",
        ],
        &["done_at"],
    ),
    (
        &[
            "assigned_to",
            "assignee_id",
            "assigned_user",
            "owner",
            "owner_id",
        ],
        &["assignee"],
    ),
    COMPANY_NAMES,
    TAGS_NAMES,
    METADATA_NAMES,
];

columns! { Activity:
    activity_type as "type": text(TEXT_CHARS_MAX, |it: &Self| Some(&it.activity_type))
        .required()
        .indexed()
        .searched(Searched::Words);
    subject: text(TEXT_CHARS_MAX, |it: &Self| it.subject.as_deref()).searched(Searched::Words);
    body: text(BODY_CHARS_MAX, |it: &Self| it.body.as_deref()).searched(Searched::Words);
    contact_id: id(Kind::Contact, |it: &Self| it.contact_id).indexed();
    deal_id: id(Kind::Deal, |it: &Self| it.deal_id).indexed();
    company_id: id(Kind::Company, |it: &Self| it.company_id).indexed();
    occurred_at: timestamp(|it: &Self| Some(it.occurred_at)).indexed();
    due_at: timestamp(|it: &Self| it.due_at).indexed();
    done_at: timestamp(|it: &Self| it.done_at);
    assignee: text(TEXT_CHARS_MAX, |it: &Self| it.assignee.as_deref()).indexed();
    notify_at: awaited(|it: &Self| it.notify_at());
    metadata: json(|it: &Self| metadata::text_of(it.metadata.as_map()));
    created_at: timestamp(|it: &Self| Some(it.created_at));
    updated_at: timestamp(|it: &Self| Some(it.updated_at)).indexed();
}

impl Activity {
    /// The moment from which its `activity.due` is to be made: when it is due, or when it was written after that. None where it is not
    /// open, or has been told of. That of what was overdue before there were such events is as long ago as its last write.
    pub(crate) fn notify_at(&self) -> Option<Timestamp> {
        let due_at = self.due_at?;
        let is_told = self.notified_due_at == Some(due_at);
        (self.done_at.is_none() && !is_told).then(|| due_at.max(self.updated_at))
    }

    /// The same activity, once an `activity.due` tells of it.
    pub(crate) fn notified(mut self, now: Timestamp) -> Self {
        self.notified_due_at = self.due_at;
        self.touch(now);
        self
    }
}

lists! { Activity:
    tags: TAGS;
}

impl Object for Activity {
    const TYPE: ObjectType = ObjectType::Activity;
    type Input = ActivityInput;

    head!();

    fn blank(id: Id, mode: Mode, now: Timestamp) -> Self {
        Self {
            id,
            object: Self::TYPE,
            activity_type: String::new(),
            subject: None,
            body: None,
            contact_id: None,
            deal_id: None,
            company_id: None,
            occurred_at: now,
            due_at: None,
            done_at: None,
            notified_due_at: None,
            assignee: None,
            tags: Vec::new(),
            metadata: Metadata::new(),
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        }
    }

    fn read(reader: &mut Reader) -> Result<ActivityInput> {
        reader.knowing(OTHER_NAMES);
        Ok(ActivityInput {
            activity_type: reader.text("type")?,
            subject: reader.text("subject")?,
            body: reader.text("body")?,
            contact_id: reader.id("contact_id", Kind::Contact)?,
            deal_id: reader.id("deal_id", Kind::Deal)?,
            company_id: reader.id("company_id", Kind::Company)?,
            occurred_at: reader.timestamp("occurred_at")?,
            due_at: reader.timestamp("due_at")?,
            done_at: reader.timestamp("done_at")?,
            assignee: reader.text("assignee")?,
            tags: reader.list("tags")?,
            metadata: reader.metadata()?,
        })
    }

    fn for_new(input: ActivityInput) -> ActivityInput {
        ActivityInput {
            occurred_at: input.occurred_at.or_default(),
            ..input
        }
    }

    fn apply(&mut self, input: ActivityInput) -> Result<()> {
        let ActivityInput {
            activity_type,
            subject,
            body,
            contact_id,
            deal_id,
            company_id,
            occurred_at,
            due_at,
            done_at,
            assignee,
            tags,
            metadata,
        } = input;
        activity_type.apply_required(
            "type",
            &mut self.activity_type,
            check::required_text("type"),
        )?;
        subject.apply(&mut self.subject, check::short_text("subject"))?;
        body.apply(&mut self.body, |text| {
            check::text("body", text, BODY_CHARS_MAX)
        })?;
        contact_id.apply(&mut self.contact_id, Ok)?;
        deal_id.apply(&mut self.deal_id, Ok)?;
        company_id.apply(&mut self.company_id, Ok)?;
        occurred_at.apply_required("occurred_at", &mut self.occurred_at, Ok)?;
        due_at.apply(&mut self.due_at, Ok)?;
        done_at.apply(&mut self.done_at, Ok)?;
        assignee.apply(&mut self.assignee, check::short_text("assignee"))?;
        change_list(&TAGS, tags, &mut self.tags)?;
        metadata::merge(metadata, &mut self.metadata)
    }

    fn texts_of<'a>(_: &'a ActivityInput, _: &str) -> Vec<&'a str> {
        Vec::new()
    }

    fn metadata_of(input: &ActivityInput) -> Option<&Metadata> {
        input.metadata.as_set()
    }

    fn check_complete(&self) -> Result<()> {
        check::present("type", &self.activity_type)
    }
}
