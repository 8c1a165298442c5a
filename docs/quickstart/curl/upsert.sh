curl -X POST http://127.0.0.1:8080/v1/contacts/batch \
  -H "Authorization: Bearer $RELM_KEY" \
  -H "Content-Type: application/json" \
  -H "Idempotency-Key: import-2026-07-02" \
  -d '{
    "contacts": [
      {"email":"ada@example.com","last_name":"Lovelace"},
      {"email":"grace@example.com","first_name":"Grace"}
    ],
    "dedup_on": ["email"]
  }'
