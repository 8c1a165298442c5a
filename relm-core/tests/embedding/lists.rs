//! Lists, searches and their pages.

use super::*;

#[test]
fn lists_are_typed_and_documents_are_the_json_of_the_same_page() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        three(&live).await?;
        let request = ListRequest::default().limit(2);
        let page = live.contacts().list(&request).await?;
        assert!(page.has_more());
        for contact in &page {
            assert_eq!(contact.version, 1);
        }
        let documents = live.contacts().list(&request).documents().await?;
        assert_eq!(documents.next_cursor, page.next_cursor);
        let decoded: Result<Vec<Contact>> = documents.data.iter().map(|d| d.decode()).collect();
        let contacts: Vec<Contact> = page.into();
        assert_eq!(decoded?, contacts);
        Ok(())
    })
}

#[test]
fn a_stream_goes_through_all_pages() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        three(&live).await?;
        let request = ListRequest::default().limit(1);
        let mut contacts = live.contacts().list(&request).stream();
        let mut seen = Vec::new();
        while let Some(contact) = contacts.try_next().await? {
            seen.push(contact);
        }
        assert_eq!(emails(seen), ["c@x.org", "b@x.org", "a@x.org"]);
        let pages = live.contacts().list(&request).pages();
        let pages: Vec<List<Contact>> = pages.try_collect().await?;
        let lens: Vec<usize> = pages.iter().map(|page| page.data.len()).collect();
        assert_eq!(lens, [1, 1, 1]);
        // A temporary request serves as well: the stream has one of its own.
        let all: Vec<Contact> = live
            .contacts()
            .list(&ListRequest::default().limit(2))
            .stream()
            .try_collect()
            .await?;
        assert_eq!(all.len(), 3);
        let elsewhere = ListRequest::default().after("no");
        let mut refused = live.contacts().list(&elsewhere).stream();
        let refused = refused.try_next().await;
        assert_eq!(refused.map_err(|e| e.kind()), Err(ErrorKind::InvalidCursor));
        Ok(())
    })
}

#[test]
fn a_search_finds_records_of_their_types() -> Result<()> {
    pollster::block_on(async {
        let live = live().await?;
        three(&live).await?;
        let request = SearchRequest::new("x.org")
            .types([ObjectType::Contact])
            .limit(2);
        let found = live.search(&request).await?;
        let contacts = found.data.iter().filter_map(|record| match record {
            record::Record::Contact(contact) => contact.email.as_deref(),
            _ => None,
        });
        assert_eq!(contacts.collect::<Vec<_>>(), ["c@x.org", "b@x.org"]);
        let all = live
            .search(&request)
            .stream()
            .try_collect::<Vec<_>>()
            .await?;
        assert_eq!(all.len(), 3);
        Ok(())
    })
}
