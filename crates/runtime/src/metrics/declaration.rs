use std::marker::PhantomData;

use prometheus::core::Collector;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

use super::label::LabelSet;

/// Declares the figures: for each a field of the struct, its family, its labels and their types, for a histogram its
/// buckets, and the name that Prometheus sees. The doc comment is also the help text.
macro_rules! metrics {
    ($(#[$meta:meta])* $name:ident { $(
        $(#[doc = $help:literal])+
        $field:ident: $family:ident[$($label:ident: $type:ty),*] $(in $buckets:ident)? = $metric:literal,
    )+ }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name {
            registry: prometheus::Registry,
            source_names: Names,
            topic_names: Names,
            $($(#[doc = $help])+ pub $field: $family<($($type,)*)>,)+
        }

        impl $name {
            fn declare(source_names: Names, topic_names: Names) -> Self {
                let registry = prometheus::Registry::new();
                $(let $field = $family::declare(&registry, &declaration::Declaration {
                    name: $metric,
                    help: concat!($($help),+).trim(),
                    labels: &[$(stringify!($label)),*],
                    buckets: &<[&[f64]]>::concat(&[$($buckets)?]),
                });)+
                Self { registry, source_names, topic_names, $($field,)+ }
            }
        }

        /// Every figure that there is, in the order of the documentation.
        pub(super) fn declared() -> Vec<description::MetricDescription> {
            vec![$(description::MetricDescription {
                name: $metric,
                kind: <$family<($($type,)*)>>::KIND,
                labels: vec![$(description::LabelDescription::of::<$type>(stringify!($label))),*],
                help: concat!($($help),+).trim(),
            },)+]
        }
    };
}
pub(super) use metrics;

/// What a family is made of.
pub(super) struct Declaration<'a> {
    pub(super) name: &'a str,
    pub(super) help: &'a str,
    pub(super) labels: &'a [&'a str],
    pub(super) buckets: &'a [f64],
}

impl Declaration<'_> {
    fn opts(&self) -> Opts {
        Opts::new(self.name, self.help)
    }

    fn register<T: Collector + Clone + 'static>(
        &self,
        registry: &Registry,
        made: prometheus::Result<T>,
    ) -> T {
        let family = made.expect("names, labels and buckets are constants that a test has read");
        registry.register(Box::new(family.clone())).expect("no two figures have one name");
        family
    }
}

macro_rules! families {
    ($($(#[$meta:meta])* $name:ident($vec:ident) = $kind:literal,)+) => {
        $($(#[$meta])*
        #[derive(Debug)]
        pub struct $name<L>($vec, PhantomData<fn() -> L>);

        impl<L: LabelSet> $name<L> {
            /// Prometheus' word for it.
            pub const KIND: &'static str = $kind;
        })+
    };
}

families! {
    /// A figure that only rises; it begins again at zero with the process. To be summed over instances.
    Counter(IntCounterVec) = "counter",
    /// A figure that rises and falls.
    Gauge(GaugeVec) = "gauge",
    /// How often values lay below each of some bounds, their sum and their number.
    Histogram(HistogramVec) = "histogram",
}

impl<L: LabelSet> Counter<L> {
    pub(super) fn declare(registry: &Registry, declaration: &Declaration<'_>) -> Self {
        let made = IntCounterVec::new(declaration.opts(), declaration.labels);
        let counter = declaration.register(registry, made);
        // A rate needs the zero before the one, so every series that can be known is there from the start.
        L::known().iter().for_each(|texts| drop(counter.with_label_values(texts)));
        Self(counter, PhantomData)
    }

    /// Counts so many more.
    pub fn add(&self, labels: L::Refs<'_>, more: u64) {
        self.0.with_label_values(&L::texts(labels)).inc_by(more);
    }

    /// How many there have been.
    pub fn value(&self, labels: L::Refs<'_>) -> u64 {
        self.0.with_label_values(&L::texts(labels)).get()
    }
}

impl<L: LabelSet> Gauge<L> {
    pub(super) fn declare(registry: &Registry, declaration: &Declaration<'_>) -> Self {
        let made = GaugeVec::new(declaration.opts(), declaration.labels);
        let gauge = declaration.register(registry, made);
        L::known().iter().for_each(|texts| drop(gauge.with_label_values(texts)));
        Self(gauge, PhantomData)
    }

    /// It is so much now.
    pub fn set(&self, labels: L::Refs<'_>, value: f64) {
        self.0.with_label_values(&L::texts(labels)).set(value);
    }

    /// It is so much more, or less, than before: for figures to which several threads contribute.
    pub fn add(&self, labels: L::Refs<'_>, more: f64) {
        self.0.with_label_values(&L::texts(labels)).add(more);
    }

    /// It is no longer shown.
    pub fn remove(&self, labels: L::Refs<'_>) {
        // That it was never shown is as good.
        let _ = self.0.remove_label_values(&L::texts(labels));
    }

    /// How much it is.
    pub fn value(&self, labels: L::Refs<'_>) -> f64 {
        self.0.with_label_values(&L::texts(labels)).get()
    }
}

impl<L: LabelSet> Histogram<L> {
    pub(super) fn declare(registry: &Registry, declaration: &Declaration<'_>) -> Self {
        let opts =
            HistogramOpts::new(declaration.name, declaration.help).buckets(declaration.buckets.to_vec());
        let histogram = declaration.register(registry, HistogramVec::new(opts, declaration.labels));
        L::known().iter().for_each(|texts| drop(histogram.with_label_values(texts)));
        Self(histogram, PhantomData)
    }

    /// Takes a value in; a negative one counts as zero.
    pub fn observe(&self, labels: L::Refs<'_>, value: f64) {
        self.0.with_label_values(&L::texts(labels)).observe(value.max(0.0));
    }

    /// How many values there have been.
    pub fn count(&self, labels: L::Refs<'_>) -> u64 {
        self.0.with_label_values(&L::texts(labels)).get_sample_count()
    }
}
