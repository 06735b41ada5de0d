//! A directory's record as an exporter writes it: one flat object, whose plain fields are names and descriptions.
//!
//! Strict about what identity depends on: a field that is unknown is refused, for a misspelt `objectId` would leave the
//! user without it and nobody would see. What is for display may be missing or of a wrong type.

mod writing;

use std::fmt::Write;

use braid_alert::{
    DirectoryEntry, DirectoryProduct, DirectoryRecord, EntityKind, EventTime, Identifier, IdentifierKind,
    Provider, Tenant,
};
use serde::Deserialize;

use super::canon::canonical_identifier;
use super::lenient::{Lenient, Texts};
use super::text::{IdentifierText, blank_origin};
use crate::json::shortened;
use crate::{Refusal, RefusalReason};

pub(super) use writing::RecordOut;

/// The longest key of a directory's object, in characters. Distinguished names of over 256 are rare.
const OBJECT_CHARACTERS_MAX: usize = 1_024;
/// The longest text for display, in characters.
const TEXT_CHARACTERS_MAX: usize = 256;
/// The most names, tags or products of one object.
const LIST_MAX: usize = 64;

/// What a record says beside its value: its key, as the source's tenant rule reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct DirectoryKey<'a> {
    /// Whose directory it is, if key or configuration say so.
    pub tenant: Option<&'a str>,
    /// The object, if the record has a key.
    pub object: Option<&'a str>,
}

/// A directory's record as it stands in JSON. The strict fields are options only so that a missing one gets its own
/// reason.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a directory record")]
pub(super) struct DirectoryText {
    tenant: Option<Box<str>>,
    object: Option<Box<str>>,
    #[serde(default)]
    deleted: bool,
    kind: Option<Box<str>>,
    on_premises: Option<bool>,
    sid: Option<Box<str>>,
    object_id: Option<Box<str>>,
    upn: Option<Box<str>>,
    sam_account_name: Option<Box<str>>,
    domain: Option<Box<str>>,
    netbios_domain: Option<Box<str>>,
    mail: Option<Box<str>>,
    fqdn: Option<Box<str>>,
    netbios_name: Option<Box<str>>,
    device_id: Option<Box<str>>,
    entra_device_id: Option<Box<str>>,
    mobile_device_id: Option<Box<str>>,
    resource_id: Option<Box<str>>,
    #[serde(default)]
    identifiers: Vec<IdentifierText>,
    #[serde(default)]
    display_name: Lenient<Box<str>>,
    #[serde(default)]
    title: Lenient<Box<str>>,
    #[serde(default)]
    office: Lenient<Box<str>>,
    #[serde(default)]
    phone: Lenient<Box<str>>,
    #[serde(default)]
    os: Lenient<Box<str>>,
    #[serde(default)]
    os_build: Lenient<Box<str>>,
    #[serde(default)]
    created: Lenient<EventTime>,
    #[serde(default)]
    first_seen: Lenient<EventTime>,
    #[serde(default)]
    tags: Texts,
    #[serde(default)]
    products: Vec<ProductText>,
}

/// A product that knows the object too.
#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "a product: {\"provider\", \"since\", \"portalUrl\"}"
)]
struct ProductText {
    provider: Box<str>,
    #[serde(default)]
    since: Lenient<EventTime>,
    #[serde(default)]
    portal_url: Lenient<Box<str>>,
}

impl DirectoryText {
    /// The record that it says. Its origin is blank.
    ///
    /// # Errors
    /// `missing_id` (object), `missing_field`, `unexpected_field`, `unknown_value`, `wrong_type` or `too_large`, with
    /// the field.
    pub(super) fn into_record(self, key: DirectoryKey<'_>) -> Result<DirectoryRecord, Refusal> {
        let tenant = agreed("tenant", key.tenant, self.tenant.as_deref())?.unwrap_or_default();
        let object = object(key.object, self.object.as_deref())?;
        let entry =
            if self.deleted { self.check_nothing_more().map(|()| None)? } else { Some(self.entry()?) };
        Ok(DirectoryRecord {
            tenant: Tenant::new(tenant),
            object: object.into(),
            entry,
            origin: blank_origin(),
        })
    }

    fn entry(&self) -> Result<DirectoryEntry, Refusal> {
        let kind = kind(self.kind.as_deref())?;
        let on_premises = self.on_premises.ok_or_else(|| missing("onPremises"))?;
        let text = |text: &Lenient<Box<str>>| text.0.as_deref().and_then(shown);
        canonical(DirectoryEntry {
            identifiers: self.identifiers(&kind)?,
            kind,
            on_premises,
            display_name: text(&self.display_name),
            title: text(&self.title),
            office: text(&self.office),
            mail: self.mail.as_deref().and_then(shown),
            phone: text(&self.phone),
            domain: self.domain.as_deref().and_then(shown),
            sam_name: self.sam_account_name.as_deref().and_then(shown),
            os: text(&self.os),
            os_build: text(&self.os_build),
            created: self.created.0,
            first_seen: self.first_seen.0,
            tags: self.tags.0.clone(),
            products: self.products.iter().map(ProductText::product).collect(),
        })
    }

    /// A deleted object is described no more: what says both has been put together wrong.
    fn check_nothing_more(&self) -> Result<(), Refusal> {
        if self.kind.is_none()
            && self.on_premises.is_none()
            && self.names().iter().all(|(_, name)| name.is_none())
        {
            return Ok(());
        }
        Err(Refusal::new(RefusalReason::UnexpectedField, "deleted is true, and yet the object is described"))
    }

    /// The plain fields that each are a name by themselves, strongest first.
    fn names(&self) -> [(IdentifierKind, &Option<Box<str>>); 10] {
        [
            (IdentifierKind::Sid, &self.sid),
            (IdentifierKind::ObjectId, &self.object_id),
            (IdentifierKind::DefenderDeviceId, &self.device_id),
            (IdentifierKind::EntraDeviceId, &self.entra_device_id),
            (IdentifierKind::MobileDeviceId, &self.mobile_device_id),
            (IdentifierKind::ResourceId, &self.resource_id),
            (IdentifierKind::Fqdn, &self.fqdn),
            (IdentifierKind::NetbiosName, &self.netbios_name),
            (IdentifierKind::Upn, &self.upn),
            (IdentifierKind::Upn, &self.mail),
        ]
    }

    fn identifiers(&self, kind: &EntityKind) -> Result<Vec<Identifier>, Refusal> {
        let mut identifiers = Vec::new();
        for (name, value) in self.names() {
            let Some(value) = value.as_deref().filter(|value| !value.trim().is_empty()) else { continue };
            identifiers.extend(Identifier::new(name, value.trim_end_matches('.')));
        }
        for text in &self.identifiers {
            identifiers.push(listed(text)?);
        }
        identifiers.extend(self.account(kind));
        Ok(identifiers)
    }

    /// The account by its name and by name and domain. A computer's account is its NetBIOS name with a `$`.
    fn account(&self, kind: &EntityKind) -> Vec<Identifier> {
        let Some(account) = self.sam_account_name.as_deref() else { return Vec::new() };
        if *kind == EntityKind::Host {
            return Identifier::new(IdentifierKind::NetbiosName, account.trim().trim_end_matches('$'))
                .into_iter()
                .collect();
        }
        let domain = self.netbios_domain.as_deref().or(self.domain.as_deref());
        let in_domain = domain.and_then(|domain| Identifier::domain_account(domain, account));
        in_domain.into_iter().chain(Identifier::new(IdentifierKind::AccountName, account)).collect()
    }
}

impl ProductText {
    fn product(&self) -> DirectoryProduct {
        DirectoryProduct {
            provider: Provider::from_text(self.provider.trim()),
            since: self.since.0,
            portal_url: self.portal_url.0.clone(),
        }
    }
}

/// The entry in canonical form, whoever wrote it.
///
/// # Errors
/// `unknown_value` for a kind that no directory has, `missing_field` for an entry without a name or a product without
/// one, `too_large`.
pub(super) fn canonical(mut entry: DirectoryEntry) -> Result<DirectoryEntry, Refusal> {
    entry.kind = kind(Some(entry.kind.as_str()))?;
    for (name, length) in [
        ("identifiers", entry.identifiers.len()),
        ("tags", entry.tags.len()),
        ("products", entry.products.len()),
    ] {
        if length > LIST_MAX {
            return Err(Refusal::new(
                RefusalReason::TooLarge,
                format!("{length} {name}; at most {LIST_MAX}"),
            ));
        }
    }
    let mut identifiers: Vec<Identifier> = Vec::new();
    for identifier in entry.identifiers.iter().filter_map(canonical_identifier) {
        check_place(&entry.kind, &identifier.kind)?;
        check_form(&identifier)?;
        if !identifiers.contains(&identifier) {
            identifiers.push(identifier);
        }
    }
    if identifiers.is_empty() {
        return Err(Refusal::new(RefusalReason::MissingField, "no field names the object"));
    }
    entry.identifiers = identifiers;
    entry.tags = entry.tags.iter().filter_map(|tag| shown(tag)).collect();
    for text in [
        &mut entry.display_name,
        &mut entry.title,
        &mut entry.office,
        &mut entry.mail,
        &mut entry.phone,
        &mut entry.domain,
        &mut entry.sam_name,
        &mut entry.os,
        &mut entry.os_build,
    ] {
        *text = text.as_deref().and_then(shown);
    }
    match entry.products.iter().find(|product| product.provider.as_str().trim().is_empty()) {
        Some(_) => Err(missing("products.provider")),
        None => Ok(entry),
    }
}

/// The object that a record is about, by its key and by its own words.
///
/// # Errors
/// `missing_id` if neither says it, `wrong_type` if they differ: a tombstone under that key would not delete it.
pub(super) fn object<'a>(key: Option<&'a str>, said: Option<&'a str>) -> Result<&'a str, Refusal> {
    let object = agreed("object", key, said)?.ok_or_else(|| {
        Refusal::new(RefusalReason::MissingId, "neither the record's key nor object says which object it is")
    })?;
    match object.chars().count() {
        count if count > OBJECT_CHARACTERS_MAX => Err(Refusal::new(
            RefusalReason::TooLarge,
            format!("object has {count} characters; at most {OBJECT_CHARACTERS_MAX}"),
        )),
        _ => Ok(object),
    }
}

/// What the key, or the configuration, and the value say of the same.
pub(super) fn agreed<'a>(
    field: &str,
    outside: Option<&'a str>,
    said: Option<&'a str>,
) -> Result<Option<&'a str>, Refusal> {
    let text = |text: Option<&'a str>| text.map(str::trim).filter(|text| !text.is_empty());
    match (text(outside), text(said)) {
        (Some(outside), Some(said)) if outside != said => {
            let mut detail = format!("{field} is {:?}, ", shortened(said, 64));
            let _ = write!(detail, "and the record's key says {:?}", shortened(outside, 64));
            Err(Refusal::new(RefusalReason::WrongType, detail))
        }
        (outside, said) => Ok(outside.or(said)),
    }
}

/// Directories list users and computers.
fn kind(text: Option<&str>) -> Result<EntityKind, Refusal> {
    let text = text.map(str::trim).filter(|text| !text.is_empty()).ok_or_else(|| missing("kind"))?;
    match EntityKind::from_text(text) {
        kind @ (EntityKind::User | EntityKind::Host | EntityKind::MobileDevice) => Ok(kind),
        _ => Err(Refusal::new(
            RefusalReason::UnknownValue,
            format!("kind is {:?}; one of: user, host, mobileDevice", shortened(text, 64)),
        )),
    }
}

/// A user that is given a host's names, or the other way round, has had its columns mixed up.
fn check_place(kind: &EntityKind, name: &IdentifierKind) -> Result<(), Refusal> {
    let of_host = matches!(
        name,
        IdentifierKind::DefenderDeviceId
            | IdentifierKind::EntraDeviceId
            | IdentifierKind::MobileDeviceId
            | IdentifierKind::ResourceId
            | IdentifierKind::Fqdn
            | IdentifierKind::NetbiosName
    );
    let of_user =
        matches!(name, IdentifierKind::Upn | IdentifierKind::AccountName | IdentifierKind::DomainAccount);
    if (of_host && *kind == EntityKind::User) || (of_user && *kind != EntityKind::User) {
        return Err(Refusal::new(
            RefusalReason::UnexpectedField,
            format!("a {name} has no place on a {kind}"),
        ));
    }
    Ok(())
}

/// A name that decides who an object is must be what it claims to be: a column that was mixed up would make one object
/// of all that have the same nonsense there, and a SID that every host knows is nobody's.
fn check_form(name: &Identifier) -> Result<(), Refusal> {
    let wanted = match name.kind {
        IdentifierKind::Sid if !is_sid_of_account(&name.value) => {
            "the SID of one account: S-1-5-21-… with its domain's three parts and a relative id, or S-1-12-1-… with four \
             parts"
        }
        IdentifierKind::ObjectId if !is_guid(&name.value) => "a GUID",
        IdentifierKind::Upn if !name.value.contains('@') => {
            "an account's name and its domain with `@` between"
        }
        _ => return Ok(()),
    };
    let value = shortened(&name.value, 64);
    Err(Refusal::new(RefusalReason::UnknownValue, format!("{} is {value:?}, and not {wanted}", name.kind)))
}

/// The two forms that stand for one account; what is the same on every host, as `S-1-5-18`, is of neither.
fn is_sid_of_account(sid: &str) -> bool {
    let parts = sid.strip_prefix("S-1-5-21-").or_else(|| sid.strip_prefix("S-1-12-1-"));
    let is_part = |part: &str| part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u32>().is_ok();
    parts.is_some_and(|parts| parts.split('-').count() == 4 && parts.split('-').all(is_part))
}

fn is_guid(text: &str) -> bool {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    LENGTHS.iter().all(|length| {
        parts.next().is_some_and(|part| part.len() == *length && part.bytes().all(|b| b.is_ascii_hexdigit()))
    }) && parts.next().is_none()
}

fn listed(text: &IdentifierText) -> Result<Identifier, Refusal> {
    let identifier = text.identifier();
    if let IdentifierKind::Other(word) = &identifier.kind {
        let known: Vec<_> = IdentifierKind::KNOWN.iter().map(IdentifierKind::as_str).collect();
        let detail = format!("identifiers.kind is {:?}; one of: {}", shortened(word, 64), known.join(", "));
        return Err(Refusal::new(RefusalReason::UnknownValue, detail));
    }
    Ok(identifier)
}

/// A text for display: without the white space around it, not too long; `None` if nothing is left.
fn shown(text: &str) -> Option<Box<str>> {
    let text = text.trim();
    (!text.is_empty()).then(|| shortened(text, TEXT_CHARACTERS_MAX))
}

fn missing(field: &str) -> Refusal {
    Refusal::new(RefusalReason::MissingField, format!("{field} is missing or empty"))
}
