//! Which of some options a misspelled word was meant to be, and by what other names they are known.

use crate::limits::SUGGESTION_CHARS_MAX;
use crate::value::text::fold;

/// Names that people know from elsewhere, with what they mean here: names of ours, where a table says no more.
pub type OtherName<T = &'static [&'static str]> = (&'static [&'static str], T);

/// All such names of one list of options.
pub(crate) type OtherNames = &'static [OtherName];

/// What a word that people know from elsewhere means here, in whatever style they write it.
pub fn known<'a, T>(
    word: &str,
    others: impl IntoIterator<Item = &'a OtherName<T>>,
) -> Option<&'a T> {
    let is_known = |(names, _): &&OtherName<T>| names.iter().any(|name| is_one_name(name, word));
    others.into_iter().find(is_known).map(|(_, here)| here)
}

/// What `word` was most likely meant to be: the option that it spells in another style, what its name is known as
/// elsewhere, or the option nearest to it.
pub(crate) fn meant<'a>(
    word: &str,
    options: impl Iterator<Item = &'a str> + Clone,
    others: OtherNames,
) -> Vec<&'a str> {
    if word.is_empty() || word.chars().nth(SUGGESTION_CHARS_MAX).is_some() {
        return Vec::new();
    }
    if let Some(option) = options.clone().find(|option| is_one_name(option, word)) {
        return vec![option];
    }
    match known(word, others) {
        // Of a member's names, a filter knows those that it can compare.
        Some(ours) => {
            let is_one =
                |name: &&&str| name.contains('.') || options.clone().any(|one| one == **name);
            ours.iter().filter(is_one).copied().collect()
        }
        None => nearest(word, options).into_iter().collect(),
    }
}

/// Whether two names differ in nothing but style: `firstName`, `First-Name` and `first_name` are one.
fn is_one_name(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

fn letters(name: &str) -> impl Iterator<Item = char> + '_ {
    let kept = name.chars().filter(|char| !matches!(char, '_' | '-' | ' '));
    kept.flat_map(char::to_lowercase)
}

/// The option that `word` was probably meant to be: the first of those with the fewest typing errors, without regard to
/// case.
///
/// A missing, added, wrong or swapped character is one error. There are at most two, and fewer than half as many as
/// `word` has characters. What has more than [`SUGGESTION_CHARS_MAX`] characters is neither suggested nor compared: to
/// compare takes time for each pair of word and option, and a request holds many of both.
pub fn nearest<'a>(word: &str, options: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if !has_at_most(word, SUGGESTION_CHARS_MAX) {
        return None;
    }
    let mut folded = Vec::with_capacity(SUGGESTION_CHARS_MAX);
    fold_into(word, &mut folded);
    let word = std::mem::take(&mut folded);
    let errors_max = TYPING_ERRORS_MAX.min(word.len().saturating_sub(1) / 2);
    let candidates = options.into_iter().filter_map(|option| {
        // Nothing is folded that is too long anyway: folding adds characters and takes none away.
        let may_be_near = has_at_most(option, SUGGESTION_CHARS_MAX.min(word.len() + errors_max));
        if !may_be_near {
            return None;
        }
        fold_into(option, &mut folded);
        let (word, folded) = differing(&word, &folded);
        Some((distance(word, folded, errors_max)?, option))
    });
    candidates
        .min_by_key(|(errors, _)| *errors)
        .map(|(_, option)| option)
}

/// The characters of [`fold`], in memory that is there already.
fn fold_into(text: &str, folded: &mut Vec<char>) {
    folded.clear();
    if text.is_ascii() {
        folded.extend(text.chars().map(|char| char.to_ascii_lowercase()));
    } else {
        folded.extend(fold(text).chars());
    }
}

/// What is left of two texts without what both begin and end with, which no error is in.
fn differing<'a>(one: &'a [char], other: &'a [char]) -> (&'a [char], &'a [char]) {
    let same = |(one, other): &(&char, &char)| one == other;
    let begin = one.iter().zip(other).take_while(same).count();
    let (one, other) = (&one[begin..], &other[begin..]);
    let end = one
        .iter()
        .rev()
        .zip(other.iter().rev())
        .take_while(same)
        .count();
    (&one[..one.len() - end], &other[..other.len() - end])
}

/// The most errors in a word that is still recognised.
const TYPING_ERRORS_MAX: usize = 2;

fn has_at_most(text: &str, chars_max: usize) -> bool {
    text.len() <= chars_max || text.chars().nth(chars_max).is_none()
}

/// The edit distance in which a swap of neighbours counts once (optimal string alignment), where it is at most
/// `errors_max`, which is at most [`TYPING_ERRORS_MAX`].
///
/// Only the cells that can be so low are filled: those at most `errors_max` beside the diagonal (Ukkonen's band), up to
/// the first row that has none.
fn distance(one: &[char], other: &[char], errors_max: usize) -> Option<usize> {
    const WIDTH: usize = 2 * TYPING_ERRORS_MAX + 1;
    if one.len().abs_diff(other.len()) > errors_max {
        return None;
    }
    // The cell at `index` of a row belongs to the column `row + index - errors_max`, and one past the last is beyond
    // the band. So the cell above has the next index in the row before, and the one diagonally above has the same.
    let beyond = errors_max + 1;
    let mut before_last = [beyond; WIDTH + 1];
    let mut last = [beyond; WIDTH + 1];
    for (column, cell) in last[errors_max..=2 * errors_max].iter_mut().enumerate() {
        *cell = column;
    }
    for row in 1..=one.len() {
        let mut current = [beyond; WIDTH + 1];
        for index in 0..=2 * errors_max {
            let Some(column) = (row + index).checked_sub(errors_max) else {
                continue;
            };
            if column > other.len() {
                break;
            }
            let mut least = last[index + 1] + 1;
            if column == 0 {
                current[index] = least.min(row);
                continue;
            }
            let (char, other_char) = (one[row - 1], other[column - 1]);
            least = least.min(last[index] + usize::from(char != other_char));
            if index > 0 {
                least = least.min(current[index - 1] + 1);
            }
            if row > 1 && column > 1 && one[row - 2] == other_char && other[column - 2] == char {
                least = least.min(before_last[index] + 1);
            }
            current[index] = least.min(beyond);
        }
        if current.iter().all(|cell| *cell == beyond) {
            return None;
        }
        before_last = std::mem::replace(&mut last, current);
    }
    let errors = last[other.len() + errors_max - one.len()];
    (errors <= errors_max).then_some(errors)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_known_in_every_style_and_by_what_others_call_it() {
        const OTHERS: OtherNames = &[(&["name", "full_name"], &["first_name", "last_name"])];
        let options = ["first_name", "last_name", "email"];
        for (word, expected) in [
            ("firstName", &["first_name"][..]),
            ("First-Name", &["first_name"]),
            ("FIRST NAME", &["first_name"]),
            ("fullName", &["first_name", "last_name"]),
            ("emial", &["email"]),
            ("", &[]),
            ("___", &[]),
            ("dog", &[]),
        ] {
            assert_eq!(meant(word, options.into_iter(), OTHERS), expected, "{word}");
        }
        let long = "x".repeat(1 << 20);
        assert!(meant(&long, [&*long].into_iter(), &[]).is_empty());
    }

    #[test]
    fn the_nearest_option_is_what_was_meant() {
        let options = ["contact", "company", "deal", "activity", "email", "stage"];
        for (word, expected) in [
            ("contacts", Some("contact")),
            ("EMAIL", Some("email")),
            ("emial", Some("email")),
            ("compnay", Some("company")),
            ("activty", Some("activity")),
            ("dael", Some("deal")),
            ("e-mail", Some("email")),
            ("dog", None),
            ("de", None),
            ("", None),
            ("opportunity", None),
        ] {
            assert_eq!(nearest(word, options), expected, "{word}");
        }
        assert_eq!(nearest("cat", ["bat", "cut"]), Some("bat"));
        assert_eq!(nearest("cat", ["bat", "cut", "cat"]), Some("cat"));
        assert_eq!(nearest("x", []), None);
        assert_eq!(nearest("STRASE", ["Straße"]), Some("Straße"));
    }

    #[test]
    fn a_long_text_is_neither_suggested_nor_compared() {
        let longest = "é".repeat(SUGGESTION_CHARS_MAX);
        let with_error = longest.replacen('é', "e", 1);
        assert_eq!(nearest(&with_error, [&*longest]), Some(&*longest));
        let longer = format!("{longest}é");
        assert_eq!(nearest(&longer, [&*longest, &*longer]), None);
        assert_eq!(nearest(&longest, [&*longer]), None);
    }

    proptest! {
        #[test]
        fn the_bounded_distance_is_the_distance(
            one in "[abc]{0,7}",
            other in "[abc]{0,7}",
            errors_max in 0..=TYPING_ERRORS_MAX,
        ) {
            let [one, other] = [one, other].map(|text| text.chars().collect::<Vec<_>>());
            let whole = whole_distance(&one, &other);
            let expected = (whole <= errors_max).then_some(whole);
            prop_assert_eq!(distance(&one, &other, errors_max), expected);
            let (one, other) = differing(&one, &other);
            prop_assert_eq!(distance(one, other, errors_max), expected);
        }
    }

    /// The distance by its definition: every cell of the matrix.
    fn whole_distance(one: &[char], other: &[char]) -> usize {
        let mut matrix = vec![vec![0; other.len() + 1]; one.len() + 1];
        for row in 0..=one.len() {
            for column in 0..=other.len() {
                matrix[row][column] = match (row, column) {
                    (0, errors) | (errors, 0) => errors,
                    _ => {
                        let is_wrong = one[row - 1] != other[column - 1];
                        let is_swapped = row > 1
                            && column > 1
                            && one[row - 1] == other[column - 2]
                            && one[row - 2] == other[column - 1];
                        let replaced = matrix[row - 1][column - 1] + usize::from(is_wrong);
                        let removed = matrix[row - 1][column].min(matrix[row][column - 1]) + 1;
                        let swapped = is_swapped.then(|| matrix[row - 2][column - 2] + 1);
                        replaced.min(removed).min(swapped.unwrap_or(usize::MAX))
                    }
                };
            }
        }
        matrix[one.len()][other.len()]
    }
}
