//! Every path of the API: what is served, beside what answers it.

mod files;
mod objects;
mod promotion;
mod route;
mod server;
mod settings;
mod workspace;

use hyper::Method;

pub(super) use self::route::{Answering, Handler, Route};
use super::operation::Operation;

/// The routes, ready for look-ups.
pub(super) struct Routes {
    table: Vec<Route>,
    /// The places in the table of each path's routes.
    paths: matchit::Router<Vec<usize>>,
}

/// Why no route was found.
pub(super) enum Missed {
    /// There is no such path.
    Path,
    /// The path takes other methods: these.
    Method(Vec<Method>),
}

impl Routes {
    pub fn new() -> Self {
        let table: Vec<Route> = [
            objects::routes(),
            workspace::routes(),
            promotion::routes(),
            settings::routes(),
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
        Self { table, paths }
    }

    /// The route of a method and path, with what stands in the path's places.
    pub fn find(&self, method: &Method, path: &str) -> Result<(&Route, Vec<String>), Missed> {
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

    /// Whether there is anything at a path.
    pub fn has(&self, path: &str) -> bool {
        self.paths.at(path).is_ok()
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

/// The methods that a route answers.
fn methods(route: &Route) -> impl Iterator<Item = Method> + use<> {
    let method = &route.operation.method;
    let head = (*method == Method::GET).then_some(Method::HEAD);
    [method.clone()].into_iter().chain(head)
}
