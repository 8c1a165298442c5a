//! Every path of the API: what is served, beside what answers it.

mod files;
mod objects;
mod route;
mod server;
mod workspace;

use hyper::Method;

pub(super) use self::route::{Answering, Handler, Route};
use super::operation::Operation;

/// The routes, ready for look-ups.
pub(super) struct Routes {
    table: Vec<Route>,
    /// The places in the table of each path's routes.
    paths: matchit::Router<Vec<usize>>,
    /// Apart from the table: every request is compared with them.
    rare_words: Vec<RareWord>,
}

/// The last word of a path, which belongs after one resource alone: no id is `batch`.
struct RareWord {
    /// What comes before it.
    resource: &'static str,
    word: &'static str,
    /// What is said where it comes after another resource.
    message: &'static str,
}

impl RareWord {
    fn of(operation: &Operation) -> Option<Self> {
        let message = operation.nowhere_else?;
        let (resource, word) = operation.path.rsplit_once('/')?;
        Some(Self {
            resource,
            word,
            message,
        })
    }

    /// Whether a path has the word after another resource of the same version.
    fn is_misplaced(&self, path: &str) -> bool {
        let Some(before) = path.strip_suffix(self.word) else {
            return false;
        };
        before.strip_suffix('/').is_some_and(|resource| {
            resource != self.resource && version_of(resource) == version_of(self.resource)
        })
    }
}

/// Why no route was found.
pub(super) enum Missed {
    /// There is no such path.
    Path,
    /// The path's last word belongs after another resource alone, which this says.
    Resource(&'static str),
    /// The path takes other methods: these.
    Method(Vec<Method>),
}

impl Routes {
    pub fn new() -> Self {
        let table: Vec<Route> = [
            objects::routes(),
            workspace::routes(),
            files::routes(),
            server::routes(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut paths = matchit::Router::new();
        for Route { operation, .. } in &table {
            let same = |(place, other): (usize, &Route)| {
                (other.operation.path == operation.path).then_some(place)
            };
            let places: Vec<usize> = table.iter().enumerate().filter_map(same).collect();
            if table[places[0]].operation.method == operation.method {
                paths
                    .insert(operation.path, places)
                    .expect("the paths of the table do not conflict");
            }
        }
        let operations = table.iter().map(|route| &route.operation);
        Self {
            rare_words: operations.filter_map(RareWord::of).collect(),
            table,
            paths,
        }
    }

    /// The route of a method and path, with what stands in the path's places.
    pub fn find(&self, method: &Method, path: &str) -> Result<(&Route, Vec<String>), Missed> {
        if let Some(message) = self.nowhere_else(path) {
            return Err(Missed::Resource(message));
        }
        let found = self.paths.at(path).map_err(|_| Missed::Path)?;
        let routes = found.value.iter().map(|place| &self.table[*place]);
        // Whatever answers GET answers HEAD; hyper leaves out the body (RFC 9110, section 9.3.2).
        let asked = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        match routes
            .clone()
            .find(|route| route.operation.method == *asked)
        {
            Some(route) => {
                let ids = found.params.iter().map(|(_, id)| id.to_owned());
                Ok((route, ids.collect()))
            }
            None => Err(Missed::Method(routes.flat_map(methods).collect())),
        }
    }

    /// What is said of a path whose last word belongs after another resource.
    fn nowhere_else(&self, path: &str) -> Option<&'static str> {
        let mut words = self.rare_words.iter();
        let word = words.find(|word| word.is_misplaced(path));
        word.map(|word| word.message)
    }

    /// Whether there is anything at a path.
    pub fn has(&self, path: &str) -> bool {
        self.paths.at(path).is_ok() && self.nowhere_else(path).is_none()
    }

    /// What comes after `/v1/` in the paths: `contacts`, `search` and so on; a name may come twice.
    pub fn resources(&self) -> impl Iterator<Item = &'static str> + Clone + '_ {
        let paths = self
            .table
            .iter()
            .filter_map(|route| route.operation.path.strip_prefix("/v1/"));
        paths.filter_map(|path| path.split('/').next())
    }

    /// Every path, with its places in braces; one comes as often as it has methods.
    pub fn templates(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.table.iter().map(|route| route.operation.path)
    }

    /// Every operation, for whoever describes them.
    pub fn operations(&self) -> Vec<Operation> {
        let routes = self.table.iter();
        routes.map(|route| route.operation.clone()).collect()
    }
}

/// What comes before a resource's name.
fn version_of(resource: &str) -> Option<&str> {
    resource.rsplit_once('/').map(|(version, _)| version)
}

/// The methods that a route answers.
fn methods(route: &Route) -> impl Iterator<Item = Method> + use<> {
    let method = &route.operation.method;
    let head = (*method == Method::GET).then_some(Method::HEAD);
    [method.clone()].into_iter().chain(head)
}
