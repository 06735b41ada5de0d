//! A source that is switched off keeps its place, on a real Apache Kafka: the others run on, and once it is on again what
//! came meanwhile is read. Where Kafka has forgotten the place, all is read again and changes nothing.

mod on_kafka {
    use std::collections::{BTreeMap, BTreeSet};

    use braid_tests::invention::{Invented, invent};
    use braid_tests::pipeline::{Pipeline, SourceSpec};
    use braid_tests::program::Program;
    use serde_json::Value;

    const TOGGLED: &str = "toggled";
    const STEADY: &str = "steady";

    /// What each source has got to give while all is on, while one is off, and after.
    const PORTIONS: usize = 3;

    const fn source(name: &'static str) -> SourceSpec {
        SourceSpec { name, format: "braid-json", tenant: "{ field = \"tenant\" }", partitions: 2 }
    }

    /// Alerts and revisions of both sources, in portions. All of an alert is of one source; both tell of the same hosts.
    fn portions() -> Vec<BTreeMap<&'static str, Vec<Invented>>> {
        let records = invent(20_250_203, 210, 3);
        let mut portions = vec![BTreeMap::<_, Vec<_>>::new(); PORTIONS];
        let each = records.len().div_ceil(PORTIONS);
        for (at, record) in records.into_iter().enumerate() {
            let source = if record.id.ends_with(['0', '2', '4', '6', '8']) { TOGGLED } else { STEADY };
            portions[at / each].entry(source).or_default().push(record);
        }
        portions
    }

    fn feed(pipeline: &Pipeline, source: &str, records: &[Invented]) {
        pipeline
            .feed(source, records.iter().map(|record| (record.id.as_str(), Some(record.json.as_bytes()))));
    }

    fn switch(pipeline: &Pipeline, from: bool, to: bool) {
        let topic = pipeline.topic(TOGGLED);
        let said = |on| format!("topics = [{topic:?}]\nformat = \"braid-json\"\nenabled = {on}\n");
        pipeline.reconfigure(&said(from), &said(to));
    }

    /// State and records of the source that is switched, and of the other one, as `braid status` tells them.
    fn told(pipeline: &Pipeline, program: &mut Program) -> [(String, usize); 2] {
        let said = pipeline.braid(&format!("status --json --url {}", program.address()));
        let said: Value = serde_json::from_slice(&said).expect("it is JSON");
        [TOGGLED, STEADY].map(|name| {
            let sources = said["sources"].as_array().expect("a list");
            let source = sources.iter().find(|source| source["name"] == name).expect("it is configured");
            assert_eq!(
                (&source["troubles"], &source["refused"]),
                (&serde_json::json!([]), &0.into()),
                "{name}"
            );
            let state = source["state"].as_str().expect("a word").to_owned();
            (state, source["taken"].as_u64().expect("a number") as usize)
        })
    }

    fn state(word: &str, taken: usize) -> (String, usize) {
        (word.to_owned(), taken)
    }

    fn start(pipeline: &Pipeline) -> Program {
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        program
    }

    /// The alerts of all incidents, each once.
    fn alerts(incidents: &BTreeMap<String, Value>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for incident in incidents.values().filter(|incident| incident["status"] != "redirected") {
            for alert in incident["alerts"].as_array().expect("it lists its alerts") {
                let id = alert["id"].as_str().expect("it has an id").to_owned();
                assert!(found.insert(id.clone()), "{id} is in two places");
            }
        }
        found
    }

    fn ids<'r>(records: impl IntoIterator<Item = &'r Invented>) -> BTreeSet<String> {
        records.into_iter().map(|record| record.id.clone()).collect()
    }

    #[test]
    fn a_source_that_is_switched_off_is_read_on_from_its_place_once_it_is_on_again() {
        let pipeline = Pipeline::new("switched-off", &[source(TOGGLED), source(STEADY)], "");
        let normalise = pipeline.observer("normalise");
        let portions = portions();
        let count = |portion: usize, source: &str| portions[portion][source].len();

        let mut program = start(&pipeline);
        portions[0].iter().for_each(|(source, records)| feed(&pipeline, source, records));
        pipeline.drain();
        let both = [state("ok", count(0, TOGGLED)), state("ok", count(0, STEADY))];
        assert_eq!(told(&pipeline, &mut program), both);
        assert_eq!(program.terminate(), Some(0));
        let place = normalise.committed(&pipeline.topic(TOGGLED));

        // Off: it is told so, is no trouble, and the other one is read on.
        switch(&pipeline, true, false);
        let (before, meanwhile) = portions[1][TOGGLED].split_at(count(1, TOGGLED) / 2);
        feed(&pipeline, TOGGLED, before);
        let mut program = start(&pipeline);
        feed(&pipeline, TOGGLED, meanwhile);
        feed(&pipeline, STEADY, &portions[1][STEADY]);
        pipeline.drain_of([STEADY]);
        assert_eq!(told(&pipeline, &mut program), [state("off", 0), state("ok", count(1, STEADY))]);
        assert_eq!(normalise.committed(&pipeline.topic(TOGGLED)), place, "it keeps its place");
        assert_eq!(program.terminate(), Some(0));
        let read = portions[0].values().flatten().chain(&portions[1][STEADY]);
        assert_eq!(alerts(&pipeline.assert_as_replayed()), ids(read));

        // On: what lay there and what comes now, and nothing a second time.
        switch(&pipeline, false, true);
        let mut program = start(&pipeline);
        portions[2].iter().for_each(|(source, records)| feed(&pipeline, source, records));
        pipeline.drain();
        let missed = count(1, TOGGLED) + count(2, TOGGLED);
        assert_eq!(told(&pipeline, &mut program), [state("ok", missed), state("ok", count(2, STEADY))]);
        assert_eq!(program.terminate(), Some(0));
        let incidents = pipeline.assert_as_replayed();
        assert_eq!(alerts(&incidents), ids(portions.iter().flat_map(|portion| portion.values().flatten())));
        assert_eq!(pipeline.read("dead-letters"), []);
    }

    #[test]
    fn a_source_whose_place_kafka_has_forgotten_is_read_from_its_first_record_which_changes_nothing() {
        let pipeline = Pipeline::new("place-forgotten", &[source(TOGGLED), source(STEADY)], "");
        let fed = &portions()[0];
        let program = start(&pipeline);
        fed.iter().for_each(|(source, records)| feed(&pipeline, source, records));
        pipeline.drain();
        assert_eq!(program.terminate(), Some(0));
        let known = pipeline.assert_as_replayed();
        assert_eq!(alerts(&known), ids(fed.values().flatten()));

        pipeline.forget_places("normalise");
        let topic = pipeline.topic(TOGGLED);
        assert!(
            pipeline.observer("normalise").committed(&topic).iter().all(|at| *at == 0),
            "it is forgotten"
        );
        let mut program = start(&pipeline);
        pipeline.drain();
        let again = [state("ok", fed[TOGGLED].len()), state("ok", fed[STEADY].len())];
        assert_eq!(told(&pipeline, &mut program), again);
        assert_eq!(program.terminate(), Some(0));
        assert_eq!(pipeline.assert_as_replayed(), known);
    }
}
