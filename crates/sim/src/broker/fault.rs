use std::time::Duration;

use crate::Rng;

/// A call of the log trait that can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `poll`
    Poll,
    /// `attend`
    Attend,
    /// `standing`
    Standing,
    /// `start`
    Start,
    /// `begin`
    Begin,
    /// `send`
    Send,
    /// `send_offsets`
    SendOffsets,
    /// `commit`
    Commit,
    /// `abort`
    Abort,
    /// `replace_producer`
    Replace,
    /// `Changelog::committed`
    ChangelogCommitted,
    /// `Changelog::read`, in the middle
    ChangelogRead,
}

/// How it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happened; the same call works the next time.
    Retry,
    /// The transaction must be aborted.
    Abort,
    /// The request never arrived, and nobody knows.
    LostRequest,
    /// The request was obeyed, and its answer never arrived.
    LostAnswer,
    /// The request is on its way for this long, and is obeyed then if the coordinator still takes it: transaction
    /// protocol v1 lets it end a *later* transaction of the same epoch (KIP-890).
    LateRequest(Duration),
    /// Another producer has taken the transactional id.
    Fenced,
    /// It will never work.
    Fatal,
    /// The process dies before the call.
    CrashBefore,
    /// The process dies after the call, before it sees the answer.
    CrashAfter,
}

/// What goes wrong, and when: by script, and by chance.
#[derive(Debug, Default)]
pub struct Faults {
    script: Vec<Scripted>,
    chance: Option<(Rng, u32)>,
}

#[derive(Debug)]
struct Scripted {
    call: Call,
    /// How many of these calls still go well before it.
    after: u32,
    fault: Fault,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// Any call goes wrong in one of the ways that it can, `per_mille` times in a thousand.
    pub fn seeded(seed: u64, per_mille: u32) -> Self {
        Self { script: Vec::new(), chance: Some((Rng::new(seed), per_mille)) }
    }

    /// The call goes wrong this way once, after it has gone well `after` times (all workers counted together).
    #[must_use]
    pub fn then(mut self, call: Call, after: u32, fault: Fault) -> Self {
        self.script.push(Scripted { call, after, fault });
        self
    }

    /// Whether this call goes wrong, and how.
    pub(super) fn strike(&mut self, call: Call) -> Option<Fault> {
        let mut due = None;
        for (place, scripted) in self.script.iter_mut().enumerate().filter(|(_, s)| s.call == call) {
            match scripted.after {
                0 if due.is_none() => due = Some(place),
                0 => {}
                _ => scripted.after -= 1,
            }
        }
        if let Some(place) = due {
            return Some(self.script.remove(place).fault);
        }
        let (rng, per_mille) = self.chance.as_mut()?;
        if rng.chance(*per_mille) { rng.pick(ways(call)).copied() } else { None }
    }
}

/// The ways in which a call can go wrong by chance. Fencing and what never works are scripted only: they end a worker
/// for good.
const fn ways(call: Call) -> &'static [Fault] {
    use Fault::{Abort, CrashAfter, CrashBefore, LateRequest, LostAnswer, LostRequest, Retry};
    const LATE: Fault = LateRequest(Duration::from_millis(40));
    match call {
        Call::Commit => &[Retry, Abort, LostRequest, LostAnswer, LATE, CrashBefore, CrashAfter],
        Call::SendOffsets => &[Retry, Abort, LostRequest, LostAnswer, CrashBefore, CrashAfter],
        Call::Send => &[Retry, Abort, CrashBefore, CrashAfter],
        Call::Abort => &[Retry, LostRequest, LostAnswer, LATE, CrashBefore, CrashAfter],
        Call::Poll | Call::Attend | Call::Begin | Call::Replace => &[Retry, CrashBefore, CrashAfter],
        Call::Standing | Call::Start => &[Retry, CrashBefore, CrashAfter],
        Call::ChangelogCommitted | Call::ChangelogRead => &[Retry],
    }
}
