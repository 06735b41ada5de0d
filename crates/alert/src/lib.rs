//! The nouns of braid, one meaning each: [`Alert`], [`Evidence`], [`Identifier`], [`Incident`], and what they are
//! made of. Start with [`Alert`].
//!
//! What this crate does not do: it decodes no wire format, decides nothing, reads no clock and does no I/O. Its types
//! derive serde so that `braid-wire` can write them as JSON and as Avro from one definition; which codec that is, it
//! does not know.

mod text_enum;

mod alert;
mod change;
mod command;
mod directory;
mod evidence;
mod identifier;
mod ids;
mod incident;
mod indicator;
mod phase;
mod severity;
mod time;

pub use alert::{Alert, AlertStatus, Classification, Correlate, Determination, Origin, Technique};
pub use change::{ChangeReason, CloseReason, IncidentChange};
pub use command::{Action, Command, CommandReference, Pair};
pub use directory::{DirectoryEntry, DirectoryProduct, DirectoryRecord};
pub use evidence::{EntityKind, Evidence, HostAddress, Role, Verdict};
pub use identifier::{Identifier, IdentifierKind};
pub use ids::{AlertId, AlertKey, EntityId, IncidentId, Provider, Tenant};
pub use incident::{
    Comment, ContextReason, Flood, Hop, Incident, IncidentAlert, IncidentEntity, IncidentStatus, Link,
    LinkReason, NearMiss, NearMissReason, OpenReason, PhaseEntry, Score, ScorePart, Weight,
};
pub use indicator::{CONFIDENCE_HIGH, INDICATOR_MATCHES_MAX, IndicatorMatch, IndicatorMatches};
pub use phase::Phase;
pub use severity::Severity;
pub use time::{EventTime, SourceTime, Span};
