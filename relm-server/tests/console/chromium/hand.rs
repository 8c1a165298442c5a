//! How a person uses a page: by pointing at what it says, or by the keyboard alone.

use serde_json::json;

use super::driver::{Chromium, Element};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const ARROW_DOWN: &str = "\u{e015}";
/// Elements of a page that take the focus, at most.
const STOPS_MAX: usize = 150;

/// How many stops are certainly before an element, from that which has the focus: they are gone past at once.
const AHEAD: &str = "
    const stops = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex=\"0\"]';
    const isStop = (element) => element.checkVisibility() && (element.type !== 'radio' || element.checked);
    const all = [...document.querySelectorAll(stops)].filter(isStop);
    return Math.max(0, all.indexOf(arguments[0]) - all.indexOf(document.activeElement) - 3);
";

/// What a person has at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    Pointer,
    Keyboard,
}

/// A person before a browser.
pub struct Person {
    pub browser: Chromium,
    pub hand: Hand,
}

impl Person {
    /// Follows the link, or presses the button, that is called this.
    #[track_caller]
    pub fn press(&self, name: &str) {
        let name = quoted(name);
        let called = format!("[normalize-space()={name} or @aria-label={name}]");
        self.press_at(&format!(
            "//a{called} | //button{called} | //summary{called}"
        ));
    }

    /// The same of what is called something that begins so.
    #[track_caller]
    pub fn press_that_begins(&self, name: &str) {
        let name = quoted(name);
        let called =
            format!("[starts-with(normalize-space(), {name}) or starts-with(@aria-label, {name})]");
        self.press_at(&format!("//main//a{called} | //main//button{called}"));
    }

    #[track_caller]
    fn press_at(&self, path: &str) {
        let element = self.browser.find(path);
        match self.hand {
            Hand::Pointer => self.browser.click(&element),
            Hand::Keyboard => {
                self.reach(&element);
                self.browser.type_keys(ENTER);
            }
        }
    }

    /// Types into the field of this name, in the place of what is in it.
    #[track_caller]
    pub fn fill(&self, name: &str, text: &str) {
        let element = self.field(name);
        match self.hand {
            Hand::Pointer => self.browser.replace(&element, text),
            Hand::Keyboard => {
                self.reach(&element);
                self.browser.select_all();
                self.browser.type_keys(&text.replace('\n', ENTER));
            }
        }
    }

    /// Chooses of a list what has this value.
    #[track_caller]
    pub fn choose(&self, name: &str, value: &str) {
        let path = format!("//select[@name={}]", quoted(name));
        match self.hand {
            Hand::Pointer => {
                let option = format!("{path}/option[@value={}]", quoted(value));
                self.browser.click(&self.browser.find(&option));
            }
            Hand::Keyboard => {
                self.reach(&self.browser.find(&path));
                self.browser.type_keys(value);
            }
        }
        assert_eq!(self.value(name), value);
    }

    /// Picks one of several.
    #[track_caller]
    pub fn pick(&self, name: &str, value: &str) {
        let of_name = format!("//input[@name={}]", quoted(name));
        let path = format!("{of_name}[@value={}]", quoted(value));
        match self.hand {
            Hand::Pointer => self.browser.click(&self.browser.find(&path)),
            Hand::Keyboard => {
                let picked = self.browser.run(
                    "return document.querySelector(`input[name='${arguments[0]}']:checked`).value",
                    &[json!(name)],
                );
                let picked = quoted(picked.as_str().unwrap());
                self.reach(&self.browser.find(&format!("{of_name}[@value={picked}]")));
                let wanted = self.browser.find(&path);
                let mut moves = 0..STOPS_MAX;
                while !self.browser.has_focus(&wanted) {
                    moves.next().expect("arrows lead to each of them");
                    self.browser.type_keys(ARROW_DOWN);
                }
            }
        }
    }

    /// Ticks a box.
    #[track_caller]
    pub fn tick(&self, name: &str) {
        let element = self.field(name);
        match self.hand {
            Hand::Pointer => self.browser.click(&element),
            Hand::Keyboard => {
                self.reach(&element);
                self.browser.type_keys(" ");
            }
        }
    }

    /// Searches, from whatever page is shown.
    #[track_caller]
    pub fn search(&self, words: &str) {
        self.fill("q", words);
        self.browser.type_keys(ENTER);
    }

    /// Waits until the page says this, and gives the whole of what says it.
    #[track_caller]
    pub fn reads(&self, words: &str) -> String {
        let words = quoted(words);
        let path = format!(
            "//main//*[contains(normalize-space(), {words})][not(*[contains(normalize-space(), {words})])]"
        );
        self.browser.text_of(&self.browser.find(&path))
    }

    /// Waits until the page has this heading.
    #[track_caller]
    pub fn is_at(&self, heading: &str) {
        let path = format!("//h1[normalize-space()={}]", quoted(heading));
        self.browser.find(&path);
    }

    /// What is in a field.
    pub fn value(&self, name: &str) -> String {
        let value = self.browser.run(
            "return document.querySelector(`[name='${arguments[0]}']`).value",
            &[json!(name)],
        );
        value.as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn field(&self, name: &str) -> Element {
        let name = quoted(name);
        self.browser.find(&format!(
            "//*[@name={name}][self::input[not(@type='hidden')] or self::textarea]"
        ))
    }

    /// Goes on to an element by the key that leads from one to the next.
    #[track_caller]
    fn reach(&self, element: &Element) {
        let ahead = self.browser.run(AHEAD, &[element.as_argument()]);
        let ahead = usize::try_from(ahead.as_u64().unwrap()).unwrap();
        self.browser.type_keys(&TAB.repeat(ahead));
        for _ in 0..STOPS_MAX {
            if self.browser.has_focus(element) {
                return;
            }
            self.browser.type_keys(TAB);
        }
        panic!("no key leads there: {}", self.browser.url());
    }
}

/// A text as XPath writes it, which has no escapes.
fn quoted(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
    format!("concat({})", parts.join(", \"'\", "))
}
