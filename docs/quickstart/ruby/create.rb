require "json"
require "net/http"

contact = { email: "ada@example.com", first_name: "Ada" }.to_json
headers = { "Authorization" => "Bearer #{ENV.fetch("RELM_KEY")}", "Content-Type" => "application/json" }
puts Net::HTTP.post(URI("http://127.0.0.1:8080/v1/contacts"), contact, headers).body
