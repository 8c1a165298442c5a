const query = new URLSearchParams({ "filter[first_name]": "Ada", limit: "10" });
const response = await fetch(`http://127.0.0.1:8080/v1/contacts?${query}`, {
  headers: { Authorization: `Bearer ${process.env.RELM_KEY}` },
});
const page: any = await response.json();
for (const contact of page.data) console.log(contact.id, contact.email);
