//! Duplicates: groups of records that are most likely one, by values that they have in common.
//!
//! Records are looked at from the newest on. A group is shown with the newest of its records, so that it comes once, whatever page it is
//! on. What a record has in common with others is asked for by indexes; whether it is so, the engine decides.

use super::listing::envelope_of;
use crate::engine::context::Context;
use crate::engine::spans;
use crate::error::Result;
use crate::limits::{DUPLICATES_LISTED_MAX, DUPLICATES_LOOKED_MAX, PAGE_BYTES_MAX};
use crate::query::cursor::Place;
use crate::query::filter::{Clause, Condition};
use crate::query::search::SearchTerms;
use crate::query::terms::exact_term;
use crate::record::object_type::ObjectType;
use crate::record::{Document, Record};
use crate::store::{Query, Search};
use crate::value::from_text::{json_text, named};
use crate::value::id::{Id, Kind};
use crate::value::pattern::Pattern;
use crate::value::phone;
use crate::value::text::fold;

/// One page of groups of records that are most likely one.
///
/// - Contacts: of one telephone number among all that each has, by its digits; of one first and last name, or one whole name where they have neither, whatever the case, at one company. Their addresses
///   are unique: no two have one.
/// - Companies: of one domain; of one name, by its words: `Zeta, Inc.` is `zeta inc`.
/// - Deals: of one title, by its words, with one company.
/// - Activities: none.
///
/// A page looks at [`DUPLICATES_LOOKED_MAX`](crate::limits::DUPLICATES_LOOKED_MAX) records, and may have no group: there are more as long
/// as there is a cursor. No group comes twice. What is made or changed while pages are read is found by whoever begins anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicates<T = Document> {
    /// The groups, by their newest records, newest first.
    pub data: Vec<DuplicateGroup<T>>,
    /// Gives the next page; none exactly when there is none.
    pub next_cursor: Option<String>,
}

/// Records that have something in common by which they are most likely one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DuplicateGroup<T = Document> {
    /// What they have in common.
    pub reason: DuplicateReason,
    /// The records, newest first: two at least, and at most [`DUPLICATES_LISTED_MAX`](crate::limits::DUPLICATES_LISTED_MAX).
    pub records: Vec<T>,
    /// Whether there are more of them.
    pub has_more: bool,
}

/// What records have in common that are most likely one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "snake_case")
)]
pub enum DuplicateReason {
    /// A telephone number.
    Phone,
    /// A domain.
    Domain,
    /// A name.
    Name,
    /// A name, and the company.
    NameAndCompany,
}

impl DuplicateReason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Phone, Self::Domain, Self::Name, Self::NameAndCompany];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Domain => "domain",
            Self::Name => "name",
            Self::NameAndCompany => "name_and_company",
        }
    }
}

named!(
    DuplicateReason,
    as_str,
    "what duplicates have in common, such as `phone`"
);
json_text!(
    DuplicateReason,
    "what duplicates have in common, such as `phone`"
);

impl<T> Duplicates<T> {
    pub(super) fn try_map<U>(
        self,
        convert: impl Fn(T) -> Result<U> + Copy,
    ) -> Result<Duplicates<U>> {
        let groups = self.data.into_iter().map(|group| {
            let records = group.records.into_iter().map(convert);
            Ok(DuplicateGroup {
                reason: group.reason,
                records: records.collect::<Result<_>>()?,
                has_more: group.has_more,
            })
        });
        Ok(Duplicates {
            data: groups.collect::<Result<_>>()?,
            next_cursor: self.next_cursor,
        })
    }
}

impl Duplicates {
    /// The list envelope, with the groups.
    pub fn to_json(&self) -> String {
        let groups = self.data.iter().map(DuplicateGroup::to_json);
        let groups: Vec<String> = groups.collect();
        // A cursor is base64url: nothing in it needs escaping.
        let cursor = match &self.next_cursor {
            Some(cursor) => format!(r#""{cursor}""#),
            None => "null".to_owned(),
        };
        let more = self.next_cursor.is_some();
        envelope_of(
            groups.iter().map(String::as_str),
            format_args!(r#""has_more":{more},"next_cursor":{cursor}"#),
        )
    }
}

impl DuplicateGroup {
    fn to_json(&self) -> String {
        let Self {
            reason,
            records,
            has_more,
        } = self;
        let records: Vec<&str> = records.iter().map(|record| record.json.as_ref()).collect();
        format!(
            r#"{{"object":"duplicate_group","reason":"{}","records":[{}],"has_more":{has_more}}}"#,
            reason.as_str(),
            records.join(","),
        )
    }
}

/// What a record can have in common with another.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Common {
    /// The digits of a telephone number, and its extension.
    Phone(String, Option<String>),
    Domain(String),
    /// The term of a company's name.
    Name(String),
    /// The folded first and last name, or, where there is neither, the whole one, and the company.
    Person([Option<String>; 3], Id),
    /// The term of a title, and the company.
    Title(String, Id),
}

impl Common {
    const fn reason(&self) -> DuplicateReason {
        match self {
            Self::Phone(..) => DuplicateReason::Phone,
            Self::Domain(_) => DuplicateReason::Domain,
            Self::Name(_) => DuplicateReason::Name,
            Self::Person(..) | Self::Title(..) => DuplicateReason::NameAndCompany,
        }
    }

    /// All that a record can have in common with others.
    fn of(record: &Record) -> Vec<Self> {
        match record {
            Record::Contact(contact) => {
                let phones = contact.all_phones().into_iter();
                let numbers = phones.filter_map(|it| phone::numbers(&it.phone).into_iter().next());
                let numbers = numbers.filter(|number| !number.beginnings().is_empty());
                let parts = [&contact.first_name, &contact.last_name];
                let is_whole = parts.iter().all(|part| part.is_none());
                let name = contact.name.as_ref().filter(|_| is_whole);
                let [first, last] = parts.map(Option::as_ref);
                let names = [first, last, name].map(|name| name.map(|it| fold(it)));
                let is_named = names.iter().any(Option::is_some);
                let company = contact.company_id.filter(|_| is_named);
                let phones = numbers.map(|it| Self::Phone(it.digits, it.extension));
                let person = company.map(|company| Self::Person(names, company));
                let mut all: Vec<Self> = Vec::new();
                for common in phones.chain(person) {
                    if !all.contains(&common) {
                        all.push(common);
                    }
                }
                all
            }
            Record::Company(company) => {
                let domain = company.domain.clone().map(Self::Domain);
                let name = whole(&company.name).map(Self::Name);
                domain.into_iter().chain(name).collect()
            }
            Record::Deal(deal) => {
                let title = whole(&deal.title).zip(deal.company_id);
                let title = title.map(|(title, company)| Self::Title(title, company));
                title.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The newest records that may have it in common, newest first, and whether there are more.
    async fn candidates(&self, context: &Context, of: ObjectType) -> Result<(Vec<Document>, bool)> {
        let kind = of.kind();
        match self {
            Self::Phone(term, _) | Self::Name(term) | Self::Title(term, _) => {
                let search = Search {
                    terms: SearchTerms::exactly(term.clone()),
                    types: vec![of],
                    after: None,
                    limit: DUPLICATES_LISTED_MAX,
                };
                let page = context.storage().search(context.scope(), &search).await?;
                Ok((page.documents, page.more))
            }
            Self::Domain(domain) => {
                let clause = Clause::equal(kind, "domain", domain.clone())?;
                listed(context, kind, vec![clause]).await
            }
            Self::Person([first, last, name], company) => {
                let mut clauses = vec![Clause::equal(kind, "company_id", *company)?];
                let parts = [("first_name", first), ("last_name", last)];
                let whole = name.is_some().then_some(("name", name));
                for (column, text) in parts.into_iter().chain(whole) {
                    let condition = match text {
                        Some(text) => Condition::Ilike(literally(text)?),
                        None => Condition::Null(true),
                    };
                    clauses.push(Clause::of_column(kind, column, condition)?);
                }
                listed(context, kind, clauses).await
            }
        }
    }
}

/// The term of a name or a title, where it has words.
fn whole(text: &str) -> Option<String> {
    let term = exact_term(text);
    (term.chars().nth(1).is_some()).then_some(term)
}

/// The pattern that only this text matches, whatever its case.
fn literally(text: &str) -> Result<Pattern> {
    let mut pattern = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    Pattern::parse(&pattern).map_err(crate::error::Error::internal)
}

async fn listed(
    context: &Context,
    kind: Kind,
    clauses: Vec<Clause>,
) -> Result<(Vec<Document>, bool)> {
    let query = Query {
        kind,
        clauses,
        after: None,
        limit: DUPLICATES_LISTED_MAX,
    };
    let page = context.list(&query).await?;
    Ok((page.documents, page.more))
}

/// One page of the groups of a type.
pub(super) async fn duplicates(
    context: &Context,
    of: ObjectType,
    cursor: Option<&str>,
) -> Result<Duplicates> {
    spans::list("duplicates", context.scope(), page(context, of, cursor)).await
}

async fn page(context: &Context, of: ObjectType, cursor: Option<&str>) -> Result<Duplicates> {
    let cursors = context.cursors(["duplicates", of.as_str()]);
    let after = match cursor {
        Some(cursor) => Some(Id::new(of.kind(), cursors.open(cursor)?.ulid)),
        None => None,
    };
    if of == ObjectType::Activity {
        return Ok(Duplicates {
            data: Vec::new(),
            next_cursor: None,
        });
    }
    let query = Query {
        kind: of.kind(),
        clauses: Vec::new(),
        after,
        limit: DUPLICATES_LOOKED_MAX,
    };
    let looked = context.list(&query).await?;
    let (mut data, mut bytes, mut last) = (Vec::new(), 0, None);
    let mut more = looked.more;
    let mut documents = looked.documents.into_iter();
    while let Some(document) = documents.next() {
        let id = document.id;
        let first = data.len();
        for common in Common::of(&document.into_entry()?.record) {
            if let Some(group) = group(context, of, id, &common).await? {
                // Records may have several numbers in common.
                if data[first..].contains(&group) {
                    continue;
                }
                bytes += group.records.iter().map(|it| it.json.len()).sum::<usize>();
                data.push(group);
            }
        }
        last = Some(id);
        if bytes >= PAGE_BYTES_MAX {
            more |= documents.len() > 0;
            break;
        }
    }
    let next = last.filter(|_| more);
    Ok(Duplicates {
        data,
        next_cursor: next.map(|last| {
            cursors.seal(Place {
                rank: 0,
                ulid: last.ulid(),
            })
        }),
    })
}

/// The group of which a record is the newest, if there is one.
async fn group(
    context: &Context,
    of: ObjectType,
    newest: Id,
    common: &Common,
) -> Result<Option<DuplicateGroup>> {
    let (candidates, has_more) = common.candidates(context, of).await?;
    let mut records = Vec::new();
    for document in candidates {
        let record = document.clone().into_entry()?.record;
        if Common::of(&record).contains(common) {
            records.push(document);
        }
    }
    let is_newest = records.first().is_some_and(|first| first.id == newest);
    Ok((is_newest && records.len() > 1).then(|| DuplicateGroup {
        reason: common.reason(),
        records,
        has_more,
    }))
}
