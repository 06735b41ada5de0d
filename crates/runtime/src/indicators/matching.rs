use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use braid_alert::{
    Alert, EntityKind, Evidence, Identifier, IdentifierKind, IndicatorMatch, IndicatorMatches, Role,
};
use braid_wire::{Observable, ObservableKind, StixIndicator};

use super::IndicatorSource;
use super::attribution::Behind;
use super::table::SourceTable;

/// Writes on an alert what it matches in these tables.
pub(super) fn annotate(alert: &mut Alert, tables: &[(&IndicatorSource, &SourceTable)]) {
    let named = named(alert);
    if named.is_empty() {
        return;
    }
    let found: Vec<IndicatorMatch> =
        tables.iter().flat_map(|(source, table)| matches(alert, &named, source, table)).collect();
    if found.is_empty() {
        return;
    }
    let found = IndicatorMatches::new(found);
    alert.evidence.extend(threats(found.as_slice()));
    // What a feed of braid's own alerts says of it stays.
    alert.indicators = std::mem::take(&mut alert.indicators).followed_by(found);
}

/// What an alert names that intelligence may speak of, and the identifier that it stands in. A host's own addresses are
/// not among it: they are the tenant's.
fn named(alert: &Alert) -> HashMap<Observable, &Identifier> {
    let held: BTreeSet<&str> =
        alert.evidence.iter().flat_map(|piece| &piece.addresses).map(|held| &*held.address).collect();
    let is_held = |name: &&Identifier| name.kind == IdentifierKind::Address && held.contains(&*name.value);
    let identifiers =
        alert.evidence.iter().flat_map(|piece| &piece.identifiers).filter(|name| !is_held(name));
    let each =
        identifiers.flat_map(|name| Observable::named_by(name).into_iter().map(move |value| (value, name)));
    let mut named = HashMap::new();
    each.for_each(|(value, name)| {
        named.entry(value).or_insert(name);
    });
    named
}

fn matches(
    alert: &Alert,
    named: &HashMap<Observable, &Identifier>,
    source: &IndicatorSource,
    table: &SourceTable,
) -> Vec<IndicatorMatch> {
    let asked = || {
        named.iter().filter(|(value, _)| !source.exclusions.meet(value)).map(|(value, name)| (value, *name))
    };
    let networks = networks(asked(), table);
    let named: HashMap<&Observable, &Identifier> =
        asked().chain(networks.iter().map(|(network, name)| (network, *name))).collect();
    let candidates: BTreeSet<&Arc<str>> = named.keys().flat_map(|value| table.asking(value)).collect();
    let asked = candidates.into_iter().filter_map(|id| {
        let indicator = table.indicator(id)?;
        let is_met =
            is_valid(indicator, alert) && indicator.pattern.is_met(&|value| named.contains_key(value));
        is_met.then_some((id, indicator))
    });
    asked
        .filter_map(|(id, indicator)| {
            let values = indicator.pattern.observables().into_iter();
            let matched = values.filter_map(|value| named.get(value)).next()?;
            Some(told(id, indicator, matched, &source.name, table.behind(id)))
        })
        .collect()
}

/// The networks that the addresses stand in, as far as they are asked for.
fn networks<'a>(
    named: impl Iterator<Item = (&'a Observable, &'a Identifier)>,
    table: &SourceTable,
) -> Vec<(Observable, &'a Identifier)> {
    let addresses = named.filter(|(value, _)| value.kind == ObservableKind::Address);
    let parsed = addresses.filter_map(|(value, name)| Some((value.value.parse().ok()?, name)));
    parsed
        .flat_map(|(address, name)| table.networks_of(address).map(move |network| (network, name)))
        .collect()
}

/// Whether the activity, or a part of it, falls into the time that the indicator is valid for.
fn is_valid(indicator: &StixIndicator, alert: &Alert) -> bool {
    alert.last_activity >= indicator.valid_from
        && indicator.valid_until.is_none_or(|until| alert.first_activity < until)
}

fn told(
    id: &str,
    indicator: &StixIndicator,
    matched: &Identifier,
    source: &str,
    Behind { actor, campaign, malware }: Behind<'_>,
) -> IndicatorMatch {
    let driven = actor.and_then(|actor| actor.motivation.clone());
    IndicatorMatch {
        indicator: id.into(),
        name: indicator.name.clone(),
        source: source.into(),
        matched: matched.clone(),
        actor: actor.map(|party| party.name.clone()),
        campaign: campaign.map(|party| party.name.clone()),
        malware: malware.map(|party| party.name.clone()),
        intent: driven.or_else(|| indicator.intent.clone()),
        confidence: indicator.confidence,
    }
}

/// Who is behind an alert, as evidence: the actor, or else the campaign, or else the indicator itself. Malware is not: what
/// is sold is in many hands.
fn threats(found: &[IndicatorMatch]) -> Vec<Evidence> {
    let name_of = |found: &IndicatorMatch| {
        // Feeds have actors called “Unknown”, which name nobody.
        let names = [found.actor.as_deref(), found.campaign.as_deref()].into_iter().flatten();
        let names_somebody = |name: &&str| Identifier::new(IdentifierKind::ThreatName, name).is_some();
        let told = names.into_iter().find(names_somebody).unwrap_or(&found.indicator);
        told.trim().to_lowercase()
    };
    let names: BTreeSet<String> = found.iter().map(name_of).collect();
    let piece = |name: String| {
        let of_it = || found.iter().filter(|found| name_of(found) == name);
        let is_sure = of_it().any(IndicatorMatch::is_sure);
        let sure = is_sure.then(|| Identifier::new(IdentifierKind::ThreatName, &name)).flatten();
        let suspected = Identifier::new(IdentifierKind::SuspectedThreatName, &name);
        let mut piece = Evidence::new(EntityKind::Threat, Role::Related);
        piece.identifiers = sure.into_iter().chain(suspected).collect();
        piece.label = of_it().next().map(|found| found.told_as().into());
        piece
    };
    names.into_iter().map(piece).filter(|piece| !piece.identifiers.is_empty()).collect()
}
