<?php
$query = http_build_query(["filter[first_name]" => "Ada", "limit" => 10]);
$options = ["header" => ["Authorization: Bearer " . getenv("RELM_KEY")], "ignore_errors" => true];
$context = stream_context_create(["http" => $options]);
$page = json_decode(file_get_contents("http://127.0.0.1:8080/v1/contacts?$query", false, $context), true);
foreach ($page["data"] as $contact) {
    echo "{$contact["id"]} {$contact["email"]}\n";
}
