//! What people say of entities: who is who, who is not, who joins nothing, what to call them.
//!
//! What is said is kept by [`crate::identity`]. Here the incidents that show the entity are told: each gets one version,
//! by a merge that follows from it, or else by one that says so.

use braid_alert::{Action, ChangeReason, IncidentId, Pair};
use smallvec::{SmallVec, smallvec};

use super::Answer;
use crate::slots::{EntityRef, GroupRef};
use crate::tenant_state::TenantState;
use crate::weighing::Weighing;
use crate::{CommandRefused, Effect};

/// How many incidents are told of a ruling: the active ones with the latest mentions. A hub stands in thousands, most of
/// them long done with.
const INCIDENTS_TOLD_MAX: usize = 64;

impl TenantState {
    /// Carries out what is said of one entity, or of two.
    pub(super) fn rule_entity(
        &mut self,
        action: &Action,
        weighing: &Weighing,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        let from = effects.len();
        let ruled: SmallVec<[EntityRef; 2]> = match action {
            Action::MustLink(Pair::Entities(a, b)) => smallvec![self.unite_by_command(a, b)?],
            Action::CannotLink(Pair::Entities(a, b)) => {
                let (a, b) = self.keep_apart(a, b, effects)?;
                smallvec![a, b]
            }
            Action::Exclude { entity, excluded } => smallvec![self.exclude(entity, *excluded)?],
            Action::TagEntity { entity, add, remove } => smallvec![self.tag_entity(entity, add, remove)?],
            _ => return Err(CommandRefused::NothingToDo),
        };
        self.relink_united(weighing, effects);
        let told: Vec<IncidentId> = effects[from..].iter().filter_map(changed).collect();
        for group in self.shown_by(&ruled) {
            if !told.contains(&self.groups[group].incident.id) {
                let change = self.change(group, ChangeReason::EntityRuled);
                effects.push(Effect::Incident(change));
            }
        }
        Ok(())
    }

    /// The groups that mention any of these entities, each once.
    fn shown_by(&self, entities: &[EntityRef]) -> Vec<GroupRef> {
        let mut groups: Vec<GroupRef> = Vec::new();
        for &entity in entities {
            for group in self.active_groups_mentioning(entity, INCIDENTS_TOLD_MAX / entities.len()) {
                if !groups.contains(&group) {
                    groups.push(group);
                }
            }
        }
        groups
    }
}

fn changed(effect: &Effect) -> Option<IncidentId> {
    if let Effect::Incident(change) = effect { Some(change.incident) } else { None }
}
