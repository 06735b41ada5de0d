use braid_alert::{DirectoryEntry, DirectoryProduct, DirectoryRecord, EventTime, Identifier, IdentifierKind};
use serde::Serialize;

/// A directory's record as [`super::DirectoryText`] reads it: every name in the list, where none is taken for another.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordOut<'a> {
    tenant: &'a str,
    object: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    #[serde(flatten)]
    entry: Option<EntryOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryOut<'a> {
    kind: &'a str,
    on_premises: bool,
    identifiers: &'a [Identifier],
    #[serde(skip_serializing_if = "Option::is_none")]
    sam_account_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    netbios_domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    office: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os_build: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<EventTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen: Option<EventTime>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [Box<str>],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    products: Vec<ProductOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProductOut<'a> {
    provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<EventTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    portal_url: Option<&'a str>,
}

impl<'a> From<&'a DirectoryRecord> for RecordOut<'a> {
    fn from(record: &'a DirectoryRecord) -> Self {
        Self {
            tenant: record.tenant.as_str(),
            object: &record.object,
            deleted: record.entry.is_none(),
            entry: record.entry.as_ref().map(entry),
        }
    }
}

fn entry(entry: &DirectoryEntry) -> EntryOut<'_> {
    EntryOut {
        kind: entry.kind.as_str(),
        on_premises: entry.on_premises,
        identifiers: &entry.identifiers,
        sam_account_name: entry.sam_name.as_deref(),
        domain: entry.domain.as_deref(),
        netbios_domain: netbios_domain(entry),
        mail: entry.mail.as_deref(),
        display_name: entry.display_name.as_deref(),
        title: entry.title.as_deref(),
        office: entry.office.as_deref(),
        phone: entry.phone.as_deref(),
        os: entry.os.as_deref(),
        os_build: entry.os_build.as_deref(),
        created: entry.created,
        first_seen: entry.first_seen,
        tags: &entry.tags,
        products: entry.products.iter().map(product).collect(),
    }
}

/// The domain that the account is named with. It may have another first label than the DNS domain, from which the reader
/// would else make a name that the account does not bear.
fn netbios_domain(entry: &DirectoryEntry) -> Option<&str> {
    let mut accounts = entry.identifiers.iter().filter(|name| name.kind == IdentifierKind::DomainAccount);
    accounts.find_map(|name| name.value.split_once('\\')).map(|(domain, _)| domain)
}

fn product(product: &DirectoryProduct) -> ProductOut<'_> {
    ProductOut {
        provider: product.provider.as_str(),
        since: product.since,
        portal_url: product.portal_url.as_deref(),
    }
}
