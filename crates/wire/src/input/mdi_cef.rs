//! Syslog CEF of Microsoft Defender for Identity, of Azure ATP and ATA before it.
//!
//! Source: MicrosoftDocs/ATADocs, `cef-format-sa.md`. The format names no SID, no address, no tenant and no domain
//! controller, and it never reports that an alert was resolved.

use std::borrow::Cow;
use std::net::IpAddr;

use braid_alert::{
    Alert, AlertStatus, EntityKind, EventTime, Evidence, Identifier, IdentifierKind, Provider, Role,
    Severity, Span, Technique,
};
use jiff::civil::DateTime;

use super::evidence_list::EvidenceList;
use super::mdi_catalogue::{self, AlertType};
use super::mdi_cef_line::{CefLine, has_header};
use super::mdi_message::{Mention, mentions};
use super::naming::{AccountNames, HostNames};
use super::{Context, DESCRIPTION_BYTES_MAX, alert_id, check_element_count, description, shorten, time};
use crate::{Format, HealthReport, Refusal, RefusalReason};

/// Reads the lines of a record; usually there is one.
pub(super) fn decode(text: &str, context: &Context<'_>) -> Result<Vec<Result<Alert, Refusal>>, Refusal> {
    if text.starts_with(['{', '[']) {
        return Err(Refusal::new(RefusalReason::UnknownFormat, "it is JSON, not a line of syslog CEF"));
    }
    let lines = lines(text);
    check_element_count(lines.len())?;
    Ok(lines.into_iter().map(|line| alert(line, context)).collect())
}

/// A line begins where a header stands; what follows without one continues it (a message with raw line breaks).
fn lines(text: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if starts.is_empty() || has_header(line) {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(&start, end)| text[start..end].trim()).collect()
}

fn alert(text: &str, context: &Context<'_>) -> Result<Alert, Refusal> {
    let line = CefLine::parse(text)?;
    if line.signature.ends_with("MonitoringAlert") {
        return Err(Refusal::health(health(&line, context)));
    }
    let (id, portal_url) = identity(&line)?;
    let timezone = context.rules.timezone;
    let first_activity = time::required("start", line.field("start").as_deref(), timezone)?;
    let last_activity = time::optional(line.field("end").as_deref(), timezone)
        .map_or(first_activity, |end| end.max(first_activity));
    let sent = sent_at(line.syslog, first_activity, context);
    let is_new = line.labelled("trigger").is_some_and(|trigger| trigger.eq_ignore_ascii_case("new"));
    let external_id = line.field("externalId");
    let number = external_id.as_deref().and_then(|id| id.parse().ok());
    let number = if line.is_ata { number.map(|id| todays_number(id, line.signature)) } else { number };
    let known = mdi_catalogue::find(number, line.signature, &line.name);
    let message = line.long_text("msg");
    let title =
        if line.name.is_empty() { known.map_or(line.signature, |known| known.name) } else { &line.name };
    let detector = detector(known, external_id.as_deref(), line.signature);
    let correlate = context.correlate(detector.as_deref());
    context.accept(Alert {
        tenant: context.rules.tenant.tenant(Format::MdiCef, |_| None::<&str>)?,
        provider: Provider::DefenderForIdentity,
        id: alert_id::canonical(&id),
        source_alert_id: Some(id.into()),
        title: title.into(),
        description: message.as_deref().and_then(description),
        severity: severity(line.severity, known),
        // It tells that an alert is there and that there is news, and never what became of it: said to be new, an update
        // would reopen what another feed has resolved.
        status: AlertStatus::Unknown,
        classification: None,
        determination: None,
        assignee: None,
        detector,
        category: None,
        phase: known.map(|known| known.phase.clone()),
        techniques: techniques(known),
        first_activity,
        last_activity,
        created: sent.filter(|_| is_new),
        updated: sent.unwrap_or(last_activity),
        resolved: None,
        portal_url: Some(portal_url),
        indicators: Default::default(),
        evidence: evidence(&line, known, message.as_deref().unwrap_or_default()),
        correlate,
        origin: context.origin.clone(),
    })
}

/// What the product says about itself: that a sensor is silent, that a database is down. It names no alert and often no
/// beginning.
fn health(line: &CefLine<'_>, context: &Context<'_>) -> HealthReport {
    // An old syslog header names no year: that of the record, or the one before it.
    const ABOUT_A_YEAR: Span = Span::days(360);
    let came = EventTime::from_micros(context.origin.source_time.as_micros());
    let start = time::optional(line.field("start").as_deref(), context.rules.timezone);
    let earliest = start.unwrap_or_else(|| came - ABOUT_A_YEAR);
    HealthReport {
        kind: shorten(line.signature).into(),
        text: line
            .long_text("msg")
            .as_deref()
            .and_then(description)
            .unwrap_or_else(|| line.name.as_ref().into()),
        severity: severity(line.severity, None),
        at: sent_at(line.syslog, earliest, context).or(start).unwrap_or(came),
    }
}

/// ATA's numbers of the kinds of encryption downgrades, one further than Defender for Identity's.
fn todays_number(external_id: u16, signature: &str) -> u16 {
    match external_id {
        2010 if signature.starts_with("EncryptionDowngrade") => 2008,
        2011 if signature.starts_with("EncryptionDowngrade") => 2010,
        other => other,
    }
}

/// The alert's id as the portal writes it, and its page there: the id is the last segment of the page's path.
fn identity(line: &CefLine<'_>) -> Result<(String, Box<str>), Refusal> {
    let missing = |what: &str| Refusal::new(RefusalReason::MissingId, what);
    let url =
        line.labelled("url").ok_or_else(|| missing("no cs1 with cs1Label=url, whose path ends in the id"))?;
    // One of the manual's lines has four slashes here.
    let url = url.replacen(":////", "://", 1);
    let (_, address) = url.split_once("://").ok_or_else(|| missing("the url in cs1 is no address"))?;
    let path = address.split(['?', '#']).next().unwrap_or(address).trim_end_matches('/');
    let (_, id) = path.rsplit_once('/').ok_or_else(|| missing("the url in cs1 has no path"))?;
    if id.is_empty() || id.contains(char::is_whitespace) {
        return Err(missing("the path of the url in cs1 ends in no id"));
    }
    Ok((id.to_owned(), url.as_str().into()))
}

fn detector(known: Option<&AlertType>, external_id: Option<&str>, signature: &str) -> Option<Box<str>> {
    match known {
        Some(known) if known.external_id != 0 => Some(known.external_id.to_string().into()),
        _ => external_id.or(Some(signature).filter(|text| !text.is_empty())).map(Into::into),
    }
}

/// The product writes 3, 5 and 10; other numbers are read by ArcSight's ranges.
fn severity(text: &str, known: Option<&AlertType>) -> Severity {
    match text.parse::<u8>() {
        Ok(0..=3) => Severity::Low,
        Ok(4..=6) => Severity::Medium,
        Ok(7..=10) => Severity::High,
        _ if text.eq_ignore_ascii_case("very-high") => Severity::High,
        _ => match (Severity::from_text(text), known) {
            (Severity::Other(_), Some(known)) => known.severity.clone(),
            (severity, _) => severity,
        },
    }
}

fn techniques(known: Option<&AlertType>) -> Vec<Technique> {
    let mut techniques: Vec<_> = known.into_iter().flat_map(AlertType::techniques).collect();
    techniques.sort();
    techniques
}

/// When the sensor sent the line, by its syslog header; the only time of an update that there is.
fn sent_at(syslog: &str, start: EventTime, context: &Context<'_>) -> Option<EventTime> {
    let timezone = context.rules.timezone;
    let iso = |word: &str| word.contains('T').then(|| time::read(word, timezone)).flatten();
    let sent = syslog.split_whitespace().find_map(iso).or_else(|| rfc3164(syslog, start, context))?;
    // A broken clock in a header must not cost the alert, nor make every later revision look old.
    let (at, ahead) = (context.origin.source_time, context.rules.future_max);
    time::check_plausible("", sent, at, ahead).is_ok().then_some(sent)
}

/// `Feb 21 14:19:27`, which names no year: the first one in which it is not before the event.
fn rfc3164(syslog: &str, start: EventTime, context: &Context<'_>) -> Option<EventTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = syslog.split_whitespace().take(4).collect();
    let (month, day, clock) = words.windows(3).find_map(|words| {
        let name = words[0].rsplit('>').next().unwrap_or(words[0]);
        let month = MONTHS.iter().position(|month| *month == name)? + 1;
        Some((month, words[1].parse::<u8>().ok()?, words[2]))
    })?;
    let year: i16 = start.to_string().get(..4)?.parse().ok()?;
    let day_before = start - Span::days(1);
    [year, year + 1].into_iter().find_map(|year| {
        let written: DateTime = format!("{year:04}-{month:02}-{day:02}T{clock}").parse().ok()?;
        let sent = context.rules.timezone.to_timestamp(written).ok()?;
        let sent = EventTime::from_micros(sent.as_microsecond());
        (sent >= day_before).then_some(sent)
    })
}

fn evidence(line: &CefLine<'_>, known: Option<&AlertType>, message: &str) -> Vec<Evidence> {
    let external_id = known.map_or(0, |known| known.external_id);
    // Wordings are searched for in what is kept of the message: a sensor writes some hundred bytes.
    let message = &message[..message.floor_char_boundary(DESCRIPTION_BYTES_MAX)];
    let mentions = mentions(external_id, message);
    let (fqdn, user, shost) = (line.labelled("shostfqdn"), line.field("suser"), line.field("shost"));
    // The sensor watches the domain of the host it reports: a bare account name is an account of that domain.
    let domain = fqdn.as_deref().and_then(|fqdn| fqdn.split_once('.')).map(|(_, domain)| domain);
    let mut list = EvidenceList::default();
    match user.as_deref() {
        Some(user) => list.push(account(user, domain, user_role(external_id))),
        None => {
            mentions.iter().filter(|m| !m.is_host).for_each(|m| {
                list.push(account(m.name, domain, m.role.clone()));
            });
        }
    }
    for host in hosts(shost.as_deref(), fqdn.as_deref(), &mentions, external_id) {
        list.push(host);
    }
    addressed(line, external_id, domain).for_each(|piece| list.push(piece));
    list.into_evidence()
}

/// `suser` is whom the message is about, which is not always who did it.
fn user_role(external_id: u16) -> Role {
    match external_id {
        // Accounts that were guessed or tried.
        2003 | 2004 | 2023 | 2033 => Role::Target,
        // A honeytoken that was used, a hash or a ticket that was stolen.
        2014 | 2017 | 2018 => Role::Impacted,
        _ => Role::Source,
    }
}

/// The hosts: `shost`, those of the message, and the one whose full name `cs3` is.
///
/// In the manual's own lines `cs3` names another host than `shost`, so it counts as a host's full name only where the
/// first label agrees; otherwise it is a host of its own.
fn hosts(
    shost: Option<&str>,
    fqdn: Option<&str>,
    mentions: &[Mention<'_>],
    external_id: u16,
) -> Vec<Evidence> {
    // A service is created *on* the host that the line calls its source.
    let source_role = if external_id == 2026 { Role::Impacted } else { Role::Source };
    let mut named: Vec<(&str, Role)> = shost.map(|name| (name, source_role)).into_iter().collect();
    for mention in mentions.iter().filter(|mention| mention.is_host) {
        let fills_gap = shost.is_none() || mention.role != Role::Source;
        if fills_gap && !named.iter().any(|(name, _)| same_host(name, mention.name)) {
            named.push((mention.name, mention.role.clone()));
        }
    }
    if let Some(fqdn) = fqdn.filter(|fqdn| !named.iter().any(|(name, _)| same_host(name, fqdn))) {
        let has_source = shost.is_some() || named.iter().any(|(_, role)| *role == Role::Source);
        named.push((fqdn, if has_source { Role::Related } else { Role::Source }));
    }
    named.into_iter().map(|(name, role)| host(name, fqdn, role)).collect()
}

/// Whether two names can be of one host: bare, their first labels agree; full, all of them.
fn same_host(a: &str, b: &str) -> bool {
    let label = |name: &'_ str| name.split('.').next().map(str::to_owned).unwrap_or_default();
    let both_full = a.contains('.') && b.contains('.');
    if both_full { a.eq_ignore_ascii_case(b) } else { label(a).eq_ignore_ascii_case(&label(b)) }
}

fn host(name: &str, fqdn: Option<&str>, role: Role) -> Evidence {
    if name.parse::<IpAddr>().is_ok() {
        return address(name, role);
    }
    let mut host = Evidence::new(EntityKind::Host, role);
    let full = fqdn.filter(|fqdn| same_host(name, fqdn));
    host.identifiers = HostNames { names: [Some(name), full, None], ..HostNames::default() }.identifiers();
    host
}

fn account(name: &str, domain: Option<&str>, role: Role) -> Evidence {
    let mut user = Evidence::new(EntityKind::User, role);
    user.identifiers =
        AccountNames { names: [Some(name), None], domain, ..AccountNames::default() }.identifiers();
    user
}

fn address(text: &str, role: Role) -> Evidence {
    let mut address = Evidence::new(EntityKind::Address, role);
    address.identifiers.extend(Identifier::address(text));
    address
}

/// What the fields of a destination, and the rare addresses, say.
fn addressed(line: &CefLine<'_>, external_id: u16, domain: Option<&str>) -> impl Iterator<Item = Evidence> {
    let destination = line.field("dhost").map(|name: Cow<'_, str>| match external_id {
        // Here it is the domain name that was asked for.
        2031 => {
            let mut url = Evidence::new(EntityKind::Url, Role::Target);
            url.identifiers.extend(Identifier::new(IdentifierKind::Url, &name));
            url
        }
        _ => host(&name, None, Role::Target),
    });
    let user = line.field("duser").map(|name| account(&name, domain, Role::Target));
    let source = line.field("src").map(|text| address(&text, Role::Source));
    let target = line.field("dst").map(|text| address(&text, Role::Target));
    [destination, user, source, target].into_iter().flatten()
}
