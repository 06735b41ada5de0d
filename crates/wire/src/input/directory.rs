//! What a directory says of its objects, as input.
//!
//! The topic is a compacted one: a record's key is the object that it is about, and a record without a value is a
//! tombstone, which has nothing but its key to say whose object was deleted. So what the key says depends on the
//! source's tenant rule: where the tenant is configured the whole key is the object; where records name it, the key is
//! `tenant/object`, for tombstones and for all others alike, and a record whose key and value disagree is refused: its
//! tombstone would delete something else.

use braid_alert::DirectoryRecord;
use braid_engine::Input;

use super::braid::elements;
use super::{Context, SourceRecord, readable};
use crate::avro::Framed;
use crate::own::DirectoryKey;
use crate::{Format, Refusal, RefusalReason, TenantRule, own};

/// Reads a record; in JSON also an array of them or a wrapper `{"records":[…]}`, where no key stands over it.
pub(super) fn records(
    record: SourceRecord<'_>,
    context: &Context<'_>,
) -> Result<Vec<Result<Input, Refusal>>, Refusal> {
    let key = context.directory_key(record.key)?;
    let Some(value) = record.value else {
        return Ok(vec![context.directory(own::directory_tombstone(key))]);
    };
    readable(value)?;
    if context.rules.format == Format::BraidDirectoryAvro {
        let read = Framed::of(&record).and_then(|framed| own::directory_from_framed(key, &framed));
        return Ok(vec![context.directory(read)]);
    }
    let elements = elements(value, context)?;
    if key.object.is_some() && elements.len() > 1 {
        let detail = format!("{} objects under one key", elements.len());
        return Err(Refusal::new(RefusalReason::Malformed, detail));
    }
    let read = |element: Result<&str, Refusal>| {
        context.directory(element.and_then(|element| own::directory_from_json(key, element.as_bytes())))
    };
    Ok(elements.into_iter().map(read).collect())
}

impl Context<'_> {
    /// What a record's key says.
    fn directory_key<'k>(&self, key: Option<&'k [u8]>) -> Result<DirectoryKey<'k>, Refusal> {
        let Some(key) = key else { return Ok(DirectoryKey::default()) };
        let key = std::str::from_utf8(key).map_err(|error| {
            let detail = format!("byte {} of the key is not UTF-8", error.valid_up_to());
            Refusal::new(RefusalReason::InvalidUtf8, detail)
        })?;
        match (&self.rules.tenant, key.split_once('/')) {
            (TenantRule::Fixed(_), _) => Ok(DirectoryKey { tenant: None, object: Some(key) }),
            (TenantRule::Field { .. }, Some((tenant, object))) => {
                Ok(DirectoryKey { tenant: Some(tenant), object: Some(object) })
            }
            (TenantRule::Field { .. }, None) => {
                let detail = format!("the key {:?} is not tenant/object", super::shorten(key));
                Err(Refusal::new(RefusalReason::MissingTenant, detail))
            }
        }
    }

    /// The source's rules for a directory's record.
    fn directory(&self, record: Result<DirectoryRecord, Refusal>) -> Result<Input, Refusal> {
        let mut record = record?;
        record.tenant = self.own_tenant(record.tenant.as_str())?;
        record.origin = self.origin.clone();
        Ok(Input::Directory(Box::new(record)))
    }
}
