//! The arithmetic of links: fixed-point, by tables, so that no sum depends on its order and no platform on its libm.

use braid_alert::{EntityKind, Span, Weight};

use crate::alert_state::Part;
use crate::entity::PARTNERS_MAX;
use crate::{HalfLives, Settings};

/// 0.5^(k/64) in millionths, for k from 0 to 63.
const HALVINGS: [i64; 64] = [
    1000000, 989228, 978572, 968031, 957603, 947288, 937084, 926990, 917004, 907126, 897355, 887688, 878126,
    868667, 859310, 850053, 840896, 831838, 822878, 814014, 805245, 796571, 787990, 779502, 771105, 762799,
    754582, 746454, 738413, 730459, 722590, 714807, 707107, 699490, 691955, 684501, 677128, 669834, 662618,
    655481, 648420, 641435, 634525, 627690, 620929, 614240, 607624, 601078, 594604, 588198, 581862, 575595,
    569394, 563261, 557193, 551191, 545254, 539380, 533570, 527823, 522137, 516512, 510949, 505445,
];

/// The table of what others leave goes this far on each side. It decides nothing: the configuration takes no more mentions
/// than this, so no entity is seen in more incidents.
const NEAREST_MAX: u32 = 1_024;

/// Settings with the tables that follow from them.
#[derive(Debug)]
pub(crate) struct Weighing {
    pub(crate) settings: Settings,
    /// A 64th of each half-life.
    steps: HalfLives,
    rarity: Vec<Weight>,
    crowding: Vec<Weight>,
    crowding_of_accounts: Vec<Weight>,
}

/// So many partners within so much time make a hub.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HubMeasure {
    pub(crate) partners_min: usize,
    pub(crate) window: Span,
}

/// What is left of an entity, by the number of other incidents that it stands in.
fn crowding_table(half_at: u32, nearest_mentions: u32) -> Vec<Weight> {
    let knee = u128::from(half_at.max(1)).pow(2);
    let left = |others: u128| Weight::from_millionths((1_000_000 * knee / (knee + others.pow(2))) as i64);
    (0..=2 * u128::from(nearest_mentions.min(NEAREST_MAX))).map(left).collect()
}

impl Weighing {
    pub(crate) fn new(settings: Settings) -> Self {
        let knee = u128::from(settings.hub_partners.max(1)).pow(4);
        let rarity = (0..=PARTNERS_MAX as u128)
            .map(|partners| Weight::from_millionths((1_000_000 * knee / (knee + partners.pow(4))) as i64))
            .collect();
        let crowding = crowding_table(settings.crowd_incidents, settings.nearest_mentions);
        let crowding_of_accounts = crowding_table(settings.crowd_accounts, settings.nearest_mentions);
        let step = |half_life: Span| Span::micros(half_life.as_micros().max(64) / 64);
        let HalfLives { mail, url, other } = settings.half_lives;
        let steps = HalfLives { mail: step(mail), url: step(url), other: step(other) };
        Self { settings, steps, rarity, crowding, crowding_of_accounts }
    }

    /// How much an entity with so many distinct partners still says: 1 for none, a half at `hub_partners`, then falling
    /// with the fourth power.
    pub(crate) fn rarity(&self, partners: usize) -> Weight {
        self.rarity[partners.min(PARTNERS_MAX)]
    }

    /// What is left of an entity that stands in so many other incidents at the time: a half at `crowd_incidents`, then
    /// falling with the square.
    pub(crate) fn crowding(&self, others: usize) -> Weight {
        self.crowding[others.min(self.crowding.len() - 1)]
    }

    /// The same for an account's bare name: a half at `crowd_accounts`.
    pub(crate) fn crowding_of_accounts(&self, others: usize) -> Weight {
        self.crowding_of_accounts[others.min(self.crowding_of_accounts.len() - 1)]
    }

    /// What is left of a link on which user and host do not agree, so many times over: once for each counterpart that is
    /// known and for each other incident.
    pub(crate) fn disagreement(&self, times: usize) -> Weight {
        (0..times).fold(Weight::ONE, |left, _| left.times(self.settings.disagreement))
    }

    /// How much the part that an entity played says: what merely was aimed at says little.
    pub(crate) const fn part(&self, part: Part) -> Weight {
        match part {
            Part::Source | Part::Impacted | Part::Related => Weight::ONE,
            Part::Target => self.settings.target,
        }
    }

    /// How much a mention says by the name that ties it to its entity.
    pub(crate) const fn certainty(&self, certain: bool, bound: bool) -> Weight {
        if certain && !bound { Weight::ONE } else { self.settings.uncertain }
    }

    /// Whether so many partners make a hub.
    pub(crate) fn is_hub(&self, partners: usize) -> bool {
        self.rarity(partners) < self.settings.hub_below
    }

    /// What makes a hub, for whoever has no tables at hand.
    pub(crate) fn hub_measure(&self) -> HubMeasure {
        let partners_min = (0..=PARTNERS_MAX).find(|&partners| self.is_hub(partners)).unwrap_or(usize::MAX);
        HubMeasure { partners_min, window: self.settings.partner_window }
    }

    /// What an entity of this kind weighs by itself.
    pub(crate) fn kind(&self, kind: &EntityKind) -> Weight {
        let weights = &self.settings.weights;
        match kind {
            EntityKind::User | EntityKind::Mailbox => weights.user,
            EntityKind::Host | EntityKind::MobileDevice => weights.host,
            EntityKind::MailMessage | EntityKind::MailCluster => weights.mail,
            EntityKind::Address => weights.address,
            EntityKind::Url => weights.url,
            EntityKind::File | EntityKind::Process | EntityKind::Registry | EntityKind::CloudApplication => {
                weights.file
            }
            EntityKind::CloudResource
            | EntityKind::CloudLogon
            | EntityKind::OauthApplication
            | EntityKind::SecurityGroup => weights.resource,
            EntityKind::VendorIncident => weights.vendor_incident,
            EntityKind::Threat => weights.threat,
            EntityKind::Other(_) => Weight::ZERO,
        }
    }

    /// What is left of a link over this gap.
    pub(crate) fn nearness(&self, kind: &EntityKind, gap: Span) -> Weight {
        let steps = gap.as_micros().max(0) / self.step(kind).as_micros();
        let halvings = steps / 64;
        if halvings >= 20 {
            return Weight::ZERO;
        }
        Weight::from_millionths(HALVINGS[(steps % 64) as usize] >> halvings)
    }

    fn step(&self, kind: &EntityKind) -> Span {
        match kind {
            EntityKind::MailMessage | EntityKind::MailCluster | EntityKind::VendorIncident => self.steps.mail,
            EntityKind::Url | EntityKind::Threat => self.steps.url,
            _ => self.steps.other,
        }
    }

    /// Whether a link of this weight is worth a look.
    pub(crate) fn counts(&self, weight: Weight) -> bool {
        weight >= self.settings.link_min
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearness_halves_with_each_half_life() {
        let half_lives = HalfLives { other: Span::hours(1), ..HalfLives::default() };
        let weighing = Weighing::new(Settings { half_lives, ..Settings::default() });
        let host = |gap| weighing.nearness(&EntityKind::Host, gap).millionths();
        assert_eq!(
            [host(Span::ZERO), host(Span::hours(1)), host(Span::hours(3))],
            [1_000_000, 500_000, 125_000]
        );
        assert_eq!(host(Span::minutes(30)), 707_107);
        assert_eq!(host(Span::days(3)), 0);
        assert_eq!(host(Span::minutes(-5)), 1_000_000, "what overlaps has no gap");
        assert_eq!(weighing.nearness(&EntityKind::MailMessage, Span::days(3)).millionths(), 500_000);
    }

    #[test]
    fn the_table_is_what_it_says() {
        for (k, &millionths) in HALVINGS.iter().enumerate() {
            let exact = 1e6 * 0.5f64.powf(k as f64 / 64.0);
            assert!((exact - millionths as f64).abs() <= 0.5, "{k}: {millionths} is not {exact}");
        }
    }

    #[test]
    fn other_incidents_and_disagreement_leave_less_with_each() {
        let weighing = Weighing::new(Settings {
            crowd_incidents: 5,
            disagreement: Weight::from_millionths(500_000),
            ..Settings::default()
        });
        assert_eq!(weighing.crowding(0), Weight::ONE);
        assert_eq!(weighing.crowding(5).millionths(), 500_000);
        assert!(weighing.crowding(1_000) < weighing.crowding(10), "beyond the table the last one counts");
        assert_eq!(
            [1, 2, 3].map(|times| weighing.disagreement(times).millionths()),
            [500_000, 250_000, 125_000]
        );
    }

    #[test]
    fn partners_make_a_hub() {
        let weighing = Weighing::new(Settings::default());
        assert_eq!(weighing.rarity(0), Weight::ONE);
        assert_eq!(weighing.rarity(16).millionths(), 500_000);
        assert!(weighing.rarity(PARTNERS_MAX).millionths() < 5_000);
        assert!(!weighing.is_hub(16) && weighing.is_hub(22));
    }
}
