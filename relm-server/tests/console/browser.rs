//! A server over a store in memory, and browsers that keep its cookie, follow it and send its forms.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use hyper::{HeaderMap, Request};
use relm_core::engine::Crm;
use relm_core::value::time::ManualClock;
use relm_core::{Mode, NewUserLink, Role, Store, Timestamp, User, UserInput};
use relm_server::api::Api;
use relm_server::console::Console;
use relm_server::pages::Pages;
use relm_server::site::Site;
use relm_store_memory::MemoryStore;
use tokio::runtime::Runtime;

pub const HOST: &str = "crm.example.com:8080";
pub const ORIGIN: &str = "http://crm.example.com:8080";
pub const PASSWORD: &str = "correct horse battery";
/// What would run if a page showed it as anything but text.
pub const CANARY: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}";

/// Passwords are digested on threads of a runtime.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().worker_threads(2).build().unwrap()
});

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

pub struct World {
    pub crm: Crm,
    pub clock: Arc<ManualClock>,
    pub site: Site,
    /// Where the first workspace is in test mode.
    pub place: String,
}

impl World {
    pub fn new() -> Self {
        Self::over(Arc::new(MemoryStore::new()), None)
    }

    /// A server that was told where it is reached.
    pub fn reached_at(base: &str) -> Self {
        Self::over(Arc::new(MemoryStore::new()), Some(base))
    }

    pub fn over(store: Arc<dyn Store>, base: Option<&str>) -> Self {
        let now = Timestamp::parse("2026-11-29T09:00:00Z").unwrap();
        let clock = Arc::new(ManualClock::new(now));
        let crm = Crm::builder(store).clock(clock.clone()).build();
        let workspaces = wait(crm.workspaces()).unwrap();
        let workspace = match workspaces.first() {
            Some(workspace) => workspace.id,
            None => wait(crm.create_workspace("acme")).unwrap().id,
        };
        let told = base.map(|base| base.parse().unwrap());
        let site = Site::new(Api::new(crm.clone(), 0), Pages::new(None));
        Self {
            site: site.console(Console::new(crm.clone(), told)),
            crm,
            clock,
            place: format!("/console/{workspace}/test"),
        }
    }

    pub fn first_link(&self) -> String {
        let link = wait(self.crm.accounts().found()).unwrap();
        path_of(&link.expect("there is nobody yet"))
    }

    /// A person with [`PASSWORD`].
    pub fn person(&self, email: &str, role: Role) -> User {
        let input = UserInput {
            email: email.to_owned(),
            name: None,
            role,
        };
        let link = wait(self.crm.accounts().invite(input)).unwrap();
        let page = Browser::new(self).post(
            &path_of(&link),
            &[("password", PASSWORD), ("again", PASSWORD)],
        );
        assert_eq!(page.status, 303, "{}", page.text);
        wait(self.crm.accounts().user(link.user.id)).unwrap()
    }

    /// A browser in which a person of a role is signed in.
    pub fn signed_in(&self, email: &str, role: Role) -> Browser<'_> {
        self.person(email, role);
        let mut browser = Browser::new(self);
        let page = browser.sign_in(email, PASSWORD);
        assert_eq!((page.status, page.location()), (303, "/console"));
        browser
    }

    pub fn keys(&self) -> String {
        format!("{}/keys", self.place)
    }

    pub fn scoped(&self) -> relm_core::Scoped {
        let workspace = self.place.split('/').nth(2).unwrap().parse().unwrap();
        wait(self.crm.open(workspace, Mode::Test)).unwrap()
    }
}

pub fn path_of(link: &NewUserLink) -> String {
    format!("/console/link/{}/{}", link.user.id, link.token)
}

#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answered {
    /// The one value of a header.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let all: Vec<_> = self.headers.get_all(name).iter().collect();
        assert_eq!(all.len(), 1, "one {name} in {:?}", self.headers);
        all[0].to_str().unwrap()
    }

    /// What sets the cookie of the session.
    #[track_caller]
    pub fn session_cookie(&self) -> &str {
        let set = self
            .headers
            .get("set-cookie")
            .expect("a session begins or ends");
        set.to_str().unwrap()
    }

    #[track_caller]
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The value of a hidden field of its forms; nothing where it has none.
    pub fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let value = self.text.split(&start).nth(1);
        value
            .map_or("", |rest| rest.split('"').next().unwrap())
            .to_owned()
    }

    /// Whether it shows a text, and as text: escaped, whichever way.
    #[track_caller]
    pub fn shows_as_text(&self, canary: &str) {
        for part in ["<script>alert", "<img src=x", "onerror=alert(2)>{"] {
            assert!(!self.text.contains(part), "{part} in {}", self.text);
        }
        assert!(!self.text.contains(canary));
        assert!(self.text.contains("alert(1)"), "it is shown: {}", self.text);
    }
}

/// A browser: what it keeps, and what it says of itself.
#[derive(Clone)]
pub struct Browser<'a> {
    world: &'a World,
    /// Name and value of the session's cookie.
    pub cookie: Option<String>,
    /// Those of the one that tells that a person has signed in with it.
    pub device: Option<String>,
    pub agent: String,
}

impl<'a> Browser<'a> {
    pub fn new(world: &'a World) -> Self {
        Self {
            world,
            cookie: None,
            device: None,
            agent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0.0.0 Safari/537.36".to_owned(),
        }
    }

    pub fn of(&self, world: &'a World) -> Self {
        Self {
            world,
            ..self.clone()
        }
    }

    pub fn get(&mut self, path: &str) -> Answered {
        self.send("GET", path, &[], "")
    }

    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answered {
        self.send("POST", path, &[("origin", ORIGIN)], &encoded(fields))
    }

    /// Reads a page, and sends a form of it: its token and these fields.
    pub fn submit(&mut self, page: &str, to: &str, fields: &[(&str, &str)]) -> Answered {
        let page = self.get(page);
        assert_eq!(page.status, 200, "{}", page.text);
        let (token, nonce) = (page.hidden("csrf"), page.hidden("nonce"));
        let mut all = vec![("csrf", token.as_str())];
        if !nonce.is_empty() {
            all.push(("nonce", &nonce));
        }
        all.extend_from_slice(fields);
        self.post(to, &all)
    }

    pub fn sign_in(&mut self, email: &str, password: &str) -> Answered {
        self.post(
            "/console/sign-in",
            &[("email", email), ("password", password)],
        )
    }

    /// Sends a request as it is, and keeps the cookie that it is given.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answered {
        let request = Request::builder().method(method).uri(path);
        let mut request = request.header("user-agent", &self.agent);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", HOST);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for cookie in [&self.cookie, &self.device].into_iter().flatten() {
            request = request.header("cookie", cookie);
        }
        let request = request.body(Bytes::copy_from_slice(body.as_bytes()));
        let response = wait(self.world.site.handle(request.unwrap()));
        let (head, body) = response.into_parts();
        for set in head.headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let pair = set.split(';').next().unwrap();
            let kept = match pair.contains("relm_device=") {
                true => &mut self.device,
                false => &mut self.cookie,
            };
            *kept = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        Answered {
            status: head.status.as_u16(),
            headers: head.headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    body.finish()
}
