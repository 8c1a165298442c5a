curl -X POST http://127.0.0.1:8080/v1/contacts \
  -H "Authorization: Bearer $RELM_KEY" \
  -H "Content-Type: application/json" \
  -d '{"email":"ada@example.com","first_name":"Ada"}'
