use std::ops::RangeInclusive;

use braid_alert::{SourceTime, Span, Tenant};

/// What a world is like. Shares are per mille of the alerts, so that they add up without rounding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldSettings {
    /// Whose alerts they are.
    pub tenant: Tenant,
    /// When it begins.
    pub start: SourceTime,
    /// How long it lasts. A campaign that has begun is played to its end, which may be later.
    pub lasts: Span,
    /// Computers, the special ones below included. Each has a user of its own.
    pub hosts: usize,
    /// Domain controllers.
    pub domain_controllers: usize,
    /// Hosts from which administrators work on others.
    pub jump_hosts: usize,
    /// Hosts that scan others by order.
    pub scanners: usize,
    /// Of the other hosts, how many in a thousand are servers, which keep their address.
    pub servers_per_mille: u32,
    /// Addresses behind which the organisation reaches the outside.
    pub egress_addresses: usize,
    /// Accounts of services, which run on many hosts.
    pub service_accounts: usize,
    /// Attacks.
    pub campaigns: usize,
    /// How many alerts an attack raises.
    pub campaign_alerts: RangeInclusive<usize>,
    /// The mean time from one alert of an attack to the next while the intruder is at work.
    pub campaign_gap: Span,
    /// How long the intruder is at work before a rest, in the mean.
    pub campaign_session: Span,
    /// How long the rest is, in the mean. What was left behind reports home meanwhile.
    pub campaign_rest: Span,
    /// The mean time from one report home to the next, as far as it raises an alert.
    pub campaign_beacon: Span,
    /// All alerts together, those of attacks included; each counted once, however often it comes.
    pub alerts: usize,
    /// Share of the alerts that mention a domain controller.
    pub domain_controller_share: u32,
    /// Share of the alerts in which somebody comes from an egress address.
    pub egress_share: u32,
    /// Share of the alerts in which a service account acts.
    pub service_account_share: u32,
    /// Of the alerts, how many in a thousand come again unchanged.
    pub duplicated_per_mille: u32,
    /// Of the alerts, how many in a thousand come again with news: an end, a status, one more piece of evidence.
    pub revised_per_mille: u32,
    /// Of the alerts, how many in a thousand are late by hours; a fifth of these by days.
    pub late_per_mille: u32,
}

impl WorldSettings {
    /// The week by which correlation is judged: four domain controllers in 35 % of the alerts, three egress addresses,
    /// ten service accounts, 2,000 hosts, twenty attacks, 11,500 alerts. Union of whatever shares an entity makes one
    /// incident of nearly all of it.
    pub fn hub_ridden_week() -> Self {
        Self {
            tenant: Tenant::new("contoso"),
            start: SourceTime::from_millis(1_772_409_600_000), // 2026-03-02T00:00:00Z, a Monday
            lasts: Span::days(7),
            hosts: 2_000,
            domain_controllers: 4,
            jump_hosts: 6,
            scanners: 2,
            servers_per_mille: 150,
            egress_addresses: 3,
            service_accounts: 10,
            campaigns: 20,
            campaign_alerts: 40..=100,
            campaign_gap: Span::minutes(8),
            campaign_session: Span::hours(3),
            campaign_rest: Span::hours(10),
            campaign_beacon: Span::minutes(40),
            alerts: 11_500,
            domain_controller_share: 350,
            egress_share: 100,
            service_account_share: 60,
            duplicated_per_mille: 30,
            revised_per_mille: 200,
            late_per_mille: 50,
        }
    }

    /// A day in a small office: for a first look and for tests. Two attacks among two hundred alerts.
    pub fn small_office() -> Self {
        Self {
            lasts: Span::days(1),
            hosts: 60,
            domain_controllers: 1,
            jump_hosts: 1,
            scanners: 1,
            egress_addresses: 1,
            service_accounts: 2,
            campaigns: 2,
            campaign_alerts: 15..=25,
            alerts: 200,
            ..Self::hub_ridden_week()
        }
    }

    /// Whether there can be such a world.
    ///
    /// # Errors
    /// What cannot be.
    pub fn check(&self) -> Result<(), &'static str> {
        let special = self.domain_controllers + self.jump_hosts + self.scanners;
        let ordinary = self.hosts.saturating_sub(special);
        let rules = [
            (self.domain_controllers == 0, "a world needs a domain controller"),
            (self.egress_addresses == 0, "a world needs an address to reach the outside by"),
            (
                ordinary * (self.servers_per_mille as usize) < 1_000,
                "too few hosts: none is left to be a server",
            ),
            (ordinary < 20, "too few hosts: attacks would have nowhere to go"),
            (self.hosts > 400_000, "more than 400,000 hosts: there are not so many addresses for them"),
            (self.lasts < Span::days(1), "a world lasts a day at least"),
            (
                self.campaigns.saturating_mul(*self.campaign_alerts.end()) > self.alerts,
                "too few alerts for so many attacks",
            ),
        ];
        rules.into_iter().find_map(|(broken, rule)| broken.then_some(Err(rule))).unwrap_or(Ok(()))
    }

    /// The presets by name.
    pub fn preset(name: &str) -> Option<Self> {
        match name {
            "hub-ridden-week" => Some(Self::hub_ridden_week()),
            "small-office" => Some(Self::small_office()),
            _ => None,
        }
    }

    /// The names that [`WorldSettings::preset`] knows.
    pub const PRESETS: [&str; 2] = ["hub-ridden-week", "small-office"];
}
