use std::num::NonZeroU32;

use braid_engine::{Caps, HalfLives, KindWeights, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::{AddressRange, Bytes, Decimal, Period};

/// When alerts become one incident.
///
/// The defaults are what the measurements in `docs/decisions` chose. A change holds for what arrives after it: incidents
/// that exist are not joined or divided anew.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Correlation {
    /// The sum of link weights from which an alert joins an incident. Higher makes more and smaller incidents.
    #[schemars(extend("x-range" = "not 0"))]
    pub join_at: Decimal,
    /// The sum of link weights from which an alert that belongs to two incidents merges them.
    #[schemars(extend("x-range" = "join_at or more"))]
    pub merge_at: Decimal,
    /// What the next step of the kill chain on a shared entity adds to a link.
    pub sequence_bonus: Decimal,
    /// How many distinct partners within `partner_window` halve an entity's weight; beyond it the weight falls steeply.
    /// That is what keeps a domain controller, a proxy or a service account from joining everything. Lower demotes
    /// sooner. At most 64, for no more are counted.
    #[schemars(range(min = 1, max = 64))]
    pub hub_partners: NonZeroU32,
    /// How many other incidents that an entity stands in within `partner_window` of an alert halve its weight. Of an
    /// entity that several incidents are about today, an alert tells less which of them it belongs to.
    pub crowd_incidents: NonZeroU32,
    /// The same, within `half_lives.other` of the alert, for an account that one of the two alerts names without its
    /// domain. If several incidents are about somebody of that name, it says little about which; and a bare name merges no
    /// two incidents.
    pub crowd_accounts: NonZeroU32,
    /// In how many other incidents an entity may stand for a link by it to merge two incidents, one of which is small
    /// (`part_alerts_max`), where not both alerts name a user and a host, so that nothing says whether these agree. Lower
    /// merges less.
    pub crowd_merge_max: u32,
    /// Up to how many alerts an incident counts as small in that. Two larger ones that only meet on a host, as two attacks
    /// may on a jump host, stay two. Higher merges more.
    pub part_alerts_max: NonZeroU32,
    /// What is left of a link by a user whose alerts name different hosts, or by a host whose alerts name different users.
    /// It counts once for each user that the host has been seen with around the time (or host, with the user) and for
    /// each other incident. An incident that knows both, from an alert that names both, is not held against them. `1`
    /// switches it off. Such a link merges no two incidents of several alerts.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub disagreement: Decimal,
    /// What is left of a link by a user or a host if only one of the two alerts names the other one of the pair. `1`
    /// switches it off.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub silence: Decimal,
    /// Tags, in any case, by which a directory, a product or a command (`tagEntity`) says that many use an account, a host
    /// or a mailbox. Links by such a one count only where user and host agree, or where an alert names the hop to that
    /// host. Behaviour shows such entities too, but not before they have been seen with several users or hosts. Files,
    /// addresses and sessions count as ever.
    pub shared_tags: Vec<String>,
    /// What is left of a link in which the entity was merely aimed at, as a domain controller mostly is. Of several that
    /// both alerts merely aimed at the strongest link counts.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub target: Decimal,
    /// What is left of a link by a weak name, by an address that stands for a host, or by an address that a cloud product
    /// sees from outside.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub uncertain: Decimal,
    /// An entity that its partners leave less than this is shown as a hub. It joins nothing that its weight does not
    /// reach; this number only names it.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub hub_below: Decimal,
    /// Links that weigh less are not looked at. Higher is faster.
    #[schemars(extend("x-range" = "join_at or less"))]
    pub link_min: Decimal,
    /// How many alerts of an entity are looked at on each side of an alert's time, 1,024 at most. Higher is slower.
    #[schemars(range(min = 1, max = 1024))]
    pub nearest_mentions: NonZeroU32,
    /// For how long a partner counts; an hour at least, for they are counted by the hour.
    #[schemars(extend("x-range" = "1h or more"))]
    pub partner_window: Period,
    /// How long an internal address names the host that was last seen with it. Shorter than the DHCP lease.
    pub ip_binding: Period,
    /// Networks whose addresses never name a host, because they are handed on faster than that: DHCP pools with short
    /// leases, VPN pools. As `10.8.0.0/16` or `fd00:8::/32`.
    pub ip_binding_excluded: Vec<AddressRange>,
    /// Activity shorter than this counts to its end; of longer activity only the beginning does.
    pub activity_max: Period,
    /// Without news for this long an incident is dormant: still open, still taking late alerts.
    #[schemars(extend("x-range" = "more than 0s"))]
    pub dormant_after: Period,
    /// Without news for this long an incident takes no further alerts and leaves memory. Longer costs memory.
    #[schemars(extend("x-range" = "dormant_after or more"))]
    pub late_join: Period,
    /// How long after its last revision an alert's id is remembered. An alert that comes again later is a new one. Longer
    /// costs memory: about 100 bytes an alert.
    #[schemars(extend("x-range" = "late_join or more"))]
    pub dedupe_retention: Period,
    /// How long after its resolution an incident is reopened by new activity. `0s`: never, a new incident that names the
    /// old one follows instead.
    pub reopen_within: Period,
    /// The sum of link weights from which an incident that an alert did not join is told as a near miss, with the reason.
    /// Lower tells more of them; each alert keeps its two strongest.
    pub near_at: Decimal,
    /// How many alerts that say the same (one detector, about the same users, hosts and addresses) an incident lists.
    /// Further ones belong to it all the same, each with its own event, but its record only counts them.
    pub flood_listed: NonZeroU32,
    /// How close in event time an alert must be to those that say the same to be counted with them. Further away, it is
    /// listed.
    pub flood_window: Period,
    /// How much one partition's state may take in memory, reckoned in bytes of content. Beyond it the incidents that have
    /// been idle longest are closed, visibly.
    #[schemars(extend("x-range" = "16MiB or more"))]
    pub state_bytes_max: Bytes,
    /// How many objects of directories a tenant may have; records of further ones become dead letters. An object costs
    /// about a kilobyte, and they are not evicted: together they may take half of `state_bytes_max`.
    pub directory_entries_max: NonZeroU32,
    /// What a shared entity weighs, by its kind.
    pub weights: Weights,
    /// The time between two activities that halves a link's weight, by the kind of the shared entity.
    pub half_lives: HalfLifeTimes,
    /// How large an incident may be. What would go beyond is continued in a new incident; nothing is cut off.
    pub caps: IncidentCaps,
}

/// What a shared entity weighs by itself: seen at the same time, without other partners, in the roles that count most. A
/// weight of `join_at` or more joins alone.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    /// A user.
    pub user: Decimal,
    /// A host or a mobile device.
    pub host: Decimal,
    /// A mail.
    pub mail: Decimal,
    /// An address that is neither a proxy's nor bound to a host.
    pub address: Decimal,
    /// A URL.
    pub url: Decimal,
    /// A file or a process.
    pub file: Decimal,
    /// All files and processes together.
    pub files_max: Decimal,
    /// A cloud resource, an application, a logon session.
    pub resource: Decimal,
    /// An incident of the vendor's, of sources that take it as a hint (`vendor_incidents`). At the default one hint
    /// suffices for two alerts within two days.
    pub vendor_incident: Decimal,
    /// An actor, a campaign or an indicator that threat intelligence knows both alerts by. At the default it joins alone,
    /// within three hours, where the intelligence is sure of both (a confidence of 70 or more); else `uncertain` leaves less
    /// than a join takes. It never merges two incidents, for an actor may be at work in two places.
    pub threat: Decimal,
}

/// Half-lives of a link's weight.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HalfLifeTimes {
    /// Of a mail, a cluster of mails, or a vendor's incident.
    #[schemars(extend("x-range" = "more than 0s"))]
    pub mail: Period,
    /// Of a URL, and of what threat intelligence knows two alerts by.
    #[schemars(extend("x-range" = "more than 0s"))]
    pub url: Period,
    /// Of everything else.
    #[schemars(extend("x-range" = "more than 0s"))]
    pub other: Period,
}

/// How large an incident may be.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IncidentCaps {
    /// Alerts in it.
    pub incident_alerts_max: NonZeroU32,
    /// Distinct entities in it.
    pub incident_entities_max: NonZeroU32,
    /// Bytes of its record. Below `topics.record_bytes_max`, or the record could not be written.
    #[schemars(extend("x-range" = "16KiB or more, and less than topics.record_bytes_max"))]
    pub incident_bytes_max: Bytes,
    /// From its first activity to its last.
    #[schemars(extend("x-range" = "dormant_after or more"))]
    pub incident_span_max: Period,
}

impl Correlation {
    /// As the engine has it.
    pub fn settings(&self) -> Settings {
        Settings {
            // Read from files of their own: whoever runs the engine puts them in.
            rules: braid_engine::Rules::default(),
            weights: self.weights.settings(),
            half_lives: HalfLives {
                mail: self.half_lives.mail.span(),
                url: self.half_lives.url.span(),
                other: self.half_lives.other.span(),
            },
            join_at: self.join_at.weight(),
            merge_at: self.merge_at.weight(),
            sequence_bonus: self.sequence_bonus.weight(),
            hub_partners: self.hub_partners.get(),
            crowd_incidents: self.crowd_incidents.get(),
            crowd_accounts: self.crowd_accounts.get(),
            crowd_merge_max: self.crowd_merge_max,
            part_alerts_max: self.part_alerts_max.get(),
            disagreement: self.disagreement.weight(),
            silence: self.silence.weight(),
            shared_tags: self.shared_tags.iter().map(|tag| tag.as_str().into()).collect(),
            target: self.target.weight(),
            uncertain: self.uncertain.weight(),
            hub_below: self.hub_below.weight(),
            link_min: self.link_min.weight(),
            nearest_mentions: self.nearest_mentions.get(),
            partner_window: self.partner_window.span(),
            ip_binding: self.ip_binding.span(),
            ip_binding_excluded: self.ip_binding_excluded.iter().map(|range| range.network()).collect(),
            activity_max: self.activity_max.span(),
            dormant_after: self.dormant_after.span(),
            late_join: self.late_join.span(),
            dedupe_retention: self.dedupe_retention.span(),
            reopen_within: self.reopen_within.span(),
            near_at: self.near_at.weight(),
            flood_listed: self.flood_listed.get(),
            flood_window: self.flood_window.span(),
            caps: Caps {
                incident_alerts_max: self.caps.incident_alerts_max.get(),
                incident_entities_max: self.caps.incident_entities_max.get(),
                incident_bytes_max: self.caps.incident_bytes_max.count(),
                incident_span_max: self.caps.incident_span_max.span(),
            },
            state_bytes_max: self.state_bytes_max.count(),
            directory_entries_max: self.directory_entries_max.get(),
        }
    }
}

impl Weights {
    fn settings(&self) -> KindWeights {
        KindWeights {
            user: self.user.weight(),
            host: self.host.weight(),
            mail: self.mail.weight(),
            address: self.address.weight(),
            url: self.url.weight(),
            file: self.file.weight(),
            files_max: self.files_max.weight(),
            resource: self.resource.weight(),
            vendor_incident: self.vendor_incident.weight(),
            threat: self.threat.weight(),
        }
    }
}

// The defaults are the engine's own, so that a number is written down once.
impl Default for Correlation {
    fn default() -> Self {
        let engine = Settings::default();
        Self {
            join_at: engine.join_at.into(),
            merge_at: engine.merge_at.into(),
            sequence_bonus: engine.sequence_bonus.into(),
            hub_partners: at_least_one(engine.hub_partners),
            crowd_incidents: at_least_one(engine.crowd_incidents),
            crowd_accounts: at_least_one(engine.crowd_accounts),
            crowd_merge_max: engine.crowd_merge_max,
            part_alerts_max: at_least_one(engine.part_alerts_max),
            disagreement: engine.disagreement.into(),
            silence: engine.silence.into(),
            shared_tags: engine.shared_tags.into_iter().map(String::from).collect(),
            target: engine.target.into(),
            uncertain: engine.uncertain.into(),
            hub_below: engine.hub_below.into(),
            link_min: engine.link_min.into(),
            nearest_mentions: at_least_one(engine.nearest_mentions),
            partner_window: engine.partner_window.into(),
            ip_binding: engine.ip_binding.into(),
            ip_binding_excluded: engine.ip_binding_excluded.into_iter().map(Into::into).collect(),
            activity_max: engine.activity_max.into(),
            dormant_after: engine.dormant_after.into(),
            late_join: engine.late_join.into(),
            dedupe_retention: engine.dedupe_retention.into(),
            reopen_within: engine.reopen_within.into(),
            near_at: engine.near_at.into(),
            flood_listed: at_least_one(engine.flood_listed),
            flood_window: engine.flood_window.into(),
            state_bytes_max: Bytes::new(engine.state_bytes_max),
            directory_entries_max: at_least_one(engine.directory_entries_max),
            weights: Weights::default(),
            half_lives: HalfLifeTimes::default(),
            caps: IncidentCaps::default(),
        }
    }
}

impl Default for Weights {
    fn default() -> Self {
        let engine = KindWeights::default();
        Self {
            user: engine.user.into(),
            host: engine.host.into(),
            mail: engine.mail.into(),
            address: engine.address.into(),
            url: engine.url.into(),
            file: engine.file.into(),
            files_max: engine.files_max.into(),
            resource: engine.resource.into(),
            vendor_incident: engine.vendor_incident.into(),
            threat: engine.threat.into(),
        }
    }
}

impl Default for HalfLifeTimes {
    fn default() -> Self {
        let engine = HalfLives::default();
        Self { mail: engine.mail.into(), url: engine.url.into(), other: engine.other.into() }
    }
}

impl Default for IncidentCaps {
    fn default() -> Self {
        let engine = Caps::default();
        Self {
            incident_alerts_max: at_least_one(engine.incident_alerts_max),
            incident_entities_max: at_least_one(engine.incident_entities_max),
            incident_bytes_max: Bytes::new(engine.incident_bytes_max),
            incident_span_max: engine.incident_span_max.into(),
        }
    }
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_engine() {
        assert_eq!(Correlation::default().settings(), Settings::default());
    }
}
