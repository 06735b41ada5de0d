//! The compact form of an alert:
//!
//! ```text
//! 10:20 mde/b7 "Mimikatz" severity=high user=S-1-5-21-1-2-3-1104+contoso\jeffl target.host=dc1.contoso.com
//! ```
//!
//! The time of its activity, product and id, title, attributes, entities. It arrives when it happens, or at
//! `arrives=HH:MM`. Names of one entity are joined by `+`; their kind shows in their form.

use braid_alert::{
    Alert, AlertId, AlertStatus, Correlate, EntityKind, EventTime, Evidence, HostAddress, Identifier,
    IdentifierKind, Origin, Phase, Provider, Role, Severity, SourceTime, Span, Technique, Tenant,
};
use braid_engine::{EntityField, Field};

use crate::config::fault::near_miss;

/// The first day of every case: 2026-03-02.
const DAY_ONE: EventTime = EventTime::from_micros(1_772_409_600_000_000);

/// Whose alerts they are, unless a line says otherwise.
pub(super) const TENANT: &str = "test";

/// Short names of the products whose alerts are seen most.
const PROVIDERS: [(&str, Provider); 8] = [
    ("mdi", Provider::DefenderForIdentity),
    ("mde", Provider::DefenderForEndpoint),
    ("mdo", Provider::DefenderForOffice365),
    ("mda", Provider::DefenderForCloudApps),
    ("mdc", Provider::DefenderForCloud),
    ("xdr", Provider::DefenderXdr),
    ("entra", Provider::EntraIdProtection),
    ("sentinel", Provider::Sentinel),
];

const ATTRIBUTES: [&str; 11] = [
    "severity",
    "status",
    "phase",
    "category",
    "detector",
    "technique",
    "correlate",
    "tenant",
    "until",
    "arrives",
    "updated",
];

/// Reads a line.
pub(super) fn read(line: &str) -> Result<Alert, String> {
    let words = words(line)?;
    let [time, id, title, rest @ ..] = &words[..] else {
        return Err("an alert is a time, product/id, a title in quotes and what it is about".into());
    };
    let (provider, id) =
        id.split_once('/').ok_or_else(|| format!("`{id}` should be product/id, such as mdi/a1"))?;
    let mut alert = blank(provider_of(provider), id, title, instant(time)?);
    for word in rest {
        let (key, value) = word.split_once('=').ok_or_else(|| format!("`{word}` should be key=value"))?;
        set(&mut alert, key, value)?;
    }
    Ok(alert)
}

/// Splits at blanks that are not in quotes; the quotes are left out.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    if quoted { Err("a quote is not closed".into()) } else { Ok(words) }
}

/// `10:20`, `10:20:30`, `+1d10:20` on the next day, or RFC 3339.
fn instant(text: &str) -> Result<EventTime, String> {
    let wrong = || format!("`{text}` is no time such as 10:20, +1d10:20 or 2026-03-02T10:20:00Z");
    if text.contains('T') {
        let at: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
        return Ok(EventTime::from_micros(at.as_microsecond()));
    }
    let (days, time) = match text.strip_prefix('+') {
        Some(text) => text.split_once('d').ok_or_else(wrong)?,
        None => ("0", text),
    };
    let numbers = std::iter::once(days).chain(time.split(':')).map(|n| n.parse::<u32>().ok().map(i64::from));
    match numbers.collect::<Option<Vec<i64>>>().as_deref() {
        Some(&[days, hours, minutes]) if days < 10_000 && hours < 24 && minutes < 60 => {
            Ok(DAY_ONE + Span::minutes((days * 24 + hours) * 60 + minutes))
        }
        Some(&[days, hours, minutes, seconds])
            if days < 10_000 && hours < 24 && minutes < 60 && seconds < 60 =>
        {
            Ok(DAY_ONE + Span::seconds(((days * 24 + hours) * 60 + minutes) * 60 + seconds))
        }
        _ => Err(wrong()),
    }
}

fn provider_of(text: &str) -> Provider {
    let known = PROVIDERS.iter().find(|(short, _)| *short == text);
    known.map_or_else(|| Provider::from_text(text), |(_, provider)| provider.clone())
}

fn blank(provider: Provider, id: &str, title: &str, at: EventTime) -> Alert {
    Alert {
        tenant: Tenant::new(TENANT),
        provider,
        id: AlertId::new(id),
        source_alert_id: None,
        title: title.into(),
        description: None,
        severity: Severity::Medium,
        status: AlertStatus::New,
        classification: None,
        determination: None,
        assignee: None,
        detector: None,
        category: None,
        phase: None,
        techniques: Vec::new(),
        first_activity: at,
        last_activity: at,
        created: None,
        updated: at,
        resolved: None,
        portal_url: None,
        indicators: Default::default(),
        evidence: Vec::new(),
        correlate: Correlate::Full,
        origin: Origin {
            source: "test".into(),
            topic: "test".into(),
            partition: 0,
            offset: 0,
            element: 0,
            source_time: SourceTime::from_micros(at.as_micros()),
            source_time_capped: false,
        },
    }
}

fn set(alert: &mut Alert, key: &str, value: &str) -> Result<(), String> {
    match key {
        "severity" => alert.severity = known(value, Severity::from_text(value), Severity::KNOWN)?,
        "status" => alert.status = known(value, AlertStatus::from_text(value), AlertStatus::KNOWN)?,
        "phase" => alert.phase = Some(known(value, Phase::from_text(value), Phase::KNOWN)?),
        "correlate" => alert.correlate = known(value, Correlate::from_text(value), Correlate::KNOWN)?,
        "category" => alert.category = Some(value.into()),
        "detector" => alert.detector = Some(value.into()),
        "technique" => {
            let technique = Technique::find(value)
                .ok_or_else(|| format!("`{value}` is no technique such as T1003.006"))?;
            alert.techniques.push(technique);
        }
        "tenant" => alert.tenant = Tenant::new(value),
        "until" => alert.last_activity = instant(value)?,
        "updated" => alert.updated = instant(value)?,
        "arrives" => {
            let at = instant(value)?;
            alert.origin.source_time = SourceTime::from_micros(at.as_micros());
            alert.updated = at;
        }
        key => match Field::from_name(key) {
            Some(Field::Entity(EntityField { kind: Some(kind), role })) => {
                alert.evidence.push(evidence(kind, role.unwrap_or(Role::Impacted), value)?);
            }
            _ => return Err(unknown_key(key)),
        },
    }
    Ok(())
}

fn unknown_key(key: &str) -> String {
    let listed =
        || format!("there are {}, and entities such as `user` and `target.host`", ATTRIBUTES.join(", "));
    match Field::from_name(key) {
        _ if is_set(&format!("{key}.user")) => {
            format!(
                "`{key}` does not say what it is: write `{key}.user`, `{key}.host`, `{key}.address` or another kind"
            )
        }
        Some(_) => format!("`{key}` cannot be set like this; {}", listed()),
        None => {
            let fields = Field::names();
            let known =
                ATTRIBUTES.into_iter().chain(fields.iter().map(String::as_str).filter(|name| is_set(name)));
            match near_miss(key, known) {
                Some(near) => format!("there is no `{key}`; did you mean `{near}`?"),
                None => format!("there is no `{key}`; {}", listed()),
            }
        }
    }
}

/// Whether a line may set the field of this name.
fn is_set(name: &str) -> bool {
    matches!(Field::from_name(name), Some(Field::Entity(EntityField { kind: Some(_), .. })))
}

/// A word that this release knows: what would be kept as it came in a stream is a slip in a test.
fn known<T: PartialEq + ToString>(text: &str, value: T, known: &[T]) -> Result<T, String> {
    if known.contains(&value) {
        return Ok(value);
    }
    let words: Vec<String> = known.iter().map(ToString::to_string).collect();
    match near_miss(text, words.iter().map(String::as_str)) {
        Some(near) => Err(format!("there is no `{text}`; did you mean `{near}`?")),
        None => Err(format!("there is no `{text}`; there are {}", words.join(", "))),
    }
}

fn evidence(kind: EntityKind, role: Role, value: &str) -> Result<Evidence, String> {
    let mut evidence = Evidence::new(kind, role);
    for name in value.split('+') {
        let address = |egress, text: &str| {
            let address = Identifier::address(text).ok_or_else(|| format!("`{text}` is no address"))?;
            Ok::<_, String>(HostAddress { address: address.value, egress })
        };
        match name.split_once(':') {
            _ if name.starts_with('%') => evidence.tags.push(name[1..].into()),
            Some(("at", text)) => evidence.addresses.push(address(false, text)?),
            Some(("egress", text)) => evidence.addresses.push(address(true, text)?),
            _ => evidence.identifiers.push(
                identifier(&evidence.kind, name)
                    .ok_or_else(|| format!("`{name}` names no {}", evidence.kind))?,
            ),
        }
    }
    Ok(evidence)
}

fn identifier(kind: &EntityKind, name: &str) -> Option<Identifier> {
    use IdentifierKind as Kind;
    let hex = |length: usize| name.len() == length && name.bytes().all(|b| b.is_ascii_hexdigit());
    let is_guid = name.len() == 36 && name.bytes().filter(|&b| b == b'-').count() == 4;
    let kind = match kind {
        EntityKind::User if name.starts_with("S-1-") => Kind::Sid,
        EntityKind::User if is_guid => Kind::ObjectId,
        EntityKind::User | EntityKind::Mailbox if name.contains('@') => Kind::Upn,
        EntityKind::User if name.contains('\\') => {
            let (domain, account) = name.split_once('\\')?;
            return Identifier::domain_account(domain, account);
        }
        EntityKind::User => Kind::AccountName,
        EntityKind::Mailbox => Kind::Upn,
        EntityKind::Host if hex(40) => Kind::DefenderDeviceId,
        EntityKind::Host if is_guid => Kind::EntraDeviceId,
        EntityKind::Host if name.contains('.') => Kind::Fqdn,
        EntityKind::Host => Kind::NetbiosName,
        EntityKind::MobileDevice => Kind::MobileDeviceId,
        EntityKind::Address => return Identifier::address(name),
        EntityKind::Url => return Identifier::url(name),
        EntityKind::File if hex(64) => Kind::Sha256,
        EntityKind::File if hex(40) => Kind::Sha1,
        EntityKind::File if hex(32) => Kind::Md5,
        EntityKind::File => Kind::FilePath,
        EntityKind::MailMessage => Kind::NetworkMessageId,
        EntityKind::MailCluster => Kind::MailCluster,
        EntityKind::Process => Kind::ProcessKey,
        EntityKind::Registry => Kind::RegistryPath,
        EntityKind::CloudApplication | EntityKind::OauthApplication => Kind::ApplicationId,
        EntityKind::CloudLogon => Kind::SessionId,
        EntityKind::SecurityGroup => Kind::GroupId,
        EntityKind::VendorIncident => Kind::VendorIncidentId,
        EntityKind::Threat => Kind::ThreatName,
        EntityKind::CloudResource | EntityKind::Other(_) => Kind::ResourceId,
    };
    Identifier::new(kind, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_an_alert_says() {
        let alert = read(r#"+1d10:20:30 mde/b7 "Mimikatz was run" severity=high technique=T1003 arrives=+1d11:00 target.host=DC1+dc1.contoso.com+at:10.0.0.4 user=contoso\jeffl+%Sensitive category="a b""#).unwrap();
        assert_eq!(
            (&*alert.title, alert.id.as_str(), alert.category.as_deref()),
            ("Mimikatz was run", "b7", Some("a b"))
        );
        assert_eq!(alert.first_activity.to_string(), "2026-03-03T10:20:30Z");
        assert_eq!(alert.origin.source_time.to_string(), "2026-03-03T11:00:00Z");
        let [host, user] = &alert.evidence[..] else { panic!("{:?}", alert.evidence) };
        let names: Vec<String> = host.identifiers.iter().map(ToString::to_string).collect();
        assert_eq!(
            (names, &host.role),
            (vec!["netbiosName:dc1".into(), "fqdn:dc1.contoso.com".into()], &Role::Target)
        );
        assert_eq!(host.addresses[0].address.as_ref(), "10.0.0.4");
        assert_eq!(
            (user.identifiers[0].to_string(), &user.tags[..]),
            ("domainAccount:contoso\\jeffl".into(), &["Sensitive".into()][..])
        );
    }

    #[test]
    fn a_line_that_cannot_be_read_says_why() {
        let why = |line: &str| read(line).unwrap_err();
        assert_eq!(why("10:00"), "an alert is a time, product/id, a title in quotes and what it is about");
        assert_eq!(
            why(r#"10:61 mdi/a "t""#),
            "`10:61` is no time such as 10:20, +1d10:20 or 2026-03-02T10:20:00Z"
        );
        assert_eq!(why(r#"10:00 a "t""#), "`a` should be product/id, such as mdi/a1");
        assert_eq!(why(r#"10:00 mdi/a "t"#), "a quote is not closed");
        assert_eq!(why(r#"10:00 mdi/a "t" usr=a"#), "there is no `usr`; did you mean `user`?");
        let role = why(r#"10:00 mdi/a "t" source=user:jeffl"#);
        assert!(role.starts_with("`source` does not say what it is: write `source.user`"), "{role}");
        assert!(
            why(r#"10:00 mdi/a "t" provider=mdi"#)
                .starts_with("`provider` cannot be set like this; there are")
        );
        assert!(why(r#"10:00 mdi/a "t" sourc.user=a"#).contains("did you mean `source.user`?"));
        assert_eq!(
            why(r#"10:00 mdi/a "t" severity=hi"#),
            "there is no `hi`; there are informational, low, medium, high, critical"
        );
        assert_eq!(why(r#"10:00 mdi/a "t" address=10"#), "`10` names no ip");
    }
}
