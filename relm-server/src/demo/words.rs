//! What people, companies, deals and calls are called. Nobody of these exists: domains end in `.example`, and the telephone numbers are
//! those that are kept for fiction.

/// With what an address has of it.
pub(super) const FIRST_NAMES: [(&str, &str); 56] = [
    ("Ada", "ada"),
    ("Amara", "amara"),
    ("Amir", "amir"),
    ("Ana", "ana"),
    ("Anton", "anton"),
    ("Aoife", "aoife"),
    ("Beatriz", "beatriz"),
    ("Ben", "ben"),
    ("Camille", "camille"),
    ("Chen", "chen"),
    ("Chiara", "chiara"),
    ("Daniel", "daniel"),
    ("Divya", "divya"),
    ("Elif", "elif"),
    ("Emma", "emma"),
    ("Esther", "esther"),
    ("Farid", "farid"),
    ("Femi", "femi"),
    ("Freya", "freya"),
    ("Grace", "grace"),
    ("Hana", "hana"),
    ("Henrik", "henrik"),
    ("Ines", "ines"),
    ("Isaac", "isaac"),
    ("Jamal", "jamal"),
    ("João", "joao"),
    ("Jonas", "jonas"),
    ("Karin", "karin"),
    ("Kofi", "kofi"),
    ("Laila", "laila"),
    ("Lea", "lea"),
    ("Liam", "liam"),
    ("Lucía", "lucia"),
    ("Maja", "maja"),
    ("Marek", "marek"),
    ("Mei", "mei"),
    ("Mina", "mina"),
    ("Nadia", "nadia"),
    ("Nikhil", "nikhil"),
    ("Noah", "noah"),
    ("Olga", "olga"),
    ("Omar", "omar"),
    ("Paul", "paul"),
    ("Petra", "petra"),
    ("Rafael", "rafael"),
    ("Rosa", "rosa"),
    ("Samir", "samir"),
    ("Sara", "sara"),
    ("Søren", "soren"),
    ("Tara", "tara"),
    ("Theo", "theo"),
    ("Uma", "uma"),
    ("Viktor", "viktor"),
    ("Yuki", "yuki"),
    ("Zoë", "zoe"),
    ("Zuri", "zuri"),
];

pub(super) const LAST_NAMES: [(&str, &str); 60] = [
    ("Abara", "abara"),
    ("Ahmed", "ahmed"),
    ("Almeida", "almeida"),
    ("Andersen", "andersen"),
    ("Bakker", "bakker"),
    ("Banerjee", "banerjee"),
    ("Bauer", "bauer"),
    ("Bello", "bello"),
    ("Berg", "berg"),
    ("Brennan", "brennan"),
    ("Castro", "castro"),
    ("Cohen", "cohen"),
    ("Costa", "costa"),
    ("Dahl", "dahl"),
    ("Demir", "demir"),
    ("Diallo", "diallo"),
    ("Dubois", "dubois"),
    ("Eriksen", "eriksen"),
    ("Fischer", "fischer"),
    ("Fontaine", "fontaine"),
    ("Fujita", "fujita"),
    ("García", "garcia"),
    ("Goldberg", "goldberg"),
    ("Greco", "greco"),
    ("Haddad", "haddad"),
    ("Hansen", "hansen"),
    ("Horvat", "horvat"),
    ("Ibrahim", "ibrahim"),
    ("Ito", "ito"),
    ("Janssen", "janssen"),
    ("Kaya", "kaya"),
    ("Keller", "keller"),
    ("Khan", "khan"),
    ("Kim", "kim"),
    ("Kowalski", "kowalski"),
    ("Larsson", "larsson"),
    ("Lindqvist", "lindqvist"),
    ("Lopes", "lopes"),
    ("Marino", "marino"),
    ("Mensah", "mensah"),
    ("Moreau", "moreau"),
    ("Müller", "mueller"),
    ("Nair", "nair"),
    ("Nakamura", "nakamura"),
    ("Novak", "novak"),
    ("Okafor", "okafor"),
    ("Olsen", "olsen"),
    ("Osei", "osei"),
    ("Patel", "patel"),
    ("Popescu", "popescu"),
    ("Reyes", "reyes"),
    ("Rossi", "rossi"),
    ("Sato", "sato"),
    ("Schmidt", "schmidt"),
    ("Silva", "silva"),
    ("Tanaka", "tanaka"),
    ("Vargas", "vargas"),
    ("Walsh", "walsh"),
    ("Weber", "weber"),
    ("Zhang", "zhang"),
];

pub(super) const COMPANY_STEMS: [&str; 42] = [
    "Alder", "Anchor", "Basalt", "Beacon", "Birch", "Canal", "Cedar", "Cinder", "Cobalt", "Copper",
    "Delta", "Ember", "Fathom", "Fjord", "Gable", "Granite", "Harbor", "Hazel", "Heron", "Indigo",
    "Juniper", "Keystone", "Lantern", "Larch", "Linden", "Maple", "Meridian", "Mosaic", "Nimbus",
    "Orchard", "Osprey", "Pebble", "Pine", "Quarry", "Ridge", "Sable", "Sparrow", "Summit",
    "Tidal", "Tundra", "Willow", "Zephyr",
];

/// What companies do, with the industry that this is.
pub(super) const COMPANY_TRADES: [(&str, &str); 12] = [
    ("Labs", "Software"),
    ("Logistics", "Logistics"),
    ("Foods", "Food"),
    ("Robotics", "Manufacturing"),
    ("Health", "Health care"),
    ("Energy", "Energy"),
    ("Textiles", "Manufacturing"),
    ("Systems", "Software"),
    ("Freight", "Logistics"),
    ("Optics", "Manufacturing"),
    ("Clinics", "Health care"),
    ("Bakeries", "Food"),
];

pub(super) const INDUSTRIES: [&str; 6] = [
    "Software",
    "Logistics",
    "Food",
    "Manufacturing",
    "Health care",
    "Energy",
];

/// What contacts are grouped by.
pub(super) const TAGS: [&str; 4] = ["vip", "partner", "speaker", "beta"];

pub(super) const SOURCES: [&str; 5] = ["Website", "Referral", "Event", "Outbound", "Partner"];

pub(super) const PLANS: [&str; 3] = ["Starter", "Team", "Enterprise"];

/// What is sold, for how many cents each at least.
pub(super) const OFFERS: [(&str, i64); 8] = [
    ("annual plan", 480_000),
    ("pilot, 3 months", 150_000),
    ("rollout to all sites", 2_400_000),
    ("second team", 360_000),
    ("support contract", 240_000),
    ("migration", 900_000),
    ("renewal", 600_000),
    ("training days", 180_000),
];

/// The stages of a sale that is open, in their order.
pub(super) const OPEN_STAGES: [&str; 4] = ["lead", "qualified", "proposal", "negotiation"];

/// Types of activity, with what they are about.
pub(super) const ACTIVITIES: [(&str, &str); 14] = [
    ("call", "First call"),
    ("call", "Call about the price"),
    ("call", "Call after the demo"),
    ("email", "Sent the offer"),
    ("email", "Asked for the order form"),
    ("email", "Answered questions about security"),
    ("meeting", "Demo for the team"),
    ("meeting", "Workshop on site"),
    ("meeting", "Review with the finance lead"),
    ("note", "Budget is decided in spring"),
    ("note", "Prefers to be called before noon"),
    ("note", "Uses spreadsheets today"),
    ("task", "Send the contract"),
    ("task", "Prepare the trial"),
];

/// What an association between a contact and a deal says.
pub(super) const ROLES: [&str; 4] = ["champion", "decision maker", "finance", "legal"];

/// Who made all this: their ids and names.
pub(super) const TEAM: [(&str, &str); 4] = [
    ("demo-maya", "Maya Lind"),
    ("demo-tom", "Tom Adeyemi"),
    ("demo-priya", "Priya Raman"),
    ("demo-luis", "Luis Ortega"),
];
