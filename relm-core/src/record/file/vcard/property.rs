//! One property of a vCard: its name, its parameters, and its value in parts.

use crate::record::file::decode::western;

/// A property, such as `TEL;TYPE=WORK,PREF:+1 555 0100`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Property {
    /// Its name in upper case, without its group.
    pub name: String,
    /// The words of its parameter `TYPE`, and those without a name, in upper case.
    pub types: Vec<String>,
    /// 1 for what is preferred, up to 100; none where nothing is said.
    pub preference: Option<u8>,
    /// Its value, escaped as it is there, but for what was quoted-printable.
    pub value: String,
}

/// The name of the property that a line begins with, in upper case, without its group.
pub(super) fn name_of(line: &str) -> String {
    let end = line.find([';', ':']).unwrap_or(line.len().min(64));
    let name = line.get(..end).unwrap_or_default();
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    name.trim().to_ascii_uppercase()
}

/// Whether the value of a line is quoted-printable, whose lines may end with `=`.
pub(super) fn is_quoted_printable(line: &str) -> bool {
    let head = line.split(':').next().unwrap_or_default();
    let mut parameters = head.split(';').skip(1);
    parameters.any(|parameter| {
        let value = parameter.rsplit('=').next().unwrap_or_default();
        value.eq_ignore_ascii_case("QUOTED-PRINTABLE")
    })
}

impl Property {
    /// Reads an unfolded line; none where it has no `:`.
    pub fn parse(line: &str) -> Option<Self> {
        let mut is_quoted = false;
        let colon = line.find(|char: char| {
            is_quoted ^= char == '"';
            char == ':' && !is_quoted
        })?;
        let (head, value) = (&line[..colon], &line[colon + 1..]);
        let mut property = Self {
            name: name_of(line),
            types: Vec::new(),
            preference: None,
            value: value.to_owned(),
        };
        for parameter in head.split(';').skip(1) {
            let (name, values) = parameter.split_once('=').unwrap_or(("TYPE", parameter));
            property.parameter(&name.trim().to_ascii_uppercase(), values);
        }
        if is_quoted_printable(line) {
            property.value = unquoted_printable(value);
        }
        Some(property)
    }

    fn parameter(&mut self, name: &str, values: &str) {
        let values = values.trim_matches('"').split(',');
        let mut values = values.map(|value| value.trim().to_ascii_uppercase());
        match name {
            "TYPE" => {
                for value in values {
                    if value == "PREF" {
                        self.preference = self.preference.or(Some(1));
                    }
                    self.types.push(value);
                }
            }
            "PREF" => {
                self.preference = values.next_back().and_then(|value| value.parse().ok());
            }
            _ => {}
        }
    }

    /// The value as one text.
    pub fn text(&self) -> String {
        unescaped(&self.value)
    }

    /// The parts of the value between separators that are not escaped.
    pub fn parts(&self, separator: char) -> Vec<String> {
        let mut parts = vec![String::new()];
        let mut chars = self.value.chars();
        while let Some(char) = chars.next() {
            if char == separator {
                parts.push(String::new());
                continue;
            }
            let part = parts.last_mut().expect("it is never empty");
            part.push(char);
            if char == '\\' {
                part.extend(chars.next());
            }
        }
        parts.iter().map(|part| unescaped(part)).collect()
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (char, chars.clone().next()) {
            ('\\', Some('n' | 'N')) => out.push('\n'),
            ('\\', Some(next @ (',' | ';' | ':' | '\\'))) => out.push(next),
            (char, _) => {
                out.push(char);
                continue;
            }
        }
        chars.next();
    }
    out.trim().to_owned()
}

/// What quoted-printable says (RFC 2045, section 6.7), without the ends of lines, which are gone.
fn unquoted_printable(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        match (first, tail) {
            (b'=', [high, low, after @ ..]) => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => {
                    bytes.push((16 * high + low) as u8);
                    rest = after;
                }
                _ => {
                    bytes.push(b'=');
                    rest = tail;
                }
            },
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    western(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_its_name_its_parameters_and_its_value() {
        let property = Property::parse("item1.tel;TYPE=work,Voice;PREF=2:+1\\, 2").unwrap();
        assert_eq!(property.name, "TEL");
        assert_eq!(property.types, ["WORK", "VOICE"]);
        assert_eq!(property.preference, Some(2));
        assert_eq!(property.text(), "+1, 2");
        let bare = Property::parse("TEL;CELL;PREF:1").unwrap();
        assert_eq!((bare.types.len(), bare.preference), (2, Some(1)));
        let quoted = Property::parse("EMAIL;X=\"a:b\":c@d.example").unwrap();
        assert_eq!(quoted.text(), "c@d.example");
        assert_eq!(Property::parse("EMAIL"), None);
    }

    #[test]
    fn a_value_comes_apart_where_it_is_not_escaped() {
        let parts = |line: &str| Property::parse(line).unwrap().parts(';');
        assert_eq!(
            parts("N:O\\;Neil;Ada\\, B.;;"),
            ["O;Neil", "Ada, B.", "", ""]
        );
        assert_eq!(parts("N:a\\nb\\\\;c"), ["a\nb\\", "c"]);
        let printable = "N;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Andr=C3=A9;A=zz=";
        assert_eq!(parts(printable), ["André", "A=zz="]);
        assert_eq!(parts("N;QUOTED-PRINTABLE:Andr=E9"), ["André"]);
    }
}
