//! What one file names, and what it brings in for others to name.

use std::collections::BTreeMap;

use crate::path::{absolute, expand, join};

/// What a file says, by the path of its module.
pub struct Source {
    /// Every path that it imports or names in full, from the root.
    pub named: Vec<String>,
    /// The names that it brings in, and where each leads: files beneath it, and those that it re-exports them to, may name them here.
    pub given: BTreeMap<String, String>,
}

/// The code of a file without its comments and the tests at its end.
pub fn without_tests(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    let code = lines.collect::<Vec<&str>>().join("\n");
    let end = code.match_indices("#[cfg(test)]\nmod ").find(|(at, _)| {
        let declared = code[*at..].find([';', '{']);
        declared.is_some_and(|end| code[*at + end..].starts_with('{'))
    });
    code[..end.map_or(code.len(), |(at, _)| at)].to_owned()
}

impl Source {
    pub fn read(module: &str, codes: &BTreeMap<String, String>) -> Self {
        let mut source = Self {
            named: Vec::new(),
            given: BTreeMap::new(),
        };
        let is_module = |path: &str| codes.contains_key(path);
        let (code, inner) = without_modules(&codes[module]);
        source.add(module, &code, &is_module);
        for (name, code) in inner {
            source.add(&join(module, &name), &code, &is_module);
        }
        source
    }

    /// Adds what a piece of code names that stands in this module.
    fn add(&mut self, module: &str, code: &str, is_module: &impl Fn(&str) -> bool) {
        let (imports, rest) = statements(code);
        for (is_public, tree) in imports {
            let mut paths = Vec::new();
            expand(tree, "", &mut paths);
            let paths = paths.iter();
            for path in paths.filter_map(|path| absolute(path, module, is_module)) {
                let name = path.rsplit("::").next().unwrap_or_default().to_owned();
                // A type that is re-exported may be used here, too.
                let is_type = name.starts_with(char::is_uppercase);
                let mut words = rest.split(|char: char| !char.is_alphanumeric());
                if !is_public || is_type && words.any(|word| word == name) {
                    self.named.push(path.clone());
                }
                self.given.entry(name).or_insert(path);
            }
        }
        // A path that says who may name an item is no use of what it leads to.
        let rest = rest
            .replace("(in crate::", "(in ")
            .replace("(in super::", "(in ");
        let named = paths(&rest).filter_map(|path| absolute(path, module, is_module));
        self.named.extend(named);
    }
}

/// A piece of code without the modules that stand in it, and those by their names.
fn without_modules(code: &str) -> (String, Vec<(String, String)>) {
    let (mut outer, mut inner, mut left) = (String::new(), Vec::new(), code);
    while let Some((at, name)) = next_module(left) {
        let begin = at + left[at..].find('{').unwrap_or_default();
        let end = begin + block_bytes(&left[begin..]);
        outer.push_str(&left[..at]);
        inner.push((name.to_owned(), left[begin + 1..end - 1].to_owned()));
        left = &left[end..];
    }
    outer.push_str(left);
    (outer, inner)
}

/// Where the next module with a block begins, and its name.
fn next_module(code: &str) -> Option<(usize, &str)> {
    code.match_indices("mod ").find_map(|(at, keyword)| {
        let (name, rest) = code[at + keyword.len()..].split_once(' ')?;
        let is_word = !code[..at].ends_with(|char: char| char.is_alphanumeric() || char == '_');
        let is_name = name
            .chars()
            .all(|char| char.is_alphanumeric() || char == '_');
        (is_word && is_name && rest.starts_with('{')).then_some((at, name))
    })
}

/// The length of the block that a piece of code begins with.
fn block_bytes(code: &str) -> usize {
    let mut depth = 0;
    for (at, char) in code.char_indices() {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// The imports of a file, and whether others may name what each brings in; and the code without them.
fn statements(code: &str) -> (Vec<(bool, &str)>, String) {
    let (mut imports, mut rest) = (Vec::new(), String::new());
    for part in code.split_inclusive(';') {
        match part.split_once("use ") {
            Some((before, tree)) if ends_with_visibility(before) => {
                rest.push_str(before);
                imports.push((
                    before.trim_end().ends_with(['b', ')']),
                    tree.trim_end_matches(';'),
                ));
            }
            _ => rest.push_str(part),
        }
    }
    (imports, rest)
}

/// Whether what stands before `use` makes it a statement: nothing, an attribute, the brace of a block, a visibility.
fn ends_with_visibility(before: &str) -> bool {
    let before = before.trim_end();
    before.is_empty()
        || before.ends_with([']', '{', '}'])
        || before.ends_with("pub")
        || before.ends_with(')')
            && before
                .rsplit_once("pub(")
                .is_some_and(|(_, to)| !to.contains(['(', '\n']))
}

/// Every path of two names or more in a piece of code.
fn paths(code: &str) -> impl Iterator<Item = &str> {
    let is_end = |char: char| !(char.is_alphanumeric() || ['_', ':', '$'].contains(&char));
    // What a macro names by `$crate` is named by whoever calls it.
    code.split(is_end)
        .filter(|word| word.contains("::") && !word.starts_with('$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_what_it_imports_and_what_it_calls_by_a_path() {
        let code = "use super::b::B;\npub use self::c::C;\nmod inner {\n    use super::super::d::D;\n}\nfn f() { e::f() }\n";
        let files = ["", "a", "a::c", "a::e", "b", "d"];
        let mut codes: BTreeMap<String, String> = files.map(|it| (it.into(), String::new())).into();
        codes.insert("a".into(), code.into());
        let source = Source::read("a", &codes);
        assert_eq!(source.named, ["b::B", "a::e::f", "d::D"]);
        assert_eq!(source.given["C"], "a::c::C");
    }
}
