//! Chromium, driven over WebDriver: JSON over HTTP, to a `chromedriver` of its own.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

/// What the name of an element stands under in an answer.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How long an element is waited for: a page that is on its way is shown by then.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// A browser without a window, and the program that drives it. Both end with it.
pub struct Chromium {
    driver: Child,
    agent: Agent,
    /// Where its session is.
    session: String,
}

/// An element of the page that is shown, as the driver calls it.
pub struct Element(String);

impl Element {
    /// As scripts are given it.
    pub fn as_argument(&self) -> Value {
        json!({ ELEMENT: self.0 })
    }
}

impl Chromium {
    pub fn start() -> Self {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn();
        let mut driver = driver.unwrap();
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let mut ports = lines.filter_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let port = ports.next().expect("it says where it listens");
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(WAIT_MAX * 3));
        let mut chromium = Self {
            driver,
            agent: config.build().into(),
            session: format!("http://127.0.0.1:{port}/session"),
        };
        // Whoever runs tests as root, as images do, has no sandbox; the pages are ours. What scrolls gently is not yet where it is clicked.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--force-prefers-reduced-motion",
            "--window-size=1280,900",
        ];
        let made = chromium.post(
            "",
            &json!({ "capabilities": { "alwaysMatch": {
                "browserName": "chrome",
                "timeouts": { "implicit": WAIT_MAX.as_millis(), "script": WAIT_MAX.as_millis() },
                "goog:loggingPrefs": { "browser": "ALL" },
                "goog:chromeOptions": { "binary": installed("chromium"), "args": arguments },
            } } }),
        );
        let id = made["sessionId"].as_str().unwrap();
        chromium.session = format!("{}/{id}", chromium.session);
        chromium
    }

    /// Runs no script of any page from now on.
    pub fn without_script(self) -> Self {
        self.emulate("ScriptExecutionDisabled", &json!({ "value": true }));
        self
    }

    /// Shows pages so wide, in a window of 800 pixels, to whoever prefers this scheme of colours.
    pub fn show_as(&self, width: u32, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.emulate("EmulatedMedia", &json!({ "features": [feature] }));
        let window =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.emulate("DeviceMetricsOverride", &window);
    }

    fn emulate(&self, what: &str, how: &Value) {
        self.tell(&format!("Emulation.set{what}"), how);
    }

    /// What WebDriver has no verb for, in the browser's own words.
    fn tell(&self, what: &str, how: &Value) {
        let told = json!({ "cmd": what, "params": how });
        self.post("/goog/cdp/execute", &told);
    }

    pub fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    pub fn url(&self) -> String {
        text(&self.get("/url"))
    }

    /// The first element that an XPath finds, once there is one.
    #[track_caller]
    pub fn find(&self, path: &str) -> Element {
        let asked = json!({ "using": "xpath", "value": path });
        let found = self.call("POST", "/element", Some(&asked));
        let found = found.unwrap_or_else(|error| {
            panic!("{path} at {}: {error}\n{}", self.url(), self.shown());
        });
        Element(text(&found[ELEMENT]))
    }

    /// What a person reads of the page.
    pub fn shown(&self) -> String {
        text(&self.run("return document.body.innerText", &[]))
    }

    pub fn text_of(&self, element: &Element) -> String {
        text(&self.get(&format!("/element/{}/text", element.0)))
    }

    pub fn click(&self, element: &Element) {
        self.post(&format!("/element/{}/click", element.0), &json!({}));
    }

    /// Types into an element that can be typed into, in the place of what is in it.
    pub fn replace(&self, element: &Element, text: &str) {
        self.post(&format!("/element/{}/clear", element.0), &json!({}));
        self.post(
            &format!("/element/{}/value", element.0),
            &json!({ "text": text }),
        );
    }

    /// Chooses a file of this machine in a field for files.
    pub fn choose_file(&self, element: &Element, file: &Path) {
        let name = file.to_str().expect("its path is text");
        self.post(
            &format!("/element/{}/value", element.0),
            &json!({ "text": name }),
        );
    }

    /// Presses and releases keys one after the other, wherever the focus is.
    pub fn type_keys(&self, keys: &str) {
        let strokes = keys
            .chars()
            .flat_map(|key| [("keyDown", key), ("keyUp", key)]);
        self.strike(strokes);
    }

    /// Chooses all that is in the field that has the focus.
    pub fn select_all(&self) {
        let down = ['\u{e009}', 'a'].map(|key| ("keyDown", key));
        let up = ['a', '\u{e009}'].map(|key| ("keyUp", key));
        self.strike(down.into_iter().chain(up));
    }

    fn strike(&self, strokes: impl Iterator<Item = (&'static str, char)>) {
        let strokes = strokes.map(|(way, key)| json!({ "type": way, "value": key.to_string() }));
        let strokes: Vec<Value> = strokes.collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.post("/actions", &json!({ "actions": [keyboard] }));
    }

    /// Runs a script that tells when it is done, by what it is given last.
    #[track_caller]
    pub fn run_until_done(&self, script: &str, arguments: &[Value]) -> Value {
        self.post(
            "/execute/async",
            &json!({ "script": script, "args": arguments }),
        )
    }

    /// Runs a script in each page that is opened from now on, before it is shown.
    pub fn run_in_every_page(&self, script: &str) {
        self.tell(
            "Page.addScriptToEvaluateOnNewDocument",
            &json!({ "source": script }),
        );
    }

    /// Runs a script of the test's own, which no policy of the page holds for.
    #[track_caller]
    pub fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.post(
            "/execute/sync",
            &json!({ "script": script, "args": arguments }),
        )
    }

    pub fn has_focus(&self, element: &Element) -> bool {
        let has = self.run(
            "return document.activeElement === arguments[0]",
            &[element.as_argument()],
        );
        has == json!(true)
    }

    /// What pages did since this was asked last that none should: what their policy forbids, and scripts that fail.
    pub fn violations(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().unwrap().iter();
        let wrong = entries.filter(|entry| {
            ["security", "javascript"].contains(&entry["source"].as_str().unwrap())
        });
        wrong.map(|entry| text(&entry["message"])).collect()
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let answered = self.call("POST", path, Some(body));
        answered.unwrap_or_else(|error| panic!("{path} of {body}: {error}"))
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let answered = self.call("GET", path, None);
        answered.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let url = format!("{}{path}", self.session);
        let answered = match (method, body) {
            ("POST", Some(body)) => self.agent.post(&url).send_json(body),
            ("DELETE", _) => self.agent.delete(&url).call(),
            _ => self.agent.get(&url).call(),
        };
        let mut answered = answered.map_err(|error| error.to_string())?;
        let is_done = answered.status().is_success();
        let body = answered.body_mut().read_json::<Value>();
        let body = body.map_err(|error| error.to_string())?;
        match is_done {
            true => Ok(body["value"].clone()),
            false => Err(text(&body["value"]["message"])),
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The browser ends with its session, and leaves no profile behind.
        let _ = self.call("DELETE", "", None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Where a program is.
fn installed(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap();
    let mut programs = env::split_paths(&path).map(|folder| folder.join(program));
    programs.find(|program| program.is_file()).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
