use std::net::IpAddr;

use braid_alert::{Span, Weight};

use crate::Network;
use crate::rule::Rules;

/// Every number that decides. The defaults are what the measurements in `docs/decisions` chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What a shared entity weighs, by its kind.
    pub weights: KindWeights,
    /// The time between two activities that halves a link's weight.
    pub half_lives: HalfLives,
    /// The sum of link weights from which an alert joins an incident.
    pub join_at: Weight,
    /// The sum of link weights from which an alert that belongs to two incidents merges them.
    pub merge_at: Weight,
    /// What the next step of the kill chain on a shared entity adds to a link.
    pub sequence_bonus: Weight,
    /// How many distinct partners within `partner_window` halve an entity's weight; beyond it the weight falls with
    /// the fourth power, which is what makes a hub of a domain controller, a proxy or a service account.
    pub hub_partners: u32,
    /// How many other incidents that an entity stands in around the same time halve its weight: of an entity that several
    /// incidents are about today, an alert tells less which of them it belongs to.
    pub crowd_incidents: u32,
    /// The same, within a half-life, for an account that one of the two alerts names without its domain: if several
    /// incidents are about somebody of that name, it says little about which. Such a link merges no two incidents.
    pub crowd_accounts: u32,
    /// In how many other incidents an entity may stand for a link by it to merge a part with another incident, where not
    /// both alerts name user and host, so that nothing says whether they agree. One of them is then the one that the alert
    /// is in. Two that have grown are not merged by such a link: where two attacks met, more than that would speak for it.
    pub crowd_merge_max: u32,
    /// Up to how many alerts an incident is such a part of another, which arrived by itself.
    pub part_alerts_max: u32,
    /// What is left of a link by a user whose alerts name different hosts, or by a host whose alerts name different users,
    /// unless the incident knows the other one too: as it does after an alert that names both. Once for each user
    /// that the host has been seen with around the time (host, with the user), and for each other incident. Such a link merges no two incidents.
    pub disagreement: Weight,
    /// What is left of a link by a user or a host if only one of the two alerts names the other one of the pair.
    pub silence: Weight,
    /// Tags, in any case, by which directories, products or people say that many use an account or a host: links by such
    /// a one count only where user and host agree, or on an explicit hop. Behaviour shows them too, but not before they
    /// have been seen with several.
    pub shared_tags: Vec<Box<str>>,
    /// What is left of a link in which the entity was merely aimed at: a domain controller above all. Of several that both
    /// alerts merely aimed at the strongest link counts.
    pub target: Weight,
    /// What is left of a link by a weak name, by an address that stands for a host, or by an address seen from outside.
    pub uncertain: Weight,
    /// An entity that weighs less than this, because of its partners, is shown as a hub.
    pub hub_below: Weight,
    /// A link that weighs less than this is not looked at.
    pub link_min: Weight,
    /// How many mentions of an entity are looked at on each side of an alert's time. What lies further away is not nearer
    /// to anything; it bounds what a busy entity costs.
    pub nearest_mentions: u32,
    /// For how long a partner counts, by the tenant's clock.
    pub partner_window: Span,
    /// How long an internal address names the host that was last seen with it, in event time.
    pub ip_binding: Span,
    /// Networks whose addresses are handed on too fast to name anybody: DHCP pools with short leases, VPN pools.
    pub ip_binding_excluded: Vec<Network>,
    /// Activity shorter than this counts to its end; of longer activity only the beginning does.
    pub activity_max: Span,
    /// Without news for this long an incident is dormant.
    pub dormant_after: Span,
    /// Without news for this long an incident takes no further alerts.
    pub late_join: Span,
    /// How long after its last revision an alert's id is remembered.
    pub dedupe_retention: Span,
    /// How long after its resolution an incident is reopened by new activity, rather than followed by a recurrence.
    pub reopen_within: Span,
    /// The sum of link weights from which an incident that an alert did not join is told as a near miss.
    pub near_at: Weight,
    /// How many alerts that say the same an incident lists before it only counts them.
    pub flood_listed: u32,
    /// How close in event time an alert must be to those before it to be counted with them.
    pub flood_window: Span,
    /// How large an incident may be.
    pub caps: Caps,
    /// How many logical bytes a partition may hold; beyond it the longest idle incidents are closed.
    pub state_bytes_max: u64,
    /// How many objects of directories a tenant may have; further ones are rejected.
    pub directory_entries_max: u32,
    /// Rules that raise alerts of their own.
    pub rules: Rules,
}

impl Settings {
    /// Whether an address is one of a pool that hands them on too fast to name a host.
    pub(crate) fn is_handed_around(&self, address: &str) -> bool {
        !self.ip_binding_excluded.is_empty()
            && address
                .parse::<IpAddr>()
                .is_ok_and(|address| self.ip_binding_excluded.iter().any(|pool| pool.contains(address)))
    }
}

/// What a shared entity weighs by itself: at full nearness, without partners, in the roles that count most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindWeights {
    /// A user.
    pub user: Weight,
    /// A host or a mobile device.
    pub host: Weight,
    /// A mail.
    pub mail: Weight,
    /// An address that is neither an egress nor bound to a host.
    pub address: Weight,
    /// A URL.
    pub url: Weight,
    /// A file, a process, a registry key, a cloud application.
    pub file: Weight,
    /// All of these together.
    pub files_max: Weight,
    /// A cloud resource, an OAuth application, a logon session, a group.
    pub resource: Weight,
    /// A vendor's incident, where a source takes those as hints.
    pub vendor_incident: Weight,
    /// Who or what threat intelligence says is behind both. Where it is not sure on both sides, `uncertain` leaves less than
    /// a join takes.
    pub threat: Weight,
}

/// Half-lives of a link's weight, by the kind of the shared entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfLives {
    /// Of a mail, a cluster of mails, or a vendor's incident.
    pub mail: Span,
    /// Of a URL, and of what threat intelligence says is behind an alert.
    pub url: Span,
    /// Of everything else.
    pub other: Span,
}

/// How large an incident may be. What would go beyond is continued in a new one; nothing is cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caps {
    /// Alerts.
    pub incident_alerts_max: u32,
    /// Distinct entities.
    pub incident_entities_max: u32,
    /// Bytes of the encoded record, as the engine reckons them.
    pub incident_bytes_max: u64,
    /// From the first activity to the last.
    pub incident_span_max: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            weights: KindWeights::default(),
            half_lives: HalfLives::default(),
            join_at: Weight::from_millionths(300_000),
            merge_at: Weight::from_millionths(300_000),
            sequence_bonus: Weight::from_millionths(100_000),
            hub_partners: 16,
            crowd_incidents: 4,
            crowd_accounts: 1,
            crowd_merge_max: 1,
            part_alerts_max: 4,
            disagreement: Weight::from_millionths(500_000),
            silence: Weight::from_millionths(600_000),
            shared_tags: ["shared", "serviceAccount", "jumpHost"].map(Into::into).into(),
            target: Weight::from_millionths(540_000),
            uncertain: Weight::from_millionths(600_000),
            hub_below: Weight::from_millionths(250_000),
            link_min: Weight::from_millionths(20_000),
            nearest_mentions: 8,
            partner_window: Span::hours(24),
            ip_binding: Span::hours(8),
            ip_binding_excluded: Vec::new(),
            activity_max: Span::hours(2),
            dormant_after: Span::hours(24),
            late_join: Span::days(14),
            dedupe_retention: Span::days(90),
            reopen_within: Span::ZERO,
            near_at: Weight::from_millionths(100_000),
            flood_listed: 20,
            flood_window: Span::minutes(10),
            caps: Caps::default(),
            state_bytes_max: 4 << 30,
            directory_entries_max: 500_000,
            rules: Rules::default(),
        }
    }
}

impl Default for KindWeights {
    fn default() -> Self {
        Self {
            user: Weight::ONE,
            host: Weight::ONE,
            mail: Weight::ONE,
            address: Weight::from_millionths(400_000),
            url: Weight::from_millionths(500_000),
            file: Weight::from_millionths(100_000),
            files_max: Weight::from_millionths(150_000),
            resource: Weight::from_millionths(500_000),
            vendor_incident: Weight::from_millionths(500_000),
            threat: Weight::from_millionths(450_000),
        }
    }
}

impl Default for HalfLives {
    fn default() -> Self {
        Self { mail: Span::days(3), url: Span::hours(6), other: Span::minutes(50) }
    }
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            incident_alerts_max: 1_000,
            incident_entities_max: 500,
            incident_bytes_max: 512 << 10,
            incident_span_max: Span::days(30),
        }
    }
}
