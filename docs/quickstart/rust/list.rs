use std::env;

use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let page: Value = ureq::get("http://127.0.0.1:8080/v1/contacts")
        .query("filter[first_name]", "Ada")
        .query("limit", "10")
        .header("Authorization", format!("Bearer {}", env::var("RELM_KEY")?))
        .call()?
        .body_mut()
        .read_json()?;
    for contact in page["data"].as_array().into_iter().flatten() {
        println!("{} {}", contact["id"], contact["email"]);
    }
    Ok(())
}
