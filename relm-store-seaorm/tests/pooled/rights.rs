//! What a role that lacks a right is told of it, one right after another.

use relm_store_seaorm::{PoolOptions, SeaOrmStore};
use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::on_each_server;
use crate::opening::open_error;
use crate::throwaway::{RUNTIME, Server, connect};

on_each_server! {
    a_role_is_told_which_right_it_lacks
}

/// A role that has no right yet, and what gives it some.
struct Role<'a> {
    name: String,
    /// The database that it has rights on.
    database: &'a str,
    /// Where it opens the database.
    url: String,
    is_mysql: bool,
    /// A connection of somebody who may give rights.
    owner: DatabaseConnection,
}

impl<'a> Role<'a> {
    async fn make(url: &'a str, owner: DatabaseConnection) -> Self {
        let (before, rest) = url.split_once('@').unwrap();
        let (scheme, _) = before.split_once("://").unwrap();
        let name = format!("relm_{}_{scheme}", std::process::id());
        let role = Self {
            database: rest.rsplit('/').next().unwrap(),
            url: format!("{scheme}://{name}@{rest}"),
            name,
            is_mysql: scheme == "mysql",
            owner,
        };
        let named = &role.name;
        role.run(match role.is_mysql {
            true => format!("CREATE USER {named}@'%'"),
            false => format!("CREATE ROLE {named} LOGIN"),
        })
        .await;
        role
    }

    async fn run(&self, sql: String) {
        let done = self.owner.execute_unprepared(&sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Gives the role these rights on something, on MariaDB alone.
    async fn grant_on_mysql(&self, rights: &str, on: &str) {
        if self.is_mysql {
            let Self { name, database, .. } = self;
            let grant = format!("GRANT {rights} ON {database}.{on} TO {name}@'%'");
            self.run(grant).await;
        }
    }

    async fn revoke_on_mysql(&self, rights: &str) {
        if self.is_mysql {
            let Self { name, database, .. } = self;
            let revoke = format!("REVOKE {rights} ON {database}.* FROM {name}@'%'");
            self.run(revoke).await;
        }
    }

    /// Gives the role all rights on rows but the one to delete them.
    async fn grant_all_but_delete(&self) {
        let rights = "SELECT, INSERT, UPDATE";
        self.grant_on_mysql(rights, "*").await;
        if !self.is_mysql {
            let grant = format!(
                "GRANT {rights} ON ALL TABLES IN SCHEMA public TO {}",
                self.name
            );
            self.run(grant).await;
        }
    }

    /// What is said to it when it opens the database.
    async fn is_told(&self, options: &PoolOptions, expected: &str) {
        let said = open_error(&self.url, options.clone()).await.to_string();
        assert!(said.contains(expected), "{said}");
    }

    async fn drop(self) {
        let name = &self.name;
        if self.is_mysql {
            self.run(format!("DROP USER {name}@'%'")).await;
        } else {
            self.run(format!("DROP OWNED BY {name}")).await;
            self.run(format!("DROP ROLE {name}")).await;
        }
        self.owner.close().await.unwrap();
    }
}

fn a_role_is_told_which_right_it_lacks(server: &'static Server) {
    let database = server.empty();
    let url = database.url();
    let owner = connect(&url);
    RUNTIME.block_on(async {
        let role = Role::make(&url, owner).await;
        let options = PoolOptions::new();
        if role.is_mysql {
            role.is_told(&options, "connect on the database").await;
        }
        role.grant_on_mysql("SELECT", "*").await;
        let denied = "CREATE, ALTER and INDEX on the schema";
        role.is_told(&options, denied).await;
        let migrated = SeaOrmStore::migrate(&url, PoolOptions::new()).await;
        migrated.expect("its owner may");
        let options = options.migrate(false);
        role.revoke_on_mysql("SELECT").await;
        role.grant_on_mysql("SELECT", "contacts").await;
        let denied = "SELECT on the table `relm_migrations`";
        role.is_told(&options, denied).await;
        role.grant_all_but_delete().await;
        role.is_told(&options, "DELETE on the table `contacts`")
            .await;
        role.drop().await;
    });
}
