//! Paths in Rust, as texts.

/// A path from the root: of a module, and on from there.
pub fn join(module: &str, rest: &str) -> String {
    match (module, rest) {
        ("", rest) => rest.to_owned(),
        (module, "") => module.to_owned(),
        (module, rest) => format!("{module}::{rest}"),
    }
}

pub fn parent(module: &str) -> &str {
    module.rsplit_once("::").map_or("", |(parent, _)| parent)
}

/// The first name of a path.
pub fn name_of(path: &str) -> &str {
    path.split("::").next().unwrap_or_default()
}

/// A path from the root as the module that it leads into, the innermost that there is, and what is named there.
pub fn split(path: &str, is_module: impl Fn(&str) -> bool) -> (&str, &str) {
    let ends = path.match_indices("::").map(|(at, _)| at);
    let ends: Vec<usize> = ends.chain([path.len()]).collect();
    let end = ends.into_iter().rev().find(|end| is_module(&path[..*end]));
    let (module, rest) = path.split_at(end.unwrap_or(0));
    (module, rest.trim_start_matches("::"))
}

/// A path that stands in a module as one from the root of its crate, where it leads into the crate.
pub fn absolute(path: &str, module: &str, is_module: impl Fn(&str) -> bool) -> Option<String> {
    let (first, rest) = path.split_once("::").unwrap_or((path, ""));
    let (mut base, mut rest) = match first {
        "crate" => ("", rest),
        "self" => (module, rest),
        "super" => (parent(module), rest),
        _ => return is_module(&join(module, first)).then(|| join(module, path)),
    };
    while name_of(rest) == "super" {
        base = parent(base);
        rest = rest.split_once("::").map_or("", |(_, rest)| rest);
    }
    Some(join(base, rest))
}

/// The paths of a tree of imports: `a::{b, c::{self, d}}` is `a::b`, `a::c` and `a::c::d`.
pub fn expand(tree: &str, prefix: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((path, branches)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap_or_default().trim();
        let path = format!("{prefix}{name}");
        let path = path.strip_suffix("::self").unwrap_or(&path).to_owned();
        paths.extend((!name.is_empty()).then_some(path));
        return;
    };
    let branches = branches
        .strip_suffix('}')
        .expect("a tree ends with its brace");
    let (mut depth, mut start) = (0, 0);
    for (at, char) in branches.char_indices().chain([(branches.len(), ',')]) {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&branches[start..at], &format!("{prefix}{path}"), paths);
                start = at + 1;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_of_imports_is_the_paths_that_it_names() {
        let mut paths = Vec::new();
        expand("a::{b as x, c::{self, d}, *}", "", &mut paths);
        assert_eq!(paths, ["a::b", "a::c", "a::c::d", "a::*"]);
    }

    #[test]
    fn a_path_is_read_from_where_it_stands() {
        let is_module = |path: &str| ["", "a", "a::b", "a::b::c"].contains(&path);
        for (path, leads) in [
            ("crate::a::X", Some("a::X")),
            ("self::c::X", Some("a::b::c::X")),
            ("super::X", Some("a::X")),
            ("super::super::X", Some("X")),
            ("c::X", Some("a::b::c::X")),
            ("std::fmt", None),
        ] {
            let found = absolute(path, "a::b", is_module);
            assert_eq!(found.as_deref(), leads, "{path}");
        }
        assert_eq!(split("a::b::X::f", is_module), ("a::b", "X::f"));
        assert_eq!(split("X", is_module), ("", "X"));
    }
}
