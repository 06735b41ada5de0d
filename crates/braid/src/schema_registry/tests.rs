use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use super::*;
use crate::config::{Period, Secret};

/// A server that answers one request and gives what it was asked.
struct OneAnswer {
    url: String,
    asked: JoinHandle<String>,
}

impl OneAnswer {
    fn of(status: &str, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/ccompat/", listener.local_addr().unwrap());
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let asked = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut request, mut length) = (String::new(), 0);
            while !request.ends_with("\r\n\r\n") {
                let start = request.len();
                assert_ne!(reader.read_line(&mut request).unwrap(), 0, "the request ends early");
                let line = request[start..].to_ascii_lowercase();
                if let Some(said) = line.strip_prefix("content-length:") {
                    length = said.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            request + &String::from_utf8(body).unwrap()
        });
        Self { url, asked }
    }

    fn registry(&self) -> SchemaRegistry {
        let settings = config::SchemaRegistry { url: self.url.clone(), ..config::SchemaRegistry::default() };
        SchemaRegistry::new(&settings).unwrap()
    }
}

fn refusal(status: &str, body: &str) -> RegistryError {
    let server = OneAnswer::of(status, body);
    let error = server.registry().register("incidents", AvroRecord::Incident).unwrap_err();
    server.asked.join().unwrap();
    error
}

#[test]
fn a_schema_is_registered_under_the_topics_subject_and_gets_its_id() {
    let server = OneAnswer::of("200 OK", r#"{"id":42}"#);
    assert_eq!(server.registry().register("incidents", AvroRecord::Tick).unwrap(), 42);
    let asked = server.asked.join().unwrap();
    assert!(asked.starts_with("POST /ccompat/subjects/incidents-value/versions HTTP/1.1\r\n"), "{asked}");
    let body = asked.split_once("\r\n\r\n").expect("it has a body").1;
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&body["schemaType"], &body["schema"]),
        (&"AVRO".into(), &AvroRecord::Tick.schema_text().into())
    );
    assert!(!asked.to_ascii_lowercase().contains("authorization"), "{asked}");
}

#[test]
fn the_subject_is_named_as_serializers_do() {
    let subject = |strategy| subject(strategy, "incidents", AvroRecord::Incident);
    assert_eq!(subject(SubjectStrategy::TopicName), "incidents-value");
    assert_eq!(subject(SubjectStrategy::RecordName), "braid.v1.Incident");
    assert_eq!(subject(SubjectStrategy::TopicRecordName), "incidents-braid.v1.Incident");
}

#[test]
fn a_schema_is_asked_for_by_number_or_guid_and_what_is_not_there_is_told_from_a_wrong_path() {
    let server = OneAnswer::of("200 OK", r#"{"schema":"\"long\"","references":[],"subject":"x"}"#);
    assert_eq!(server.registry().schema(SchemaId::Number(7)).unwrap().schema, "\"long\"");
    assert!(server.asked.join().unwrap().starts_with("GET /ccompat/schemas/ids/7 HTTP/1.1\r\n"));
    let server = OneAnswer::of("404 Not Found", r#"{"error_code":40403,"message":"Schema 7 not found"}"#);
    let absent = server.registry().schema(SchemaId::Number(7)).unwrap_err();
    assert!(matches!(absent, RegistryError::NoSuchSchema { .. }), "{absent}");
    let server = OneAnswer::of("404 Not Found", "");
    let guid = SchemaId::Guid("00112233-4455-6677-8899-aabbccddeeff".parse().unwrap());
    let lost = server.registry().schema(guid).unwrap_err();
    assert!(matches!(lost, RegistryError::Refused { status: 404, .. }), "{lost}");
    let asked = server.asked.join().unwrap();
    assert!(asked.contains("/schemas/guids/00112233-4455-6677-8899-aabbccddeeff "), "{asked}");
}

#[test]
fn user_and_password_are_sent_as_basic_authentication() {
    let server = OneAnswer::of("200 OK", r#"{"id":1}"#);
    let settings = config::SchemaRegistry {
        url: server.url.clone(),
        user: Some("braid".into()),
        password: Some(Secret::Literal("s3cret".into())),
        ..config::SchemaRegistry::default()
    };
    SchemaRegistry::new(&settings).unwrap().register("incidents", AvroRecord::Incident).unwrap();
    let asked = server.asked.join().unwrap();
    assert!(asked.to_ascii_lowercase().contains("authorization: basic yn"), "{asked}");
    assert!(asked.contains("YnJhaWQ6czNjcmV0"), "{asked}");
}

#[test]
fn a_refusal_says_what_to_do_about_it() {
    let incompatible = refusal("409 Conflict", r#"{"error_code":409,"message":"field removed"}"#);
    assert!(
        incompatible.to_string().contains("field removed") && !incompatible.is_passing(),
        "{incompatible}"
    );
    let denied = refusal("401 Unauthorized", "");
    assert!(denied.to_string().contains("schema_registry.user") && !denied.is_passing(), "{denied}");
    let trouble = refusal("503 Service Unavailable", "<html>");
    assert!(trouble.to_string().contains("503") && trouble.is_passing(), "{trouble}");
}

#[test]
fn what_is_no_registry_is_told_from_one_that_refuses() {
    let page = refusal("200 OK", "<html>Welcome</html>");
    assert!(
        matches!(page, RegistryError::NoRegistry { .. }) && page.to_string().contains("/apis/ccompat/v7"),
        "{page}"
    );
    let moved = refusal("302 Found", "");
    assert!(
        matches!(moved, RegistryError::Refused { status: 302, .. }),
        "a password is not carried elsewhere: {moved}"
    );
}

#[test]
fn nobody_there_is_a_passing_trouble() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let settings =
        config::SchemaRegistry { url, timeout: Period::seconds(5), ..config::SchemaRegistry::default() };
    let error =
        SchemaRegistry::new(&settings).unwrap().register("incidents", AvroRecord::Incident).unwrap_err();
    assert!(error.is_passing() && error.to_string().contains("does not answer"), "{error}");
}

#[test]
fn authorities_are_read_from_pem_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, "no certificate").unwrap();
    let settings = config::SchemaRegistry {
        url: "https://registry".into(),
        ca: Some(file),
        ..config::SchemaRegistry::default()
    };
    let error = SchemaRegistry::new(&settings).err().expect("the file has no certificate").to_string();
    assert!(error.contains("ca.pem: there is no certificate in it"), "{error}");
}
