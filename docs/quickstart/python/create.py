import json, os, urllib.request

headers = {"Authorization": "Bearer " + os.environ["RELM_KEY"], "Content-Type": "application/json"}
contact = json.dumps({"email": "ada@example.com", "first_name": "Ada"}).encode()
request = urllib.request.Request("http://127.0.0.1:8080/v1/contacts", contact, headers)
print(json.load(urllib.request.urlopen(request)))
