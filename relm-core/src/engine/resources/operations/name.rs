//! What an operation of a batch does, by its name.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::record::hint;
use crate::record::input::Reader;
use crate::value::excerpt::Quoted;
use crate::value::from_text::named;
use crate::value::spelling::OtherNames;

/// What an operation of a batch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OperationName {
    /// Makes a record of `data`.
    Create,
    /// Changes the record of `id` or `match` by `data`.
    Update,
    /// Changes the record of `match` by `data`, or makes it where there is none.
    Upsert,
    /// Moves the record of `id` or `match` to the trash.
    Delete,
    /// Brings the record of `id` back from the trash.
    Restore,
    /// Makes an association of `data`.
    Link,
    /// Removes the association of `id`.
    Unlink,
}

impl OperationName {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Create,
        Self::Update,
        Self::Upsert,
        Self::Delete,
        Self::Restore,
        Self::Link,
        Self::Unlink,
    ];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Link => "link",
            Self::Unlink => "unlink",
        }
    }
}

named!(
    OperationName,
    as_str,
    "`create`, `update`, `upsert`, `delete`, `restore`, `link` or `unlink`"
);

/// What other APIs call the operations.
const OPERATION_WORDS: OtherNames = &[
    (&["insert", "add", "post", "new"], &["create"]),
    (&["patch", "put", "modify", "change"], &["update"]),
    (&["create_or_update", "save"], &["upsert"]),
    (&["remove", "destroy", "archive"], &["delete"]),
    (&["undelete", "recover"], &["restore"]),
    (&["associate", "connect"], &["link"]),
    (&["disassociate", "disconnect"], &["unlink"]),
];

/// Takes the name of an operation.
pub(super) fn read_name(reader: &mut Reader) -> Result<OperationName> {
    let all = OperationName::ALL.map(OperationName::as_str);
    let Some(given) = reader.text("op")?.as_set().cloned() else {
        let message = format!(
            "`op` must say what is to be done: {}.",
            hint::some_of(all.into_iter())
        );
        return Err(Error::invalid("op", message).options("", all));
    };
    given.parse().map_err(|_| {
        let message = format!(
            "`op` must be {}, not {}.",
            hint::some_of(all.into_iter()),
            Quoted(&given)
        );
        let error = Error::new(ErrorKind::UnknownValue, message).at("op");
        error.options_or(&given, all, OPERATION_WORDS)
    })
}
