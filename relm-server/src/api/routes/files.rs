//! Files of records, in and out.

use relm_core::limits::IMPORT_BYTES_MAX;
use relm_core::{ErrorKind, Kind};

use super::route::{Handler, Route, delete, get, post, route};
use crate::api::code::Code;
use crate::api::openapi::{CSV_FILE, RECORDS_FILE};
use crate::api::operation::Operation;
use crate::api::{exports, imports};
use crate::parameters::Takes;

const INVALID: Code = Code::Engine(ErrorKind::ValidationFailed);
const NO_MEMBER: Code = Code::Engine(ErrorKind::UnknownField);
const NO_CHOICE: Code = Code::Engine(ErrorKind::UnknownValue);
const TAKEN: Code = Code::Engine(ErrorKind::Conflict);

pub(super) fn routes() -> Vec<Route> {
    let mut routes = import_routes();
    routes.extend(result_routes());
    routes.push(export_route());
    routes
}

fn import_routes() -> Vec<Route> {
    vec![
        route(
            Handler::KeyedByContent(|call| Box::pin(imports::list(call))),
            get("imports.list", "/v1/imports")
                .says(
                    "List imports",
                    "Newest first: those that go on, and those that ended within the last week. Those of objects that the key may neither read nor \
                     write are left out. Needs the scope to read or write one object.",
                )
                .lists(Kind::Import, "ImportJobList"),
        ),
        route(
            Handler::KeyedByContent(|call| Box::pin(imports::create(call))),
            post("imports.create", "/v1/imports")
                .says(
                    "Import a file",
                    "The body is a CSV, NDJSON or vCard file of at most 1 GiB, which is taken in as it arrives. The answer comes when all of it is \
                     kept; its rows are worked on in the background then, in their order. Needs the scope to write the object.",
                )
                .takes_file(IMPORT_BYTES_MAX)
                .gives(202, "ImportJob")
                .refuses(&[INVALID, NO_MEMBER, NO_CHOICE, TAKEN, Code::PayloadTooLarge, Code::UnsupportedMediaType]),
        ),
        route(
            Handler::KeyedByContent(|call| Box::pin(imports::get(call))),
            get("imports.get", "/v1/imports/{id}")
                .says("Retrieve an import", "How far it is, and its counts. Needs the scope to read or write the object.")
                .of(&[Kind::Import])
                .gives(200, "ImportJob"),
        ),
        route(
            Handler::KeyedByContent(|call| Box::pin(imports::delete(call))),
            delete("imports.delete", "/v1/imports/{id}")
                .says(
                    "Delete an import",
                    "Deletes an import that has ended, with its failed rows. What it changed stays. Needs the scope to write the object.",
                )
                .of(&[Kind::Import])
                .of_many()
                .refuses(&[TAKEN]),
        ),
    ]
}

fn result_routes() -> Vec<Route> {
    let of_import = |operation: Operation| operation.of(&[Kind::Import]);
    vec![
        route(
            Handler::DownloadByContent(|call| Box::pin(imports::errors(call))),
            of_import(get("imports.errors", "/v1/imports/{id}/errors"))
                .says(
                    "Download failed rows",
                    "A CSV file: of each row its line, the code, the field and the reason of its error, and its cells under the columns of the file. \
                     Corrected, it can be imported as it is; of an NDJSON file the cells under `row` can be, each as a line of an NDJSON file. \
                     Needs the scope to read the object; the key that began the import needs none but that to write it.",
                )
                .downloads(CSV_FILE),
        ),
        route(
            Handler::DownloadByContent(|call| Box::pin(imports::conflicts(call))),
            of_import(get("imports.conflicts", "/v1/imports/{id}/conflicts"))
                .says(
                    "Download what an undo left",
                    "A CSV file: of each record or member that stays as it is the id, the member, the code of what is in the way, and the reason. \
                     Needs the scope to read the object; the key that began the import needs none but that to write it.",
                )
                .downloads(CSV_FILE),
        ),
        route(
            Handler::KeyedByContent(|call| Box::pin(imports::cancel(call))),
            of_import(post("imports.cancel", "/v1/imports/{id}/cancel"))
                .says(
                    "Cancel an import",
                    "Rows that were not worked on by then are not. What those before changed stays, unless the import is undone. Needs the scope to write the object.",
                )
                .gives(200, "ImportJob")
                .refuses(&[TAKEN]),
        ),
        route(
            Handler::KeyedByContent(|call| Box::pin(imports::undo(call))),
            of_import(post("imports.undo", "/v1/imports/{id}/undo"))
                .says(
                    "Undo an import",
                    "What it changed is taken back in the background, chunk by chunk, as an undo of a request does: what was changed since stays, and \
                     is counted in `undo` and listed among the conflicts. Needs the scope to write the object.",
                )
                .gives(202, "ImportJob")
                .gives(200, "ImportJob")
                .refuses(&[TAKEN]),
        ),
    ]
}

fn export_route() -> Route {
    let mut operation = post("exports.create", "/v1/exports")
        .says(
            "Export records",
            "A CSV or NDJSON file of all records that meet the filters, newest first, made as it is read. What is made after the start is not in it, \
             and each record is as it is when its page is read. A file that breaks off ends without the last chunk of its transfer coding. \
             Needs the scope to read the object.",
        )
        .downloads(RECORDS_FILE)
        .refuses(&[INVALID, NO_CHOICE]);
    operation.query = Takes::Export;
    route(
        Handler::DownloadByContent(|call| Box::pin(exports::create(call))),
        operation,
    )
}
