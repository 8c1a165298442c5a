//! Query strings: decoded parameters, each of which somebody must want. The API reads them, and the console does, whose addresses are
//! written alike.

pub(crate) mod elsewhere;
pub(crate) mod filterable;
mod filters;
mod takes;

use hyper::Uri;
use relm_core::limits::PAGE_LIMIT_MAX;
use relm_core::{Error, ErrorKind, Quoted, Timestamp};

pub(crate) use self::takes::Takes;

/// The parameters of a request, decoded, in their order.
#[derive(Debug, Default)]
pub(crate) struct Query {
    parameters: Vec<Parameter>,
}

/// One parameter.
#[derive(Debug, Default)]
pub(crate) struct Parameter {
    pub name: String,
    pub value: String,
    /// The value as it was sent, where a bare `+` in it became a space.
    pub with_plus: Option<String>,
}

impl Query {
    /// The parameters of a URI.
    pub fn of(uri: &Uri) -> Result<Self, Error> {
        Self::parse(uri.query().unwrap_or_default())
    }

    /// Decodes a query string as HTML forms encode it: `+` is a space.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let parameters = pairs.map(Parameter::parse).collect::<Result<_, _>>()?;
        Ok(Self { parameters })
    }

    /// Takes the value of a parameter that may stand there once.
    pub fn take(&mut self, name: &str) -> Result<Option<String>, Error> {
        let mut found = Vec::new();
        self.parameters.retain_mut(|parameter| {
            if parameter.name != name {
                return true;
            }
            found.push(std::mem::take(&mut parameter.value));
            false
        });
        if found.len() > 1 {
            return Err(repeated(name, &found));
        }
        Ok(found.pop())
    }

    /// Whether a parameter is there.
    pub fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|one| one.name == name)
    }

    /// Takes the `limit`, a plain whole number.
    pub fn take_limit(&mut self) -> Result<Option<usize>, Error> {
        let Some(text) = self.take("limit")? else {
            return Ok(None);
        };
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            let given = Quoted(&text);
            let message =
                format!("`limit` must be a whole number from 1 to {PAGE_LIMIT_MAX}, not {given}.");
            return Err(bad("limit", message));
        }
        // A number beyond all numbers is clamped like any other that is too large.
        Ok(Some(text.parse().unwrap_or(usize::MAX)))
    }

    /// Takes what is `true` or `false`.
    pub fn take_switch(&mut self, name: &str) -> Result<Option<bool>, Error> {
        let text = self.take(name)?;
        match text.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(text) => {
                let given = Quoted(text);
                Err(bad(
                    name,
                    format!("`{name}` must be `true` or `false`, not {given}."),
                ))
            }
        }
    }

    /// Takes the moment `at` which something is asked for.
    pub fn take_moment(&mut self) -> Result<Option<Timestamp>, Error> {
        let Some(text) = self.take("at")? else {
            return Ok(None);
        };
        let moment = Timestamp::parse(&text);
        moment.map(Some).ok_or_else(|| {
            let given = Quoted(&text);
            let message =
                format!("`at` must be a moment such as 2026-07-02T10:00:00Z, not {given}; in a URL, a `+` is written %2B.");
            bad("at", message)
        })
    }

    /// Takes the unique members by whose values a record is known: names with commas between them.
    pub fn take_dedup_on(&mut self) -> Result<Vec<String>, Error> {
        let Some(text) = self.take("dedup_on")? else {
            return Ok(Vec::new());
        };
        let names = text.split(',').map(str::trim);
        Ok(names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// Whether the `limit` is more than a page holds; whatever else is wrong with it, [`take_limit`](Self::take_limit) says.
    pub fn has_limit_beyond_a_page(&self) -> bool {
        let mut limits = self.parameters.iter().filter(|one| one.name == "limit");
        limits.next().is_some_and(|limit| {
            let text = limit.value.as_str();
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number
                && text
                    .parse()
                    .map_or(true, |limit: usize| limit > PAGE_LIMIT_MAX)
        })
    }

    /// Whatever nobody took.
    pub fn into_rest(self) -> Vec<Parameter> {
        self.parameters
    }

    /// Refuses whatever nobody took.
    pub fn finish(&self) -> Result<(), Error> {
        self.finish_of(Takes::Nothing)
    }

    /// [`finish`](Self::finish), of a request that takes these.
    pub fn finish_of(&self, takes: Takes) -> Result<(), Error> {
        match self.parameters.first() {
            None => Ok(()),
            Some(Parameter { name, .. }) => Err(elsewhere::unknown(name, takes)),
        }
    }

    /// The first name that is there, of those that nobody took.
    pub fn first_name(&self) -> Option<&str> {
        self.parameters.first().map(|parameter| &*parameter.name)
    }

    /// The name and value of each parameter, in their order.
    #[cfg(feature = "console")]
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.parameters.iter();
        all.map(|one| (&*one.name, &*one.value))
    }

    /// The name and value of each parameter, sorted.
    pub fn sorted(&self) -> Vec<(&str, &str)> {
        let pairs = self.parameters.iter();
        let mut sorted: Vec<_> = pairs.map(|pair| (&*pair.name, &*pair.value)).collect();
        sorted.sort_unstable();
        sorted
    }
}

impl Parameter {
    /// Decodes `name=value`. What no record and not every store can hold is refused here, wherever it would have led.
    fn parse(pair: &str) -> Result<Self, Error> {
        let (name, sent) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(sent)?);
        if name.contains('\0') {
            let message = "A parameter's name must not hold the character U+0000.";
            return Err(Error::new(ErrorKind::BadRequest, message));
        }
        if value.contains('\0') {
            let message = format!("{} must not hold the character U+0000.", Quoted(&name));
            return Err(bad(&name, message));
        }
        Ok(Self {
            name,
            value,
            with_plus: sent.contains('+').then(|| sent.to_owned()),
        })
    }
}

fn repeated(name: &str, values: &[String]) -> Error {
    let times = values.len();
    let mut message = format!("{} may be there once, not {times} times.", Quoted(name));
    if name == "types" {
        let list = format!("types={}", values.join(","));
        message += &format!(" Several are parted by commas: {}.", Quoted(&list));
    }
    bad(name, message)
}

pub(crate) fn bad(name: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadRequest, message).at(name)
}

/// Undoes the encoding of a part of a URL.
pub(crate) fn decode(text: &str) -> Result<String, Error> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(text.to_owned());
    }
    let refuse = || {
        let message = "The query string is not percent-encoded UTF-8.";
        Error::new(ErrorKind::BadRequest, message)
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = rest.next().and_then(hex_digit).ok_or_else(refuse)?;
                let low = rest.next().and_then(hex_digit).ok_or_else(refuse)?;
                high * 16 + low
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| refuse())
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_plain_whole_number() {
        let limit = |text: &str| Query::parse(text).unwrap().take_limit();
        assert_eq!(limit("limit=7").unwrap(), Some(7));
        assert_eq!(
            limit("limit=99999999999999999999999").unwrap(),
            Some(usize::MAX)
        );
        for text in [
            "limit=",
            "limit=-1",
            "limit=%2B1",
            "limit=1.0",
            "limit=1&limit=2",
        ] {
            assert!(limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_name_and_no_value_holds_nul() {
        for text in ["a%00b", "%00=1", "a=%00", "a=1&b=x%00", "filter[%00][in]=a"] {
            let failure = Query::parse(text).unwrap_err();
            assert_eq!(failure.kind(), ErrorKind::BadRequest, "{text}");
        }
    }
}
