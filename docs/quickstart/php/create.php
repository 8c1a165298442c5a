<?php
$contact = json_encode(["email" => "ada@example.com", "first_name" => "Ada"]);
$headers = ["Authorization: Bearer " . getenv("RELM_KEY"), "Content-Type: application/json"];
$options = ["method" => "POST", "header" => $headers, "content" => $contact, "ignore_errors" => true];
echo file_get_contents("http://127.0.0.1:8080/v1/contacts", false, stream_context_create(["http" => $options]));
