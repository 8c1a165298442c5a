//! What all pages have around them: who is signed in, the workspace and mode, and the way to every other page.

use std::sync::LazyLock;

use relm_core::{Id, Mode, ObjectType, RequestId, Role, Timestamp};

use super::objects;
use super::visit::SignedIn;
use crate::html::assets::{Files, Paths};

/// What the paths of all files begin with.
pub(super) const FOLDER: &str = "/console/assets/";

/// The files that the pages load. The style begins with that of the documentation: what is the same is said once.
pub(super) static FILES: LazyLock<Files> = LazyLock::new(|| {
    let style = concat!(
        include_str!("../../assets/style.css"),
        include_str!("../../assets/console.css")
    );
    Files::new(FOLDER, style)
});

/// The frame of a page.
pub(super) struct Layout {
    pub assets: Paths,
    /// Who is signed in.
    pub who: Option<Who>,
    /// Where the page is.
    pub place: Option<Place>,
    section: Section,
    /// What of the section is shown, where it is one of several.
    pub within: Option<&'static str>,
    /// What is searched for.
    pub query: String,
}

/// Who is signed in, as the frame shows it.
pub(super) struct Who {
    pub name: String,
    pub role: Role,
    /// The token in every form.
    pub csrf: String,
}

/// A workspace and mode.
#[derive(Clone)]
pub(super) struct Place {
    pub workspace_id: Id,
    pub workspace: String,
    pub mode: Mode,
}

/// The pages that the frame leads to, and others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Records(ObjectType),
    Search,
    Events,
    Imports,
    Webhooks,
    Keys,
    Schema,
    Users,
    Account,
    Workspaces,
    Other,
}

/// A way to a page.
pub(super) struct Item {
    pub path: String,
    pub title: &'static str,
    pub is_current: bool,
}

impl Section {
    /// The sections of a workspace, in the order of the navigation.
    const OF_WORKSPACE: [Self; 5] = [
        Self::Events,
        Self::Imports,
        Self::Webhooks,
        Self::Keys,
        Self::Schema,
    ];

    /// The last word of its path, and what it is called.
    const fn named(self) -> (&'static str, &'static str) {
        match self {
            Self::Records(object) => (objects::plural(object), objects::title(object)),
            Self::Search => ("search", "Search"),
            Self::Events => ("events", "Events"),
            Self::Imports => ("imports", "Imports"),
            Self::Webhooks => ("webhooks", "Webhooks"),
            Self::Keys => ("keys", "API keys"),
            Self::Schema => ("schema", "Schema"),
            Self::Users => ("users", "Users"),
            Self::Account => ("account", "Your account"),
            Self::Workspaces => ("workspaces", "Workspaces"),
            Self::Other => ("", ""),
        }
    }
}

impl Place {
    /// The path of a section here.
    pub fn path(&self, section: Section) -> String {
        self.path_in(self.mode, section)
    }

    /// The page that undoes a request.
    pub fn undo_path(&self, request: RequestId) -> String {
        format!(
            "/console/{}/{}/requests/{request}/undo",
            self.workspace_id, self.mode
        )
    }

    fn path_in(&self, mode: Mode, section: Section) -> String {
        let (word, _) = section.named();
        format!("/console/{}/{mode}/{word}", self.workspace_id)
    }

    /// Whether it is in test mode.
    pub fn is_test(&self) -> bool {
        self.mode == Mode::Test
    }
}

impl Layout {
    pub fn of(session: Option<&SignedIn>, section: Section, place: Option<Place>) -> Self {
        Self {
            assets: FILES.paths(),
            who: session.map(|session| Who {
                name: session.user.shown_name().to_owned(),
                role: session.user.role,
                csrf: session.csrf(),
            }),
            place,
            section,
            within: None,
            query: String::new(),
        }
    }

    /// The token in the forms of the page; nothing where nobody is signed in.
    pub fn csrf(&self) -> &str {
        self.who.as_ref().map_or("", |who| &who.csrf)
    }

    /// Whether whoever is signed in may change anything in a workspace.
    pub fn may_write(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.role.may_write())
    }

    pub fn is_test(&self) -> bool {
        self.place.as_ref().is_some_and(Place::is_test)
    }

    /// The ways to the records of the workspace.
    pub fn of_records(&self) -> Vec<Item> {
        let Some(place) = &self.place else {
            return Vec::new();
        };
        let item = |object| {
            let section = Section::Records(object);
            Item {
                path: place.path(section),
                title: section.named().1,
                is_current: section == self.section,
            }
        };
        ObjectType::ALL.map(item).into()
    }

    /// Where searches are answered; nowhere outside a workspace.
    pub fn search(&self) -> Option<String> {
        let place = self.place.as_ref();
        place.map(|place| place.path(Section::Search))
    }

    /// The ways to the sections of the workspace.
    pub fn of_workspace(&self) -> Vec<Item> {
        let Some(place) = &self.place else {
            return Vec::new();
        };
        let item = |section: Section| Item {
            path: match section {
                Section::Schema => format!("{}/contact", place.path(section)),
                _ => place.path(section),
            },
            title: section.named().1,
            is_current: section == self.section,
        };
        Section::OF_WORKSPACE.map(item).into()
    }

    /// The ways to what is of no workspace.
    pub fn of_server(&self) -> Vec<Item> {
        let item = |section: Section| {
            let (word, title) = section.named();
            Item {
                path: format!("/console/{word}"),
                title,
                is_current: section == self.section,
            }
        };
        [Section::Workspaces, Section::Users, Section::Account]
            .map(item)
            .into()
    }

    /// The same page in each mode.
    pub fn modes(&self) -> Vec<Item> {
        let Some(place) = &self.place else {
            return Vec::new();
        };
        let item = |(mode, title)| Item {
            path: match self.within {
                Some(within) => format!("{}/{within}", place.path_in(mode, self.section)),
                None => place.path_in(mode, self.section),
            },
            title,
            is_current: mode == place.mode,
        };
        [(Mode::Live, "Live"), (Mode::Test, "Test")]
            .map(item)
            .into()
    }
}

/// A moment as people read it, to the minute: `2026-11-29 09:31 UTC`.
pub(super) fn minute(at: &Timestamp) -> String {
    let text = at.to_string();
    match text.split_once('T') {
        Some((day, time)) => format!("{day} {} UTC", time.get(..5).unwrap_or(time)),
        None => text,
    }
}
