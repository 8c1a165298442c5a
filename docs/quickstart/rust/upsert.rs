use std::env;

use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let batch = json!({
        "contacts": [
            { "email": "ada@example.com", "last_name": "Lovelace" },
            { "email": "grace@example.com", "first_name": "Grace" },
        ],
        "dedup_on": ["email"],
    });
    let report: Value = ureq::post("http://127.0.0.1:8080/v1/contacts/batch")
        .header("Authorization", format!("Bearer {}", env::var("RELM_KEY")?))
        .header("Idempotency-Key", "import-2026-07-02")
        .send_json(batch)?
        .body_mut()
        .read_json()?;
    for row in report["data"].as_array().into_iter().flatten() {
        println!("{} {}", row["status"], row["id"]);
    }
    Ok(())
}
