//! Whether the floor does the same writes: the rows and bytes that the same requests add to each table through Relm and
//! through the floor. A run whose floor writes anything else is refused.

use sea_orm::{ConnectionTrait, Database, Statement};

use crate::Failure;
use crate::drive::Side;
use crate::http::Connection;
use crate::pair::Pair;
use crate::workload::Operation;

/// The tables that a write reaches, and the texts whose bytes are compared.
const TABLES: [(&str, &str); 6] = [
    (
        "contacts",
        "id, email, email_key, first_name, last_name, phone, company_id, metadata, doc",
    ),
    ("events", "id, type, record_id, doc"),
    ("terms", "term, ulid, kind"),
    ("deliveries", "doc"),
    ("responses", "body"),
    ("configurations", "version"),
];
/// What is sent to both.
const REQUESTS: [(Operation, usize); 3] = [
    (Operation::Create, 200),
    (Operation::Update, 200),
    (Operation::Batch, 2),
];
/// By how much the bytes may differ: the contacts that are updated may be others.
const SHARE_MAX: f64 = 0.01;

/// Sends the same requests to both, and fails where they do not add the same.
pub async fn same_writes(pair: &Pair<'_>, ours: &Side, floor: &Side) -> Result<(), Failure> {
    let ours = added(pair.ours(), ours).await?;
    let floors = added(pair.floor(), floor).await?;
    for ((table, _), (ours, floor)) in TABLES.iter().zip(ours.iter().zip(&floors)) {
        let differs = (ours.bytes - floor.bytes).abs() as f64 > SHARE_MAX * ours.bytes as f64;
        if ours.rows != floor.rows || differs {
            let floor = format!("{} rows of {} bytes", floor.rows, floor.bytes);
            let ours = format!("{} rows of {} bytes", ours.rows, ours.bytes);
            return Err(format!("the floor adds {floor} to {table}, and Relm {ours}").into());
        }
    }
    println!("The same requests add the same rows through Relm and through the floor:\n");
    println!("| table | rows | bytes through Relm | through the floor |\n|---|---|---|---|");
    for ((table, _), (ours, floor)) in TABLES.iter().zip(ours.iter().zip(&floors)) {
        let (rows, ours, floor) = (ours.rows, ours.bytes, floor.bytes);
        println!("| {table} | {rows} | {ours} | {floor} |");
    }
    println!();
    Ok(())
}

/// What a table holds.
struct Tally {
    rows: i64,
    bytes: i64,
}

async fn added(url: &str, side: &Side) -> Result<Vec<Tally>, Failure> {
    let before = tallies(url).await?;
    let mut connection = Connection::open(side.server.address).await?;
    for (operation, times) in REQUESTS {
        for _ in 0..times {
            let request = side.material.request(operation);
            let (status, body) = connection.send(&request).await?;
            if !(200..300).contains(&status) {
                let body = String::from_utf8_lossy(body);
                return Err(format!("{}: {status} {body}", operation.name()).into());
            }
        }
    }
    let after = tallies(url).await?;
    let added = after.iter().zip(&before).map(|(after, before)| Tally {
        rows: after.rows - before.rows,
        bytes: after.bytes - before.bytes,
    });
    Ok(added.collect())
}

async fn tallies(url: &str) -> Result<Vec<Tally>, Failure> {
    // A sum is a decimal on MariaDB, and each database has another name for an integer.
    let integer = if url.starts_with("mysql") {
        "SIGNED"
    } else {
        "BIGINT"
    };
    let statements = TABLES.map(|(table, texts)| {
        let bytes = format!("COALESCE(SUM(OCTET_LENGTH(CONCAT_WS('', {texts}))), 0)");
        format!("SELECT COUNT(*), CAST({bytes} AS {integer}) FROM {table}")
    });
    let mut tallies = Vec::new();
    if let Some(path) = url.strip_prefix("sqlite://") {
        let connection = rusqlite::Connection::open(path)?;
        for sql in statements {
            tallies.push(connection.query_row(&sql, [], |row| {
                let (rows, bytes) = (row.get(0)?, row.get(1)?);
                Ok(Tally { rows, bytes })
            })?);
        }
        return Ok(tallies);
    }
    let database = Database::connect(url).await?;
    for sql in statements {
        let sql = Statement::from_string(database.get_database_backend(), sql);
        let row = database.query_one_raw(sql).await?.ok_or("no row")?;
        tallies.push(Tally {
            rows: row.try_get_by_index(0)?,
            bytes: row.try_get_by_index(1)?,
        });
    }
    database.close().await?;
    Ok(tallies)
}
