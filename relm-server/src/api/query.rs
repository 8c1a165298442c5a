//! Query strings: decoded parameters, each of which somebody must want.

use hyper::Uri;
use relm_core::crm::ListRequest;
use relm_core::filter::Filter;
use relm_core::limits::PAGE_LIMIT_MAX;
use relm_core::{Error, ErrorKind, Quoted};

use super::answer::Failure;

/// The parameters of a request, decoded, in their order.
#[derive(Debug, Default)]
pub(super) struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    /// The parameters of a URI.
    pub fn of(uri: &Uri) -> Result<Self, Failure> {
        Self::parse(uri.query().unwrap_or_default())
    }

    /// Decodes a query string as HTML forms encode it: `+` is a space.
    fn parse(text: &str) -> Result<Self, Failure> {
        let parameters = text
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((decode(name)?, decode(value)?))
            })
            .collect::<Result<_, Failure>>()?;
        Ok(Self { parameters })
    }

    /// Takes the value of a parameter that may stand there once.
    pub fn take(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let mut found = None;
        let mut repeated = false;
        self.parameters.retain_mut(|(other, value)| {
            if other != name {
                return true;
            }
            repeated |= found.replace(std::mem::take(value)).is_some();
            false
        });
        if repeated {
            return Err(bad(name, format!("{} may be there once.", Quoted(name))));
        }
        Ok(found)
    }

    /// Takes the `limit`, a plain whole number.
    pub fn take_limit(&mut self) -> Result<Option<usize>, Failure> {
        let Some(text) = self.take("limit")? else {
            return Ok(None);
        };
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = format!("`limit` must be a whole number from 1 to {PAGE_LIMIT_MAX}.");
            return Err(bad("limit", message));
        }
        // A number beyond all numbers is clamped like any other that is too large.
        Ok(Some(text.parse().unwrap_or(usize::MAX)))
    }

    /// Takes everything, as a list request: what is not `limit` or `cursor` is a filter.
    pub fn into_list(mut self) -> Result<ListRequest, Failure> {
        let limit = self.take_limit()?;
        let cursor = self.take("cursor")?;
        let parameters = self.parameters.into_iter();
        let filters = parameters.map(|(name, value)| filter(&name, value));
        Ok(ListRequest {
            filters: filters.collect::<Result<_, _>>()?,
            limit,
            cursor,
        })
    }

    /// Refuses whatever nobody took.
    pub fn finish(&self) -> Result<(), Failure> {
        match self.parameters.first() {
            None => Ok(()),
            Some((name, _)) => Err(bad(
                name,
                format!("There is no parameter {} here; leave it out.", Quoted(name)),
            )),
        }
    }

    /// All parameters, by name and value.
    pub fn sorted(&self) -> Vec<&(String, String)> {
        let mut sorted: Vec<_> = self.parameters.iter().collect();
        sorted.sort_unstable();
        sorted
    }
}

/// `filter[field][operator]=value`, `filter[field]=value` or `field=value`.
fn filter(name: &str, value: String) -> Result<Filter, Failure> {
    let (field, operator) = match name.strip_prefix("filter[") {
        None => (name, "eq"),
        Some(rest) => {
            let inner = rest.strip_suffix(']').ok_or_else(|| malformed(name))?;
            inner.split_once("][").unwrap_or((inner, "eq"))
        }
    };
    if field.is_empty() || operator.contains(['[', ']']) {
        return Err(malformed(name));
    }
    Ok(Filter {
        field: field.to_owned(),
        operator: operator.to_owned(),
        value,
    })
}

fn malformed(name: &str) -> Failure {
    let message = "Write a filter as filter[field][operator]=value or field=value.";
    bad(name, message)
}

fn bad(name: &str, message: impl Into<String>) -> Failure {
    Error::new(ErrorKind::BadRequest, message).at(name).into()
}

fn decode(text: &str) -> Result<String, Failure> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(text.to_owned());
    }
    let refuse = || {
        let message = "The query string is not percent-encoded UTF-8.";
        Failure::from(Error::new(ErrorKind::BadRequest, message))
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

    fn filters(text: &str) -> Vec<(String, String, String)> {
        let list = Query::parse(text).unwrap().into_list().unwrap();
        let parts = |filter: Filter| (filter.field, filter.operator, filter.value);
        list.filters.into_iter().map(parts).collect()
    }

    fn one(field: &str, operator: &str, value: &str) -> Vec<(String, String, String)> {
        vec![(field.to_owned(), operator.to_owned(), value.to_owned())]
    }

    #[test]
    fn a_filter_is_written_in_three_ways() {
        assert_eq!(filters("filter[stage]=won"), one("stage", "eq", "won"));
        assert_eq!(filters("stage=won"), one("stage", "eq", "won"));
        assert_eq!(
            filters("filter%5Bvalue_cents%5D%5Bgte%5D=1"),
            one("value_cents", "gte", "1")
        );
        assert_eq!(
            filters("filter[metadata.plan][in]=pro,free"),
            one("metadata.plan", "in", "pro,free")
        );
        assert_eq!(
            filters("first_name=Ada+K%2B%C3%A9"),
            one("first_name", "eq", "Ada K+é")
        );
    }

    #[test]
    fn what_is_not_a_filter_is_refused() {
        for text in [
            "filter[=1",
            "filter[]=1",
            "filter[a][b][c]=1",
            "a=%zz",
            "a=%f",
            "a=%ff",
        ] {
            let list = Query::parse(text).and_then(Query::into_list);
            assert!(list.is_err(), "{text}");
        }
    }

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
}
