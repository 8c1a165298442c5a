const response = await fetch("http://127.0.0.1:8080/v1/contacts", {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.RELM_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({ email: "ada@example.com", first_name: "Ada" }),
});
console.log(await response.json());
