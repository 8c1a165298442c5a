//! The parameters of a list: a page's size and place, and filters, in the three ways in which they are written.

use relm_core::engine::ListRequest;
use relm_core::query::filter::{Filter, Operator};
use relm_core::record::column::ColumnType;
use relm_core::{Error, ErrorKind, Kind, Quoted};

use super::{Parameter, Query, Takes, elsewhere, filterable};

/// Text fields in whose values no space can stand.
const SPACELESS: [&str; 3] = ["email", "domain", "url"];
/// A text field whose values hold spaces, but begin with a `+` where they begin with either.
const PHONE: &str = "phone";

impl Query {
    /// Takes everything, as a request for a list of `kind`: what is not `limit` or `cursor` is a filter.
    pub fn into_list(mut self, kind: Kind) -> Result<ListRequest, Error> {
        let limit = self.take_limit()?;
        let cursor = self.take("cursor")?;
        let parameters = self.into_rest().into_iter();
        let filters = parameters.map(|parameter| filter(kind, parameter));
        Ok(ListRequest {
            filters: filters.collect::<Result<_, _>>()?,
            limit,
            cursor,
        })
    }
}

/// What a filter is called here and elsewhere.
const FILTER_NAMES: [&str; 4] = ["filter", "filters", "where", "conditions"];

/// `filter[field][operator]=value`, `filter[field]=value` or `field=value`.
fn filter(kind: Kind, parameter: Parameter) -> Result<Filter, Error> {
    let Parameter { name, value, .. } = &parameter;
    let name = &**name;
    let (field, operator) = match name.strip_prefix("filter[") {
        None => (name, Operator::Eq.as_str()),
        Some(rest) => {
            let inner = rest
                .strip_suffix(']')
                .ok_or_else(|| malformed(name, value))?;
            let whole = (inner, Operator::Eq.as_str());
            inner.split_once("][").unwrap_or(whole)
        }
    };
    let is_whole = |part: &str| !part.is_empty() && !part.contains(['[', ']']);
    if !is_whole(field) || !is_whole(operator) || is_no_field(kind, name) {
        return Err(malformed(name, value));
    }
    if field == name
        && !filterable::names(kind).any(|known| known == name)
        && let Some(failure) = elsewhere::of_elsewhere(name, Takes::List(kind))
    {
        return Err(failure);
    }
    if let Some(sent) = &parameter.with_plus
        && !may_mean_spaces(kind, field, operator, sent)
    {
        return Err(bare_plus(name, field, sent));
    }
    let (field, operator) = (field.to_owned(), operator.to_owned());
    Ok(Filter::new(field, operator, parameter.value))
}

/// Whether a name is that of no field, and what other APIs write for a filter: `filter` alone, `stage__in`, `value_cents.gte`,
/// or a comparison as it would be written in a sentence.
fn is_no_field(kind: Kind, name: &str) -> bool {
    let is_field = name.starts_with("metadata.") || filterable::names(kind).any(|one| one == name);
    !is_field && (FILTER_NAMES.contains(&name) || compared(name).is_some())
}

/// A field and an operator of ours, of a name that says both in another notation.
fn compared(name: &str) -> Option<(&str, Operator)> {
    if name.contains('[') {
        return None;
    }
    let end = name.find(['<', '>', '!']);
    if let Some(end) = end.filter(|end| *end > 0) {
        // The `=` that parts name and value is the sign's own, where a value follows.
        let (field, sign) = name.split_at(end);
        let operator = match (sign.as_bytes(), sign.len()) {
            (b">", _) => Operator::Gte,
            (b"<", _) => Operator::Lte,
            (b"!", _) => Operator::Neq,
            (_, _) if sign.starts_with('>') => Operator::Gt,
            (_, _) if sign.starts_with('<') => Operator::Lt,
            _ => return None,
        };
        return Some((field, operator));
    }
    let parts = name.split_once("__").or_else(|| name.rsplit_once('.'));
    let (field, operator) = parts.filter(|(field, _)| !field.is_empty())?;
    let operator = Operator::ALL
        .into_iter()
        .find(|known| known.as_str() == operator)?;
    Some((field, operator))
}

/// Whether each bare `+` in the value of a filter can have been meant as the space that it is.
fn may_mean_spaces(kind: Kind, field: &str, operator: &str, sent: &str) -> bool {
    // A member of metadata, or no field at all.
    let Some(ty) = filterable::field_type(kind, field) else {
        return true;
    };
    match ty {
        ColumnType::Text { .. } if SPACELESS.contains(&field) => false,
        ColumnType::Text { .. } if field == PHONE => {
            let lists = operator == Operator::In.as_str();
            !(sent.starts_with('+') || lists && sent.contains(",+"))
        }
        ColumnType::Text { .. } | ColumnType::Json => true,
        ColumnType::Id(_)
        | ColumnType::Integer
        | ColumnType::Boolean
        | ColumnType::Date
        | ColumnType::Timestamp => false,
    }
}

fn bare_plus(name: &str, field: &str, sent: &str) -> Error {
    let encoded = format!("{name}={}", sent.replace('+', "%2B"));
    let message = format!(
        "A bare `+` in a URL is a space, which `{field}` cannot hold there: write {}.",
        Quoted(&encoded)
    );
    let error = Error::new(ErrorKind::BadRequest, message).at(field);
    error.suggesting(encoded)
}

/// A filter in another API's notation: `value_cents[gte]=10`, `metadata[plan]=pro`, `filter[metadata][plan][in]=a`.
fn malformed(name: &str, value: &str) -> Error {
    let error = Error::new(
        ErrorKind::BadRequest,
        "A filter is written as filter[field][operator]=value or field=value.",
    );
    let error = error.at(name);
    let (meant, value) = match compared(name) {
        Some((field, operator)) => {
            // `value_cents>10` has its value in its name.
            let after = name[field.len()..].trim_start_matches(['<', '>']);
            let is_in_name = value.is_empty() && name[field.len()..].starts_with(['<', '>']);
            let meant = format!("filter[{field}][{}]", operator.as_str());
            (Some(meant), if is_in_name { after } else { value })
        }
        None => (our_notation(name), value),
    };
    match meant {
        Some(meant) => {
            let sentence = format!("Write {}.", Quoted(&format!("{meant}={value}")));
            error.adding(&sentence).suggesting(meant)
        }
        None => error,
    }
}

fn our_notation(name: &str) -> Option<String> {
    let mut parts = name
        .split(['[', ']'])
        .filter(|part| !part.is_empty())
        .peekable();
    parts.next_if(|part| FILTER_NAMES.contains(part));
    let field = match (parts.next()?, parts.peek()) {
        ("metadata", Some(_)) => format!("metadata.{}", parts.next()?),
        ("created", Some(_)) => "created_at".to_owned(),
        ("updated", Some(_)) => "updated_at".to_owned(),
        (field, _) => field.to_owned(),
    };
    match parts.next() {
        Some(operator) => Some(format!("filter[{field}][{operator}]")),
        None if name.ends_with("[]") => Some(format!("filter[{field}][in]")),
        None => Some(format!("filter[{field}]")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(text: &str) -> Vec<(String, String, String)> {
        let query = Query::parse(text).unwrap();
        let list = query.into_list(Kind::Contact).unwrap();
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
            let list = Query::parse(text).and_then(|query| query.into_list(Kind::Contact));
            assert!(list.is_err(), "{text}");
        }
    }
}
