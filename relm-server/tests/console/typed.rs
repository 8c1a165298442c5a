//! Forms as a browser sends them: whatever is in them, and what somebody typed over it.

use super::browser::{Answered, Browser};

/// What a browser sends of a form: the hidden fields of each, and what is in it, but for what is typed.
pub fn sent(page: &Answered, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let form = page
        .text
        .split("<form method=\"post\" action=\"/console/")
        .nth(2)
        .unwrap();
    let form = form.split("</form>").next().unwrap();
    let mut fields = Vec::new();
    for input in form.split("<input ").skip(1) {
        let tag = input.split('>').next().unwrap();
        let of = |name: &str| {
            let start = format!("{name}=\"");
            let value = tag.split(&start).nth(1)?;
            Some(text(value.split('"').next().unwrap()))
        };
        // A browser has no breaks of lines in such a field.
        let value = of("value").unwrap_or_default().replace(['\r', '\n'], "");
        fields.push((of("name").unwrap(), value));
    }
    for area in form.split("<textarea ").skip(1) {
        let name = area
            .split("name=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let value = area
            .split('>')
            .nth(1)
            .unwrap()
            .split("</textarea")
            .next()
            .unwrap();
        let value = value.strip_prefix('\n').unwrap().replace('\n', "\r\n");
        fields.push((name.to_owned(), text(&value)));
    }
    for select in form.split("<select ").skip(1) {
        let name = select
            .split("name=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let options = select.split("</select>").next().unwrap();
        let chosen = options
            .split("<option value=\"")
            .find(|option| option.contains(" selected"));
        let chosen = chosen.map_or("", |option| option.split('"').next().unwrap());
        fields.push((name.to_owned(), text(chosen)));
    }
    for (name, value) in typed {
        let field = fields.iter_mut().find(|(known, _)| known == name);
        field.unwrap_or_else(|| panic!("{name} in {form}")).1 = (*value).to_owned();
    }
    fields
}

/// What markup says.
fn text(markup: &str) -> String {
    let text = markup.replace("&#34;", "\"").replace("&#39;", "'");
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
}

/// Sends a form as a browser does in which somebody typed this.
pub fn send(
    browser: &mut Browser<'_>,
    to: &str,
    page: &Answered,
    typed: &[(&str, &str)],
) -> Answered {
    let fields = sent(page, typed);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.post(to, &fields)
}
