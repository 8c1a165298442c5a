//! An import whose server is killed again and again: each of its rows is there once in the end.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::transfer::{Client, Import, file_of, records};
use crate::Failure;
use crate::children::Server;

/// Every so many rows one has no address: nothing but how the rows are worked on keeps it from being there twice.
const WITHOUT_ADDRESS: usize = 4;

pub async fn run(binary: &Path, url: &str, rows: u64, kills: u64) -> Result<(), Failure> {
    let file = without_some_addresses(&file_of(rows));
    let mut server = Server::relm(binary, url).await?;
    let (key, _) = server.keys().await?;
    let mut client = Client::new(server.address, &key);
    let query = "object=contacts&dedup_on=email";
    let path = client.begin(query, "text/csv", file.as_bytes()).await?;
    let begun = Instant::now();
    let mut rests = Vec::new();
    for kill in 1..=kills {
        let enough = rows * kill / (kills + 1);
        let reached = |it: &Import| it.is_done() || it.count("rows") >= enough;
        let import = client.wait_until(&path, reached).await?;
        if import.is_done() {
            return Err(format!("the import was done before kill {kill}: send more rows").into());
        }
        server.kill().await?;
        server = Server::relm(binary, url).await?;
        client = Client::new(server.address, &key);
        let restarted = Instant::now();
        // What was committed between the answer and the kill is no progress after it.
        let left = Import(client.get(&path).await?).count("rows");
        let goes_on = |it: &Import| it.is_done() || it.count("rows") > left;
        client.wait_until(&path, goes_on).await?;
        rests.push(restarted.elapsed());
    }
    let import = client.wait_until(&path, Import::is_done).await?;
    let time = begun.elapsed();
    let out = client.export("contacts").await?;
    let mut there: BTreeMap<String, u64> = BTreeMap::new();
    for record in records(&out) {
        let phone = record?["phone"].as_str().map(str::to_owned);
        *there.entry(phone.unwrap_or_default()).or_default() += 1;
    }
    server.stop().await?;
    let sent = file.lines().skip(1).filter_map(|row| row.split(',').nth(3));
    let lost = sent.filter(|phone| !there.contains_key(*phone)).count();
    let doubled = there.values().filter(|times| **times > 1).count();
    let longest = rests.into_iter().max().unwrap_or(Duration::ZERO);
    println!(
        "{rows} rows, {kills} kills: {lost} lost, {doubled} doubled, {} there; {:.0} s, and {:.1} s at most from a restart to the next row",
        there.len(),
        time.as_secs_f64(),
        longest.as_secs_f64()
    );
    match lost == 0 && doubled == 0 && there.len() as u64 == rows && import.count("created") == rows
    {
        true => Ok(()),
        false => Err(format!("rows were lost or doubled: {}", import.0).into()),
    }
}

fn without_some_addresses(file: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for (number, line) in file.lines().enumerate() {
        let cut = (number > 0 && number % WITHOUT_ADDRESS == 0)
            .then(|| line.find(','))
            .flatten();
        lines.push(&line[cut.unwrap_or(0)..]);
    }
    lines.join("\r\n") + "\r\n"
}
