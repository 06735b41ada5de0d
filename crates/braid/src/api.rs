//! The HTTP API of a running braid, as the commands ask it.

use std::time::Duration;

use anyhow::{Context, bail};
use braid_alert::IncidentId;
use serde::Deserialize;
use ureq::Agent;
use ureq::http::Response;

/// How long a running braid may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// How many pages of the list are asked for; whoever has more incidents gives the whole id.
const PAGES_MAX: usize = 200;

/// How many incidents a page has at most.
const PAGE_INCIDENTS: usize = 500;

/// The largest record that is read: ten times what the brokers of a default configuration take.
const RECORD_BYTES_MAX: u64 = 10 << 20;

/// The HTTP API of a running braid.
pub(crate) struct Api {
    agent: Agent,
    base: String,
    /// What the API asks for, if it asks for one.
    token: Option<String>,
}

/// A page of the list, as far as it is needed here.
#[derive(Deserialize)]
struct Listed {
    incidents: Vec<ListedIncident>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct ListedIncident {
    id: String,
}

impl Api {
    /// The API at this address, such as `http://localhost:9464`.
    pub(crate) fn at(url: &str, token: Option<String>) -> Self {
        let config =
            Agent::config_builder().timeout_global(Some(ANSWER_WITHIN)).http_status_as_error(false).build();
        Self { agent: config.into(), base: url.trim_end_matches('/').to_owned(), token }
    }

    /// The record of an incident, or of the one that it was merged into; `None` if that is not known there.
    pub(crate) fn incident(&self, id: IncidentId) -> anyhow::Result<Option<Vec<u8>>> {
        let mut response = self.get(&format!("/api/incidents/{id}"))?;
        if response.status().as_u16() == 404 {
            return Ok(None);
        }
        self.well(&response)?;
        let body = response.body_mut().with_config().limit(RECORD_BYTES_MAX).read_to_vec();
        body.map(Some).with_context(|| format!("reading what {} says of {id}", self.base))
    }

    /// The ids in the list that begin so.
    pub(crate) fn ids_that_begin(&self, asked: &str) -> anyhow::Result<Vec<IncidentId>> {
        let asked = asked.to_ascii_lowercase();
        let mut found = Vec::new();
        let mut cursor = String::new();
        for _ in 0..PAGES_MAX {
            let mut response = self.get(&format!("/api/incidents?limit={PAGE_INCIDENTS}{cursor}"))?;
            self.well(&response)?;
            let page = response.body_mut().read_json::<Listed>();
            let page = page.with_context(|| format!("{} answers with no list of incidents", self.base))?;
            let begin = page.incidents.iter().filter(|listed| listed.id.starts_with(&asked));
            found.extend(begin.filter_map(|listed| IncidentId::parse(&listed.id)));
            let Some(next) = page.next else { break };
            cursor = format!("&cursor={next}");
        }
        Ok(found)
    }

    /// How its integrations are, as it tells it.
    pub(crate) fn integrations(&self) -> anyhow::Result<Vec<u8>> {
        let mut response = self.get("/api/integrations")?;
        self.well(&response)?;
        let body = response.body_mut().with_config().limit(RECORD_BYTES_MAX).read_to_vec();
        body.with_context(|| format!("reading what {} says of its integrations", self.base))
    }

    fn get(&self, path: &str) -> anyhow::Result<Response<ureq::Body>> {
        let url = format!("{}{path}", self.base);
        let request = self.agent.get(&url);
        let request = match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        request.call().with_context(|| format!("asking {url}"))
    }

    fn well(&self, response: &Response<ureq::Body>) -> anyhow::Result<()> {
        match response.status().as_u16() {
            200 | 308 => Ok(()),
            401 => bail!("{} asks for its token: set BRAID_API_TOKEN to what http.token is there", self.base),
            status => bail!("{} answers with status {status}", self.base),
        }
    }
}
