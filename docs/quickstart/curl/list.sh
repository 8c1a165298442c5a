curl -g "http://127.0.0.1:8080/v1/contacts?filter[first_name]=Ada&limit=10" \
  -H "Authorization: Bearer $RELM_KEY"
