//! What a link, a time and a product are called in a sentence.

use braid_alert::{
    ChangeReason, ContextReason, EntityKind, EventTime, IncidentEntity, IndicatorMatch, LinkReason,
    NearMissReason, OpenReason, Provider, ScorePart, Span, Weight,
};
use braid_wire::{Format, Holds};

/// Whether a source tells that an alert is done with, in words; `None` of one that holds no alerts.
pub(crate) fn resolution(format: Format) -> Option<&'static str> {
    match (format.holds(), format.reports_resolution()) {
        (Holds::Alerts, true) => Some("reported"),
        (Holds::Alerts, false) => Some("not reported"),
        (Holds::Directory | Holds::Commands | Holds::Indicators, _) => None,
    }
}

/// Why a link holds, as a sentence about the entity that both alerts mention, if that is known.
pub(crate) fn sentence(reason: &LinkReason, entity: Option<&IncidentEntity>) -> String {
    let name = entity.map_or("something", short_name);
    match reason {
        LinkReason::SharedIndicators if entity.is_some_and(|entity| entity.kind == EntityKind::Threat) => {
            format!("threat intelligence knows both by {name}")
        }
        LinkReason::SameActor => format!("{name} acts in both"),
        LinkReason::SameTargetedAsset => format!("both concern {name}"),
        LinkReason::SharedIndicators => format!("{name} stands in both"),
        LinkReason::SimilarArtifacts => format!("“{name}” is in both"),
        LinkReason::EventSequence => format!("the next step of the attack on {name}"),
        LinkReason::SameNetworkSegment => format!("an address in it was {name}’s at the time"),
        LinkReason::SameCampaign => format!("both belong to the campaign {name}"),
        LinkReason::SameVendorIncident => format!("the vendor has grouped both, as {name}"),
        LinkReason::Commanded => format!("somebody said that they belong together, by {name}"),
        LinkReason::RuleFired => format!("a rule fired on it, about {name}"),
        LinkReason::Other(reason) => format!("{reason}: {name}"),
    }
}

/// What an alert matches in threat intelligence.
pub(crate) fn indicator(found: &IndicatorMatch) -> String {
    let who = [&found.actor, &found.campaign, &found.malware].into_iter().flatten().map(|name| &**name);
    let mut known: Vec<String> = who.chain(found.intent.as_deref()).map(str::to_owned).collect();
    known.extend(found.confidence.map(|confidence| format!("confidence {confidence}")));
    let lead = format!("{} is known to {}, by {}", found.matched.value, found.source, found.indicator);
    if known.is_empty() { lead } else { format!("{lead}: {}", known.join(", ")) }
}

/// A part of a score; those that only have names say whose.
pub(crate) fn score_part(part: &ScorePart) -> String {
    let whose = match &*part.name {
        "sensitiveEntities" => "sensitive: ",
        "threatIntelligence" => "known to threat intelligence: ",
        _ => "",
    };
    format!("{:.1}: {whose}{}", part.points, part.detail)
}

/// Why a link holds, in two words.
pub(crate) fn catchword(reason: &LinkReason, name: &str) -> String {
    let what = match reason {
        LinkReason::SameActor => "actor",
        LinkReason::SameTargetedAsset => "asset",
        LinkReason::SharedIndicators => "indicator",
        LinkReason::SimilarArtifacts => "artifact",
        LinkReason::EventSequence => "next step on",
        LinkReason::SameNetworkSegment => "address of",
        LinkReason::SameCampaign => "campaign",
        LinkReason::SameVendorIncident => "vendor's group",
        LinkReason::Commanded => "command about",
        LinkReason::RuleFired => "rule about",
        LinkReason::Other(reason) => reason,
    };
    format!("{what} {name}")
}

/// No entity's partners are counted further (see the engine's `PARTNERS_MAX`).
const PARTNERS_COUNTED_MAX: i32 = 64;

/// Why an alert did not join an incident that it was linked to. `total` is the sum of the links; of a hub, what the link
/// would weigh without the others.
pub(crate) fn near_miss(reason: &NearMissReason, name: &str, total: Weight) -> String {
    match reason {
        NearMissReason::TooWeak => {
            format!("both mention {name}, which links them too weakly (weight {total})")
        }
        NearMissReason::Hub => {
            format!("both touch {name}, which too many others touch too (without them: weight {total})")
        }
        NearMissReason::JoinedBetter => {
            format!("it is linked to this one better than to that one (by {name}, weight {total})")
        }
        NearMissReason::Closed => {
            format!(
                "that one had been resolved before, and would have to be reopened (linked by {name}, weight {total})"
            )
        }
        NearMissReason::Assignee => {
            format!(
                "the two are in the hands of two people; assign both to one to merge them (linked by {name}, weight {total})"
            )
        }
        NearMissReason::Verdict => {
            format!(
                "the two carry different verdicts; make these agree to merge them (linked by {name}, weight {total})"
            )
        }
        NearMissReason::Full => {
            format!("together they would pass a cap of correlation.caps (linked by {name}, weight {total})")
        }
        NearMissReason::CannotLink => {
            format!(
                "somebody has said that they are two; a mustLink takes that back (linked by {name}, weight {total})"
            )
        }
        NearMissReason::Other(reason) => format!("{reason} (linked by {name}, weight {total})"),
    }
}

/// What happened to an incident, other than that an alert came or changed.
pub(crate) const fn change(reason: &ChangeReason) -> &'static str {
    match reason {
        ChangeReason::Opened => "it opened",
        ChangeReason::AlertJoined => "an alert joined it",
        ChangeReason::AlertRevised => "an alert was revised",
        ChangeReason::MergedFrom => "another incident turned out to be the same attack",
        ChangeReason::Redirected => "it was merged into another incident",
        ChangeReason::Continued => "it is full: another incident continues it",
        ChangeReason::Resolved => "it was resolved",
        ChangeReason::Reopened => "it was reopened",
        ChangeReason::Evicted => "it left memory before its time",
        ChangeReason::Assigned => "somebody took it, or gave it away",
        ChangeReason::Classified => "it was given a verdict, or lost one",
        ChangeReason::Commented => "somebody commented on it",
        ChangeReason::Tagged => "its tags were changed",
        ChangeReason::AlertsLeft => "alerts left it",
        ChangeReason::AlertsMovedIn => "alerts were moved to it",
        ChangeReason::LinkRuled => "somebody said what belongs together and what does not",
        ChangeReason::EntityRuled => "somebody ruled about one of its entities",
        ChangeReason::Other(_) => "something happened that this release does not know",
    }
}

/// Why an entity joins nothing.
pub(crate) fn context(reason: &ContextReason) -> &str {
    match reason {
        ContextReason::Hub => "too many others touch it",
        ContextReason::Egress => "an address that the outside sees",
        ContextReason::Ambiguous => "its name stands for several",
        ContextReason::Excluded => "excluded by command",
        ContextReason::Beside => "stands by",
        ContextReason::Other(reason) => reason,
    }
}

/// How many others a hub has met; further ones are not counted.
pub(crate) fn partners_met(partners: i32) -> String {
    if partners < PARTNERS_COUNTED_MAX {
        partners.to_string()
    } else {
        format!("{PARTNERS_COUNTED_MAX} or more")
    }
}

/// Why an incident was opened.
pub(crate) const fn opening(reason: &OpenReason) -> &'static str {
    match reason {
        OpenReason::NothingLinked => "nothing that was there is linked to it",
        OpenReason::CorrelateOff => "its source keeps its alerts apart",
        OpenReason::Continues => "what it belongs to is full",
        OpenReason::Recurs => "what it belongs to was resolved before",
        OpenReason::Late => "it came so late that no incident near its time takes alerts any more",
        OpenReason::ArrivedResolved => "it was resolved when it was first seen",
        OpenReason::SplitOff => "its alerts were split out of another incident",
        OpenReason::Other(_) => "for a reason that this release does not know",
    }
}

/// What colleagues call an entity: `contoso\jeffl` is jeffl, `victimpc.contoso.azure` is victimpc.
pub(crate) fn short_name(entity: &IncidentEntity) -> &str {
    let name = &*entity.name;
    let short = match entity.kind {
        EntityKind::User | EntityKind::Mailbox => {
            let account = name.rsplit('\\').next().unwrap_or(name);
            account.split('@').next().unwrap_or(account)
        }
        EntityKind::Host => name.split('.').next().unwrap_or(name),
        _ => name,
    };
    if short.is_empty() { name } else { short }
}

/// A product without its maker.
pub(crate) fn product(provider: &Provider) -> &str {
    let name = provider.display_name();
    let name = name.strip_prefix("Microsoft ").unwrap_or(name);
    name.strip_prefix("Defender for ").unwrap_or(name)
}

/// Hours and minutes in UTC.
pub(crate) fn clock(at: EventTime) -> String {
    at.to_string().get(11..16).unwrap_or("--:--").to_owned()
}

/// The time between an alert and the one that it was linked to, in words.
pub(crate) fn distance(gap: Span, peer_is_earlier: bool, peer: &str) -> String {
    match (gap == Span::ZERO, peer_is_earlier) {
        (true, _) => format!("at the same time as {peer}"),
        (false, true) => format!("{} after {peer}", minutes(gap)),
        (false, false) => format!("{} before {peer}", minutes(gap)),
    }
}

/// Without the seconds of what takes minutes.
pub(crate) fn minutes(span: Span) -> String {
    let seconds = span.as_micros() / 1_000_000;
    if seconds < 60 { span.to_string() } else { Span::minutes(seconds / 60).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_reads_in_the_direction_of_the_story() {
        assert_eq!(distance(Span::seconds(432), true, "alert 2"), "7m after alert 2");
        assert_eq!(distance(Span::seconds(4_000), false, "alert 2"), "1h 6m before alert 2");
        assert_eq!(distance(Span::seconds(31), true, "alert 2"), "31s after alert 2");
        assert_eq!(distance(Span::ZERO, true, "alert 2"), "at the same time as alert 2");
    }

    #[test]
    fn partners_are_told_as_far_as_they_are_counted() {
        assert_eq!((partners_met(22), partners_met(64)), ("22".to_owned(), "64 or more".to_owned()));
    }

    #[test]
    fn an_entity_is_called_by_its_short_name() {
        let short = |kind, name: &str| {
            let entity = IncidentEntity {
                id: braid_alert::EntityId(1),
                kind,
                name: name.into(),
                identifiers: Vec::new(),
                roles: Vec::new(),
                alerts: 1,
                context: false,
                context_reason: None,
                partners: None,
                on_premises: None,
                tags: Vec::new(),
            };
            short_name(&entity).to_owned()
        };
        assert_eq!(short(EntityKind::User, "contoso\\jeffl"), "jeffl");
        assert_eq!(short(EntityKind::User, "jeffl@contoso.azure"), "jeffl");
        assert_eq!(short(EntityKind::Host, "victimpc.contoso.azure"), "victimpc");
        assert_eq!(short(EntityKind::Url, "https://a.example/b"), "https://a.example/b");
    }

    #[test]
    fn a_clock_shows_hours_and_minutes() {
        assert_eq!(clock(EventTime::from_millis(1_770_123_720_000)), "13:02");
    }
}
