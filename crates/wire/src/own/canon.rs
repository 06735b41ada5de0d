//! What every alert of braid's own format must be, whoever wrote it: identified, and its names in canonical form.

use braid_alert::{Alert, AlertId, Evidence, HostAddress, Identifier, IdentifierKind, Provider, Technique};

use crate::json::shortened;
use crate::{Refusal, RefusalReason};

/// The longest description that is kept, in characters: it is for display only.
const DESCRIPTION_CHARACTERS_MAX: usize = 4_096;
/// The longest label of a piece of evidence, in characters; see [`Evidence::label`].
const LABEL_CHARACTERS_MAX: usize = 256;

/// The alert in canonical form. Its tenant is left to the source's rule.
///
/// # Errors
/// `missing_provider`, `missing_id`, `malformed` (title) for a text that is blank.
pub(super) fn canonical(mut alert: Alert) -> Result<Alert, Refusal> {
    let provider = required(alert.provider.as_str(), "provider", RefusalReason::MissingProvider)?;
    alert.provider = Provider::from_text(provider);
    alert.id = AlertId::new(required(alert.id.as_str(), "id", RefusalReason::MissingId)?);
    alert.title = required(&alert.title, "title", RefusalReason::Malformed)?.into();
    alert.description = alert.description.map(|text| shortened(&text, DESCRIPTION_CHARACTERS_MAX));
    alert.techniques = alert.techniques.iter().filter_map(|text| Technique::find(text.as_str())).collect();
    alert.techniques.sort();
    alert.techniques.dedup();
    // The end of one that ends before it begins is a mistake; it does not decide who is meant.
    alert.last_activity = alert.last_activity.max(alert.first_activity);
    alert.evidence = alert.evidence.into_iter().map(canonical_evidence).collect();
    Ok(alert)
}

/// A text without the white space around it.
///
/// # Errors
/// The reason, if nothing is left.
pub(super) fn required<'a>(text: &'a str, name: &str, reason: RefusalReason) -> Result<&'a str, Refusal> {
    let text = text.trim();
    if text.is_empty() { Err(Refusal::new(reason, format!("{name} is missing or empty"))) } else { Ok(text) }
}

/// Evidence with its identifiers in canonical form. A value that is no name (`N/A`, an address out of range, a payload
/// of thousands of characters) must join nothing, yet is what somebody wrote: it becomes the label, if there is none.
fn canonical_evidence(mut evidence: Evidence) -> Evidence {
    let mut nameless = None;
    for identifier in std::mem::take(&mut evidence.identifiers) {
        match canonical_identifier(&identifier) {
            Some(identifier) if evidence.identifiers.contains(&identifier) => {}
            Some(identifier) => evidence.identifiers.push(identifier),
            None => nameless = nameless.or(Some(identifier.value).filter(|value| !value.trim().is_empty())),
        }
    }
    evidence.label = evidence.label.or(nameless).map(|text| shortened(&text, LABEL_CHARACTERS_MAX));
    evidence.addresses = evidence.addresses.into_iter().filter_map(canonical_address).collect();
    evidence
}

pub(super) fn canonical_identifier(identifier: &Identifier) -> Option<Identifier> {
    match (&identifier.kind, identifier.value.split_once('\\')) {
        (IdentifierKind::DomainAccount, Some((domain, account))) => {
            Identifier::domain_account(domain, account)
        }
        (kind, _) => Identifier::new(kind.clone(), &identifier.value),
    }
}

fn canonical_address(HostAddress { address, egress }: HostAddress) -> Option<HostAddress> {
    Identifier::address(&address).map(|identifier| HostAddress { address: identifier.value, egress })
}
