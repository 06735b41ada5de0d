//! No byte string makes a decoder panic, and every one gets an answer.
//!
//! `BRAID_FUZZ_RUNS=1000000 cargo test --release -p braid-wire --test input_formats fuzz:: -- --nocapture` tries each decoder
//! so many times and says how long it took. `BRAID_FUZZ_SEED` begins elsewhere, `BRAID_FUZZ_FORMAT` tries one alone.

use std::panic::catch_unwind;
use std::time::Instant;

use braid_engine::Input;
use braid_wire::{Format, Holds, SourceRecord, SourceRules, decode, own, read, stix_objects};
use proptest::prelude::*;

use crate::fixture::{origin, rules};
use crate::mutation::{Chance, changed};

/// Good records, rich in structure, to break in one place.
const RECORDS: [&str; 16] = [
    "<36>1 2026-02-03T10:04:30.5+00:00 DC1 CEF 42 X CEF:0|Microsoft|Azure ATP|2.230|DirectoryServicesReplicationSecurityAlert|A \\| name|5|start=2026-02-03T10:01:02.1234567Z app=Drsr shost=PC1 suser=contoso\\ronhd msg=Malicious replication requests were successfully performed by Ron (Helpdesk), from PC1 against DC1.\\r\\nx\\=y. externalId=2006 cs1Label=url cs1=https\\://h/alerts/aa7d0e1c2b-1111-4222-8333-0123456789ab?tid=1 cs2Label=trigger cs2=new cs3Label=shostfqdn cs3=pc1.contoso.azure",
    "Feb 3 10:04:30 CENTER \u{ef}\u{bb}\u{bf}0|Microsoft|ATA||PassTheTicketSecurityAlert|é|10|start=2026-02-03T10:01:02Z externalId=2018 msg=É's Kerberos tickets were stolen from A-PC to V-PC and used to access x cs1Label=url cs1=https\\://h/aa1",
    r#"{"records":[{"TenantId":"t","ProviderName":"Azure Advanced Threat Protection","VendorOriginalId":"aa7d0e1c2b-1111-4222-8333-0123456789ab","SystemAlertId":"s","AlertType":"EncryptionDowngradeSecurityAlert","AlertName":"é","StartTime":"2026-02-03 10:00:00+00:00","TimeGenerated":"2026-02-03 10:05:00.1+00:00","ExtendedProperties":"{\"Category\":\"Discovery\"}","Techniques":"[\"T1003\"]","Entities":[{"$id":"1","Type":"host","FQDN":"a.b","LastIpAddress":{"$ref":"3"},"Tags":[{"TagName":"x"}]},{"$id":"2","Type":"process","ProcessId":"0x1","CommandLine":"é","CreationTimeUtc":"2026-02-03T10:00:00Z","ImageFile":{"$id":"4","Type":"file","Name":"n","FileHashes":[{"Algorithm":"MD5","Value":"x"}]},"Account":{"$ref":"2"},"Host":{"$ref":"1"}},{"$ref":"4"},{"$id":"3","Type":"ip","Address":"::1"}]}]}"#,
    r##"{"value":[{"@odata.type":"#microsoft.graph.security.alert","tenantId":"t","serviceSource":"microsoftDefenderForEndpoint","id":"dc25_7d0e1c2b-1111-4222-8333-0123456789ab","firstActivityDateTime":"2026-02-03T10:00:00Z","mitreTechniques":["T1003.001"],"evidence":[{"@odata.type":"#microsoft.graph.security.deviceEvidence","deviceDnsName":"a.b.","ipInterfaces":["::1","10.0.0.1"],"roles":["source"],"tags":["é"]},{"@odata.type":"#microsoft.graph.security.userEvidence","userAccount":{"accountName":"é\\x","domainName":"d.e"}}]}]}"##,
    r#"{"records":[{"time":"2026-02-03T10:00:00Z","tenantId":"t","category":"AdvancedHunting-AlertInfo","properties":{"AlertId":"aa7d0e1c2b-1111-4222-8333-0123456789ab","Timestamp":"2026-02-03T10:00:00Z","Title":"é","Severity":"High","ServiceSource":"Microsoft Defender for Identity","AttackTechniques":"[\"T1003\"]"}},{"category":"AdvancedHunting-AlertEvidence","properties":{"AlertId":"aa7d0e1c2b-1111-4222-8333-0123456789ab","Timestamp":"2026-02-03T10:00:00Z","ServiceSource":"Microsoft Defender for Identity","EntityType":"Process","EvidenceDirection":"Source","FileName":"é","FolderPath":"c:","DeviceName":"a.b","AdditionalFields":"{\"$id\":\"1\",\"Type\":\"process\",\"ProcessId\":\"0x1\",\"Host\":{\"$ref\":\"1\"},\"ImageFile\":{\"$id\":\"2\",\"Name\":\"é\"}}"}},{"Type":"AlertEvidence","AlertId":"x","Timestamp":"2026-02-03 10:00:00+00:00","ServiceSource":"y","EntityType":"Ip","RemoteIP":"::1"}]}"#,
    r#"{"value":[{"id":"da1","machineId":"m","computerDnsName":"a.b","firstEventTime":"2026-02-03T10:00:00Z","severity":"High","mitreTechniques":["T1003"],"relatedUser":{"userName":"é","domainName":"d"},"evidence":[{"entityType":"Process","fileName":"é","filePath":"c:","processId":1,"processCreationTime":"2026-02-03T10:00:00Z","sha1":"x"},{"entityType":"Registry","registryKey":"k"}]},{"id":"da1","machineId":"m","firstEventTime":"2026-02-03T10:00:00Z","evidence":{"entityType":"Ip","ipAddress":"::1"}}]}"#,
    r#"{"value":[{"incidentId":1,"alerts":[{"alertId":"aa7d0e1c2b-1111-4222-8333-0123456789ab","serviceSource":"AzureATP","firstActivity":"2026-02-03T10:00:00Z","title":"é","devices":[{"mdatpDeviceId":"m","lastIpAddress":"::1","tags":["é"]}],"entities":[{"entityType":"MailMessage","recipient":"a@b","sender":"é"},{"entityType":"User","accountName":"d\\é"}]}]}]}"#,
    r#"[{"SystemAlertId":"25_7d0e1c2b-1111-4222-8333-0123456789ab","AlertType":"x","StartTimeUtc":"2026-02-03T10:00:00Z","Intent":"Probing,é","Entities":[{"$id":"1","Type":"K8s-pod","Namespace":{"$ref":"2"}},{"$id":"2","Type":"K8s-namespace","Cluster":{"$ref":"1"}}]},{"id":"/subscriptions/é","name":"n","type":"Microsoft.Security/alerts","properties":{"alertType":"x","startTimeUtc":"2026-02-03T10:00:00Z","entities":[{"type":"host","hostName":"é"}],"resourceIdentifiers":[{"azureResourceId":"/a"}]}}]"#,
    r##"{"value":[{"id":"5","displayName":"é","redirectIncidentId":"6","alerts":[{"id":"da1","serviceSource":"microsoftDefenderForCloud","firstActivityDateTime":"2026-02-03T10:00:00Z","evidence":[{"@odata.type":"#microsoft.graph.security.kubernetesPodEvidence","name":"é","namespace":{"name":"n","cluster":{"cloudResource":{"@odata.type":"#microsoft.graph.security.azureResourceEvidence","resourceId":"/a"}}}},{"@odata.type":"#microsoft.graph.security.teamsMessageEvidence","recipients":["a@b"],"sender":"é"}]}]}]}"##,
    r#"{"content":[{"threat_uuid":"Z-1","threat_name":"APK_SUSPECTED","threat_category":"COMPOSITE","child_threat_uuids":["c-1","é"],"severity_name":"CRITICAL","device_time":1770112800000,"device_id":"p-1","mdm_device_id":"m","device_jailbroken":true,"device_owner_email":"é@b.c","device_owner_first_name":"é","threat_vector":"Network","network":"é","attacker_ip":"203.0.113.9","file_hash":"4475064c5f6a5474e31f2f3dfafc22ed","file_name":"/data/é","suspected_url":"https://é/","mitre_tactics":["Initial Access"]},{"threat_uuid":"z-2","device_time":"2026-02-03T10:00:00Z","threat_status":"Marked Fixed","mitigation_reason":"é"},{"incident_id":"i","device_id":"p-1_D_1","device_owner":"é","incident_created_date":"2026-02-03T10:00:00.255717768Z","related_threats":[{"threat_id":"z-1","threat_name":"é","timestamp":"2026-02-03T10:00:00Z","threat_status":"Pending"}]},{"id":"d6","threatTypeId":37,"threatTypeName":"A B","severity":3,"timestamp":1770112800000,"device":{"id":"62","os":{"name":"é"}},"mitigationEvents":[{"timestamp":1}],"detectionFiles":[{"hash":"x","path":"/é"}],"generalInfo":{"jailbreakReasons":"é"}}]}"#,
    include_str!("records/endpoint-finding.ocsf.json"),
    r#"{"records":[{"type_uid":200402,"time":1770112800000,"metadata":{"tenant_uid":"t","product":{"vendor_name":"é","name":"x"}},"finding_info":{"uid":"f-1","types":["é"],"attacks":[{"tactics":[{"uid":"TA0006"}],"technique":{"uid":"T1003"}}],"kill_chain":[{"phase_id":4}],"last_seen_time_dt":"2026-02-03T10:00:00Z"},"status_id":3,"verdict_id":6,"device":{"type_id":5,"uid":"p-1","ip":"10.0.0.1"},"evidences":[{"verdict_id":2,"dst_endpoint":{"ip":"203.0.113.9","hostname":"é.b"},"email":{"uid":"7d0e1c2b-1111-4222-8333-0123456789ab","message_uid":"<é@b>","to":["É <a@b.c>"],"from":"é"},"reg_value":{"path":"hklm\\é","name":"é"},"url":{"url_string":"https://é/"}}],"resources":[{"role_id":2,"uid":"arn:aws:s3:::é","type":"AwsS3Bucket"}],"malware":[{"name":"é","files":[{"name":"é","hashes":[{"algorithm":"SHA-256","value":"x"}]}]}],"observables":[{"type_id":5,"value":"É <a@b>"},{"type_id":8,"value":"4475064c5f6a5474e31f2f3dfafc22ed"}]}]}"#,
    include_str!("records/elastic-security.ecs.json"),
    include_str!("records/campaign.stix.json"),
    r#"[{"object":"guid-1","kind":"user","onPremises":true,"sid":"s-1-5-21-1-2-3-1104","upn":"é@b.c","samAccountName":"é","domain":"b.c","created":"2021-05-04T08:00:00Z","tags":["sensitive"],"identifiers":[{"kind":"objectId","value":"1"}],"products":[{"provider":"MDATP","since":1}]},{"object":"guid-2","deleted":true}]"#,
    r#"{"records":[{"id":"c-1","author":"é","expectedVersion":3,"action":"move","incident":"0d0d0d0d-0000-5000-8000-000000000001","to":"0d0d0d0d-0000-5000-8000-000000000002","alerts":[{"provider":"x","id":"1"}]},{"id":"c-2","author":"a","action":"cannotLink","entities":[{"kind":"upn","value":"a@b"},{"kind":"sid","value":"S-1"}]}]}"#,
];

fn answers(record: &[u8]) {
    for format in Format::ALL {
        let hinted = SourceRules { vendor_incidents: true, ..rules(format) };
        assert!(!decode(record, &origin(), &hinted).is_empty(), "{format} gave no answer");
        let keys = [None, Some(record), Some(&b"guid-1"[..])];
        for key in keys.into_iter().filter(|_| format.holds() != Holds::Alerts) {
            let read = read(
                SourceRecord { key, value: Some(record), ..SourceRecord::default() },
                &origin(),
                &rules(format),
            );
            assert!(!read.is_empty(), "{format} gave no answer");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_bytes_make_a_decoder_panic(record in proptest::collection::vec(any::<u8>(), 0..600)) {
        answers(&record);
    }

    #[test]
    fn no_text_in_the_grammar_s_own_letters_does(record in r#"[\[\]{}:,"\\|=*a-c0-2 \n$é\u{feff}]{0,200}"#) {
        answers(record.as_bytes());
        answers(format!("CEF:0|Microsoft|ATA|1|{record}").as_bytes());
        answers(format!("CEF:0|Microsoft|ATA|1|a|b|5|start=2026-02-03T10:00:00Z cs1Label=url cs1=https://a/b {record}").as_bytes());
    }

    #[test]
    fn no_change_of_a_good_record_does(
        which in 0..RECORDS.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..6),
    ) {
        let mut record = RECORDS[which].as_bytes().to_vec();
        for (place, byte, how) in changes {
            let place = place.index(record.len());
            match how {
                0 => record[place] = byte,
                1 => record.insert(place, byte & 0x7f),
                _ => record.truncate(place.max(1)),
            }
        }
        answers(&record);
    }
}

/// Good records of a format, and of all: parts of those are put into its own.
fn seeds(format: Format) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let inputs = RECORDS.iter().flat_map(|record| inputs(record.as_bytes()));
    let all: Vec<Vec<u8>> = if format.is_avro() {
        inputs.map(|input| own::input_to_avro(&input)).collect()
    } else {
        let in_json = inputs.filter_map(|input| match input {
            Input::Alert(alert) => Some(own::alert_to_json(&alert)),
            _ => None,
        });
        RECORDS.iter().map(|record| record.as_bytes().to_vec()).chain(in_json).collect()
    };
    let is_good = |record: &Vec<u8>| taken(record, None, format).iter().any(|is_good| *is_good);
    let mut own: Vec<Vec<u8>> = all.iter().filter(|record| is_good(record)).cloned().collect();
    let listed: Vec<_> = own.iter().flat_map(|record| in_two_lists(format, record)).filter(is_good).collect();
    own.extend(listed);
    (own, all)
}

/// What a record holds in two lists of an envelope, the first of which stands in two parts: as it may be read in one go, and
/// as it must be taken apart.
fn in_two_lists(format: Format, record: &[u8]) -> Vec<Vec<u8>> {
    let names = ["value", "records", "content", "events", "objects"];
    let lists: Vec<&str> = names.into_iter().filter(|name| format.envelope().is_list(name)).collect();
    let (Some(first), Some(last)) = (lists.first(), lists.last()) else { return Vec::new() };
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(record) else { return Vec::new() };
    let listed = lists.iter().find_map(|name| value.get(name)?.as_array()).or_else(|| value.as_array());
    let elements = listed.map_or_else(|| serde_json::json!([value]), |list| serde_json::json!(list));
    let odd = ["x", "\\ud83d"];
    odd.map(|odd| {
        format!(r#"{{"{first}":[],"odd":"{odd}","{last}":{elements},"{first}":{elements}}}"#).into_bytes()
    })
    .into()
}

/// Whatever any format finds in a record.
fn inputs(record: &[u8]) -> Vec<Input> {
    let found = |format: &Format| {
        let record = SourceRecord { value: Some(record), ..SourceRecord::default() };
        read(record, &origin(), &rules(*format))
    };
    Format::ALL.iter().filter(|format| !format.is_avro()).flat_map(found).flatten().collect()
}

/// What a decoder does with a record: of each element whether it is good.
fn taken(record: &[u8], key: Option<&[u8]>, format: Format) -> Vec<bool> {
    if format.holds() == Holds::Indicators {
        return stix_objects(record).iter().map(Result::is_ok).collect();
    }
    let hinted = SourceRules { vendor_incidents: true, ..rules(format) };
    let record = SourceRecord { key, value: Some(record), ..SourceRecord::default() };
    read(record, &origin(), &hinted).iter().map(Result::is_ok).collect()
}

/// What an environment variable says.
pub(crate) fn number(variable: &str, otherwise: u64) -> u64 {
    let said = std::env::var(variable).ok();
    said.map_or(otherwise, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}, which is no number"))
    })
}

/// Tries a decoder with changed records; how many of these still held something good.
fn tried(format: Format, runs: u64, seed: u64) -> u64 {
    let (own, all) = seeds(format);
    let mut chance = Chance(seed);
    let mut good = 0;
    for run in 0..runs {
        let record = changed(&own, &all, &mut chance);
        let key = [None, Some(&b"guid-1"[..]), Some(&record)][chance.below(3)];
        let answer = catch_unwind(|| taken(&record, key, format));
        let Ok(answer) = answer else {
            panic!("{format} panicked in run {run} of seed {seed}: {:?}", String::from_utf8_lossy(&record))
        };
        assert!(!answer.is_empty(), "{format} gave no answer in run {run} of seed {seed}");
        good += u64::from(answer.iter().any(|is_good| *is_good));
    }
    good
}

#[test]
fn lists_in_several_parts_are_among_what_is_changed() {
    for format in Format::ALL.into_iter().filter(|format| *format != Format::MdiCef && !format.is_avro()) {
        let (own, _) = seeds(format);
        let in_parts = |odd: &str| {
            own.iter()
                .any(|record| String::from_utf8_lossy(record).contains(&format!(r#"":[],"odd":"{odd}""#)))
        };
        assert!(in_parts("x") && in_parts("\\ud83d"), "{format}");
    }
}

#[test]
fn no_decoder_panics_in_as_many_runs_as_one_likes() {
    let (runs, seed) = (number("BRAID_FUZZ_RUNS", 1_000), number("BRAID_FUZZ_SEED", 1));
    let only = std::env::var("BRAID_FUZZ_FORMAT").ok();
    for format in
        Format::ALL.into_iter().filter(|format| only.as_deref().is_none_or(|only| only == format.as_str()))
    {
        let begun = Instant::now();
        let good = tried(format, runs, seed);
        println!(
            "{format}: {runs} runs, {good} of them with something good, {:.1} s",
            begun.elapsed().as_secs_f64()
        );
        assert!(good > 0 && good < runs, "{format}: {good} of {runs}: the changes are too many or too few");
    }
}

#[test]
fn the_records_that_are_broken_here_are_good_before() {
    let formats = [
        Format::MdiCef,
        Format::MdiCef,
        Format::SentinelSecurityAlert,
        Format::GraphAlert,
        Format::DefenderXdrStreaming,
        Format::DefenderEndpointAlert,
        Format::DefenderXdrIncident,
        Format::DefenderCloudAlert,
        Format::GraphIncident,
        Format::ZimperiumMtd,
        Format::OcsfDetectionFinding,
        Format::OcsfDetectionFinding,
        Format::EcsAlert,
    ];
    for (record, format) in RECORDS.iter().zip(formats) {
        let results = decode(record.as_bytes(), &origin(), &rules(format));
        assert!(results.iter().all(Result::is_ok), "{results:?}");
    }
}

/// Records that are cheap to send and would be dear to read if any step went over them once for each part.
#[test]
fn a_large_record_costs_no_more_than_its_length() {
    let size = 2 * 1024 * 1024;
    let cef = "CEF:0|Microsoft|ATA|1|DirectoryServicesReplicationSecurityAlert|b|5|start=2026-02-03T10:00:00Z externalId=2006 ";
    let references = format!(
        r#"[{{"$id":"1","Type":"url","Url":"{}"}}{}]"#,
        "u".repeat(size / 2),
        r#",{"$ref":"1"}"#.repeat(size / 26)
    );
    let row = |entities: &str| {
        format!(
            r#"{{"ProviderName":"p","SystemAlertId":"s","StartTime":"2026-02-03 10:00:00","Entities":{entities}}}"#
        )
    };
    let records = [
        format!("{cef}{}", "=".repeat(size)),
        format!("{cef}{}", "a=".repeat(size / 2)),
        format!("{cef}msg={}", " performed by a".repeat(size / 15)),
        format!("{cef}{}", "\\".repeat(size)),
        row(&references),
        row(&format!(
            "[{}{{}}]",
            r#"{"$id":"1","Type":"process","ImageFile":{"$ref":"1"}},"#.repeat(size / 56)
        )),
        row(&chain_of_containers(size)),
    ];
    for record in records {
        answers(record.as_bytes());
    }
}

/// Each entity stands in the next, which is only referred to.
fn chain_of_containers(size: usize) -> String {
    let entity =
        |n: usize| format!(r#"{{"$id":"{n}","Type":"K8s-cluster","Cluster":{{"$ref":"{}"}}}}"#, n + 1);
    let entities: Vec<_> = (0..size / 64).map(entity).collect();
    format!("[{}]", entities.join(","))
}
