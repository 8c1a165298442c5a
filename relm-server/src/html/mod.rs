//! What browsers are answered with, whichever transport makes it: headers, files, and where the server is reached.

pub(crate) mod answer;
pub(crate) mod assets;
mod base_url;

use askama::Template;

pub use self::base_url::BaseUrl;
pub(crate) use self::base_url::DOCUMENTED;

/// The text of a template.
pub(crate) fn render(template: &impl Template) -> String {
    template
        .render()
        .expect("a template writes into a string, which takes all of it")
}
