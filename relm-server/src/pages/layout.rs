//! What all pages have around them: the files they load, and the way to every other page.

use super::documents::DOCUMENTS;
use super::files;
use crate::html::assets::Paths;

/// The frame of a page.
pub(super) struct Layout {
    pub assets: Paths,
    pub groups: Vec<Group>,
    /// What is searched for.
    pub query: String,
}

/// Pages that belong together.
pub(super) struct Group {
    pub title: &'static str,
    pub items: Vec<Item>,
}

/// A way to a page.
pub(super) struct Item {
    pub path: &'static str,
    pub title: &'static str,
    /// Whether it is the one that is shown.
    pub is_current: bool,
}

/// A page that another is part of.
pub(super) struct Crumb {
    pub path: &'static str,
    pub title: &'static str,
}

impl Layout {
    /// The frame of the page at a path.
    pub fn of(path: &str) -> Self {
        let item = |(item_path, title)| Item {
            path: item_path,
            title,
            is_current: item_path == path,
        };
        let start = [("/docs", "Overview"), ("/docs/quickstart", "Quickstart")];
        let mut groups = vec![Group {
            title: "Get started",
            items: start.map(item).into(),
        }];
        let (split, whole): (Vec<_>, Vec<_>) =
            DOCUMENTS.iter().partition(|one| one.pages.len() > 1);
        groups.push(Group {
            title: "Guides",
            items: whole
                .iter()
                .map(|one| item((one.pages[0].path, one.title)))
                .collect(),
        });
        groups.extend(split.iter().map(|document| {
            let [first, sections @ ..] = document.pages else {
                unreachable!("a document has a page");
            };
            let sections = sections.iter().map(|page| (page.path, page.title));
            let items = std::iter::once((first.path, "Introduction")).chain(sections);
            Group {
                title: document.title,
                items: items.map(item).collect(),
            }
        }));
        // The quickstart is a page for each language.
        let quickstart = &mut groups[0].items[1];
        quickstart.is_current = path.starts_with(quickstart.path);
        Self {
            assets: files::paths(),
            groups,
            query: String::new(),
        }
    }
}
