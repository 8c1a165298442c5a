//! Lists, read to their ends.

use serde_json::Value;

use super::super::client::Client;

/// Everything of a list.
pub fn walk(client: &mut Client, list: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    let more = if list.contains('?') { '&' } else { '?' };
    loop {
        let (status, page) = client.get(&format!("{list}{more}limit=200{cursor}"));
        assert_eq!(status, 200, "{page}");
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}
