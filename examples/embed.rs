//! How do I embed Relm? An engine over a store, a workspace in it, a handle on one of its modes.

use futures_util::StreamExt;
use relm_core::{Contact, ContactInput, Crm, ListRequest, Metadata, Mode};
use relm_store_memory::MemoryStore;

fn main() -> relm_core::Result<()> {
    pollster::block_on(async {
        let crm = Crm::new(MemoryStore::new());
        let workspace = crm.create_workspace("acme").await?;
        let live = crm.open(workspace.id, Mode::Live).await?;
        let mut events = live.events().subscribe();

        let input = ContactInput {
            email: "ada@example.com".into(),
            first_name: "Ada".into(),
            metadata: Metadata::from([("plan", "pro")]).into(),
            ..Default::default()
        };
        let ada = live.contacts().create(input).await?;
        println!("{} is version {} of Ada", ada.id, ada.version);

        let request = ListRequest::default()
            .filter(Contact::first_name().eq("Ada"))
            .filter(Metadata::field("plan").is_in(["pro", "team"]));
        for contact in live.contacts().list(&request).await? {
            println!("found: {:?}", contact.email);
        }
        if let Some(Ok(event)) = events.next().await {
            println!("{}: {}", event.event_type, event.data.get());
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_readme_shows_this_program() {
        let program = include_str!("embed.rs");
        let start = program.find("use futures_util").unwrap();
        let end = program.find("#[cfg(test)]").unwrap();
        assert!(include_str!("../README.md").contains(program[start..end].trim_end()));
    }
}
