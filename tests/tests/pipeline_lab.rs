//! The lab's attack by four feeds at once, on a real Apache Kafka: one incident, each alert once, whichever feed is first.

mod on_kafka {
    use std::collections::{BTreeMap, BTreeSet};

    use braid_tests::lab::{ATTACK, TenantIds, cef, graph, security_alerts, streamed};
    use braid_tests::pipeline::{Pipeline, SourceSpec};
    use serde_json::Value;

    /// A tenant each, so that one program plays every order. `lab-graph` gets each feed's records backwards, too.
    const ORDERS: [(&str, [Feed; 4]); 4] = [
        ("lab-cef", [Feed::Cef, Feed::Row, Feed::Stream, Feed::Graph]),
        ("lab-row", [Feed::Row, Feed::Graph, Feed::Cef, Feed::Stream]),
        (BACKWARDS, [Feed::Graph, Feed::Stream, Feed::Row, Feed::Cef]),
        ("lab-stream", [Feed::Stream, Feed::Cef, Feed::Graph, Feed::Row]),
    ];
    const BACKWARDS: &str = "lab-graph";
    /// The tenant of which all four feeds come at the same time.
    const MIXED: &str = "lab-mixed";
    const TENANTS: [&str; 5] = ["lab-cef", "lab-row", BACKWARDS, "lab-stream", MIXED];

    #[derive(Debug, Clone, Copy)]
    enum Feed {
        Cef,
        Row,
        Stream,
        Graph,
    }

    impl Feed {
        /// Its source; of CEF each tenant has its own, for it names none.
        fn source(self, tenant: &'static str) -> &'static str {
            match self {
                Self::Cef => tenant,
                Self::Row => "rows",
                Self::Stream => "stream",
                Self::Graph => "graph",
            }
        }

        fn records(self, tenant: &str) -> Vec<String> {
            let ids = ids(tenant);
            let mut records = match self {
                Self::Cef => cef(),
                Self::Row => security_alerts(&ids),
                Self::Stream => streamed(&ids),
                Self::Graph => graph(&ids),
            };
            if tenant == BACKWARDS {
                records.reverse();
            }
            records
        }
    }

    fn ids(tenant: &str) -> TenantIds {
        let number = TENANTS.iter().position(|name| *name == tenant).expect("it is one of them");
        TenantIds {
            workspace: format!("8ECF8077-CF51-4820-AADD-14040956F35{number}"),
            directory: format!("c93a4cfe-cc8a-4a85-a15a-a5640318fdb{number}"),
        }
    }

    fn pipeline() -> Pipeline {
        let shared = |name, format| SourceSpec { name, format, tenant: "{ }", partitions: 2 };
        let mut sources = vec![
            shared("rows", "sentinel-security-alert"),
            shared("stream", "defender-xdr-streaming"),
            shared("graph", "graph-alert"),
        ];
        let mut aliases = "[tenants.aliases]\n".to_owned();
        for tenant in TENANTS {
            let quoted = Box::leak(format!("{tenant:?}").into_boxed_str());
            sources.push(SourceSpec { name: tenant, format: "mdi-cef", tenant: quoted, partitions: 1 });
            let TenantIds { workspace, directory } = ids(tenant);
            aliases.push_str(&format!("{tenant} = [\"{}\", \"{directory}\"]\n", workspace.to_lowercase()));
        }
        Pipeline::new("lab", &sources, &aliases)
    }

    /// The records of the tenant that gets everything at once, in turns: no feed is ahead by more than a record.
    fn mixed() -> Vec<(&'static str, String)> {
        let feeds = [Feed::Stream, Feed::Cef, Feed::Graph, Feed::Row];
        let mut told: Vec<_> = feeds
            .iter()
            .flat_map(|feed| {
                feed.records(MIXED).into_iter().enumerate().map(|(turn, r)| (turn, feed.source(MIXED), r))
            })
            .collect();
        told.sort_by_key(|(turn, ..)| *turn);
        told.into_iter().map(|(_, source, record)| (source, record)).collect()
    }

    /// What the other tenants get in a turn: the next feed of each.
    fn turn(number: usize) -> Vec<(&'static str, String)> {
        let of_tenant = |(tenant, feeds): &(&'static str, [Feed; 4])| {
            let (tenant, feed) = (*tenant, feeds[number]);
            feed.records(tenant).into_iter().map(move |record| (feed.source(tenant), record))
        };
        ORDERS.iter().flat_map(of_tenant).collect()
    }

    fn play(pipeline: &Pipeline, records: &[(&'static str, String)]) {
        pipeline.feed_each(records.iter().map(|(source, record)| (*source, record.as_str())));
        let fed: BTreeSet<&str> = records.iter().map(|(source, _)| *source).collect();
        pipeline.drain_of(fed);
    }

    /// What the incident's entities of a kind are called.
    fn names(incident: &Value, kind: &str) -> BTreeSet<String> {
        let entities = incident["entities"].as_array().expect("it lists them").iter();
        let of_kind = entities.filter(|entity| entity["kind"] == kind);
        let names: Vec<_> =
            of_kind.map(|entity| entity["name"].as_str().expect("a name").to_owned()).collect();
        let distinct: BTreeSet<_> = names.iter().cloned().collect();
        assert_eq!(names.len(), distinct.len(), "nobody is there twice: {names:?}");
        distinct
    }

    fn assert_one_incident(tenant: &str, incidents: &[&Value]) {
        let standing: Vec<_> =
            incidents.iter().filter(|incident| incident["status"] != "redirected").collect();
        let told: Vec<_> =
            standing.iter().map(|i| (i["title"].clone(), i["alerts"].as_array().map(Vec::len))).collect();
        assert_eq!(standing.len(), 1, "{tenant}: {told:#?}");
        let incident = standing[0];
        for merged in incidents.iter().filter(|merged| merged["status"] == "redirected") {
            assert_eq!(merged["redirect_incident_id"], incident["id"], "{tenant}");
        }
        let alerts = incident["alerts"].as_array().expect("it lists them");
        let mut found: Vec<&str> = alerts.iter().map(|alert| alert["id"].as_str().expect("an id")).collect();
        let mut expected: Vec<&str> = ATTACK.iter().map(|alert| alert.id).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{tenant}: each alert once");
        assert_eq!(
            names(incident, "user"),
            ["jeffl@contoso.azure", "ronhd@contoso.azure", "samiraa@contoso.azure"].map(str::to_owned).into(),
            "{tenant}"
        );
        assert_eq!(
            names(incident, "host"),
            ["adminpc.contoso.azure", "contosodc.contoso.azure", "victimpc.contoso.azure"]
                .map(str::to_owned)
                .into(),
            "{tenant}"
        );
    }

    #[test]
    fn the_lab_by_four_feeds_is_one_incident_with_each_alert_once_whichever_feed_is_first() {
        let pipeline = pipeline();
        let mut program = pipeline.start(0);
        program.wait_until_ready();
        play(&pipeline, &mixed());
        (0..4).for_each(|number| play(&pipeline, &turn(number)));
        assert_eq!(program.terminate(), Some(0));

        let incidents = pipeline.assert_as_replayed();
        let mut by_tenant: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for incident in incidents.values() {
            by_tenant.entry(incident["tenant"].as_str().expect("a tenant")).or_default().push(incident);
        }
        assert_eq!(by_tenant.len(), TENANTS.len());
        by_tenant.iter().for_each(|(tenant, incidents)| assert_one_incident(tenant, incidents));
        // Nothing was refused but the row of a table that is no alert, which is no letter either.
        assert_eq!(pipeline.read("dead-letters"), []);
    }
}
