//! The tables, as ordered steps that each database takes once.
//!
//! A step is one DDL statement and never changes once it is released: a new column is a new step. Where the engine takes
//! columns, keys or index terms from documents otherwise than before, a step has them derived anew (`derived.rs`). Types are
//! written for all databases at once: `{text:500}` is text of at most so many characters that orders by code point, `{long}`
//! text without a bound, `{clustered}` asks for rows kept in the order of their key where that is not so anyway,
//! `{only:column}` for an index of those rows alone that have a value there, where a database knows such indexes, and
//! `{pin}` is a column that a cluster needs to keep a record from being deleted. `dialect.rs` says what each database makes
//! of them.
//!
//! Every key begins with the scope: it isolates tenants, and is what a distributed database would shard by.

/// One step.
pub(crate) struct Step {
    pub name: &'static str,
    pub work: Work,
}

/// What a step does.
pub(crate) enum Work {
    /// Runs a statement, once the dialect has filled in its types.
    Statement(&'static str),
    /// Has everything derived anew that is derived from documents. Of several such steps the last would do for all.
    Derive,
}

const fn step(name: &'static str, ddl: &'static str) -> Step {
    let work = Work::Statement(ddl);
    Step { name, work }
}

const fn derive(name: &'static str) -> Step {
    let work = Work::Derive;
    Step { name, work }
}

/// The table that says which steps a database has taken.
pub(crate) const MIGRATIONS: &str = "relm_migrations";
/// How many steps this program knows.
pub(crate) const KNOWN: i64 = STEPS.len() as i64;

/// All steps, oldest first. The version of a database is how many it has taken.
pub(crate) const STEPS: &[Step] = &[
    step(
        "contacts",
        "CREATE TABLE contacts (scope BIGINT NOT NULL, id {text:40} NOT NULL, version BIGINT NOT NULL, \
         email {text:254}, email_key {text:762}, first_name {text:500}, last_name {text:500}, phone {text:500}, \
         company_id {text:40}, metadata {long} NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, \
         doc {long} NOT NULL, PRIMARY KEY (scope, id){pin})",
    ),
    step(
        "contacts by e-mail",
        "CREATE UNIQUE INDEX contacts_email_key ON contacts (scope, email_key)",
    ),
    step(
        "contacts by last name",
        "CREATE INDEX contacts_last_name ON contacts (scope, last_name, id)",
    ),
    step(
        "contacts by phone",
        "CREATE INDEX contacts_phone ON contacts (scope, phone, id)",
    ),
    step(
        "contacts by company",
        "CREATE INDEX contacts_company_id ON contacts (scope, company_id, id)",
    ),
    step(
        "contacts by change",
        "CREATE INDEX contacts_updated_at ON contacts (scope, updated_at, id)",
    ),
    step(
        "companies",
        "CREATE TABLE companies (scope BIGINT NOT NULL, id {text:40} NOT NULL, version BIGINT NOT NULL, \
         name {text:500} NOT NULL, domain {text:500}, metadata {long} NOT NULL, created_at BIGINT NOT NULL, \
         updated_at BIGINT NOT NULL, doc {long} NOT NULL, PRIMARY KEY (scope, id){pin})",
    ),
    step(
        "companies by name",
        "CREATE INDEX companies_name ON companies (scope, name, id)",
    ),
    step(
        "companies by domain",
        "CREATE INDEX companies_domain ON companies (scope, domain, id)",
    ),
    step(
        "companies by change",
        "CREATE INDEX companies_updated_at ON companies (scope, updated_at, id)",
    ),
    step(
        "deals",
        "CREATE TABLE deals (scope BIGINT NOT NULL, id {text:40} NOT NULL, version BIGINT NOT NULL, \
         title {text:500} NOT NULL, value_cents BIGINT, currency {text:3}, stage {text:500}, close_date {text:10}, \
         company_id {text:40}, primary_contact_id {text:40}, metadata {long} NOT NULL, created_at BIGINT NOT NULL, \
         updated_at BIGINT NOT NULL, doc {long} NOT NULL, PRIMARY KEY (scope, id){pin})",
    ),
    step(
        "deals by stage",
        "CREATE INDEX deals_stage ON deals (scope, stage, id)",
    ),
    step(
        "deals by close date",
        "CREATE INDEX deals_close_date ON deals (scope, close_date, id)",
    ),
    step(
        "deals by company",
        "CREATE INDEX deals_company_id ON deals (scope, company_id, id)",
    ),
    step(
        "deals by contact",
        "CREATE INDEX deals_primary_contact_id ON deals (scope, primary_contact_id, id)",
    ),
    step(
        "deals by change",
        "CREATE INDEX deals_updated_at ON deals (scope, updated_at, id)",
    ),
    step(
        "activities",
        "CREATE TABLE activities (scope BIGINT NOT NULL, id {text:40} NOT NULL, version BIGINT NOT NULL, \
         type {text:500} NOT NULL, subject {text:500}, body {long}, contact_id {text:40}, deal_id {text:40}, \
         company_id {text:40}, occurred_at BIGINT NOT NULL, metadata {long} NOT NULL, created_at BIGINT NOT NULL, \
         updated_at BIGINT NOT NULL, doc {long} NOT NULL, PRIMARY KEY (scope, id){pin})",
    ),
    step(
        "activities by type",
        "CREATE INDEX activities_type ON activities (scope, type, id)",
    ),
    step(
        "activities by contact",
        "CREATE INDEX activities_contact_id ON activities (scope, contact_id, id)",
    ),
    step(
        "activities by deal",
        "CREATE INDEX activities_deal_id ON activities (scope, deal_id, id)",
    ),
    step(
        "activities by company",
        "CREATE INDEX activities_company_id ON activities (scope, company_id, id)",
    ),
    step(
        "activities by time",
        "CREATE INDEX activities_occurred_at ON activities (scope, occurred_at, id)",
    ),
    step(
        "activities by change",
        "CREATE INDEX activities_updated_at ON activities (scope, updated_at, id)",
    ),
    step(
        "associations",
        "CREATE TABLE associations (scope BIGINT NOT NULL, id {text:40} NOT NULL, version BIGINT NOT NULL, \
         from_type {text:20} NOT NULL, from_id {text:40} NOT NULL, to_type {text:20} NOT NULL, \
         to_id {text:40} NOT NULL, label {text:100}, edge_key {text:170} NOT NULL, created_at BIGINT NOT NULL, \
         doc {long} NOT NULL, PRIMARY KEY (scope, id))",
    ),
    step(
        "associations by edge",
        "CREATE UNIQUE INDEX associations_edge_key ON associations (scope, edge_key)",
    ),
    step(
        "associations by start",
        "CREATE INDEX associations_from_id ON associations (scope, from_id, id)",
    ),
    step(
        "associations by end",
        "CREATE INDEX associations_to_id ON associations (scope, to_id, id)",
    ),
    step(
        "fields",
        "CREATE TABLE fields (scope BIGINT NOT NULL, id {text:40} NOT NULL, version BIGINT NOT NULL, \
         object_type {text:20} NOT NULL, key {text:63} NOT NULL, field_key {text:100} NOT NULL, \
         label {text:500} NOT NULL, type {text:20} NOT NULL, required BIGINT NOT NULL, options {long} NOT NULL, \
         created_at BIGINT NOT NULL, doc {long} NOT NULL, PRIMARY KEY (scope, id))",
    ),
    step(
        "fields by key",
        "CREATE UNIQUE INDEX fields_field_key ON fields (scope, field_key)",
    ),
    step(
        "webhooks",
        "CREATE TABLE webhooks (scope BIGINT NOT NULL, id {text:40} NOT NULL, version BIGINT NOT NULL, \
         url {long} NOT NULL, event_types {long} NOT NULL, description {text:500}, enabled BIGINT NOT NULL, \
         created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, doc {long} NOT NULL, PRIMARY KEY (scope, id){pin})",
    ),
    step(
        "events",
        "CREATE TABLE events (scope BIGINT NOT NULL, id {text:40} NOT NULL, version BIGINT NOT NULL, \
         type {text:40} NOT NULL, record_id {text:40}, created_at BIGINT NOT NULL, doc {long} NOT NULL, \
         PRIMARY KEY (scope, id))",
    ),
    step(
        "deliveries",
        "CREATE TABLE deliveries (scope BIGINT NOT NULL, id {text:40} NOT NULL, version BIGINT NOT NULL, \
         webhook_id {text:40} NOT NULL, event_id {text:40} NOT NULL, event_type {text:40} NOT NULL, \
         status {text:20} NOT NULL, next_attempt_at BIGINT, replay_of {text:40}, created_at BIGINT NOT NULL, \
         doc {long} NOT NULL, PRIMARY KEY (scope, id))",
    ),
    step(
        "deliveries by webhook",
        "CREATE INDEX deliveries_webhook_id ON deliveries (scope, webhook_id, id)",
    ),
    step(
        "api keys",
        "CREATE TABLE api_keys (scope BIGINT NOT NULL, id {text:40} NOT NULL, version BIGINT NOT NULL, \
         workspace_id {text:40} NOT NULL, mode {text:4} NOT NULL, name {text:500}, access {text:20} NOT NULL, \
         prefix {text:20} NOT NULL, last_four {text:4} NOT NULL, digest {text:64} NOT NULL, \
         created_at BIGINT NOT NULL, revoked_at BIGINT, doc {long} NOT NULL, PRIMARY KEY (scope, id))",
    ),
    step(
        "api keys by digest",
        "CREATE UNIQUE INDEX api_keys_digest ON api_keys (scope, digest)",
    ),
    step(
        "api keys by workspace",
        "CREATE INDEX api_keys_workspace_id ON api_keys (scope, workspace_id, id)",
    ),
    step(
        "workspaces",
        "CREATE TABLE workspaces (scope BIGINT NOT NULL, id {text:40} NOT NULL, version BIGINT NOT NULL, \
         name {text:100} NOT NULL, name_key {text:300} NOT NULL, created_at BIGINT NOT NULL, doc {long} NOT NULL, \
         PRIMARY KEY (scope, id))",
    ),
    step(
        "workspaces by name",
        "CREATE UNIQUE INDEX workspaces_name_key ON workspaces (scope, name_key)",
    ),
    step(
        "terms",
        "CREATE TABLE terms (scope BIGINT NOT NULL, term {text:400} NOT NULL, ulid {text:26} NOT NULL, \
         kind {text:8} NOT NULL, PRIMARY KEY (scope, term, ulid, kind)){clustered}",
    ),
    step(
        "responses",
        "CREATE TABLE responses (scope BIGINT NOT NULL, key_digest {text:64} NOT NULL, \
         fingerprint {text:64} NOT NULL, outcome BIGINT NOT NULL, body {long} NOT NULL, expires_at BIGINT NOT NULL, \
         PRIMARY KEY (scope, key_digest)){clustered}",
    ),
    step(
        "responses by expiry",
        "CREATE INDEX responses_expires_at ON responses (scope, expires_at)",
    ),
    step(
        "configurations",
        "CREATE TABLE configurations (scope BIGINT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (scope))",
    ),
    step(
        "deliveries by event",
        "CREATE INDEX deliveries_event_id ON deliveries (scope, event_id, id)",
    ),
    step(
        "deliveries by due time",
        "CREATE INDEX deliveries_due ON deliveries (scope, webhook_id, next_attempt_at, id){only:next_attempt_at}",
    ),
    derive("one identity for addresses, domains and telephone numbers"),
];
