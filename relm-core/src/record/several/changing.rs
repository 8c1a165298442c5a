//! What writes, merges and undos make of what a contact has several of.

use super::Several;
use crate::error::{Error, Result};
use crate::limits::CONTACT_LABEL_CHARS_MAX;
use crate::record::check;
use crate::record::patch::Patch;

/// All of them, of a contact that has this primary one: one from before there were several has no list of them.
pub(crate) fn all_of<S: Several>(primary: Option<&str>, all: &[S]) -> Vec<S> {
    match primary {
        Some(text) if all.is_empty() => vec![S::of(text.to_owned(), None)],
        Some(_) | None => all.to_vec(),
    }
}

/// Has the list hold the primary one, where there was none.
pub(crate) fn fill<S: Several>(primary: Option<&str>, all: &mut Vec<S>) {
    if all.is_empty() && primary.is_some() {
        *all = all_of(primary, all);
    }
}

/// Those of the list that are not the primary one.
pub(crate) fn further<'a, S: Several>(
    primary: Option<&str>,
    all: &'a [S],
) -> impl Iterator<Item = &'a S> + use<'a, S> {
    all.iter().skip(usize::from(primary.is_some()))
}

/// Applies what a write says of the primary one and of all. What comes to the same changes nothing.
pub(crate) fn change<S: Several>(
    (primary, all): (&mut Option<String>, &mut Vec<S>),
    one: Patch<String>,
    many: Patch<Vec<S>>,
) -> Result<()> {
    if one.is_keep() && many.is_keep()
        || many.is_keep() && one.as_set() == primary.as_ref() && primary.is_some()
    {
        return Ok(());
    }
    let known = all_of(primary.as_deref(), all);
    let is_replaced = many.is_keep();
    let mut after = match many {
        Patch::Keep => known.clone(),
        Patch::Clear => Vec::new(),
        Patch::Set(given) => checked(given, &known)?,
    };
    let first = match one {
        Patch::Keep => after.first().map(|first| first.text().to_owned()),
        Patch::Clear => {
            if is_replaced && primary.is_some() {
                after.remove(0);
            }
            None
        }
        Patch::Set(text) => {
            let former = primary.as_deref().filter(|_| is_replaced);
            Some(lead(&mut after, S::check(text)?, former))
        }
    };
    if after.len() > S::MAX {
        return Err(too_many::<S>(after.len()));
    }
    if first != *primary || after != known {
        (*primary, *all) = (first, after);
    }
    Ok(())
}

/// Puts one in front, in the place of the `former` first one; gives how it is written.
fn lead<S: Several>(all: &mut Vec<S>, text: String, former: Option<&str>) -> String {
    // Most have one alone: there is nothing to compare it with.
    if all.is_empty() {
        all.push(S::of(text.clone(), None));
        return text;
    }
    let key = S::key(&text);
    let place = all.iter().position(|it| S::key(it.text()) == key);
    let entry = match place.map(|place| all.remove(place)) {
        Some(known) => S::of(
            S::kept(known.text(), text),
            known.label().map(str::to_owned),
        ),
        None => S::of(text, None),
    };
    if former.is_some_and(|former| S::key(former) != key) {
        all.remove(0);
    }
    let text = entry.text().to_owned();
    all.insert(0, entry);
    text
}

/// A list as it is kept: what is there twice is there once.
fn checked<S: Several>(given: Vec<S>, known: &[S]) -> Result<Vec<S>> {
    if given.len() > S::MAX {
        return Err(too_many::<S>(given.len()));
    }
    let known: Vec<(String, &S)> = known.iter().map(|it| (S::key(it.text()), it)).collect();
    let mut keys: Vec<String> = Vec::with_capacity(given.len());
    let mut all: Vec<S> = Vec::with_capacity(given.len());
    for (index, entry) in given.into_iter().enumerate() {
        let at = format!("{}[{index}]", S::ALL);
        let label = entry.label().map(str::to_owned);
        let label = label.map(|label| check::text("label", label, CONTACT_LABEL_CHARS_MAX));
        let label = label.transpose().map_err(|error| error.within(&at))?;
        let text = S::check(entry.text().to_owned()).map_err(|error| error.within(&at))?;
        let key = S::key(&text);
        if let Some(place) = keys.iter().position(|known| *known == key) {
            let first = &all[place];
            if first.label().is_none() && label.is_some() {
                all[place] = S::of(first.text().to_owned(), label);
            }
            continue;
        }
        let known = known.iter().find(|(known, _)| *known == key);
        let text = match known {
            Some((_, known)) => S::kept(known.text(), text),
            None => text,
        };
        keys.push(key);
        all.push(S::of(text, label));
    }
    Ok(all)
}

fn too_many<S: Several>(given: usize) -> Error {
    let (all, max) = (S::ALL, S::MAX);
    let message = format!("`{all}` can hold {max} at most; these are {given}.");
    Error::invalid(all, message)
}

/// What a record has once others are merged into it, of which each has a list, its own first: all that any of them has, unless it is said
/// whose list it gets. The primary one stays that.
pub(crate) fn gather<S: Several>(
    (primary, all): (&mut Option<String>, &mut Vec<S>),
    lists: Vec<Vec<S>>,
    is_said: &dyn Fn(&str) -> bool,
) -> Result<()> {
    if is_said(S::ALL) {
        if !is_said(S::ONE) {
            *primary = all.first().map(|first| first.text().to_owned());
        }
    } else {
        *all = lists.into_iter().flatten().collect();
    }
    front(primary.as_deref(), all);
    let mut keys: Vec<String> = Vec::new();
    all.retain(|entry| {
        let key = S::key(entry.text());
        let is_new = !keys.contains(&key);
        keys.extend(is_new.then_some(key));
        is_new
    });
    if all.len() > S::MAX {
        let name = S::ALL;
        let message = format!(
            "The record would have {} `{name}`, and can have {} at most: say by `fields` whose it gets.",
            all.len(),
            S::MAX
        );
        return Err(Error::invalid(format!("fields.{name}"), message));
    }
    Ok(())
}

/// Of what is reverted, keeps what there is now and is not taken back by others. The primary one is what it was, where that now is.
pub(crate) fn give_back<S: Several>(
    (primary, all): (&mut Option<String>, &mut Vec<S>),
    (first, now): (Option<&str>, Vec<S>),
    taken: Vec<S>,
) {
    let taken: Vec<String> = taken.iter().map(|it| S::key(it.text())).collect();
    let is_taken = |text: &str| taken.contains(&S::key(text));
    if !first.is_some_and(is_taken) {
        *primary = first.map(str::to_owned);
    }
    // A number may be of both: what it had itself it keeps.
    let own: Vec<String> = all.iter().map(|entry| S::key(entry.text())).collect();
    *all = now;
    all.retain(|entry| own.contains(&S::key(entry.text())) || !is_taken(entry.text()));
    front(primary.as_deref(), all);
}

/// Puts the primary one in front.
fn front<S: Several>(primary: Option<&str>, all: &mut Vec<S>) {
    let Some(text) = primary else {
        return;
    };
    let key = S::key(text);
    let place = all.iter().position(|it| S::key(it.text()) == key);
    let label = place.and_then(|place| all.remove(place).label().map(str::to_owned));
    all.insert(0, S::of(text.to_owned(), label));
}

/// Has the list begin with the primary one of a record that was composed of members of several states. `before` is one of which it may have the
/// list alone.
pub(crate) fn settle<S: Several>(
    (primary, all): (&mut Option<String>, &mut Vec<S>),
    before: (Option<&str>, &[S]),
) -> Result<()> {
    if all.as_slice() == before.1 && primary.as_deref() != before.0 {
        let one = Patch::from(primary.take());
        *primary = before.0.map(str::to_owned);
        return change((primary, all), one, Patch::Keep);
    }
    if !all.is_empty() {
        front(primary.as_deref(), all);
    }
    Ok(())
}
