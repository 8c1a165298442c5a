//! What merges come to, and undos, by what is known of their records.

use serde_json::{Value, json};

use super::marks::{id_type, list_of};
use super::writes::Write;
use super::{Entries, text};

impl Entries {
    /// Others are gone, and what referred to them refers to the record.
    pub(super) fn merged(&mut self, write: &Write, record: &Value) {
        self.changed("/v1/contacts", "merged", record);
        for id in write.body["from"].as_array().unwrap() {
            let id = text(id);
            let place = ("/v1/contacts".to_owned(), id.clone());
            let version = self.present.remove(&place).expect("it was there");
            let version = version.as_i64().unwrap() + 1;
            self.events
                .push(("contact.deleted".to_owned(), id.clone(), version));
            let of_it = self.referring.iter().filter(|(_, contact)| **contact == id);
            for activity in of_it
                .map(|(activity, _)| activity.clone())
                .collect::<Vec<_>>()
            {
                self.updated("/v1/activities", &activity);
                self.referring.insert(activity, write.id().to_owned());
            }
            self.merged.insert(id, version);
        }
    }

    /// A change of which no answer shows the record.
    fn updated(&mut self, list: &str, id: &str) {
        let place = (list.to_owned(), id.to_owned());
        let known = self.present.get_mut(&place).expect("it is there");
        let version = known.as_i64().unwrap() + 1;
        *known = json!(version);
        let event = format!("{}.updated", id_type(id));
        self.events.push((event, id.to_owned(), version));
    }

    /// What was made goes away again, and what was merged is apart.
    pub(super) fn undone(&mut self, answer: &Value) {
        let reverted = answer["reverted"].as_array().unwrap();
        let restored = reverted.iter().find(|it| it["change"] == "restored");
        let restored = restored.map(|it| text(&it["id"]));
        for it in reverted {
            let (id, list) = (text(&it["id"]), list_of(text(&it["type"]).as_str()));
            match it["change"].as_str().unwrap() {
                "updated" => {
                    self.updated(list, &id);
                    if let Some(contact) = restored
                        .as_ref()
                        .filter(|_| self.referring.contains_key(&id))
                    {
                        self.referring.insert(id, contact.clone());
                    }
                }
                "restored" => {
                    let version = self.merged.remove(&id).expect("it was merged") + 1;
                    self.present
                        .insert((list.to_owned(), id.clone()), json!(version));
                    self.events
                        .push(("contact.restored".to_owned(), id, version));
                }
                "deleted" => {
                    let place = (list.to_owned(), id.clone());
                    let version = self.present.remove(&place).expect("it was made");
                    let version = version.as_i64().unwrap() + 1;
                    let event = format!("{}.deleted", id_type(&id));
                    self.events.push((event, id, version));
                }
                other => panic!("{other}: {answer}"),
            }
        }
    }
}
