//! A file of ten thousand rows, from a desk into the CRM and out of it again.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use test_requirements::requires;

use super::driver::Chromium;
use super::hand::{Hand, Person};
use crate::browser::PASSWORD;
use crate::server::{Server, relm};

const ROWS: usize = 10_000;
/// What ten thousand rows may take, to be tried and to be taken in.
const DONE_WAIT_MAX: Duration = Duration::from_secs(120);

struct Desk {
    person: Person,
    folder: TempDir,
    _server: Server,
}

impl Desk {
    /// A person who is signed in to a server in an empty folder, and has a file of another CRM.
    fn begin(browser: Chromium) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::spawn(relm(folder.path()));
        let person = Person {
            browser,
            hand: Hand::Pointer,
        };
        person.browser.open(server.link.as_deref().unwrap());
        person.fill("email", "eva@example.com");
        person.fill("password", PASSWORD);
        person.fill("again", PASSWORD);
        person.press("Set password and sign in");
        person.is_at("Contacts");
        person.press("Test");
        person.reads("No contact yet.");
        let mut file = "E-mail,First Name,Fax\n".to_owned();
        for n in 0..ROWS {
            let at = if n == 77 { "" } else { "@" };
            writeln!(file, "c{n}{at}example.com,Name {n},{n}").unwrap();
        }
        std::fs::write(folder.path().join("contacts.csv"), file).unwrap();
        Self {
            person,
            folder,
            _server: server,
        }
    }

    /// Waits until the page says that all rows were worked on, and gives how often it was seen on the way.
    #[track_caller]
    fn waits_for(&self, words: &str) -> usize {
        let began = Instant::now();
        let mut on_the_way = 0;
        loop {
            let shown = self.person.browser.shown();
            if shown.contains(words) {
                return on_the_way;
            }
            on_the_way += usize::from(shown.contains("of 10,000 rows"));
            assert!(began.elapsed() < DONE_WAIT_MAX, "{shown}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn spend(&self) {
        let person = &self.person;
        person.press("Import");
        person.is_at("Import a file");
        let field = person.browser.find("//input[@type='file']");
        person
            .browser
            .choose_file(&field, &self.folder.path().join("contacts.csv"));
        let began = Instant::now();
        person.press("Upload and try");
        person.is_at("Dry run of contacts");
        let seen = self.waits_for("Nothing has changed.");
        assert!(seen > 0, "the progress is shown");
        println!("10,000 rows were tried in {:.1?}", began.elapsed());
        person.reads("1 of 3 columns is left out.");
        person.choose("column.2", "metadata.Fax");
        let began = Instant::now();
        person.press("Import with these columns");
        person.is_at("Import of contacts");
        let seen = self.waits_for("The file is taken in.");
        assert!(seen > 0, "the progress is shown");
        println!("10,000 rows were taken in in {:.1?}", began.elapsed());
        person.press("contacts");
        person.press("Name 9999");
        person.reads("Fax");
        person.browser.open(&self.imports());
        person.press_that_begins("Contacts, 20");
        person.press("Undo");
        person.press("Undo the import");
        self.waits_for("What it changed is taken back");
        let violations = person.browser.violations();
        assert!(violations.is_empty(), "{violations:#?}");
    }

    fn imports(&self) -> String {
        let url = self.person.browser.url();
        format!("{}/imports", url.split("/contacts").next().unwrap())
    }
}

#[requires(chromium, chromedriver)]
#[test]
fn ten_thousand_rows_are_tried_and_taken_in() {
    Desk::begin(Chromium::start()).spend();
}

#[requires(chromium, chromedriver)]
#[test]
fn ten_thousand_rows_are_tried_and_taken_in_without_scripts() {
    Desk::begin(Chromium::start().without_script()).spend();
}
