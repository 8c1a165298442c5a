//! Documents as pages. The structs are printed as Rust: their names and members are those of `src/pages/documents.rs`.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Tag, TagEnd, html};

use crate::highlight;
use crate::links::Links;
use crate::markdown::{Part, parts, words};

/// The address of the server in the documents. `$BASE` is the same; pages print where they are served in its place.
const DOCUMENTED_BASE: &str = "http://127.0.0.1:8080";

/// A document in `docs/`.
pub struct Source {
    pub file: &'static str,
    /// What it is called where all are named.
    pub title: &'static str,
    /// The path of its first page.
    pub path: &'static str,
    /// Whether each of its sections is a page, beneath the first; or all of it is one.
    pub has_page_for_each_section: bool,
}

/// Written as a reference to an array.
pub struct List<T>(Vec<T>);

impl<T: std::fmt::Debug> std::fmt::Debug for List<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("&")?;
        self.0.fmt(f)
    }
}

#[derive(Debug)]
#[expect(dead_code, reason = "what is read is how it is printed")]
pub struct Document {
    title: &'static str,
    pages: List<Page>,
}

#[derive(Debug)]
#[expect(dead_code, reason = "what is read is how it is printed")]
struct Page {
    path: String,
    title: String,
    html: String,
    sections: List<Section>,
}

#[derive(Debug)]
#[expect(dead_code, reason = "what is read is how it is printed")]
struct Section {
    level: usize,
    title: String,
    anchor: String,
    text: String,
}

/// Every document, with links between them that lead to pages.
pub fn all(sources: &[Source], texts: &[String]) -> List<Document> {
    let mut documents = Vec::new();
    for (source, text) in sources.iter().zip(texts) {
        documents.push(paged(source, parts(text)));
    }
    let mut places = Vec::new();
    for (source, pages) in sources.iter().zip(&documents) {
        places.push((source.file.to_owned(), source.path.to_owned()));
        for (path, parts) in pages {
            for (number, part) in parts.iter().enumerate() {
                let fragment = if number == 0 {
                    String::new()
                } else {
                    format!("#{}", part.anchor)
                };
                places.push((
                    format!("{}#{}", source.file, part.anchor),
                    format!("{path}{fragment}"),
                ));
            }
        }
    }
    let links = Links::new(places.into_iter());
    let of = |(source, pages): (&Source, Vec<(String, Vec<Part<'_>>)>)| {
        let pages = pages
            .into_iter()
            .map(|(path, parts)| page(source, &links, path, parts));
        let pages: Vec<Page> = pages.collect();
        Document {
            title: source.title,
            pages: List(pages),
        }
    };
    List(sources.iter().zip(documents).map(of).collect())
}

/// The parts of each page, with its path.
fn paged<'a>(source: &Source, parts: Vec<Part<'a>>) -> Vec<(String, Vec<Part<'a>>)> {
    let mut pages: Vec<(String, Vec<Part<'a>>)> = Vec::new();
    for part in parts {
        let begins = part.level == 2 && source.has_page_for_each_section;
        match pages.last_mut() {
            Some((_, page)) if !begins => page.push(part),
            None => pages.push((source.path.to_owned(), vec![part])),
            Some(_) => pages.push((format!("{}/{}", source.path, part.anchor), vec![part])),
        }
    }
    pages
}

fn page(source: &Source, links: &Links, path: String, parts: Vec<Part<'_>>) -> Page {
    let top = parts[0].level;
    let title = parts[0].title.clone();
    let (mut html, mut sections) = (String::new(), Vec::new());
    for (number, part) in parts.into_iter().enumerate() {
        let Part {
            level,
            title,
            anchor,
            events,
        } = part;
        // The title of the page is its template's.
        let level = level - top + 1;
        if number > 0 {
            let mut escaped = String::new();
            highlight::escape(&title, &mut escaped);
            html.push_str(&format!(
                "<h{level} id=\"{anchor}\"><a href=\"#{anchor}\">{escaped}</a></h{level}>\n"
            ));
        }
        let text = words(&events);
        html.push_str(&rendered(source, links, events));
        sections.push(Section {
            level,
            title,
            anchor,
            text,
        });
    }
    Page {
        path,
        title,
        html,
        sections: List(sections),
    }
}

fn rendered(source: &Source, links: &Links, events: Vec<Event<'_>>) -> String {
    let mut out = Vec::with_capacity(events.len());
    let mut block: Option<(String, String)> = None;
    for event in events {
        match (event, &mut block) {
            (Event::Start(Tag::CodeBlock(kind)), _) => {
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                block = Some((language, String::new()));
            }
            (Event::Text(text), Some((_, code))) => code.push_str(&text),
            (Event::End(TagEnd::CodeBlock), _) => {
                if let Some((language, code)) = block.take() {
                    // Nothing on a page uses the variable.
                    let lines = code
                        .split_inclusive('\n')
                        .filter(|line| !line.starts_with("BASE="));
                    let code = with_base(&lines.collect::<String>());
                    let html = highlight::block(&language, &code);
                    out.push(Event::Html(format!("{html}\n").into()));
                }
            }
            (Event::Code(code), _) => out.push(Event::Code(with_base(&code).into())),
            (
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                }),
                _,
            ) => {
                let dest_url: CowStr<'_> = links.target(source, &dest_url).into();
                out.push(Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                }));
            }
            (event, _) => out.push(event),
        }
    }
    let mut html = String::new();
    html::push_html(&mut html, out.into_iter());
    // A table scrolls by keyboard, too, and what heads nothing is no heading.
    html.replace(
        "<table>",
        "<div class=\"table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>",
    )
    .replace("</table>", "</table></div>")
    .replace("<th></th>", "<td></td>")
}

fn with_base(code: &str) -> String {
    code.replace("$BASE", DOCUMENTED_BASE)
}
