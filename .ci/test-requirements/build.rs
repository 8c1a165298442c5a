//! Finds what tests may require: servers and files that the environment names, programs of this machine, and a small disk to fill.
//!
//! It is looked for when the tests are built, since a test is ignored by an attribute. Cargo runs this again when a variable
//! or a folder of programs changes, and then builds again what has such tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

/// Servers, by the variable that names each: `.ci/databases` sets them.
const SERVERS: [(&str, &str); 4] = [
    ("postgres", "RELM_TEST_POSTGRES_URL"),
    ("postgres_c", "RELM_TEST_POSTGRES_C_URL"),
    ("mariadb", "RELM_TEST_MARIADB_URL"),
    ("galera", "RELM_TEST_GALERA_URLS"),
];

/// Files of others that tests use, by the variable that names each: `.ci/run` sets them.
const FILES: [(&str, &str); 1] = [("axe", "RELM_TEST_AXE")];

/// Programs that tests run.
const PROGRAMS: [&str; 13] = [
    "bash",
    "chromedriver",
    "chromium",
    "curl",
    "go",
    "initdb",
    "mariadb-install-db",
    "mariadbd",
    "node",
    "openssl",
    "php",
    "python3",
    "ruby",
];

/// Where Debian keeps the programs of a PostgreSQL server, in a folder for each version.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

fn main() -> io::Result<()> {
    let servers = SERVERS.map(|(name, variable)| {
        println!("cargo::rerun-if-env-changed={variable}");
        let is_there = env::var_os(variable).is_some_and(|url| !url.is_empty());
        let reason = format!("no server: set {variable}");
        (name.to_owned(), (!is_there).then_some(reason))
    });
    let files = FILES.map(|(name, variable)| {
        println!("cargo::rerun-if-env-changed={variable}");
        let is_there = env::var_os(variable).is_some_and(|path| Path::new(&path).is_file());
        let reason = format!("no file: have {variable} name it");
        (name.to_owned(), (!is_there).then_some(reason))
    });
    let folders = program_folders();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PATH");
    for folder in &folders {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    let programs = PROGRAMS.map(|program| {
        let is_there = folders.iter().any(|folder| folder.join(program).is_file());
        let reason = format!("no program `{program}`: install it");
        (program.replace('-', "_"), (!is_there).then_some(reason))
    });
    let out = env::var_os("OUT_DIR").expect("cargo says where to write");
    let no_tmpfs = (!mounts_tmpfs(&Path::new(&out).join("tmpfs")))
        .then(|| "no tmpfs: mounting one takes root on Linux".to_owned());
    let tmpfs = [("tmpfs".to_owned(), no_tmpfs)];
    let table = servers
        .into_iter()
        .chain(files)
        .chain(programs)
        .chain(tmpfs);
    let table: Vec<_> = table.collect();
    fs::write(Path::new(&out).join("table.rs"), format!("&{table:?}"))
}

/// Whether a disk of a test's own can be had: it is tried.
fn mounts_tmpfs(at: &Path) -> bool {
    let run = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        command.args(args).arg(at).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    fs::create_dir_all(at).is_ok()
        && run("mount", &["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        && run("umount", &[])
}

/// The folders of programs that there are. One that is not there is not named to Cargo, which would run this every time.
fn program_folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir(POSTGRES_VERSIONS)
        .into_iter()
        .flatten()
        .flatten();
    let servers = versions.map(|version| version.path().join("bin"));
    env::split_paths(&path)
        .chain(servers)
        .filter(|folder| folder.is_dir())
        .collect()
}
