//! What a day brings: companies, people, deals that are found and move on, and what was said to whom.

use relm_core::{
    ActivityInput, AssociationInput, BatchInput, CompanyInput, ContactInput, DealInput, Id,
    Metadata, Patch, Result,
};

use super::words::{
    ACTIVITIES, COMPANY_STEMS, COMPANY_TRADES, FIRST_NAMES, LAST_NAMES, OFFERS, OPEN_STAGES, PLANS,
    ROLES, SOURCES, TAGS,
};
use super::{Company, Contact, Deal, Demo, at_once, share};

/// Of a hundred open deals, those that move on in a day.
const MOVING_PERCENT: usize = 20;
/// Of a hundred that move, those that are lost.
const LOST_PERCENT: usize = 18;
/// Companies that are new.
const NEW_COMPANIES: usize = 30;
/// The day on which a few contacts are deleted, to be found in the trash, and how many.
const CLEARING_DAY: usize = 20;
const CLEARED_OUT: usize = 12;

impl Demo<'_> {
    pub(super) async fn spend(&mut self, day: usize) -> Result<()> {
        self.meet_companies(share(self.size.companies, day)).await?;
        self.meet_people(share(self.size.contacts, day)).await?;
        self.find_deals(share(self.size.deals, day)).await?;
        self.move_deals().await?;
        self.talk(share(self.size.activities, day)).await?;
        if day == CLEARING_DAY {
            self.clear_out().await?;
        }
        Ok(())
    }

    async fn meet_companies(&mut self, count: usize) -> Result<()> {
        let mut inputs = Vec::new();
        for number in self.companies.len()..self.companies.len() + count {
            let (stem, round) = (number % COMPANY_STEMS.len(), number / COMPANY_STEMS.len());
            let (stem, trade) = (COMPANY_STEMS[stem], (stem + round) % COMPANY_TRADES.len());
            let (trade, industry) = COMPANY_TRADES[trade];
            let name = format!("{stem} {trade}");
            let domain = format!("{}-{}.example", stem.to_lowercase(), trade.to_lowercase());
            let employees = [8, 20, 45, 80, 150, 400, 1200];
            let employees = self.dice.one_of(&employees) + self.dice.below(7);
            let mut metadata = Metadata::from([("industry", industry)]);
            if self.dice.percent(80) {
                metadata.insert("employees", employees);
            }
            let input = CompanyInput {
                name: name.clone().into(),
                domain: domain.clone().into(),
                metadata: metadata.into(),
                ..CompanyInput::default()
            };
            inputs.push((self.somebody(), name, domain, input));
        }
        let team = &self.team;
        let made = at_once(
            self,
            inputs
                .into_iter()
                .map(|(by, name, domain, input)| async move {
                    let id = team[by].companies().create(input).await?.id;
                    Ok(Company { id, name, domain })
                }),
        );
        let made = made.await?;
        self.companies.extend(made);
        Ok(())
    }

    async fn meet_people(&mut self, count: usize) -> Result<()> {
        let mut contacts = Vec::new();
        let mut companies = Vec::new();
        for _ in 0..count {
            let company = self.some_company();
            let (first, address) = self.dice.one_of(&FIRST_NAMES);
            let (last, of_last) = self.dice.one_of(&LAST_NAMES);
            let domain = self.companies[company].domain.clone();
            let mut email = format!("{address}.{of_last}@{domain}");
            let mut number = 2;
            while !self.addresses.insert(email.clone()) {
                email = format!("{address}.{of_last}{number}@{domain}");
                number += 1;
            }
            let phone = self.some_phone();
            let mut metadata = Metadata::new();
            if self.dice.percent(70) {
                metadata.insert("source", self.dice.one_of(&SOURCES));
            }
            if self.dice.percent(50) {
                metadata.insert("newsletter", self.dice.percent(60));
            }
            let tag = self.dice.percent(30).then(|| self.dice.one_of(&TAGS));
            companies.push(company);
            contacts.push(ContactInput {
                email: email.into(),
                first_name: first.into(),
                last_name: last.into(),
                phone,
                company_id: self.companies[company].id.into(),
                tags: Vec::from_iter(tag).into(),
                metadata: metadata.into(),
                ..ContactInput::default()
            });
        }
        let by = self.somebody();
        for (inputs, of) in contacts.chunks(250).zip(companies.chunks(250)) {
            let batch = BatchInput {
                rows: inputs.to_vec(),
                ..BatchInput::default()
            };
            let report = self.team[by].contacts().batch(batch).await?;
            let made = report.data.iter().zip(of);
            let made = made.filter_map(|(row, company)| {
                Some(Contact {
                    id: row.id?,
                    company: *company,
                })
            });
            self.contacts.extend(made);
            self.pause();
        }
        Ok(())
    }

    fn some_phone(&mut self) -> Patch<String> {
        match self.dice.below(5) {
            0 | 1 => format!("+44 20 7946 0{:03}", self.dice.below(1000)).into(),
            2 => format!("+1 202 555 01{:02}", self.dice.below(100)).into(),
            _ => Patch::Keep,
        }
    }

    /// One of those that came last, or of all: of these some have many people, most have few.
    fn some_company(&mut self) -> usize {
        let count = self.companies.len();
        match self.dice.percent(20) {
            true => count - 1 - self.dice.below(count.min(NEW_COMPANIES)),
            false => {
                let bound = self.dice.below(count);
                self.dice.below(bound + 1)
            }
        }
    }

    async fn find_deals(&mut self, count: usize) -> Result<()> {
        let mut inputs = Vec::new();
        for _ in 0..count {
            let contact = self.dice.one_of(&self.contacts);
            let company = self.companies[contact.company].clone();
            let (offer, least) = self.dice.one_of(&OFFERS);
            let times = 1 + i64::try_from(self.dice.below(12)).unwrap_or(0);
            // A company buys in one currency.
            let currency = ["EUR", "EUR", "USD", "EUR", "GBP", "USD"][contact.company % 6];
            let closes_in = 20 + self.dice.below(70);
            let input = DealInput {
                title: format!("{}: {offer}", company.name).into(),
                value_cents: (least * times).into(),
                currency: currency.into(),
                stage: OPEN_STAGES[0].into(),
                close_date: self.day_after(closes_in).into(),
                company_id: company.id.into(),
                primary_contact_id: contact.id.into(),
                metadata: Metadata::from([("plan", self.dice.one_of(&PLANS))]).into(),
                ..DealInput::default()
            };
            let role = self.dice.percent(45).then(|| self.dice.one_of(&ROLES));
            inputs.push((self.somebody(), contact, role, input));
        }
        let team = &self.team;
        let made = at_once(
            self,
            inputs
                .into_iter()
                .map(|(owner, contact, role, input)| async move {
                    let id = team[owner].deals().create(input).await?.id;
                    if let Some(role) = role {
                        let input = AssociationInput {
                            from_id: contact.id,
                            to_id: id,
                            label: Some(role.to_owned()),
                            attributes: Default::default(),
                        };
                        team[owner].associations().link(input).await?;
                    }
                    Ok(Deal {
                        id,
                        contact,
                        stage: 0,
                        owner,
                    })
                }),
        );
        let made = made.await?;
        self.open.extend(made);
        Ok(())
    }

    async fn move_deals(&mut self) -> Result<()> {
        let mut moves = Vec::new();
        let (mut open, today) = (Vec::new(), self.day_after(0));
        for mut deal in std::mem::take(&mut self.open) {
            if !self.dice.percent(MOVING_PERCENT) {
                open.push(deal);
                continue;
            }
            let is_lost = self.dice.percent(LOST_PERCENT);
            let next = OPEN_STAGES.get(deal.stage + 1).filter(|_| !is_lost);
            let stage = match (next, is_lost) {
                (Some(next), _) => next,
                (None, false) => "won",
                (None, true) => "lost",
            };
            let mut input = DealInput {
                stage: stage.into(),
                ..DealInput::default()
            };
            if next.is_none() {
                input.close_date = today.into();
            }
            moves.push((deal.owner, deal.id, input));
            if next.is_some() {
                deal.stage += 1;
                open.push(deal);
            }
        }
        self.open = open;
        let team = &self.team;
        let moves = moves.into_iter().map(|(owner, id, input)| async move {
            team[owner].deals().update(id, input, None).await.map(drop)
        });
        at_once(self, moves).await.map(drop)
    }

    /// About deals that are open, most of all.
    async fn talk(&mut self, count: usize) -> Result<()> {
        let mut inputs = Vec::new();
        for _ in 0..count {
            let (activity_type, subject) = self.dice.one_of(&ACTIVITIES);
            let mut input = ActivityInput {
                activity_type: activity_type.into(),
                subject: subject.into(),
                ..ActivityInput::default()
            };
            let is_about_deal = self.dice.percent(75) && !self.open.is_empty();
            let (by, contact) = match is_about_deal {
                true => {
                    let place = self.dice.below(self.open.len());
                    let deal = &self.open[place];
                    input.deal_id = deal.id.into();
                    (deal.owner, deal.contact)
                }
                false => (self.somebody(), self.dice.one_of(&self.contacts)),
            };
            input.contact_id = contact.id.into();
            input.company_id = self.companies[contact.company].id.into();
            inputs.push((by, input));
        }
        let team = &self.team;
        let said = inputs
            .into_iter()
            .map(|(by, input)| async move { team[by].activities().create(input).await.map(drop) });
        at_once(self, said).await.map(drop)
    }

    /// Deletes a few of the contacts that came last and are in no open deal. Nobody hears of them again.
    async fn clear_out(&mut self) -> Result<()> {
        let is_in_deal = |id| self.open.iter().any(|deal| deal.contact.id == id);
        let last = self.contacts.iter().rev().map(|contact| contact.id);
        let gone: Vec<Id> = last
            .filter(|id| !is_in_deal(*id))
            .take(CLEARED_OUT)
            .collect();
        self.contacts.retain(|contact| !gone.contains(&contact.id));
        let team = &self.team;
        let gone = gone
            .into_iter()
            .map(|id| async move { team[0].contacts().delete(id, None).await });
        at_once(self, gone).await.map(drop)
    }
}
