//! Contacts, companies, deals and activities.

use relm_core::{Activity, Company, Contact, Deal, ErrorKind, Kind};

use super::route::{Route, delete, get, keyed, patch, post, put, route};
use crate::api::code::Code;
use crate::api::objects;

const NO_REFERENCE: Code = Code::Engine(ErrorKind::InvalidReference);
const GONE: Code = Code::Engine(ErrorKind::Gone);
const TAKEN: Code = Code::Engine(ErrorKind::Conflict);
const AMBIGUOUS: Code = Code::Engine(ErrorKind::AmbiguousMatch);
const EMPTY: Code = Code::Engine(ErrorKind::IdentifierRequired);
const NO_CHOICE: Code = Code::Engine(ErrorKind::UnknownValue);

const MERGE_REFUSALS: &[Code] = &[TAKEN, NO_REFERENCE, NO_CHOICE, EMPTY];

/// The eleven routes of an object type: `object_routes!(Deal, Deals, "deals", "Deal", "a deal", …)` gives POST, PUT and GET on
/// `/v1/deals`, POST on `/v1/deals/batch`, and GET, PATCH and DELETE on `/v1/deals/{id}`, GET on its history, POST on its restoration and its merge,
/// and GET on the duplicates. `Deals` is what scopes call it.
macro_rules! object_routes {
    ($ty:ident, $resource:ident, $plural:literal, $name:literal, $one:literal, $create:literal, $refusals:expr, $upsert:expr) => {{
        const ALL: &str = concat!("/v1/", $plural);
        const ONE: &str = concat!("/v1/", $plural, "/{id}");
        const HISTORY: &str = concat!("/v1/", $plural, "/{id}/history");
        const RESTORE: &str = concat!("/v1/", $plural, "/{id}/restore");
        const MERGE: &str = concat!("/v1/", $plural, "/{id}/merge");
        const DUPLICATES: &str = concat!("/v1/", $plural, "/duplicates");
        const OF: &[Kind] = &[Kind::$ty];
        const MANY: &str = concat!("/v1/", $plural, "/batch");
        [
            route(
                keyed!($resource: Write, objects::batch::<$ty>),
                post(concat!($plural, ".batch"), MANY)
                    .says(
                        concat!("Create or update many ", $plural),
                        "Applies the rows in order and commits them together. A row of which a record has a unique value that `dedup_on` \
                         names updates that record, as a PATCH would; without it the row fails. A bad row fails alone, unless the batch is \
                         `atomic`.",
                    )
                    .takes(concat!($name, "BatchCreate"))
                    .gives(200, concat!($name, "Batch"))
                    .batch()
                    .refuses($upsert),
            ),
            route(
                keyed!($resource: Write, objects::create::<$ty>),
                post(concat!($plural, ".create"), ALL)
                    .says(concat!("Create ", $one), $create)
                    .takes(concat!($name, "Create"))
                    .gives(201, $name)
                    .versioned()
                    .refuses($refusals),
            ),
            route(
                keyed!($resource: Write, objects::upsert::<$ty>),
                put(concat!($plural, ".upsert"), ALL)
                    .says(
                        concat!("Create or update ", $one),
                        "Updates the record that has a unique value of the body's, by the members that `dedup_on` names, as a PATCH would: \
                         200; where there is none, makes it: 201. What one row of a batch does.",
                    )
                    .takes(concat!($name, "Update"))
                    .upserts($name)
                    .versioned()
                    .refuses($upsert),
            ),
            route(
                keyed!($resource: Read, objects::list::<$ty>),
                get(concat!($plural, ".list"), ALL)
                    .says(concat!("List ", $plural), "Newest first. All filters must hold; two on one field make a range. With `deleted=true`: what is in the trash.")
                    .lists(Kind::$ty, concat!($name, "List")),
            ),
            route(
                keyed!($resource: Read, objects::duplicates::<$ty>),
                get(concat!($plural, ".duplicates"), DUPLICATES)
                    .says(
                        concat!("List ", $plural, " that are most likely one"),
                        "Groups, by their newest records: contacts of one telephone number, or of one name at one company; companies of one \
                         domain or one name; deals of one title with one company; of activities none. A page looks at 50 records and may \
                         have no group: there are more as long as there is a `next_cursor`.",
                    )
                    .counts(concat!($name, "DuplicateList"))
                    .large(),
            ),
            route(
                keyed!($resource: Read, objects::get::<$ty>),
                get(concat!($plural, ".get"), ONE)
                    .says(concat!("Retrieve ", $one), "Answers 304 without a body where `If-None-Match` names the version. With `at`: as it was at that moment; 404 where it \
                         did not exist then, and 410 where that is kept no more. The id of one that was merged into another is answered with \
                         that one, and `merged_from`.")
                    .of(OF)
                    .at_moments()
                    .gives(200, $name)
                    .versioned()
                    .refuses(&[GONE]),
            ),
            route(
                keyed!($resource: Read, objects::history::<$ty>),
                get(concat!($plural, ".history"), HISTORY)
                    .says(
                        concat!("List the changes of ", $one),
                        "Newest first, also of one that is deleted: who changed what of it, from what, to what. Changes that are kept no \
                         more are missing, which `truncated_before` tells.",
                    )
                    .of(OF)
                    .tells_history("HistoryEntryList"),
            ),
            route(
                keyed!($resource: Write, objects::update::<$ty>),
                patch(concat!($plural, ".update"), ONE)
                    .says(
                        concat!("Update ", $one),
                        "Changes what the body names: an absent member stays, null clears it. `metadata` merges one level \
                         deep, and a null in it removes a key.",
                    )
                    .of(OF)
                    .takes(concat!($name, "Update"))
                    .gives(200, $name)
                    .versioned()
                    .refuses($refusals),
            ),
            route(
                keyed!($resource: Write, objects::delete::<$ty>),
                delete(concat!($plural, ".delete"), ONE)
                    .says(
                        concat!("Delete ", $one),
                        "Moves it to the trash, with its associations, in one commit: from then on it is found there alone, and what was \
                         unique of it is free. With `purge=true`, also of what is in the trash: deletes it for good, and erases what was known \
                         of it; of what is in neither, what its events tell. 202 where much was, of which some is left: asked again, it goes on.",
                    )
                    .of(OF)
                    .purges()
                    .versioned()
                    .refuses(&[TAKEN]),
            ),
            route(
                keyed!($resource: Write, objects::restore::<$ty>),
                post(concat!($plural, ".restore"), RESTORE)
                    .says(
                        concat!("Restore ", $one),
                        "Brings it back from the trash, as it was, with the associations whose other ends are there. 404 where it is not \
                         in the trash.",
                    )
                    .of(OF)
                    .gives(200, $name)
                    .versioned()
                    .refuses(&[TAKEN]),
            ),
            route(
                keyed!($resource: Write, objects::merge::<$ty>),
                post(concat!($plural, ".merge"), MERGE)
                    .says(
                        concat!("Merge others into ", $one),
                        "It keeps what it has, and gets what it has not from the first of `from` that has it, unless `fields` says otherwise. \
                         What refers to the others, or is associated with them, is moved to it; their ids stand for it since. It is \
                         undone by undoing the request. 202 where more than 1,000 references and associations are moved, of which some are \
                         left: asked again, it goes on.",
                    )
                    .of(OF)
                    .takes(concat!($name, "Merge"))
                    .gives(200, $name)
                    .gives(202, $name)
                    .versioned()
                    .of_many()
                    .refuses(MERGE_REFUSALS),
            ),
        ]
    }};
}

pub(super) fn routes() -> Vec<Route> {
    let contacts = object_routes!(
        Contact,
        Contacts,
        "contacts",
        "Contact",
        "a contact",
        "Needs one usable value at least. The e-mail address is unique in the workspace and mode.",
        &[TAKEN, NO_REFERENCE, NO_CHOICE, EMPTY],
        &[TAKEN, AMBIGUOUS, NO_REFERENCE, NO_CHOICE, EMPTY]
    );
    let companies = object_routes!(
        Company,
        Companies,
        "companies",
        "Company",
        "a company",
        "Reduces `domain` to its bare host, whatever URL it is written as.",
        &[TAKEN, NO_CHOICE],
        &[TAKEN, AMBIGUOUS, NO_CHOICE]
    );
    let deals = object_routes!(
        Deal,
        Deals,
        "deals",
        "Deal",
        "a deal",
        "The company and the contact that it refers to must exist.",
        &[TAKEN, NO_REFERENCE, NO_CHOICE],
        &[TAKEN, AMBIGUOUS, NO_REFERENCE, NO_CHOICE]
    );
    let activities = object_routes!(
        Activity,
        Activities,
        "activities",
        "Activity",
        "an activity",
        "The records that it refers to must exist.",
        &[TAKEN, NO_REFERENCE, NO_CHOICE],
        &[TAKEN, AMBIGUOUS, NO_REFERENCE, NO_CHOICE]
    );
    contacts
        .into_iter()
        .chain(companies)
        .chain(deals)
        .chain(activities)
        .collect()
}
