require "json"
require "net/http"

contacts = [
  { email: "ada@example.com", last_name: "Lovelace" },
  { email: "grace@example.com", first_name: "Grace" }
]
headers = {
  "Authorization" => "Bearer #{ENV.fetch("RELM_KEY")}",
  "Content-Type" => "application/json",
  "Idempotency-Key" => "import-2026-07-02"
}
batch = { contacts: contacts, dedup_on: ["email"] }.to_json
response = Net::HTTP.post(URI("http://127.0.0.1:8080/v1/contacts/batch"), batch, headers)
JSON.parse(response.body)["data"].each { |row| puts "#{row["status"]} #{row["id"]}" }
