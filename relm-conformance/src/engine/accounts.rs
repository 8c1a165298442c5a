//! The people who sign in: links are used once, addresses are one person's, and sessions end when they must, on every engine.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use relm_core::engine::{Credentials, Crm};
use relm_core::error::ErrorKind;
use relm_core::limits::{SESSION_IDLE_MS, SESSION_MS, SESSION_USE_MS, SESSIONS_PER_USER_MAX};
use relm_core::record::user::{Role, User, UserInput};
use relm_core::store::{Batch, CommitError, Store};

use super::acme::{Acme, engine, failure};
use crate::intercept::{Intercept, Intercepted};
use crate::subject::Subject;

fn credentials(email: &str, password: &str) -> Credentials {
    Credentials {
        email: Some(email.to_owned()),
        name: Some("Eva".to_owned()),
        password: password.to_owned(),
    }
}

fn invited(email: &str, role: Role) -> UserInput {
    UserInput {
        email: email.to_owned(),
        name: None,
        role,
    }
}

/// A person with a password.
async fn person(crm: &Crm, email: &str, role: Role) -> User {
    let link = crm.accounts().invite(invited(email, role)).await;
    let link = link.expect("the address is free");
    let accounts = crm.accounts();
    let accepted = accounts.accept(link.user.id, &link.token, credentials(email, "first"));
    accepted.await.expect("the link is good")
}

/// Does something else at the moment at which an engine commits for the first time.
struct Meanwhile(Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>);

#[async_trait]
impl Intercept for Meanwhile {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let meanwhile = self.0.lock().expect("nobody panicked").take();
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        store.commit(batch).await
    }
}

/// An engine whose first commit comes after something else.
fn overtaken(
    store: &Subject,
    acme: &Acme,
    meanwhile: impl Future<Output = ()> + Send + 'static,
) -> Crm {
    let store = Intercepted {
        store: store.shared(),
        by: Arc::new(Meanwhile(Mutex::new(Some(Box::pin(meanwhile))))),
    };
    engine(Arc::new(store), &acme.clock, 3)
}

/// Of two engines that start over an empty store at once, one is given the first owner's link.
pub(crate) async fn a_first_start_is_one(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = acme.crm.clone();
    let first = async move {
        let found = other.accounts().found().await;
        assert!(found.expect("the store works").is_some());
    };
    let late = overtaken(&store, &acme, first);
    for crm in [&late, &acme.crm] {
        let found = crm.accounts().found().await;
        assert!(found.expect("the store works").is_none());
    }
    let users = acme.crm.accounts().users().await.expect("the store works");
    let roles: Vec<Role> = users.iter().map(|user| user.role).collect();
    assert_eq!(roles, [Role::Owner]);
}

/// A link sets one password, however many use it at once; a newer link is the only one that is good.
pub(crate) async fn a_link_sets_one_password(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let accounts = acme.crm.accounts();
    let invited = accounts.invite(invited("eva@example.com", Role::Owner));
    let first = invited.await.expect("the address is free");
    let id = first.user.id;
    let second = accounts.renew_link(id).await.expect("the user is there");
    let old = accounts.linked(id, &first.token).await;
    assert_eq!(failure(old), ErrorKind::NotFound);
    let known = accounts.linked(id, &second.token).await;
    assert_eq!(known.expect("the link is good").id, id);

    let (other, token) = (acme.crm.clone(), second.token.clone());
    let by_other = async move {
        let accounts = other.accounts();
        let accepted = accounts.accept(id, &token, credentials("eva@example.com", "theirs"));
        accepted.await.expect("the link is good");
    };
    let late = overtaken(&store, &acme, by_other);
    let ours = credentials("eva@example.com", "ours");
    let refused = late.accounts().accept(id, &second.token, ours).await;
    assert_eq!(failure(refused), ErrorKind::NotFound);
    let user = accounts.user(id).await.expect("the user is there");
    assert_eq!(user.password(), Some("theirs"));
    let spent = accounts.linked(id, &second.token).await;
    assert_eq!(failure(spent), ErrorKind::NotFound);
}

/// An address, in whatever spelling, is one person's.
pub(crate) async fn an_address_is_one_person_s(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let spellings = ["eva@example.com", "Eva@Example.COM", " EVA@example.com"];
    let engines = (0..).map(|n| engine(store.shared(), &acme.clock, 10 + n));
    let contenders = spellings.into_iter().zip(engines);
    let made = store.race(contenders.map(|(email, crm)| async move {
        crm.accounts().invite(invited(email, Role::Reader)).await
    }));
    let (made, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for refused in refused {
        assert_eq!(failure(refused), ErrorKind::Conflict);
    }
    let found = acme.crm.accounts().user_of("EVA@EXAMPLE.COM").await;
    assert!(found.expect("the store works").is_some());
}

/// A session is known to every engine by its token, ends on all of them at once, and is nobody else's to end.
pub(crate) async fn a_session_ends_on_every_engine(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let other = engine(store.shared(), &acme.clock, 2);
    let eva = person(&acme.crm, "eva@example.com", Role::Owner).await;
    let ada = person(&acme.crm, "ada@example.com", Role::Reader).await;
    let begin = async || {
        let begun = acme.crm.accounts().sign_in(&eva, Some("a browser")).await;
        begun.expect("the password is hers")
    };
    let (first, second) = (begin().await, begin().await);
    let is_live = async |token: &str| {
        let known = other.accounts().session(token).await;
        known.expect("the store works").is_some()
    };
    assert!(is_live(&first.token).await && is_live(&second.token).await);
    assert!(!is_live("").await && !is_live(&first.token[1..]).await);
    for (user, is_hers) in [(ada.id, false), (eva.id, true), (eva.id, true)] {
        let accounts = acme.crm.accounts();
        let ended = accounts.end_session(user, first.session.id).await;
        ended.expect("the store works");
        assert_eq!(is_live(&first.token).await, !is_hers);
    }
    assert!(is_live(&second.token).await, "it is another session");
    for _ in 0..SESSIONS_PER_USER_MAX {
        acme.clock.advance_millis(1);
        begin().await;
    }
    let left = other.accounts().sessions(eva.id).await;
    assert_eq!(left.expect("the store works").len(), SESSIONS_PER_USER_MAX);
    assert!(!is_live(&second.token).await, "the oldest ends");
}

/// A session ends where it is not used, and at its age.
pub(crate) async fn a_session_ends_by_itself(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let eva = person(&acme.crm, "eva@example.com", Role::Owner).await;
    let begun = acme.crm.accounts().sign_in(&eva, None).await;
    let token = begun.expect("the password is hers").token;
    let is_live = async || {
        let known = acme.crm.accounts().session(&token).await;
        known.expect("the store works").is_some()
    };
    let step_ms = SESSION_IDLE_MS - SESSION_USE_MS;
    let mut age_ms = 0;
    while age_ms + step_ms < SESSION_MS {
        acme.clock.advance_millis(step_ms);
        age_ms += step_ms;
        assert!(is_live().await, "it was used {step_ms} ms ago");
    }
    acme.clock.advance_millis(SESSION_MS - age_ms);
    assert!(!is_live().await, "it has its age");
    let begun = acme.crm.accounts().sign_in(&eva, None).await;
    let token = begun.expect("the password is hers").token;
    acme.clock.advance_millis(SESSION_IDLE_MS);
    let known = acme.crm.accounts().session(&token).await;
    assert!(known.expect("the store works").is_none(), "it was not used");
}

/// Another password ends every session of the person, and whoever signs in by the old one at that moment has none.
pub(crate) async fn no_session_outlives_its_password(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let accounts = acme.crm.accounts();
    let eva = person(&acme.crm, "eva@example.com", Role::Owner).await;
    let begun = accounts.sign_in(&eva, None).await;
    let token = begun.expect("the password is hers").token;
    let (other, checked) = (acme.crm.clone(), eva.clone());
    let changing = async move {
        let accounts = other.accounts();
        let set = accounts.set_password(&checked, "second".to_owned()).await;
        set.expect("the password is hers");
    };
    let late = overtaken(&store, &acme, changing);
    let refused = late.accounts().sign_in(&eva, None).await;
    assert_eq!(failure(refused), ErrorKind::Conflict);
    let known = accounts.session(&token).await;
    assert!(known.expect("the store works").is_none());
    let old = accounts.set_password(&eva, "third".to_owned()).await;
    assert_eq!(failure(old), ErrorKind::Conflict);
    let now = accounts.user(eva.id).await.expect("the user is there");
    accounts
        .sign_in(&now, None)
        .await
        .expect("it is the new one");
}

/// Two owners who remove each other leave one of them.
pub(crate) async fn an_owner_remains(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let accounts = acme.crm.accounts();
    let eva = person(&acme.crm, "eva@example.com", Role::Owner).await;
    assert_eq!(failure(accounts.remove(eva.id).await), ErrorKind::Conflict);
    let ada = person(&acme.crm, "ada@example.com", Role::Owner).await;
    let other = acme.crm.clone();
    let first = async move {
        let removed = other.accounts().remove(ada.id).await;
        removed.expect("there is another owner");
    };
    let late = overtaken(&store, &acme, first);
    let refused = late.accounts().remove(eva.id).await;
    assert_eq!(failure(refused), ErrorKind::Conflict);
    let users = accounts.users().await.expect("the store works");
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    assert_eq!(ids, [eva.id]);
}
