require "json"
require "net/http"

uri = URI("http://127.0.0.1:8080/v1/contacts")
uri.query = URI.encode_www_form("filter[first_name]" => "Ada", "limit" => 10)
page = JSON.parse(Net::HTTP.get(uri, { "Authorization" => "Bearer #{ENV.fetch("RELM_KEY")}" }))
page["data"].each { |contact| puts "#{contact["id"]} #{contact["email"]}" }
