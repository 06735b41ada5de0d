use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use braid_alert::{Action, ChangeReason, LinkReason, OpenReason};
use braid_engine::{
    CommandRefused, DirectoryOutcome, DirectoryRejected, Firing, MergeRefused, RejectReason, RuleLimit,
    Unchanged,
};
use braid_wire::dead_letter::OVER_BROKER_LIMIT;
use braid_wire::{Format, RefusalReason, SchemaId};

/// What stands for a value that is not among the known ones, so that no feed can make series without end.
const OTHER: &str = "other";

/// The type of a label: its values are bounded, by the type itself, by the configuration or by the cluster.
pub trait Label {
    /// What the values are, for the documentation, where it does not list them.
    const MEANING: &'static str;

    /// The value.
    fn text(&self) -> Cow<'_, str>;

    /// Every value, where the list is closed; else none.
    fn known() -> Vec<Cow<'static, str>> {
        Vec::new()
    }
}

/// The labels of a figure, as a tuple of their types.
pub trait LabelSet {
    /// What is given to name one series: a reference, or a tuple of them.
    type Refs<'a>;

    /// The values, in the order of the labels.
    fn texts<'a>(labels: Self::Refs<'a>) -> Vec<Cow<'a, str>>;

    /// Every series, where all lists are closed; else none.
    fn known() -> Vec<Vec<Cow<'static, str>>>;
}

impl LabelSet for () {
    type Refs<'a> = ();

    fn texts<'a>((): Self::Refs<'a>) -> Vec<Cow<'a, str>> {
        Vec::new()
    }

    fn known() -> Vec<Vec<Cow<'static, str>>> {
        vec![Vec::new()]
    }
}

impl<A: Label + 'static> LabelSet for (A,) {
    type Refs<'a> = &'a A;

    fn texts<'a>(a: Self::Refs<'a>) -> Vec<Cow<'a, str>> {
        vec![a.text()]
    }

    fn known() -> Vec<Vec<Cow<'static, str>>> {
        A::known().into_iter().map(|a| vec![a]).collect()
    }
}

impl<A: Label + 'static, B: Label + 'static> LabelSet for (A, B) {
    type Refs<'a> = (&'a A, &'a B);

    fn texts<'a>((a, b): Self::Refs<'a>) -> Vec<Cow<'a, str>> {
        vec![a.text(), b.text()]
    }

    fn known() -> Vec<Vec<Cow<'static, str>>> {
        let with = |a: &Cow<'static, str>, b| vec![a.clone(), b];
        A::known().iter().flat_map(|a| B::known().into_iter().map(move |b| with(a, b))).collect()
    }
}

impl<A: Label + 'static, B: Label + 'static, C: Label + 'static> LabelSet for (A, B, C) {
    type Refs<'a> = (&'a A, &'a B, &'a C);

    fn texts<'a>((a, b, c): Self::Refs<'a>) -> Vec<Cow<'a, str>> {
        vec![a.text(), b.text(), c.text()]
    }

    fn known() -> Vec<Vec<Cow<'static, str>>> {
        let with = |ab: &Vec<_>, c| ab.iter().cloned().chain([c]).collect();
        <(A, B)>::known().iter().flat_map(|ab| C::known().into_iter().map(move |c| with(ab, c))).collect()
    }
}

/// Enumerations that this release closes.
macro_rules! closed {
    ($($type:ty),+) => {$(
        impl Label for $type {
            const MEANING: &'static str = "";

            fn text(&self) -> Cow<'_, str> {
                self.as_str().into()
            }

            fn known() -> Vec<Cow<'static, str>> {
                Self::ALL.iter().map(|value| value.as_str().into()).collect()
            }
        }
    )+};
}
closed!(DirectoryOutcome, Firing, Format, MergeRefused, RuleLimit, Unchanged, StageKind, TransactionOutcome);

/// Enumerations that a newer release, or a feed, may extend.
macro_rules! evolvable {
    ($($type:ty),+) => {$(
        impl Label for $type {
            const MEANING: &'static str = "";

            fn text(&self) -> Cow<'_, str> {
                if let Self::Other(_) = self { OTHER } else { self.as_str() }.into()
            }

            fn known() -> Vec<Cow<'static, str>> {
                Self::KNOWN.iter().map(|value| value.as_str().into()).collect()
            }
        }
    )+};
}
evolvable!(LinkReason, OpenReason, ChangeReason);

macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
        }

        impl $name {
            /// Every one there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The text of it in labels, logs and configuration.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    )+};
}

kinds! {
    /// The two consumers.
    StageKind {
        /// Source topics to the alerts topic.
        Normalise = "normalise",
        /// The alerts topic to incidents.
        Correlate = "correlate",
    }

    /// What became of a transaction.
    TransactionOutcome {
        /// It is in the log.
        Committed = "committed",
        /// It is not; the batch was sent again where its partitions are still owned.
        Aborted = "aborted",
        /// The broker's answer did not come, so the producer was replaced.
        Indefinite = "indefinite",
        /// Another instance has taken the transactional id.
        Fenced = "fenced",
    }
}

/// Why something went to the dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// A decoder could not read it.
    Refused(RefusalReason),
    /// The engine cannot hold it.
    Rejected(RejectReason),
    /// The engine cannot hold it: a directory record.
    Directory(DirectoryRejected),
    /// It was read, and as it would be written it is over the broker's limit.
    OverBrokerLimit,
}

impl Label for Rejection {
    const MEANING: &'static str = "";

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Refused(reason) => reason.as_str(),
            Self::Rejected(reason) => reason.as_str(),
            Self::Directory(reason) => reason.as_str(),
            Self::OverBrokerLimit => OVER_BROKER_LIMIT,
        }
        .into()
    }

    fn known() -> Vec<Cow<'static, str>> {
        let refused = RefusalReason::ALL.iter().filter(|reason| !reason.is_drop());
        let all = refused.map(|reason| reason.as_str());
        let all = all.chain(RejectReason::ALL.iter().map(|reason| reason.as_str()));
        let all = all.chain(DirectoryRejected::ALL.iter().map(|reason| reason.as_str()));
        // A decoder and the engine each have a `too_large`: it is one value.
        let all: BTreeSet<_> = all.chain([OVER_BROKER_LIMIT]).collect();
        all.into_iter().map(Cow::from).collect()
    }
}

/// Why something was left out as the configuration asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatedDrop(pub RefusalReason);

impl Label for StatedDrop {
    const MEANING: &'static str = "";

    fn text(&self) -> Cow<'_, str> {
        self.0.as_str().into()
    }

    fn known() -> Vec<Cow<'static, str>> {
        let drops = RefusalReason::ALL.iter().filter(|reason| reason.is_drop());
        drops.map(|reason| reason.as_str().into()).collect()
    }
}

/// The name of a command's action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionName(pub &'static str);

impl Label for ActionName {
    const MEANING: &'static str = "";

    fn text(&self) -> Cow<'_, str> {
        self.0.into()
    }

    fn known() -> Vec<Cow<'static, str>> {
        Action::NAMES.into_iter().map(Cow::from).collect()
    }
}

/// How a command was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandOutcome {
    /// It was carried out.
    Done,
    /// It was refused, and went to the dead letters.
    Refused(CommandRefused),
}

impl Label for CommandOutcome {
    const MEANING: &'static str = "";

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Done => "done",
            Self::Refused(reason) => reason.as_str(),
        }
        .into()
    }

    fn known() -> Vec<Cow<'static, str>> {
        let refused = CommandRefused::ALL.iter().map(|reason| reason.as_str());
        ["done"].into_iter().chain(refused).map(Cow::from).collect()
    }
}

/// A partition of an input topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub i32);

impl Label for Partition {
    const MEANING: &'static str = "the number of a partition of the input topic that this process owns";

    fn text(&self) -> Cow<'_, str> {
        self.0.to_string().into()
    }
}

/// How a Schema Registry names a schema that a partition waits for; one for each partition at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaName(pub SchemaId);

impl Label for SchemaName {
    const MEANING: &'static str = "the registry's number or GUID of the schema that is waited for";

    fn text(&self) -> Cow<'_, str> {
        match self.0 {
            SchemaId::Number(number) => number.to_string().into(),
            SchemaId::Guid(guid) => guid.to_string().into(),
        }
    }
}

/// This release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version;

impl Label for Version {
    const MEANING: &'static str = "the release";

    fn text(&self) -> Cow<'_, str> {
        env!("CARGO_PKG_VERSION").into()
    }
}

/// A configured source; [`super::Metrics::source`] makes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName(pub(super) Arc<str>);

impl Label for SourceName {
    const MEANING: &'static str = "the name of a configured source";

    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

/// A configured topic; [`super::Metrics::topic`] makes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(pub(super) Arc<str>);

impl Label for TopicName {
    const MEANING: &'static str = "a configured topic";

    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

/// The names that may become label values.
#[derive(Debug)]
pub(super) struct Names(BTreeSet<Arc<str>>);

impl Names {
    pub(super) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().map(Arc::from).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter()
    }

    /// The name itself if it is one of these.
    pub(super) fn bounded(&self, name: &str) -> Arc<str> {
        self.0.get(name).cloned().unwrap_or_else(|| OTHER.into())
    }
}
