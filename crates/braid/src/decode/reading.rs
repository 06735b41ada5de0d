use std::path::Path;

use braid_alert::Tenant;
use braid_wire::{Format, SourceRules, TenantRule};

use crate::config::fault::Fault;
use crate::config::{Config, Faults, Place, Source};

/// The tenant of records of a format that names none, unless another one is given.
const TENANT: &str = "default";

/// How the records of files are read: whose they are, and what a configuration says of the sources of their formats.
///
/// Whose alerts they are a file's reader says, or the record: two configurations that call a tenant differently would
/// else have no incident in common.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    pub(crate) tenant: Option<Tenant>,
    /// Those that are enabled.
    sources: Vec<Source>,
}

impl Reading {
    /// As the products' records say it, without a configuration.
    pub(crate) fn plain(tenant: Option<&str>) -> Self {
        Self { tenant: tenant.map(Tenant::new), sources: Vec::new() }
    }

    /// By a configuration, which was read from `file`.
    ///
    /// # Errors
    /// If two of its sources would read a format in different ways: a file does not say which it came through.
    pub(crate) fn of(
        config: &Config,
        file: &Path,
        tenant: Option<&str>,
        formats: &[Format],
    ) -> Result<Self, Faults> {
        let sources = config.sources.iter().filter(|source| source.enabled).cloned().collect();
        let reading = Self { sources, ..Self::plain(tenant) };
        let faults = formats.iter().filter_map(|format| reading.ambiguity(*format)).collect();
        let faults = Faults::new(file, faults);
        if faults.is_empty() { Ok(reading) } else { Err(faults) }
    }

    fn ambiguity(&self, format: Format) -> Option<Fault> {
        let (first, others) = {
            let mut all = self.of_format(format);
            (all.next()?, all.collect::<Vec<_>>())
        };
        let rules = |source: &Source| source.rules_for(format, self.tenant_rule(format));
        let other = others.into_iter().find(|other| rules(other) != rules(first))?;
        let message = format!(
            "`{}` and `{}` read {format} in different ways, and a file does not say which it came through: leave one of \
             them, in a copy of this file",
            first.name, other.name
        );
        Some(Fault { place: Place::Nowhere, key: "sources".to_owned(), message })
    }

    fn of_format(&self, format: Format) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(move |source| source.format.as_ref().is_some_and(|word| word.0 == format))
    }

    /// What is told of records of this format.
    pub(crate) fn rules(&self, format: Format) -> SourceRules {
        let tenant = self.tenant_rule(format);
        match self.of_format(format).next() {
            Some(source) => source.rules_for(format, tenant),
            None => SourceRules::new(format, tenant),
        }
    }

    fn tenant_rule(&self, format: Format) -> TenantRule {
        match (&self.tenant, format.tenant_field()) {
            (Some(tenant), _) => TenantRule::Fixed(tenant.clone()),
            (None, Some(_)) => TenantRule::Field { name: None, aliases: Default::default() },
            (None, None) => TenantRule::Fixed(Tenant::new(TENANT)),
        }
    }

    /// Says of the formats of which this configuration has no source what `other` says: a file of `[correlation]` alone
    /// does not mean that alerts come in otherwise.
    pub(crate) fn completed_by(mut self, other: &Self) -> Self {
        let missing = |source: &&Source| {
            source.format.as_ref().is_some_and(|word| self.of_format(word.0).next().is_none())
        };
        let missing: Vec<Source> = other.sources.iter().filter(missing).cloned().collect();
        self.sources.extend(missing);
        self
    }

    /// The sources by name, of which the two say something different; a source that only one of them has, too.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let named = |among: &Self, name: &str| {
            let source = among.sources.iter().find(|source| source.name == name)?;
            Some(source.rules_for(source.format.as_ref()?.0, TenantRule::Fixed(Tenant::new(""))))
        };
        let mut names: Vec<&String> =
            self.sources.iter().chain(&other.sources).map(|source| &source.name).collect();
        names.sort();
        names.dedup();
        names.into_iter().filter(|name| named(self, name) != named(other, name)).cloned().collect()
    }

    /// Whether a configuration has said anything of sources.
    pub(crate) fn says_something(&self) -> bool {
        !self.sources.is_empty()
    }
}
