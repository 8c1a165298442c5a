//! `/llms.txt`: all of the documentation as one text of Markdown, for programs that read it as people do.

use std::sync::LazyLock;

use bytes::Bytes;
use hyper::Response;

use super::{Asked, documents, quickstart};
use crate::html::DOCUMENTED;
use crate::html::answer::{Rendered, TEXT};

const DOCUMENTS: [&str; 3] = [
    include_str!("../../../docs/API.md"),
    include_str!("../../../docs/WEBHOOKS.md"),
    include_str!("../../../docs/DEPLOY.md"),
];

static ALL: LazyLock<Rendered> = LazyLock::new(|| {
    let mut text = format!(
        "# Relm\n\n> A CRM that is an API first: contacts, companies, deals, activities, custom fields, associations, search, and\n\
         > webhooks for every change. This is all of its documentation; the server at {DOCUMENTED} serves it as pages, too.\n\n\
         - [OpenAPI 3.1]({DOCUMENTED}/openapi.json)\n"
    );
    for language in quickstart::LANGUAGES {
        text += &format!(
            "- [Quickstart in {}]({DOCUMENTED}{})\n",
            language.title, language.path
        );
    }
    for document in documents::DOCUMENTS {
        text += &format!(
            "- [{}]({DOCUMENTED}{})\n",
            document.title, document.pages[0].path
        );
    }
    for document in DOCUMENTS {
        text.push('\n');
        text += &document.replace("$BASE", DOCUMENTED);
    }
    Rendered::new(text)
});

pub(super) fn text(asked: &Asked<'_>) -> Option<Response<Bytes>> {
    let headers = &asked.head.headers;
    Some(asked.with_base(|base| ALL.answer(headers, base, TEXT)))
}
