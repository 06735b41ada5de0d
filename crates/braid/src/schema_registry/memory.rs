//! The schemas that a registry has given, and a thread that asks it for what is missing: whoever reads records never waits
//! for a registry that is away.
//!
//! ```text
//!   worker ── find ──▶ known? ──▶ its schema
//!                        │ no: wanted, and a short wait at the first time
//!                        ▼
//!   thread ── the next of those wanted ──▶ registry ──▶ known, or why not; asked again after a pause
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use braid_runtime::{SchemaFault, Schemas, Stop};
use braid_wire::{Refusal, RefusalReason, SchemaId, WriterSchema};

use super::{RegisteredSchema, RegistryError, SchemaRegistry};
use crate::config::{self, UnknownId};

/// How many schemas are kept; of more, that which was needed least lately is asked for again. A feed has a handful.
const SCHEMAS_MAX: usize = 1_000;
/// How long a reader waits for a schema that nobody has asked for yet: long enough for a registry that is well, and less
/// than a poll of a worker may take.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// After which pauses a registry is asked again: the last holds for all further ones.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// A schema that nobody has needed for so long is no longer asked for: its partition is another process's.
const WANTED_MAX: Duration = Duration::from_secs(60);
/// How long an answer that there is no such schema holds, where its records are dead letters.
const ABSENT_MAX: Duration = Duration::from_secs(60);
/// How long a wish to stop may go unheard.
const SLICE: Duration = Duration::from_millis(200);

/// What was learned of a schema.
type Verdict = Result<Arc<WriterSchema>, Refusal>;

/// A memory of a registry's schemas. It lives as long as the process: a run that begins without the registry knows none.
#[derive(Debug)]
pub struct SchemaMemory {
    state: Mutex<State>,
    /// Something is wanted, or was learned.
    changed: Condvar,
    unknown_id: UnknownId,
    first_wait: Duration,
}

#[derive(Debug, Default)]
struct State {
    known: BTreeMap<SchemaId, Known>,
    wanted: BTreeMap<SchemaId, Wanted>,
    /// Counts the uses of what is known.
    uses: u64,
    /// Whether the registry's last answer was none.
    failing: bool,
}

#[derive(Debug)]
struct Known {
    verdict: Verdict,
    /// When it was last needed, by the count of uses.
    used: u64,
    /// When it is to be asked for again; `None` if what is known is for good.
    until: Option<Instant>,
}

#[derive(Debug)]
struct Wanted {
    /// When somebody last needed it.
    needed: Instant,
    tries: usize,
    /// When it is asked for next.
    next: Instant,
    /// What came of the last try.
    why: Option<Box<str>>,
}

impl SchemaMemory {
    /// A memory with a thread that asks the registry until somebody asks to stop. Nobody waits for its end: it holds
    /// nothing.
    ///
    /// # Errors
    /// If there is no thread to be had, or the credentials are not to be had.
    pub fn begin(settings: &config::SchemaRegistry, stop: Stop) -> anyhow::Result<Arc<Self>> {
        let registry = SchemaRegistry::new(settings)?;
        let memory = Arc::new(Self::new(settings.unknown_id, FIRST_WAIT));
        let asked = memory.clone();
        let run = move || asked.ask(&registry, &stop);
        let spawned = thread::Builder::new().name("schemas".into()).spawn(run);
        spawned.context("a thread for the schema registry").map(|_| memory)
    }

    fn new(unknown_id: UnknownId, first_wait: Duration) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), unknown_id, first_wait }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whatever a panicking thread left is still a list of schemas.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, registry: &SchemaRegistry, stop: &Stop) {
        while !stop.requested() {
            if let Some(id) = self.next() {
                let answer = registry.schema(id);
                self.learn(id, answer, Instant::now());
            }
        }
    }

    /// Waits a little for something to ask for.
    fn next(&self) -> Option<SchemaId> {
        let state = self.state();
        let due = |state: &State, now| state.wanted.iter().find(|(_, w)| w.next <= now).map(|(id, _)| *id);
        if let Some(id) = due(&state, Instant::now()) {
            return Some(id);
        }
        let waited = self.changed.wait_timeout(state, SLICE).unwrap_or_else(PoisonError::into_inner);
        let mut state = waited.0;
        let now = Instant::now();
        state.wanted.retain(|_, wanted| now.duration_since(wanted.needed) < WANTED_MAX);
        due(&state, now)
    }

    /// Takes note of what the registry has answered.
    fn learn(&self, id: SchemaId, answer: Result<RegisteredSchema, RegistryError>, now: Instant) {
        let mut state = self.state();
        state.failing = answer.as_ref().is_err_and(RegistryError::is_passing);
        match (answer, self.unknown_id) {
            (Ok(schema), _) => state.know(id, judged(&schema), None),
            (Err(error @ RegistryError::NoSuchSchema { .. }), UnknownId::DeadLetter) => {
                let detail = format!("written with {id}; {error}");
                let refusal = Refusal::new(RefusalReason::UnknownSchema, detail);
                state.know(id, Err(refusal), Some(now + ABSENT_MAX));
            }
            (Err(error), _) => state.note_failure(id, &error, now),
        }
        drop(state);
        self.changed.notify_all();
    }
}

impl Schemas for SchemaMemory {
    fn find(&self, id: SchemaId) -> Result<Arc<WriterSchema>, SchemaFault> {
        let mut state = self.state();
        let now = Instant::now();
        if let Some(verdict) = state.recall(id, now) {
            return verdict.map_err(SchemaFault::Unusable);
        }
        if state.want(id, now) {
            self.changed.notify_all();
            // One that gives no answers is not waited for anew with every id.
            let limit = if state.failing { Duration::ZERO } else { self.first_wait };
            let undecided =
                |state: &mut State| state.wanted.get(&id).is_some_and(|wanted| wanted.why.is_none());
            let waited = self.changed.wait_timeout_while(state, limit, undecided);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if let Some(verdict) = state.recall(id, now) {
                return verdict.map_err(SchemaFault::Unusable);
            }
        }
        let why = state.wanted.get(&id).and_then(|wanted| wanted.why.clone());
        Err(SchemaFault::Awaited(why.unwrap_or_else(|| "the registry has not answered yet".into())))
    }
}

impl State {
    /// What is known of a schema, and still holds.
    fn recall(&mut self, id: SchemaId, now: Instant) -> Option<Verdict> {
        self.uses += 1;
        let known = self.known.get_mut(&id).filter(|known| known.until.is_none_or(|until| now < until))?;
        known.used = self.uses;
        Some(known.verdict.clone())
    }

    /// Has a schema asked for; whether nobody had that done yet.
    fn want(&mut self, id: SchemaId, now: Instant) -> bool {
        let first = !self.wanted.contains_key(&id);
        let wanted = self.wanted.entry(id).or_insert(Wanted { needed: now, tries: 0, next: now, why: None });
        wanted.needed = now;
        first
    }

    fn know(&mut self, id: SchemaId, verdict: Verdict, until: Option<Instant>) {
        match &verdict {
            Ok(schema) => tracing::info!(%id, ?schema, "the registry has given a schema"),
            Err(refusal) => tracing::error!(%id, %refusal, "what was written with a schema cannot be read"),
        }
        self.wanted.remove(&id);
        self.uses += 1;
        self.known.insert(id, Known { verdict, used: self.uses, until });
        if self.known.len() > SCHEMAS_MAX
            && let Some(oldest) = self.known.iter().min_by_key(|(_, known)| known.used).map(|(id, _)| *id)
        {
            tracing::warn!(%oldest, most = SCHEMAS_MAX, "a schema is forgotten: there are more than are kept");
            self.known.remove(&oldest);
        }
    }

    fn note_failure(&mut self, id: SchemaId, error: &RegistryError, now: Instant) {
        let Some(wanted) = self.wanted.get_mut(&id) else { return };
        let why: Box<str> = match error {
            RegistryError::NoSuchSchema { .. } => {
                format!("{error}; schema_registry.unknown_id says whether such records wait").into()
            }
            RegistryError::Refused { status: 404, .. } if matches!(id, SchemaId::Guid(_)) => {
                format!("{error}; either it does not have it, or it knows no GUIDs at all").into()
            }
            RegistryError::Refused { status: 404, .. } => {
                format!("{error}; is a path missing, such as /apis/ccompat/v7?").into()
            }
            error => error.to_string().into(),
        };
        if wanted.why.as_ref() != Some(&why) {
            tracing::warn!(%id, %why, "a schema is not to be had");
        }
        wanted.why = Some(why);
        wanted.next = now + PAUSES[wanted.tries.min(PAUSES.len() - 1)];
        wanted.tries += 1;
    }
}

/// A schema made ready to read with, or why nothing can be read with it.
fn judged(schema: &RegisteredSchema) -> Verdict {
    let incompatible = |detail: String| Err(Refusal::new(RefusalReason::IncompatibleSchema, detail));
    match (schema.schema_type.as_deref(), &schema.references[..]) {
        (None | Some("AVRO"), []) => WriterSchema::parse(&schema.schema).map(Arc::new),
        (None | Some("AVRO"), [reference, ..]) => incompatible(format!(
            "the registry's schema refers to another one ({}): register it with all of its types in it",
            reference.name
        )),
        (Some(language), _) => incompatible(format!("the registry's schema is {language}, and not AVRO")),
    }
}

#[cfg(test)]
mod tests;
