//! What a link weighs: the figures, as the words of the engine's documentation have them.

use braid_alert::{EntityKind, Span, Weight};
use braid_engine::Settings;

use super::alert::Part;

/// How many partners are counted at most.
const PARTNERS_MAX: usize = 64;

pub(super) fn kind(kind: &EntityKind, settings: &Settings) -> Weight {
    let weights = &settings.weights;
    match kind {
        EntityKind::User | EntityKind::Mailbox => weights.user,
        EntityKind::Host | EntityKind::MobileDevice => weights.host,
        EntityKind::MailMessage | EntityKind::MailCluster => weights.mail,
        EntityKind::Address => weights.address,
        EntityKind::Url => weights.url,
        kind if is_tool(kind) => weights.file,
        EntityKind::VendorIncident => weights.vendor_incident,
        EntityKind::Threat => weights.threat,
        EntityKind::Other(_) => Weight::ZERO,
        _ => weights.resource,
    }
}

/// What every attack uses, and everybody else.
pub(super) fn is_tool(kind: &EntityKind) -> bool {
    let tools = [EntityKind::File, EntityKind::Process, EntityKind::Registry, EntityKind::CloudApplication];
    tools.contains(kind)
}

/// 1 for nobody met, a half at `hub_partners`, falling with the fourth power: h⁴ ÷ (h⁴ + partners⁴), rounded down.
pub(super) fn rarity(partners: usize, settings: &Settings) -> Weight {
    let knee = u128::from(settings.hub_partners.max(1)).pow(4);
    let partners = (partners.min(PARTNERS_MAX) as u128).pow(4);
    Weight::from_millionths((1_000_000 * knee / (knee + partners)) as i64)
}

pub(super) fn is_hub(partners: usize, settings: &Settings) -> bool {
    rarity(partners, settings) < settings.hub_below
}

pub(super) fn part(part: Part, settings: &Settings) -> Weight {
    if part == Part::Target { settings.target } else { Weight::ONE }
}

pub(super) fn certainty(certain: bool, settings: &Settings) -> Weight {
    if certain { Weight::ONE } else { settings.uncertain }
}

/// A half with so many others, falling with the square, rounded down.
pub(super) fn crowding(others: usize, half_at: u32) -> Weight {
    let knee = u128::from(half_at.max(1)).pow(2);
    Weight::from_millionths((1_000_000 * knee / (knee + (others as u128).pow(2))) as i64)
}

/// `disagreement` so many times over.
pub(super) fn disagreement(times: usize, settings: &Settings) -> Weight {
    (0..times).fold(Weight::ONE, |left, _| left.times(settings.disagreement))
}

/// Halves with each half-life, in 64 steps; nothing is left after twenty.
pub(super) fn nearness(kind: &EntityKind, gap: Span, settings: &Settings) -> Weight {
    let half_life = match kind {
        EntityKind::MailMessage | EntityKind::MailCluster | EntityKind::VendorIncident => {
            settings.half_lives.mail
        }
        EntityKind::Url | EntityKind::Threat => settings.half_lives.url,
        _ => settings.half_lives.other,
    };
    let steps = gap.as_micros() / (half_life.as_micros().max(64) / 64);
    let (halvings, rest) = (steps / 64, steps % 64);
    if halvings >= 20 {
        return Weight::ZERO;
    }
    let left = (1e6 * 0.5f64.powf(rest as f64 / 64.0)).round() as i64;
    Weight::from_millionths(left >> halvings)
}
