//! What cannot be read becomes a dead letter that says why and where from, and what stands beside it goes through.

mod on_kafka {
    use std::collections::{BTreeMap, BTreeSet};

    use braid_log::Record;
    use braid_tests::http::metric;
    use braid_tests::pipeline::{Pipeline, SourceSpec};

    /// Larger than any record that braid writes: its dead letter must be cut.
    const HUGE_BYTES: usize = 5 << 20;

    const SOURCE: SourceSpec =
        SourceSpec { name: "any", format: "braid-json", tenant: "{ field = \"tenant\" }", partitions: 2 };

    fn alert(id: &str) -> String {
        format!(
            r#"{{"tenant":"contoso","provider":"microsoftDefenderForEndpoint","id":"{id}","title":"Alert {id}","severity":"high","first_activity":"2025-02-03T10:00:00Z","evidence":[{{"kind":"host","role":"impacted","identifiers":[{{"kind":"fqdn","value":"{id}.contoso.com"}}]}}]}}"#
        )
    }

    /// Read, and too large once it is written: so many addresses of the web that are so long.
    fn overgrown() -> String {
        let url = |n: usize| {
            let path = "a".repeat(980);
            format!(
                r#"{{"kind":"url","role":"related","identifiers":[{{"kind":"url","value":"https://x.example/{n}/{path}"}}]}}"#
            )
        };
        let urls: Vec<String> = (0..1_200).map(url).collect();
        alert("overgrown").replace("\"evidence\":[", &format!("\"evidence\":[{},", urls.join(",")))
    }

    /// Each bad record, and the reason that its dead letter must give.
    fn bad() -> Vec<(&'static str, Option<Vec<u8>>)> {
        let whole = alert("bad");
        let changed = |from: &str, to: &str| {
            let text = whole.replace(from, to);
            assert_ne!(text, whole, "{from} is not in it");
            Some(text.into_bytes())
        };
        let mut not_utf8 = whole.clone().into_bytes();
        let title = whole.find("Alert").expect("it has a title");
        not_utf8[title] = 0xFF;
        let padding = "x".repeat(HUGE_BYTES);
        vec![
            ("truncated", Some(whole.as_bytes()[..whole.len() / 2].to_vec())),
            ("wrong_type", changed("\"2025-02-03T10:00:00Z\"", "true")),
            ("wrong_type", changed("\"bad\"", "[7]")),
            ("invalid_utf8", Some(not_utf8)),
            ("too_large", changed("\"title\"", &format!("\"description\":\"{padding}\",\"title\""))),
            ("empty", None),
            ("empty", Some(Vec::new())),
            (
                "unknown_format",
                Some(b"CEF:0|Microsoft|Azure ATP|2.22|SecurityAlert|name|10|start=now".to_vec()),
            ),
            ("missing_tenant", changed("\"tenant\":\"contoso\",", "")),
            ("time_out_of_range", changed("2025-02-03", "1601-01-01")),
            ("over_broker_limit", Some(overgrown().into_bytes())),
        ]
    }

    fn header<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
        let (_, value) = record.headers.iter().find(|(found, _)| **found == *name)?;
        std::str::from_utf8(value.as_deref()?).ok()
    }

    /// Where a record is, or where a dead letter says that it was.
    type Place = (String, i32, i64);

    fn place_told(letter: &Record) -> Place {
        let told =
            |name| header(letter, name).unwrap_or_else(|| panic!("{name} is missing: {:?}", letter.headers));
        let number = |name| told(name).parse::<i64>().expect("it is a number");
        let partition = i32::try_from(number("braid.error.partition")).expect("partitions are few");
        (told("braid.error.topic").to_owned(), partition, number("braid.error.offset"))
    }

    fn place(record: &Record) -> Place {
        (record.topic.to_string(), record.partition, record.offset)
    }

    /// Feeds the bad records, a good one before and after each, and one whose third element of three is bad. Gives the
    /// ids of what is good.
    fn feed(pipeline: &Pipeline, bad: &[(&'static str, Option<Vec<u8>>)]) -> BTreeSet<String> {
        let good: Vec<(String, String)> =
            (0..=bad.len()).map(|n| format!("good-{n}")).map(|id| (id.clone(), alert(&id))).collect();
        let ids = ["list-0".to_owned(), "list-1".to_owned()];
        let nameless = alert("").replace("\"id\":\"\"", "\"id\":null");
        let list = format!("[{},{},{nameless}]", alert(&ids[0]), alert(&ids[1]));
        let mut records = vec![("key", Some(list.as_bytes()))];
        let mut bad = bad.iter();
        for (id, text) in &good {
            records.push((id, Some(text.as_bytes())));
            records.extend(bad.next().map(|(_, value)| ("key", value.as_deref())));
        }
        pipeline.feed(SOURCE.name, records);
        good.into_iter().map(|(id, _)| id).chain(ids).collect()
    }

    #[test]
    fn bad_records_become_dead_letters_with_reason_and_place_while_good_ones_go_through() {
        let pipeline = Pipeline::new("bad", &[SOURCE], "");
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        let bad = bad();
        let good = feed(&pipeline, &bad);
        pipeline.drain();

        assert_eq!(program.get("/healthz").code, 200);
        assert_eq!(program.get("/readyz").code, 200);
        let incidents = pipeline.assert_as_replayed();
        let through: BTreeSet<String> = incidents
            .values()
            .map(|i| i["alerts"][0]["id"].as_str().expect("it has an id").to_owned())
            .collect();
        assert_eq!(through, good, "every good record has its incident");
        let letters = pipeline.read("dead-letters");
        assert_letters_tell(&pipeline, &letters, &bad);
        assert_counted(&program.get("/metrics").body, &letters, good.len());
        assert_eq!(program.terminate(), Some(0));
    }

    /// Each bad record has one dead letter, with its reason; the value is the record's own, or the beginning of it.
    fn assert_letters_tell(pipeline: &Pipeline, letters: &[Record], bad: &[(&str, Option<Vec<u8>>)]) {
        let sources: BTreeMap<Place, Record> =
            pipeline.read(SOURCE.name).into_iter().map(|record| (place(&record), record)).collect();
        let mut told: Vec<(&str, Option<&[u8]>)> = Vec::new();
        for letter in letters {
            let source = &sources[&place_told(letter)];
            assert_eq!(header(letter, "braid.error.stage"), Some("normalise"));
            assert_eq!(header(letter, "braid.error.source"), Some(SOURCE.name));
            let reason = header(letter, "braid.error.reason").expect("it has a reason");
            assert!(
                header(letter, "braid.error.detail").is_some_and(|detail| !detail.is_empty()),
                "{reason}"
            );
            match reason {
                "too_large" => assert_cut(letter, source),
                // What is dead is what was made of the record.
                "over_broker_limit" => assert!(letter.value.is_some()),
                _ => assert_eq!((&letter.key, &letter.value), (&source.key, &source.value), "{reason}"),
            }
            told.push((reason, source.value.as_deref()));
        }
        let in_list = told.iter().position(|(_, value)| value.is_some_and(|value| value.starts_with(b"[")));
        let at = in_list.expect("the bad element has a letter");
        assert_eq!(
            (told.remove(at).0, header(&letters[at], "braid.error.element")),
            ("missing_id", Some("2"))
        );
        let mut wanted: Vec<_> = bad.iter().map(|(reason, value)| (*reason, value.as_deref())).collect();
        told.sort_unstable();
        wanted.sort_unstable();
        let reasons = |list: &[(&str, Option<&[u8]>)]| {
            list.iter().map(|(reason, _)| reason.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(reasons(&told), reasons(&wanted));
        assert!(told == wanted, "a reason stands on another record than the one that has it");
    }

    fn assert_cut(letter: &Record, source: &Record) {
        let (kept, whole) =
            (letter.value.as_deref().unwrap_or_default(), source.value.as_deref().unwrap_or_default());
        assert!(
            whole.len() > HUGE_BYTES && kept.len() > 900_000 && whole.starts_with(kept),
            "{}",
            kept.len()
        );
        let size = header(letter, "braid.error.value.size").and_then(|size| size.parse().ok());
        assert_eq!(size, Some(whole.len()));
        assert!(header(letter, "braid.error.value.sha256").is_some_and(|digest| digest.len() == 64));
    }

    /// In = through + dead letters, as the metrics have it.
    fn assert_counted(metrics: &str, letters: &[Record], good: usize) {
        let mut reasons: BTreeMap<&str, u32> = BTreeMap::new();
        for letter in letters {
            *reasons.entry(header(letter, "braid.error.reason").expect("it has one")).or_default() += 1;
        }
        for (reason, count) in &reasons {
            let labels = [("stage", "normalise"), ("reason", reason)];
            assert_eq!(metric(metrics, "braid_rejects_total", &labels), f64::from(*count), "{reason}");
        }
        let total = |name| metric(metrics, name, &[("source", SOURCE.name)]);
        assert_eq!(total("braid_alerts_out_total"), good as f64);
        assert_eq!(total("braid_alerts_in_total"), (good + letters.len()) as f64);
        assert_eq!(metric(metrics, "braid_rejects_total", &[]), letters.len() as f64);
    }

    /// Read and normalised, but no incident can hold it: it alone mentions too much, or is too long.
    fn unholdable() -> [(&'static str, String); 2] {
        let host = |n| {
            format!(
                r#"{{"kind":"host","role":"related","identifiers":[{{"kind":"fqdn","value":"h{n}.contoso.com"}}]}}"#
            )
        };
        let hosts: Vec<String> = (0..600).map(host).collect();
        let crowded =
            alert("crowded").replace("\"evidence\":[", &format!("\"evidence\":[{},", hosts.join(",")));
        let long = alert("long").replace("Alert", &"A".repeat(900_000));
        [("too_many_entities", crowded), ("too_large", long)]
    }

    #[test]
    fn what_correlation_cannot_take_is_a_dead_letter_and_holds_nothing_up() {
        let pipeline = Pipeline::new("untaken", &[SOURCE], "");
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        let feed = |text: String| pipeline.feed(SOURCE.name, [("a", Some(text.as_bytes()))]);
        feed(alert("before"));
        unholdable().into_iter().for_each(|(_, text)| feed(text));
        pipeline.drain();
        // No release has written such bytes. The tenant is the key, so they come between its alerts.
        pipeline.feed("alerts", [("contoso", Some(b"no Avro at all".as_slice())), ("contoso", None)]);
        feed(alert("after"));
        pipeline.drain();

        let letters = pipeline.read("dead-letters");
        assert!(letters.iter().all(|letter| header(letter, "braid.error.stage") == Some("correlate")));
        let told = |letter| (place_told(letter), header(letter, "braid.error.reason"));
        let told: BTreeMap<_, _> = letters.iter().map(told).collect();
        // All of them are one tenant's, in the order in which they were fed.
        let reasons =
            [None, Some("too_many_entities"), Some("too_large"), Some("malformed"), Some("empty"), None];
        let fed = pipeline.read("alerts");
        assert_eq!(fed.len(), reasons.len());
        let wanted = fed.iter().zip(reasons).filter(|(_, reason)| reason.is_some());
        assert_eq!(told, wanted.map(|(record, reason)| (place(record), reason)).collect());
        let metrics = program.get("/metrics").body;
        assert_eq!(metric(&metrics, "braid_rejects_total", &[("stage", "correlate")]), 4.0);
        assert_eq!(pipeline.read("incidents").len(), 2, "before and after");
        assert_eq!(program.terminate(), Some(0));
    }
    #[test]
    fn the_status_tells_of_a_source_that_refuses_all_and_of_correlation_that_is_held() {
        let pipeline = Pipeline::new("unwell", &[SOURCE], "");
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        let address = program.address();
        let status = || pipeline.tried(&format!("status --url {address}"));
        assert_eq!(status().code, Some(0));
        pipeline.feed(SOURCE.name, [("a", Some(b"{".as_slice())), ("b", Some(b"[7]"))]);
        pipeline.drain();
        let mut told = status();
        program.wait_until("all is refused", |_| {
            told = status();
            told.stdout.contains("any: nothing could be taken of 2 records: 2 refused")
        });
        assert_eq!(told.code, Some(1), "{}", told.stdout);
        pipeline.feed(SOURCE.name, [("a", Some(alert("good").as_bytes()))]);
        pipeline.drain();
        program.wait_until("something is taken", |_| status().code == Some(0));

        // What a newer release may write: a fingerprint that this one does not know.
        pipeline.feed("alerts", [("contoso", Some(b"\xC3\x01 unknown".as_slice()))]);
        program.wait_until("the outputs are broken", |_| {
            told = status();
            told.code == Some(1)
        });
        let held: Vec<&str> = told
            .stdout
            .lines()
            .filter(|line| line.contains(".alerts/") && !line.contains("broken"))
            .collect();
        let outputs = [pipeline.topic("incidents"), pipeline.topic("incident-events")].join(", ");
        assert!(matches!(&held[..], [line] if line.starts_with(&outputs)), "{}", told.stdout);
        assert!(!told.stdout.contains("any  broken"), "the source is well: {}", told.stdout);
        assert_eq!(program.terminate(), Some(0));
    }
}
