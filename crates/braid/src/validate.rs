use anyhow::Context;
use braid_kafka::{Connection, SettingRefused, Topics};

use crate::Outcome;
use crate::cli::Validate;
use crate::config::{self, Config};
use crate::{rules, topology};

/// Says everything that is wrong with a configuration and, if asked to, with the cluster's topics.
pub(crate) fn run(arguments: &Validate) -> anyhow::Result<Outcome> {
    let file = arguments.config.path();
    let config = Config::read(&file, config::variables())?;
    rules::named_by(&config, &file)?;
    if !arguments.connect {
        println!("{} is in order", file.display());
        return Ok(Outcome::Done);
    }
    let wrong = cluster_faults(&config)?;
    for fault in &wrong {
        eprintln!("{fault}");
    }
    if wrong.is_empty() {
        println!("{} is in order, and so are the topics", file.display());
        return Ok(Outcome::Done);
    }
    Ok(Outcome::Refused)
}

/// What is not as needed on the cluster, a sentence each.
fn cluster_faults(config: &Config) -> anyhow::Result<Vec<String>> {
    let topics = Topics::connect(&connection(config)?)?;
    let differences = topics.differences(&topology::topics(config))?;
    let mut wrong: Vec<String> = differences.iter().map(ToString::to_string).collect();
    let sources = topology::source_topics(config);
    let found = topics.describe(&sources)?;
    let missing = sources.iter().filter(|name| !found.iter().any(|topic| topic.name == **name));
    wrong.extend(missing.map(|name| format!("topic {name} of a source is missing, or may not be described")));
    Ok(wrong)
}

/// The connection that a configuration describes, secrets read now.
pub(crate) fn connection(config: &Config) -> anyhow::Result<Connection> {
    let settings = config
        .kafka
        .connection()
        .map_err(|(name, error)| anyhow::Error::new(error).context(format!("kafka.settings.{name}")))?;
    Connection::new(settings)
        .map_err(|refused| {
            let reasons: Vec<String> = refused.iter().map(SettingRefused::to_string).collect();
            anyhow::anyhow!(reasons.join("; "))
        })
        .context("kafka.settings")
}
