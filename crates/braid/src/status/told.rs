use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::table::laid_out;

/// What the API tells, as far as people want it.
#[derive(Debug, Deserialize)]
pub(super) struct Integrations {
    cluster: Option<Fault>,
    #[serde(default)]
    waits: Vec<String>,
    sources: Vec<Source>,
    outputs: Vec<Output>,
    schema_registry: Option<Registry>,
}

#[derive(Debug, Deserialize)]
struct Fault {
    what: String,
    advice: String,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Trouble {
    place: Option<String>,
    what: String,
    advice: String,
}

#[derive(Debug, Deserialize)]
struct Source {
    name: String,
    state: String,
    troubles: Vec<Trouble>,
    format: String,
    resolution: Option<String>,
    last: Option<Last>,
    records: u64,
    refused: u64,
    refused_example: Option<Example>,
    dropped: BTreeMap<String, u64>,
    health: Option<Health>,
}

#[derive(Debug, Deserialize)]
struct Last {
    source_time: String,
    lag_seconds: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Example {
    reason: String,
    detail: String,
    topic: String,
    partition: i32,
    offset: i64,
}

#[derive(Debug, Deserialize)]
struct Health {
    text: String,
    at: String,
}

#[derive(Debug, Deserialize)]
struct Output {
    topic: String,
    holds: String,
    encoding: String,
    state: String,
    troubles: Vec<Trouble>,
}

#[derive(Debug, Deserialize)]
struct Registry {
    url: String,
    state: String,
    what: Option<String>,
    advice: Option<String>,
}

const BROKEN: &str = "broken";
/// Read, and nothing of it can be taken.
const REFUSING: &str = "refusing";

impl Integrations {
    /// Whether something that is on does not work.
    pub(super) fn is_broken(&self) -> bool {
        let mut states =
            self.sources.iter().map(|source| &source.state).chain(self.outputs.iter().map(|o| &o.state));
        self.cluster.is_some()
            || states.any(|state| state == BROKEN || state == REFUSING)
            || self.schema_registry.as_ref().is_some_and(|registry| registry.state == BROKEN)
    }

    /// A table for people, and below it what is to be said of single ones.
    pub(super) fn written(&self) -> String {
        let mut said: Vec<String> = Vec::new();
        if let Some(Fault { what, advice }) = &self.cluster {
            said.push(format!("the cluster: {what}\n  {advice}"));
        }
        said.extend(self.waits.iter().map(|wait| format!("waits for {wait}")));
        said.extend(self.sources.iter().flat_map(Source::said));
        said.extend(self.troubles_of_outputs());
        if let Some(Registry { url, what: Some(what), advice, .. }) = &self.schema_registry {
            said.push(format!("{url}: {what}\n  {}", advice.as_deref().unwrap_or_default()));
        }
        let said: String = said.into_iter().map(|said| format!("\n{said}\n")).collect();
        self.table() + &said
    }

    /// Whatever keeps incidents from being made is said once, of all outputs that it is told of.
    fn troubles_of_outputs(&self) -> Vec<String> {
        let mut told: Vec<(&Trouble, Vec<&str>)> = Vec::new();
        for output in &self.outputs {
            for trouble in &output.troubles {
                match told.iter_mut().find(|(known, _)| *known == trouble) {
                    Some((_, topics)) => topics.push(&output.topic),
                    None => told.push((trouble, vec![&output.topic])),
                }
            }
        }
        told.iter().filter_map(|(trouble, topics)| said_of(&topics.join(", "), trouble)).collect()
    }

    fn table(&self) -> String {
        let head = ["INTEGRATION", "STATE", "FORMAT", "RECORDS", "REFUSED", "LAST", "LAG", "RESOLUTION"];
        let mut rows = vec![head.map(str::to_owned)];
        rows.extend(self.sources.iter().map(Source::row));
        rows.extend(self.outputs.iter().map(|output| {
            let form = format!("{}, {}", output.holds, output.encoding);
            row([&output.topic, &output.state, &form])
        }));
        rows.extend(
            self.schema_registry
                .iter()
                .map(|registry| row([&registry.url, &registry.state, "schema registry"])),
        );
        laid_out(&rows, &[3, 4, 6])
    }
}

/// What has no figures.
fn row([name, state, form]: [&str; 3]) -> [String; 8] {
    [name, state, form, "", "", "", "", ""].map(str::to_owned)
}

impl Source {
    fn row(&self) -> [String; 8] {
        let lag = self.last.as_ref().and_then(|last| last.lag_seconds);
        [
            self.name.clone(),
            self.state.clone(),
            self.format.clone(),
            self.records.to_string(),
            self.refused.to_string(),
            self.last.as_ref().map_or("-", |last| &last.source_time).to_owned(),
            lag.map_or("-".to_owned(), told_lag),
            self.resolution.clone().unwrap_or_default(),
        ]
    }

    /// What a table has no room for.
    fn said(&self) -> Vec<String> {
        let mut said: Vec<String> =
            self.troubles.iter().filter_map(|trouble| said_of(&self.name, trouble)).collect();
        if self.state == REFUSING {
            said.push(format!(
                "{name}: nothing could be taken of {} records: {} refused; see whether the format and the tenant's names are \
                 right\n  braid dlq list --source {name}",
                self.records,
                self.refused,
                name = self.name
            ));
        }
        if let Some(Example { reason, detail, topic, partition, offset }) = &self.refused_example {
            said.push(format!(
                "{}: refused, for example {topic}/{partition}@{offset}: {reason}: {detail}",
                self.name
            ));
        }
        if !self.dropped.is_empty() {
            let counts: Vec<String> =
                self.dropped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            said.push(format!("{}: left out: {}", self.name, counts.join(", ")));
        }
        if let Some(Health { text, at }) = &self.health {
            said.push(format!("{}: the product says of itself ({at}): {text}", self.name));
        }
        said
    }
}

/// In whole seconds; more than a day is told in days.
fn told_lag(seconds: f64) -> String {
    const DAY: f64 = 86_400.0;
    if seconds >= DAY {
        return format!("{:.0} d", seconds / DAY);
    }
    humantime::format_duration(Duration::from_secs(seconds.max(0.0) as u64)).to_string()
}

/// What is wrong with a single topic; what is wrong with the cluster is said once, and not of each.
fn said_of(whose: &str, trouble: &Trouble) -> Option<String> {
    let place = trouble.place.as_ref()?;
    Some(format!("{whose}: {place}: {}\n  {}", trouble.what, trouble.advice))
}

#[cfg(test)]
mod tests {
    use braid_wire::json::from_json;
    use expect_test::expect;

    use super::*;

    const ANSWER: &str = r#"{"cluster":null,"sources":[
        {"name":"mdi","enabled":true,"state":"ok","troubles":[],"format":"mdi-cef","topics":["security.mdi"],
         "resolution":"not reported","last":{"source_time":"2026-02-03T10:01:00Z","event_time":null,"lag_seconds":61.4},
         "records":120,"taken":118,"refused":1,"refused_example":{"reason":"truncated","detail":"at byte 7",
         "topic":"security.mdi","partition":2,"offset":41},"dropped":{"health_alert":1},
         "health":{"kind":"k","text":"no word from DC2","severity":"medium","at":"2026-02-03T09:00:00Z"}},
        {"name":"mde","enabled":true,"state":"broken","troubles":[{"place":"security.mde",
         "what":"Broker: Topic authorization failed","advice":"grant Read"}],"format":"graph-alert",
         "topics":["security.mde"],"resolution":"reported","last":null,"records":0,"taken":0,"refused":0,
         "refused_example":null,"dropped":{},"health":null}],
        "outputs":[{"topic":"incidents","holds":"incidents","encoding":"json","state":"ok","troubles":[]}],
        "schema_registry":{"url":"http://registry:8081","state":"broken","what":"no answer","advice":"start it"}}"#;

    #[test]
    fn a_table_tells_of_all_and_below_it_stands_what_is_wrong_and_what_helps() {
        let found: Integrations = from_json(ANSWER.as_bytes()).unwrap();
        assert!(found.is_broken());
        expect![[r#"
            INTEGRATION           STATE   FORMAT           RECORDS  REFUSED  LAST                    LAG  RESOLUTION
            mdi                   ok      mdi-cef              120        1  2026-02-03T10:01:00Z  1m 1s  not reported
            mde                   broken  graph-alert            0        0  -                         -  reported
            incidents             ok      incidents, json
            http://registry:8081  broken  schema registry

            mdi: refused, for example security.mdi/2@41: truncated: at byte 7

            mdi: left out: 1 health_alert

            mdi: the product says of itself (2026-02-03T09:00:00Z): no word from DC2

            mde: security.mde: Broker: Topic authorization failed
              grant Read

            http://registry:8081: no answer
              start it
        "#]].assert_eq(&found.written());
    }

    #[test]
    fn what_is_waited_for_what_is_refused_and_what_keeps_all_outputs_waiting_is_said_once() {
        let output = |topic: &str| {
            format!(
                r#"{{"topic":"{topic}","holds":"h","encoding":"json","state":"broken","troubles":[{{"place":"braid.alerts/0","what":"record 3 is held","advice":"a"}}]}}"#
            )
        };
        let source = r#"{"name":"mdi","enabled":true,"state":"refusing","troubles":[],"format":"mdi-cef","topics":["t"],
            "resolution":"reported","last":null,"records":3,"taken":0,"refused":4,"refused_example":null,"dropped":{},"health":null}"#;
        let answer = format!(
            r#"{{"cluster":null,"waits":["the schema registry: no answer"],"sources":[{source}],"outputs":[{},{}],"schema_registry":null}}"#,
            output("incidents"),
            output("events")
        );
        let found: Integrations = from_json(answer.as_bytes()).unwrap();
        assert!(found.is_broken());
        let written = found.written();
        assert!(written.contains("waits for the schema registry: no answer\n"), "{written}");
        assert!(written.contains("mdi: nothing could be taken of 3 records: 4 refused"), "{written}");
        assert!(
            written.contains("\nincidents, events: braid.alerts/0: record 3 is held\n  a\n"),
            "{written}"
        );
        let mut alone = found;
        alone.outputs.clear();
        assert!(alone.is_broken(), "a source that refuses all is not well");
    }

    #[test]
    fn a_broken_cluster_is_said_once_and_what_is_well_is_not_broken() {
        let trouble = r#""troubles":[{"place":null,"what":"SASL authentication error","advice":"a"}]"#;
        let well = r#"{"cluster":null,"sources":[],"outputs":[{"topic":"incidents","holds":"incidents","encoding":"json","state":"ok","troubles":[]}],"schema_registry":null}"#;
        let found: Integrations = from_json(well.as_bytes()).unwrap();
        assert!(!found.is_broken());
        let broken = well
            .replace(r#""cluster":null"#, r#""cluster":{"what":"SASL authentication error","advice":"a"}"#)
            .replace(r#""troubles":[]"#, trouble);
        let found: Integrations = from_json(broken.as_bytes()).unwrap();
        assert!(found.is_broken());
        assert_eq!(found.written().matches("SASL authentication error").count(), 1);
    }
}
