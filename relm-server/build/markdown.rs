//! Markdown as parts, each from one heading to the next, with the anchors that GitHub gives them.

use std::collections::HashMap;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A heading and what stands beneath it.
pub struct Part<'a> {
    pub level: usize,
    pub title: String,
    pub anchor: String,
    pub events: Vec<Event<'a>>,
}

/// The parts of a document, which begins with its title.
pub fn parts(markdown: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut anchors = HashMap::new();
    let mut heading: Option<(HeadingLevel, String)> = None;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => heading = Some((level, String::new())),
            Event::End(TagEnd::Heading(_)) => {
                if let Some((level, title)) = heading.take() {
                    parts.push(Part {
                        level: level as usize,
                        anchor: unique(&mut anchors, slug(&title)),
                        title,
                        events: Vec::new(),
                    });
                }
            }
            event => match (&mut heading, parts.last_mut()) {
                (Some((_, title)), _) => {
                    if let Event::Text(text) | Event::Code(text) = event {
                        title.push_str(&text);
                    }
                }
                (None, Some(part)) => part.events.push(event),
                (None, None) => panic!("a document begins with its title"),
            },
        }
    }
    parts
}

/// A heading's anchor: its letters in lower case, spaces as hyphens, and nothing else.
fn slug(title: &str) -> String {
    let kept = |char: &char| char.is_alphanumeric() || [' ', '-', '_'].contains(char);
    let chars = title.chars().filter(kept).flat_map(char::to_lowercase);
    chars
        .map(|char| if char == ' ' { '-' } else { char })
        .collect()
}

/// The second of one name is `name-1`.
fn unique(taken: &mut HashMap<String, usize>, slug: String) -> String {
    let count = taken.entry(slug.clone()).or_default();
    *count += 1;
    match *count {
        1 => slug,
        count => format!("{slug}-{}", count - 1),
    }
}

/// What the events say, in words: for a search, whose results show prose rather than code.
pub fn words(events: &[Event<'_>]) -> String {
    let (mut prose, mut code) = (String::new(), String::new());
    let mut is_code = false;
    for event in events {
        let out = if is_code { &mut code } else { &mut prose };
        match event {
            Event::Start(Tag::CodeBlock(_)) => is_code = true,
            Event::Text(text) | Event::Code(text) => out.push_str(text),
            // What follows a link or a word in bold may be a comma.
            Event::End(TagEnd::Link | TagEnd::Strong | TagEnd::Emphasis) => {}
            Event::End(TagEnd::CodeBlock) => {
                out.push(' ');
                is_code = false;
            }
            Event::SoftBreak | Event::HardBreak | Event::End(_) => out.push(' '),
            _ => {}
        }
    }
    let words: Vec<&str> = prose
        .split_whitespace()
        .chain(code.split_whitespace())
        .collect();
    words.join(" ")
}
