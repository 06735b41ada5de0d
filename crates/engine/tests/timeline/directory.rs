//! Directory records as lines of a timeline.
//!
//! ```text
//! 10:00 directory user:S-1-5-21-1-2-3-1104+jeffl@contoso.azure+contoso\jeffl object=o1 tag=sensitive called=Jeff_L
//! 10:00 directory user:oid-7+jeffl@contoso.azure object=c1 cloud=true
//! 11:00 directory gone o1
//! ```
//!
//! Without `object=` the first name is the object's key. `_` in what it is called stands for a space.

use braid_alert::{DirectoryEntry, DirectoryRecord, EntityKind, Origin, SourceTime, Tenant};

use super::{identifier, instant};

/// Reads the line, if it is one.
pub(crate) fn parse(line: &str) -> Option<DirectoryRecord> {
    let (time, rest) = line.split_once(' ')?;
    let rest = rest.trim().strip_prefix("directory ")?;
    let mut record = DirectoryRecord {
        tenant: Tenant::new("t"),
        object: "".into(),
        entry: None,
        origin: Origin {
            source: "test".into(),
            topic: "directory".into(),
            partition: 0,
            offset: 0,
            element: 0,
            source_time: SourceTime::from_micros(instant(time)),
            source_time_capped: false,
        },
    };
    if let Some(object) = rest.strip_prefix("gone ") {
        record.object = object.trim().into();
        return Some(record);
    }
    let mut words = rest.split_whitespace();
    let (kind, names) = words.next().unwrap().split_once(':').unwrap();
    let kind = EntityKind::from_text(kind);
    record.object = names.split('+').next().unwrap().into();
    let mut entry = DirectoryEntry {
        identifiers: names.split('+').map(|name| identifier(&kind, name)).collect(),
        kind,
        on_premises: true,
        display_name: None,
        title: None,
        office: None,
        mail: None,
        phone: None,
        domain: None,
        sam_name: None,
        os: None,
        os_build: None,
        created: None,
        first_seen: None,
        tags: Vec::new(),
        products: Vec::new(),
    };
    for word in words {
        match word.split_once('=').unwrap() {
            ("object", value) => record.object = value.into(),
            ("cloud", value) => entry.on_premises = value != "true",
            ("tag", value) => entry.tags.push(value.into()),
            ("called", value) => entry.display_name = Some(value.replace('_', " ").into()),
            ("sam", value) => entry.sam_name = Some(value.into()),
            (key, _) => panic!("a directory record has no {key}"),
        }
    }
    record.entry = Some(entry);
    Some(record)
}
