const response = await fetch("http://127.0.0.1:8080/v1/contacts/batch", {
  method: "POST",
  headers: {
    Authorization: `Bearer ${process.env.RELM_KEY}`,
    "Content-Type": "application/json",
    "Idempotency-Key": "import-2026-07-02",
  },
  body: JSON.stringify({
    contacts: [
      { email: "ada@example.com", last_name: "Lovelace" },
      { email: "grace@example.com", first_name: "Grace" },
    ],
    dedup_on: ["email"],
  }),
});
const report: any = await response.json();
for (const row of report.data) console.log(row.status, row.id);
