//! Every bound of the engine: checked at the edge, shown in `GET /v1/schema` and in the docs.

/// Characters in an ordinary text field.
pub const TEXT_CHARS_MAX: usize = 500;
/// Characters in an activity's `body`.
pub const BODY_CHARS_MAX: usize = 20_000;
/// Tags of one record.
pub const TAGS_MAX: usize = 50;
/// Characters in a tag.
pub const TAG_CHARS_MAX: usize = 64;
/// Bytes in an e-mail address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const EMAIL_BYTES_MAX: usize = 254;
/// Bytes before the `@` of an e-mail address (RFC 5321, section 4.5.3.1.1).
pub const EMAIL_LOCAL_BYTES_MAX: usize = 64;
/// E-mail addresses of one contact, the primary one among them.
pub const CONTACT_EMAILS_MAX: usize = 20;
/// Telephone numbers of one contact, the primary one among them.
pub const CONTACT_PHONES_MAX: usize = 20;
/// Postal addresses of a contact or a company.
pub const ADDRESSES_MAX: usize = 10;
/// Characters of the street of a postal address, the ends of its lines among them.
pub const ADDRESS_STREET_CHARS_MAX: usize = 500;
/// Characters of any other part of a postal address.
pub const ADDRESS_PART_CHARS_MAX: usize = 100;
/// Characters in the label of an e-mail address or a telephone number.
pub const CONTACT_LABEL_CHARS_MAX: usize = 50;
/// The largest magnitude of an integer: 2^53 − 1, what every JSON reader keeps exact (RFC 8259, section 6).
pub const INTEGER_MAX: i64 = (1 << 53) - 1;
/// Members of one record's `metadata`.
pub const METADATA_KEYS_MAX: usize = 50;
/// Characters in a `metadata` key.
pub const METADATA_KEY_CHARS_MAX: usize = 64;
/// Bytes of one record's `metadata` as canonical JSON.
pub const METADATA_BYTES_MAX: usize = 16 * 1024;
/// Bytes of the `metadata` of an association as JSON: a deletion takes up to 1,000 of them along in one commit.
pub const ASSOCIATION_METADATA_BYTES_MAX: usize = 2 * 1024;
/// Nested arrays and objects in a request body.
pub const JSON_DEPTH_MAX: usize = 16;
/// Values of a request body, those within others among them. A value of two characters takes hundreds of bytes once it is
/// read: a body that is bounded in bytes alone would take hundreds of megabytes.
pub const JSON_VALUES_MAX: usize = 64 * 1024;
/// Records on a page when the request names no `limit`.
pub const PAGE_LIMIT_DEFAULT: usize = 50;
/// Records on a page at most; a larger `limit` is clamped to it.
pub const PAGE_LIMIT_MAX: usize = 200;
/// Bytes of the documents on a page; one that is larger alone is a page of its own.
pub const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Events that one filtered page of a feed looks at, and those of the store's page that it is at. It looks at no further page of the
/// store either once it has looked at [`PAGE_BYTES_MAX`].
pub const FEED_EVENTS_MAX: usize = 1_000;
/// Streams of events that one workspace follows at once, of one server.
pub const EVENT_STREAMS_PER_WORKSPACE_MAX: usize = 1_000;
/// Streams of events that one server tells at once.
pub const EVENT_STREAMS_MAX: usize = 2_000;
/// Clauses of one list request.
pub const FILTER_CLAUSES_MAX: usize = 20;
/// Values of one `in`.
pub const FILTER_IN_VALUES_MAX: usize = 100;
/// Characters of a filter value.
pub const FILTER_VALUE_CHARS_MAX: usize = 500;
/// Characters of a search query.
pub const SEARCH_QUERY_CHARS_MAX: usize = 200;
/// Words of a search query; those after are refused.
pub const SEARCH_WORDS_MAX: usize = 10;
/// Characters of an indexed word; a longer word is found by its first so many.
pub const SEARCH_WORD_CHARS_MAX: usize = 40;
/// Characters of a workspace's name.
pub const WORKSPACE_NAME_CHARS_MAX: usize = 100;
/// Rows of one batch.
pub const BATCH_ROWS_MAX: usize = 500;
/// Unique members by which the rows of one batch are known.
pub const DEDUP_KEYS_MAX: usize = 10;
/// Bytes of the records that the rows of one batch make, change or find, each counted with every row that meets it.
///
/// A request of so many bytes makes less than that; one that upserts could otherwise meet 500 records of 30 KiB with
/// a body of 20 KiB, and write and be answered with all of them.
pub const BATCH_CONTACT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Words, and other terms of search, that the records have which the rows of one batch make or change.
pub const BATCH_TERMS_MAX: usize = 100_000;
/// Records that one batch of operations writes: those that it is about, their associations, events and deliveries.
pub const BATCH_RECORDS_MAX: usize = 25_000;
/// Characters of the name that an operation of a batch gives its record.
pub const OPERATION_REF_CHARS_MAX: usize = 64;
/// Characters of an idempotency key.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// How long a stored response answers for its key: 24 hours.
pub const IDEMPOTENCY_TTL_MS: i64 = 24 * 60 * 60 * 1000;
/// Characters of a custom field's `key`.
pub const FIELD_KEY_CHARS_MAX: usize = 63;
/// Custom fields of one workspace and mode.
pub const FIELDS_MAX: usize = 500;
/// Choices of a `select` field.
pub const FIELD_CHOICES_MAX: usize = 200;
/// The most that the probability of a stage can be, in percent: that its deals are won.
pub const PROBABILITY_PERCENT_MAX: u8 = 100;
/// Bytes of a field's `options` as JSON.
pub const FIELD_OPTIONS_BYTES_MAX: usize = 16 * 1024;
/// Characters of the `pattern` of a field.
pub const FIELD_PATTERN_CHARS_MAX: usize = 500;
/// Bytes that a pattern is compiled to.
pub const FIELD_PATTERN_BYTES_MAX: usize = 8 * 1024;
/// Characters of a text that is held to a pattern.
pub const FIELD_PATTERN_TEXT_CHARS_MAX: usize = 1_000;
/// The work of the patterns of one object: of each, the bytes that it is compiled to times the characters of the texts that it takes. One
/// record costs 9 ms at most then, as measured: see decision 87.
pub const FIELD_PATTERNS_WORK_MAX: usize = 16_000_000;
/// Bytes of texts that are held to a pattern to count what a change of a definition means, or on one page of its usage.
pub const FIELD_PATTERN_WALK_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a field's `default` as JSON, its key among them: `metadata` has room for those of all fields that can have one.
pub const FIELD_DEFAULT_BYTES_MAX: usize = 512;
/// Fields of one object that have a default.
pub const FIELD_DEFAULTS_MAX: usize = 20;
/// Bytes of the definitions of one workspace and mode, each as its JSON.
pub const FIELDS_BYTES_MAX: usize = 256 * 1024;
/// Records that are looked at, the newest first, to count what a change of a definition means for them, or on one page of its usage.
pub const FIELD_RECORDS_MAX: usize = 10_000;
/// Bytes of those records: after the first of them that come to more, no page of a store is looked at.
pub const FIELD_RECORDS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Records of which a change of a definition says how many do not keep to it; beyond that it says that there are so many at least.
pub const FIELD_IMPACT_MAX: usize = 1_000;
/// Steps of the renaming of a choice that its caller waits for: what is left then is done later. A step is a commit of at most
/// a few hundred writes.
pub const RENAMING_STEPS_MAX: usize = 16;
/// Members of one object that definitions make unique. Each is a record more, that is read and written with each row that has a value of it.
pub const UNIQUE_FIELDS_MAX: usize = 10;
/// Custom fields of one object type that are references: whoever purges a record, or merges it into another, looks for what refers to it
/// by each of them.
pub const REFERENCE_FIELDS_MAX: usize = 10;
/// Steps in which a field becomes unique that its caller waits for: what is left then is done later. A step is a commit of at most
/// 201 writes, and reads 200 records.
pub const UNIQUE_STEPS_MAX: usize = 32;
/// Warnings of one answer: the first of them.
pub const WARNINGS_MAX: usize = 10;
/// Columns of a file that is imported.
pub const FILE_COLUMNS_MAX: usize = 1_000;
/// Bytes of the line of a file that names its columns.
pub const FILE_HEADER_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one cell of a file.
pub const FILE_CELL_BYTES_MAX: usize = 256 * 1024;
/// Bytes of one row of a file: a line of cells or of JSON, a vCard.
pub const FILE_ROW_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a file that may be pushed to its reader while complete rows of it are not taken.
pub const FILE_HELD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of a row that cannot be read that its error repeats.
pub const FILE_EXCERPT_BYTES_MAX: usize = 4 * 1024;
/// Webhook endpoints of one workspace and mode.
pub const WEBHOOKS_MAX: usize = 20;
/// Endpoints of one scope that lead to one URL.
pub const WEBHOOKS_PER_URL_MAX: usize = 3;
/// Characters of an endpoint's `url`.
pub const WEBHOOK_URL_CHARS_MAX: usize = 2_000;
/// Characters of a value of a custom field of the type `url`.
pub const FIELD_URL_CHARS_MAX: usize = 2_000;
/// Header fields that its owner can add to the requests of an endpoint.
pub const WEBHOOK_HEADERS_MAX: usize = 10;
/// Characters of the name of such a header field.
pub const WEBHOOK_HEADER_NAME_CHARS_MAX: usize = 100;
/// Characters of its value.
pub const WEBHOOK_HEADER_VALUE_CHARS_MAX: usize = 1_000;
/// Members that either part of an endpoint's filter names.
pub const WEBHOOK_FILTER_MEMBERS_MAX: usize = 20;
/// Values of one of them.
pub const WEBHOOK_FILTER_VALUES_MAX: usize = 50;
/// Bytes of an endpoint's filter as JSON.
pub const WEBHOOK_FILTER_BYTES_MAX: usize = 4 * 1024;
/// Secrets that an endpoint's payloads are signed with at once: the current one, and old ones that have not expired.
pub const SECRETS_MAX: usize = 5;
/// For how long an old secret signs beside its successor when a rotation does not say: a day.
pub const SECRET_OVERLAP_SECONDS_DEFAULT: i64 = 24 * 60 * 60;
/// For how long an old secret signs beside its successor at most: a week.
pub const SECRET_OVERLAP_SECONDS_MAX: i64 = 7 * 24 * 60 * 60;
/// For how long a key works beside its successor when a rotation does not say: a day.
pub const KEY_OVERLAP_SECONDS_DEFAULT: i64 = 24 * 60 * 60;
/// For how long a key works beside its successor at most: 30 days.
pub const KEY_OVERLAP_SECONDS_MAX: i64 = 30 * 24 * 60 * 60;
/// Deliveries of one event to one endpoint, beyond which none is replayed.
pub const DELIVERIES_PER_EVENT_MAX: usize = 100;
/// Deliveries that one recovery makes.
pub const RECOVER_DELIVERIES_MAX: usize = 500;
/// Events that one recovery looks at.
pub const RECOVER_EVENTS_MAX: usize = 10_000;
/// Associations of one record that are moved to the trash with it, and that come back with it in one commit. A record that has more is
/// not deleted but for good; of what is in the trash more comes back in further commits.
pub const TRASHED_ASSOCIATIONS_MAX: usize = 1_000;
/// Events of a request that one undo reverts: those of a batch, and those of a restoration with as many associations as one commit holds.
pub const UNDO_EVENTS_MAX: usize = 1_500;
/// Bytes of those events, and of the records that they tell of as they are now: as much as a batch writes, before and after.
pub const UNDO_BYTES_MAX: usize = 24 * 1024 * 1024;
/// Conflicts that the answer to an undo lists; it counts the others.
pub const UNDO_CONFLICTS_MAX: usize = 500;
/// Bytes of the conflicts that it lists, and of the names of members that it reverted.
pub const UNDO_LISTED_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of the JSON of a value that a conflict shows; a longer one is left out.
pub const UNDO_VALUE_BYTES_MAX: usize = 1024;
/// Steps of a purge that its caller waits for: what is left then is erased later. A step is a commit of at most a few hundred writes.
pub const PURGE_STEPS_MAX: usize = 16;
/// Records that one request merges into another.
pub const MERGE_RECORDS_MAX: usize = 20;
/// Members of which a merge says whose value they get.
pub const MERGE_FIELDS_MAX: usize = 100;
/// References and associations that the first commit of a merge moves, where there are no more; otherwise they are moved in steps.
pub const MERGE_REFERENCES_MAX: usize = 1_000;
/// Steps of a merge that its caller waits for: what is left then is moved later. A step is a commit of at most 50 references and
/// associations.
pub const MERGE_STEPS_MAX: usize = 16;
/// Records that are merged into one, one after the other.
pub const MERGED_RECORDS_MAX: usize = 1_000;
/// Ids of them that an answer lists: the newest.
pub const MERGED_LISTED_MAX: usize = 200;
/// Records that a page of duplicates looks at, each by at most two look-ups.
pub const DUPLICATES_LOOKED_MAX: usize = 50;
/// Records of one group of duplicates that are listed: the newest.
pub const DUPLICATES_LISTED_MAX: usize = 20;
/// People who may sign in.
pub const USERS_MAX: usize = 500;
/// How long a link by which a person sets a password is good: a day.
pub const USER_LINK_MS: i64 = 24 * 60 * 60 * 1000;
/// Sessions that a person has at once; one more ends the oldest.
pub const SESSIONS_PER_USER_MAX: usize = 20;
/// How long a session lasts that is not used: twelve hours.
pub const SESSION_IDLE_MS: i64 = 12 * 60 * 60 * 1000;
/// How long a session lasts at most: a week.
pub const SESSION_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How old the moment may be that is kept of a session's last use.
pub const SESSION_USE_MS: i64 = 60 * 1000;
/// Characters of an association's `label`.
pub const LABEL_CHARS_MAX: usize = 100;
/// Bytes of a request body.
pub const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a batch request's body.
pub const BATCH_REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Characters of a caller's text that a message repeats.
pub const EXCERPT_CHARS_MAX: usize = 80;
/// Bytes of an error object as JSON, its envelope included.
pub const ERROR_BYTES_MAX: usize = 4 * 1024;
/// Bytes of an error's `message` as JSON; what is longer is cut.
pub const ERROR_MESSAGE_BYTES_MAX: usize = 1024;
/// Bytes of an error's `field` as JSON; what is longer is cut.
pub const ERROR_FIELD_BYTES_MAX: usize = 512;
/// Bytes of an error's `valid_options` and `suggestion` together, as JSON; options that do not fit are left out.
pub const ERROR_OPTIONS_BYTES_MAX: usize = 2 * 1024;
/// Options that an error lists: the first so many of them.
pub const ERROR_OPTIONS_MAX: usize = 28;
/// Values that several records have which an error lists: the first so many of them.
pub const ERROR_DUPLICATES_MAX: usize = 10;
/// Ids that an error lists: the first so many of them.
pub const ERROR_IDS_MAX: usize = 10;
/// Bytes of the options that a message lists; `valid_options` lists more.
pub const ERROR_LISTED_BYTES_MAX: usize = 200;
/// Characters of the longest texts that are compared to suggest one for the other.
pub const SUGGESTION_CHARS_MAX: usize = 64;
/// Bytes of a file that is imported: 1 GiB.
pub const IMPORT_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// Bytes of the rows of an import as they are kept until they are worked on, nearly: each cell with 3 more, each row with 12 more, and what
/// JSON escapes as it escapes it.
pub const IMPORT_ROWS_BYTES_MAX: usize = 2 * IMPORT_BYTES_MAX;
/// Imports of one workspace and mode that go on at once: that arrive, wait, run or are undone.
pub const IMPORTS_UNFINISHED_MAX: usize = 5;
/// Rows of an import that are worked on in one commit.
pub const IMPORT_CHUNK_ROWS_MAX: usize = 500;
/// Bytes of those rows: after the first of them none is added with which they would be more.
pub const IMPORT_CHUNK_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of the failed rows of an import that are kept, each with its reason; those beyond are counted alone.
pub const IMPORT_FAILED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of the rows of a dry run that are kept for imports to begin from: those of a larger file are not, and it is sent again.
pub const IMPORT_KEPT_ROWS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long an import that has ended is kept, with its failed rows: a week.
pub const IMPORT_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How late an `activity.due` is made at most, where no process looked for what is due: three days.
pub const REMINDER_LATE_MS_MAX: i64 = 3 * 24 * 60 * 60 * 1000;
/// For how long an import is left to whoever works on it: another process goes on with it once that is over.
pub const IMPORT_LEASE_MS: i64 = 30 * 1000;
/// How long the file of an import may bring no further row before it counts as broken off.
pub const IMPORT_UPLOAD_IDLE_MS: i64 = 5 * 60 * 1000;
