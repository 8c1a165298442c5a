//! Cursors: one that is opened is one that this list gave, to the letter, and leads to the place that it was given for.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pollster::block_on;
use relm_core::{Contact, ContactInput, Crm, ErrorKind, ListRequest, Mode, Scoped};
use relm_store_memory::MemoryStore;

/// A list of contacts, and its cursors with the page that each leads to.
struct Pages {
    scoped: Scoped,
    /// Cursors of the list, and of others: of another filter, mode and kind.
    own: Vec<(String, String)>,
    others: Vec<String>,
}

async fn create(scoped: &Scoped) {
    for n in 0..6 {
        let input = ContactInput {
            first_name: format!("Ada {n}").as_str().into(),
            ..ContactInput::default()
        };
        scoped.contacts().create(input).await.expect("it is valid");
    }
}

async fn page(
    scoped: &Scoped,
    request: ListRequest,
) -> Result<(String, Option<String>), ErrorKind> {
    let listed = scoped.contacts().list(&request).documents().await;
    let listed = listed.map_err(|error| error.kind())?;
    Ok((format!("{:?}", listed.data), listed.next_cursor))
}

static PAGES: LazyLock<Pages> = LazyLock::new(|| {
    block_on(async {
        let crm = Crm::new(MemoryStore::new());
        let workspace = crm
            .create_workspace("fuzz")
            .await
            .expect("the name is free");
        let scoped = crm
            .open(workspace.id, Mode::Live)
            .await
            .expect("it is there");
        let test = crm
            .open(workspace.id, Mode::Test)
            .await
            .expect("it is there");
        create(&scoped).await;
        create(&test).await;
        let mut pages = Pages {
            scoped,
            own: Vec::new(),
            others: Vec::new(),
        };
        let first = ListRequest::default().limit(1);
        let (_, mut next) = page(&pages.scoped, first.clone()).await.expect("it lists");
        while let Some(cursor) = next {
            let request = first.clone().after(cursor.clone());
            let (data, after) = page(&pages.scoped, request)
                .await
                .expect("it is of the list");
            pages.own.push((cursor, data));
            next = after;
        }
        let filtered = first.clone().filter(Contact::first_name().ilike("%"));
        for (scoped, request) in [(&pages.scoped, filtered), (&test, first)] {
            let (_, cursor) = page(scoped, request).await.expect("it lists");
            pages.others.extend(cursor);
        }
        pages
    })
});

// The first byte picks a cursor; the others, three by three, overwrite a place of it, or cut or lengthen it.
fuzz_target!(|input: &[u8]| {
    let Some((pick, edits)) = input.split_first() else {
        return;
    };
    let given: Vec<&String> = PAGES
        .own
        .iter()
        .map(|(own, _)| own)
        .chain(&PAGES.others)
        .collect();
    let mut cursor = given[usize::from(*pick) % given.len()].clone().into_bytes();
    for edit in edits.chunks_exact(3) {
        let place = usize::from(edit[0]) % (cursor.len() + 1);
        match (edit[1] % 4, cursor.get_mut(place)) {
            (0, _) => cursor.truncate(place),
            (1, _) | (_, None) => cursor.insert(place, edit[2]),
            (_, Some(byte)) => *byte = edit[2],
        }
    }
    let Ok(cursor) = String::from_utf8(cursor) else {
        return;
    };
    let request = ListRequest::default().limit(1).after(cursor.clone());
    let opened = block_on(page(&PAGES.scoped, request)).map(|(data, _)| data);
    let own = PAGES.own.iter().find(|(own, _)| *own == cursor);
    match own {
        Some((_, data)) => assert_eq!(opened.as_ref(), Ok(data)),
        None => assert_eq!(opened, Err(ErrorKind::InvalidCursor), "{cursor}"),
    }
});
