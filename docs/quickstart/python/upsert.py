import json, os, urllib.request

headers = {
    "Authorization": "Bearer " + os.environ["RELM_KEY"],
    "Content-Type": "application/json",
    "Idempotency-Key": "import-2026-07-02",
}
contacts = [
    {"email": "ada@example.com", "last_name": "Lovelace"},
    {"email": "grace@example.com", "first_name": "Grace"},
]
batch = json.dumps({"contacts": contacts, "dedup_on": ["email"]}).encode()
request = urllib.request.Request("http://127.0.0.1:8080/v1/contacts/batch", batch, headers)
for row in json.load(urllib.request.urlopen(request))["data"]:
    print(row["status"], row["id"])
