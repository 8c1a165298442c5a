use std::env;

use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let contact: Value = ureq::post("http://127.0.0.1:8080/v1/contacts")
        .header("Authorization", format!("Bearer {}", env::var("RELM_KEY")?))
        .send_json(json!({ "email": "ada@example.com", "first_name": "Ada" }))?
        .body_mut()
        .read_json()?;
    println!("{contact}");
    Ok(())
}
