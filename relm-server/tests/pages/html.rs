//! As much of HTML as the pages are made of.

/// The values of an attribute, in their order.
pub fn attributes(html: &str, name: &str) -> Vec<String> {
    let start = format!(" {name}=\"");
    let values = html.split(&start).skip(1);
    values
        .map(|rest| unescaped(rest.split('"').next().unwrap()))
        .collect()
}

/// What is read: without elements and comments.
pub fn text(html: &str) -> String {
    let pieces = html.split('<').enumerate();
    let pieces = pieces.map(|(number, piece)| match number {
        0 => piece,
        _ => piece.split_once('>').map_or("", |(_, text)| text),
    });
    unescaped(&pieces.collect::<String>())
}

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for (name, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&amp;", "&"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
    ] {
        text = text.replace(name, character);
    }
    text
}
