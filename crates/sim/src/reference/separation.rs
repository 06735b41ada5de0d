//! What people have said does not belong together.

use braid_alert::IncidentId;

use super::history::History;

/// One decision: none of the alerts on the one side belongs with any of those on the other.
#[derive(Debug)]
pub(super) struct Separation {
    sides: [Vec<i64>; 2],
}

impl Separation {
    /// The side that an alert is on.
    fn side_of(&self, alert: i64) -> Option<usize> {
        (0..2).find(|&side| self.sides[side].contains(&alert))
    }
}

impl History {
    pub(super) fn separate(&mut self, ones: &[i64], others: &[i64]) {
        self.separations.push(Separation { sides: [ones.to_vec(), others.to_vec()] });
    }

    /// The decisions that keep two alerts apart, by their places.
    pub(super) fn separations_between(&self, a: i64, b: i64) -> Vec<usize> {
        let keeps_apart = |separation: &Separation| match (separation.side_of(a), separation.side_of(b)) {
            (Some(here), Some(there)) => here != there,
            _ => false,
        };
        (0..self.separations.len()).filter(|&place| keeps_apart(&self.separations[place])).collect()
    }

    /// Whether any two alerts of these incidents are kept apart, by a decision that is not lifted.
    pub(super) fn are_kept_apart(&self, a: IncidentId, b: IncidentId, lifted: &[usize]) -> bool {
        self.alerts_of(a).any(|mine| {
            self.alerts_of(b).any(|theirs| {
                let between = self.separations_between(mine.arrival, theirs.arrival);
                between.iter().any(|decision| !lifted.contains(decision))
            })
        })
    }

    /// Takes decisions back, for all alerts of these incidents.
    pub(super) fn lift(&mut self, lifted: &[usize], incidents: [IncidentId; 2]) {
        let of = |incident| self.alerts_of(incident).map(|alert| alert.arrival).collect::<Vec<_>>();
        let alerts = incidents.map(of).concat();
        for &decision in lifted {
            for side in &mut self.separations[decision].sides {
                side.retain(|alert| !alerts.contains(alert));
            }
        }
    }

    /// Puts alerts on the side of an incident that takes them, wherever it is on the other: the later word counts.
    pub(super) fn side_with(&mut self, incident: IncidentId, alerts: &[i64]) {
        let there: Vec<i64> = self.alerts_of(incident).map(|alert| alert.arrival).collect();
        for Separation { sides } in &mut self.separations {
            for here in 0..2 {
                let other = 1 - here;
                if sides[other].iter().any(|alert| there.contains(alert)) {
                    let (moved, left) = sides[here].iter().partition(|alert| alerts.contains(alert));
                    let moved: Vec<i64> = moved;
                    sides[here] = left;
                    sides[other].extend(moved);
                }
            }
        }
    }
}
