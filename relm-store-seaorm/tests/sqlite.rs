//! The SQLite store, held to the contract of all stores.

use relm_core::engine::Crm;
use relm_core::{ContactInput, ListRequest, Mode, SearchRequest};
use relm_store_seaorm::SqliteStore;

#[test]
fn a_first_session() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_file(folder.path().join("relm.db")).unwrap();
    let crm = Crm::new(store);
    pollster::block_on(async {
        let workspace = crm.create_workspace("acme").await.unwrap();
        let live = crm.open(workspace.id, Mode::Live).await.unwrap();
        let input = ContactInput {
            email: "ada@example.com".into(),
            first_name: "Ada".into(),
            ..Default::default()
        };
        let ada = live.contacts().create(input.clone()).await.unwrap();
        assert_eq!(
            live.contacts().get(ada.id).await.unwrap(),
            Some(ada.clone())
        );
        let error = live.contacts().create(input).await.unwrap_err();
        assert_eq!(error.existing_id(), Some(ada.id), "{error:?}");
        let change = ContactInput {
            last_name: "Lovelace".into(),
            ..Default::default()
        };
        let changed = live.contacts().update(ada.id, change, None).await.unwrap();
        assert_eq!(changed.version, 2);
        let found = live
            .search(&SearchRequest {
                q: "lov ad".into(),
                ..Default::default()
            })
            .await
            .unwrap();
        assert_eq!(found.data.len(), 1);
        let list = live
            .contacts()
            .list(&ListRequest::default().filter(relm_core::Contact::last_name().ilike("LOVE%")))
            .await
            .unwrap();
        assert_eq!(list.data.len(), 1);
        live.contacts().delete(ada.id, None).await.unwrap();
        let found = live
            .search(&SearchRequest {
                q: "lov".into(),
                ..Default::default()
            })
            .await
            .unwrap();
        assert!(found.data.is_empty());
    });
}
