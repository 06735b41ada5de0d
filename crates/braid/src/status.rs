//! `braid status`: how each integration of a running braid is, and what is wrong with it.

mod told;

use braid_wire::json::from_json;

use crate::Outcome;
use crate::api::Api;
use crate::cli::Status;
use crate::stdout;

use told::Integrations;

/// Asks, and tells.
pub(crate) fn run(arguments: &Status) -> anyhow::Result<Outcome> {
    let body = Api::at(&arguments.url, arguments.token.clone()).integrations()?;
    let found: Integrations = from_json(&body)
        .map_err(|refusal| anyhow::anyhow!("{} tells of no integrations: {refusal}", arguments.url))?;
    let text =
        if arguments.json { String::from_utf8_lossy(&body).into_owned() + "\n" } else { found.written() };
    stdout::print(&text)?;
    Ok(if found.is_broken() { Outcome::Refused } else { Outcome::Done })
}
