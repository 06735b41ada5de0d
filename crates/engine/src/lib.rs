//! The correlator of one partition: [`Input`]s in, [`Effect`]s out.
//!
//! What it does not do: it reads no clock, does no I/O, starts no thread, awaits nothing and draws nothing at random.
//! Time is an argument, every answer is an effect with a reason, and the same inputs give the same effects, whether
//! the process was restarted in between or not. `clippy.toml` beside this crate keeps it so.
//!
//! Start with [`Partition`].

// The face.
mod partition;
mod input;
mod effect;
mod settings;
mod network;
mod state;
mod rule;

// One tenant, and what is done with it: a file each.
mod tenant_state;
mod arrival;
mod revision;
mod identity;
mod directory;
mod join;
mod company;
mod merge;
mod split;
mod command;
mod expiry;
mod snapshot;
mod freshness;
mod rules;
mod changes;

// What that is made of.
mod alert_state;
mod apart;
mod entity;
mod dossier;
mod flood;
mod footprint;
mod group;
mod index;
mod names;
mod near;
mod path;
mod score;
mod slots;
mod timeline;
mod title;
mod weighing;

pub use effect::{
    CommandRefused, DirectoryOutcome, DirectoryRejected, Effect, Firing, MergeRefused, RejectReason,
    RuleLimit, Unchanged,
};
pub use input::Input;
pub use network::{Network, NetworkError};
pub use partition::{Partition, Stats};
pub use rule::{
    Correlation, Counted, Detection, EntityField, Expression, Field, InvalidRules, Match, OCCURRENCES_MAX,
    Pattern, REFERENCES_MAX, Rule, RuleKind, Rules, Test, TextPattern, Wrap,
};
pub use settings::{Caps, HalfLives, KindWeights, Settings};
pub use state::{
    AlertRecord, BindingRecord, Change, EntityRecord, IncidentRecord, LinkRecord, ListingRecord,
    MentionRecord, NameSource, NearRecord, PartnerRecord, RaisedRecord, StateKey, StateRecord, TenantRecord,
};
