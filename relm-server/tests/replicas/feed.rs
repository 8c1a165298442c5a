//! Readers of the feed, beside clients that write and over replicas that die.

use std::time::Duration;

use serde_json::Value;

use super::cluster::Cluster;

/// Events that are read at once: pages end in the middle of imports.
const PAGE: usize = 7;

/// An event as a reader met it: its number and its id.
pub type Read = (i64, String);

/// Reads the feed from its beginning, each page from another replica, until `is_over` and nothing comes any more. All that it
/// keeps between two pages is the number where it was.
pub fn read(cluster: &Cluster, reader: usize, is_over: impl Fn() -> bool) -> Vec<Read> {
    let (mut read, mut after): (Vec<Read>, i64) = (Vec::new(), 0);
    for attempt in reader.. {
        let ends = is_over();
        let Some(page) = page(cluster, attempt, after) else {
            continue;
        };
        for event in page["data"].as_array().unwrap() {
            let seq = event["seq"].as_i64().unwrap();
            assert!(seq > after, "{seq} comes after {after}");
            after = seq;
            read.push((seq, event["id"].as_str().unwrap().to_owned()));
        }
        assert_eq!(page["next_after"], after);
        if page["has_more"] == false {
            if ends {
                return read;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    unreachable!("there is always another attempt");
}

/// A page of one replica; none where that was killed meanwhile, or found its database busy.
fn page(cluster: &Cluster, replica: usize, after: i64) -> Option<Value> {
    let mut client = cluster.try_client(replica)?;
    let path = format!("/v1/events?after={after}&limit={PAGE}");
    match client.send("GET", &path, None, None) {
        Ok((200, page)) => Some(page),
        Ok((503, _)) | Err(_) => None,
        Ok((status, answer)) => panic!("{status} {answer}"),
    }
}
