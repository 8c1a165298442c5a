<?php
$contacts = [
    ["email" => "ada@example.com", "last_name" => "Lovelace"],
    ["email" => "grace@example.com", "first_name" => "Grace"],
];
$headers = [
    "Authorization: Bearer " . getenv("RELM_KEY"),
    "Content-Type: application/json",
    "Idempotency-Key: import-2026-07-02",
];
$batch = json_encode(["contacts" => $contacts, "dedup_on" => ["email"]]);
$options = ["method" => "POST", "header" => $headers, "content" => $batch, "ignore_errors" => true];
$context = stream_context_create(["http" => $options]);
$report = json_decode(file_get_contents("http://127.0.0.1:8080/v1/contacts/batch", false, $context), true);
foreach ($report["data"] as $row) {
    echo "{$row["status"]} {$row["id"]}\n";
}
