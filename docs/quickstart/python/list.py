import json, os, urllib.parse, urllib.request

headers = {"Authorization": "Bearer " + os.environ["RELM_KEY"]}
query = urllib.parse.urlencode({"filter[first_name]": "Ada", "limit": 10})
request = urllib.request.Request("http://127.0.0.1:8080/v1/contacts?" + query, headers=headers)
for contact in json.load(urllib.request.urlopen(request))["data"]:
    print(contact["id"], contact["email"])
