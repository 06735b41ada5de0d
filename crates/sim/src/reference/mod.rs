//! The engine's rules in executable form, as naive as can be: what a person can check against the words, and a test
//! against the engine.
//!
//! It keeps every alert with everything that was ever said about it, and looks at all of it again for each question:
//! who bears a name, which alerts mention an entity, what an incident consists of, where a redirect leads. There is no
//! index, no counter that is kept up to date, no slot, and no bound but those that are rules (the eight nearest
//! mentions a side, 64 partners, the caps). With the engine it shares the nouns, [`Settings`] and the words of its
//! effects, and nothing else.
//!
//! What it leaves out, so that a world that is to be compared must keep clear of it: the reckoned bytes of records
//! (`incident_bytes_max`, `state_bytes_max`), and rules. And what a record shows beside
//! its facts: title, score, labels, near misses, the way from host to host.
//!
//! Start with [`Reference`].

mod alert;
mod binding;
mod command;
mod company;
mod departure;
mod directory;
mod division;
mod encounter;
mod entity;
mod filter;
mod flood;
mod forgetting;
mod history;
mod identity;
mod identity_summary;
mod incident;
mod linking;
mod membership;
mod merging;
mod naming;
mod partners;
mod placing;
mod revising;
mod ruling;
mod separation;
mod summary;
mod triage;
mod union;
mod weighing;

use std::collections::BTreeMap;

use braid_alert::{SourceTime, Tenant};
use braid_engine::{Effect, Input, Settings};

use history::History;
pub use identity_summary::IdentitySummary;
pub use summary::{EntitySummary, IncidentSummary};
pub use triage::Said;

/// The naive correlator: answers every input as the engine should.
#[derive(Debug)]
pub struct Reference {
    settings: Settings,
    tenants: BTreeMap<Tenant, History>,
}

impl Reference {
    /// One that has heard of nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, tenants: BTreeMap::new() }
    }

    /// Takes one input and says what follows from it.
    pub fn apply(&mut self, input: &Input) -> Vec<Effect> {
        let (tenant, at) = addressee(input);
        let settings = self.settings.clone();
        let history = self.tenants.entry(tenant.clone()).or_insert_with(|| History::new(tenant, settings));
        let mut effects = Vec::new();
        history.advance(at);
        match input {
            Input::Alert(alert) => match history.find(&alert.key()) {
                Some(known) => history.revise(known, alert, &mut effects),
                None => history.arrive(alert, &mut effects),
            },
            Input::Directory(record) => history.list(record, &mut effects),
            Input::Command(command) => history.obey(command, &mut effects),
            Input::Tick { .. } => {}
        }
        history.relink_united(&mut effects);
        history.forget_unmentioned();
        effects
    }

    /// Every incident that is remembered, redirected ones included, in the order of tenants and ids.
    pub fn incidents(&self) -> Vec<IncidentSummary> {
        self.tenants.values().flat_map(History::summaries).collect()
    }

    /// Every entity that is remembered, in the order of tenants and numbers.
    pub fn entities(&self) -> Vec<IdentitySummary> {
        self.tenants.values().flat_map(History::identities).collect()
    }
}

/// Whose input it is, and the source time that it carries.
fn addressee(input: &Input) -> (Tenant, SourceTime) {
    match input {
        Input::Alert(alert) => (alert.tenant.clone(), alert.origin.source_time),
        Input::Directory(record) => (record.tenant.clone(), record.origin.source_time),
        Input::Command(command) => (command.tenant.clone(), command.origin.source_time),
        Input::Tick { tenant, at } => (tenant.clone(), *at),
    }
}
