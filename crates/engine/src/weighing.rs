//! The arithmetic of links: fixed-point, by tables, so that no sum depends on its order and no platform on its libm.

use braid_alert::{EntityKind, Span, Weight};

use crate::Settings;
use crate::alert_state::Part;
use crate::entity::PARTNERS_MAX;

/// 0.5^(k/64) in millionths, for k from 0 to 63.
const HALVINGS: [i64; 64] = [
    1000000, 989228, 978572, 968031, 957603, 947288, 937084, 926990, 917004, 907126, 897355, 887688, 878126,
    868667, 859310, 850053, 840896, 831838, 822878, 814014, 805245, 796571, 787990, 779502, 771105, 762799,
    754582, 746454, 738413, 730459, 722590, 714807, 707107, 699490, 691955, 684501, 677128, 669834, 662618,
    655481, 648420, 641435, 634525, 627690, 620929, 614240, 607624, 601078, 594604, 588198, 581862, 575595,
    569394, 563261, 557193, 551191, 545254, 539380, 533570, 527823, 522137, 516512, 510949, 505445,
];

/// Below this a link is not worth a look: some twelve of them would not reach the default threshold of a join.
const WEIGHT_MIN: Weight = Weight::from_millionths(20_000);

/// An entity that weighs less than this, because of its partners, is shown as a hub.
const HUB_RARITY: Weight = Weight::from_millionths(250_000);

/// Settings with the tables that follow from them.
#[derive(Debug)]
pub(crate) struct Weighing {
    pub(crate) settings: Settings,
    rarity: Vec<Weight>,
}

/// So many partners within so much time make a hub.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HubMeasure {
    pub(crate) partners_min: usize,
    pub(crate) window: Span,
}

impl Weighing {
    pub(crate) fn new(settings: Settings) -> Self {
        let knee = u128::from(settings.hub_partners.max(1)).pow(4);
        let rarity = (0..=PARTNERS_MAX as u128)
            .map(|partners| Weight::from_millionths((1_000_000 * knee / (knee + partners.pow(4))) as i64))
            .collect();
        Self { settings, rarity }
    }

    /// How much an entity with so many distinct partners still says: 1 for none, a half at `hub_partners`, then falling
    /// with the fourth power.
    pub(crate) fn rarity(&self, partners: usize) -> Weight {
        self.rarity[partners.min(PARTNERS_MAX)]
    }

    /// Whether so many partners make a hub.
    pub(crate) fn is_hub(&self, partners: usize) -> bool {
        self.rarity(partners) < HUB_RARITY
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
            EntityKind::Other(_) => Weight::ZERO,
        }
    }

    /// What is left of a link over this gap.
    pub(crate) fn nearness(&self, kind: &EntityKind, gap: Span) -> Weight {
        let half_life = self.half_life(kind).as_micros().max(64);
        let steps = gap.as_micros().max(0) / (half_life / 64);
        let halvings = steps / 64;
        if halvings >= 20 {
            return Weight::ZERO;
        }
        Weight::from_millionths(HALVINGS[(steps % 64) as usize] >> halvings)
    }

    fn half_life(&self, kind: &EntityKind) -> Span {
        match kind {
            EntityKind::MailMessage | EntityKind::MailCluster => self.settings.half_lives.mail,
            EntityKind::Url => self.settings.half_lives.url,
            _ => self.settings.half_lives.other,
        }
    }

    /// Whether a link of this weight is worth a look.
    pub(crate) fn counts(&self, weight: Weight) -> bool {
        weight >= WEIGHT_MIN
    }
}

/// How much the part that an entity played says: what merely was aimed at, a domain controller above all, says little.
pub(crate) const fn part_weight(part: Part) -> Weight {
    match part {
        Part::Source | Part::Impacted | Part::Related => Weight::ONE,
        Part::Target => Weight::from_millionths(300_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HalfLives;

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
    fn partners_make_a_hub() {
        let weighing = Weighing::new(Settings::default());
        assert_eq!(weighing.rarity(0), Weight::ONE);
        assert_eq!(weighing.rarity(10).millionths(), 500_000);
        assert!(weighing.rarity(PARTNERS_MAX).millionths() < 1_000);
        assert!(!weighing.is_hub(10) && weighing.is_hub(14));
    }
}
