//! The evidence of an OCSF finding: who did it, from where, to whom, with what.
//!
//! A role follows from the attribute: the actor and the source endpoint are sources, the destination and the user of an
//! evidence are targets, a device is what the finding is about, and a resource says it itself.

use std::collections::HashSet;

use braid_alert::{EntityKind, Evidence, Identifier, IdentifierKind, Provider, Role, Verdict};
use jiff::tz::Offset;

use super::evidence_list::{EvidenceList, label};
use super::json::{Json, Object};
use super::ocsf_names as names;
use super::ocsf_names::Endpoint;

/// A message to everybody says nothing about each.
const RECIPIENTS_MAX: usize = 64;

/// The most observables that are looked at: they repeat the evidence, and a busy finding lists thousands.
const OBSERVABLES_MAX: usize = 512;

/// The evidence of a finding of a product.
pub(super) fn evidence(finding: &Object<'_>, provider: &Provider, timezone: Offset) -> Vec<Evidence> {
    let mut gathered = Gathered { list: EvidenceList::default(), provider, timezone };
    gathered.tell_lists("", finding, &SINGLE_OF_FINDING);
    gathered.endpoint(finding, "device", &Role::Impacted, Endpoint::device);
    gathered.actor(finding);
    gathered.each(finding, "evidences", Gathered::piece);
    gathered.resources(finding);
    gathered.each(finding, "malware", Gathered::malware);
    gathered.observables(finding);
    gathered.list.into_evidence()
}

/// Attributes that are one value by the schema, and from which names are read.
const SINGLE: [&str; 25] = [
    "algorithm",
    "algorithm_id",
    "cmd_line",
    "display_name",
    "domain",
    "email_addr",
    "from",
    "full_name",
    "hostname",
    "instance_uid",
    "ip",
    "message_uid",
    "name",
    "parent_folder",
    "path",
    "pid",
    "smtp_from",
    "subject",
    "text",
    "uid",
    "uid_alt",
    "url_string",
    "type_id",
    "created_time",
    "value",
];

/// Those of a finding itself.
const SINGLE_OF_FINDING: [&str; 5] = ["activity_id", "severity", "severity_id", "status", "status_id"];

/// Attributes of which the names are read in one go with those of the object that has them.
const WITHIN: [&str; 4] = ["account", "hashes", "ldap_person", "network_interfaces"];

struct Gathered<'a> {
    list: EvidenceList,
    provider: &'a Provider,
    timezone: Offset,
}

impl Gathered<'_> {
    /// Reads what an attribute holds: an object, or each of a list, whichever of the two the schema has. What is neither is told,
    /// and so is a list where an object has one value.
    fn each(&mut self, holder: &Object<'_>, name: &str, mut read: impl FnMut(&mut Self, &Object<'_>)) {
        let value = holder.field(name);
        let elements = match value {
            Json::Null => return,
            Json::List(elements) => elements.as_slice(),
            single => std::slice::from_ref(single),
        };
        for (place, element) in elements.iter().enumerate() {
            let Json::Object(object) = element else {
                let is_list = matches!(value, Json::List(_));
                let place = if is_list { format!("[{place}]") } else { String::new() };
                self.list
                    .push_unreadable(&format!("{name}{place} is {}, not an object", element.type_name()));
                continue;
            };
            self.tell_lists(&format!("{name}."), object, &SINGLE);
            for within in WITHIN {
                self.tell_within(name, within, object);
            }
            read(self, object);
        }
    }

    /// Tells of a list, or an object, where there is one value.
    fn tell_lists(&mut self, path: &str, object: &Object<'_>, single: &[&str]) {
        for (name, value) in object.fields() {
            let says_something = matches!(value, Json::Object(_)) || !value.list().is_empty();
            if single.contains(&name) && says_something {
                self.list.push_unreadable(&format!("{path}{name} is {}, not one value", value.type_name()));
            }
        }
    }

    /// Tells of what cannot be read, or is too much, in an attribute whose names are read with those of its holder.
    fn tell_within(&mut self, holder: &str, name: &str, object: &Object<'_>) {
        let elements = object.several(name);
        for element in elements {
            match element {
                Json::Object(inner) => self.tell_lists(&format!("{holder}.{name}."), inner, &SINGLE),
                other => self
                    .list
                    .push_unreadable(&format!("{holder}.{name} is {}, not an object", other.type_name())),
            }
        }
        self.tell_beyond(&format!("{holder}.{name}"), elements.len(), names::WITHIN_MAX);
    }

    /// Tells of what is beyond a bound.
    fn tell_beyond(&mut self, what: &str, count: usize, most: usize) {
        if count > most {
            self.list.push_unreadable(&format!("{what} has {count} values, of which {most} are read"));
        }
    }

    /// One element of `evidences`.
    fn piece(&mut self, piece: &Object<'_>) {
        let verdict = verdict(piece);
        let verdict = verdict.as_ref();
        self.actor(piece);
        self.user(piece, "user", &Role::Target);
        self.endpoint(piece, "device", &Role::Impacted, Endpoint::device);
        self.endpoint(piece, "src_endpoint", &Role::Source, Endpoint::of_network);
        self.endpoint(piece, "dst_endpoint", &Role::Target, Endpoint::of_network);
        self.process(piece, &Role::Related, verdict);
        self.file(piece, "file", verdict);
        self.each(piece, "script", |gathered, script| gathered.file(script, "file", verdict));
        self.url(piece, verdict);
        self.each(piece, "http_request", |gathered, request| gathered.url(request, verdict));
        self.domain(piece);
        self.mail(piece, verdict);
        self.registry(piece);
        for name in ["databucket", "database"] {
            self.each(piece, name, |gathered, resource| gathered.resource(resource, Role::Impacted));
        }
        self.labelled(piece, "container");
        self.labelled(piece, "job");
        self.resources(piece);
    }

    fn actor(&mut self, holder: &Object<'_>) {
        self.each(holder, "actor", |gathered, actor| {
            gathered.user(actor, "user", &Role::Source);
            gathered.process(actor, &Role::Source, None);
        });
    }

    fn user(&mut self, holder: &Object<'_>, name: &str, role: &Role) {
        self.each(holder, name, |gathered, user| {
            let identifiers = names::user(user, gathered.provider);
            let label = user.text_of(&["full_name", "name", "uid"]).as_deref().and_then(label);
            let label = label.filter(|_| identifiers.is_empty());
            gathered.list.push(Evidence {
                identifiers,
                label,
                ..Evidence::new(EntityKind::User, role.clone())
            });
        });
    }

    fn endpoint(
        &mut self,
        holder: &Object<'_>,
        name: &str,
        role: &Role,
        read: impl Fn(&Object<'_>, &Provider) -> Endpoint,
    ) {
        self.each(holder, name, |gathered, endpoint| gathered.machine(endpoint, role, &read));
    }

    fn machine(
        &mut self,
        endpoint: &Object<'_>,
        role: &Role,
        read: impl Fn(&Object<'_>, &Provider) -> Endpoint,
    ) {
        self.list.extend(read(endpoint, self.provider).into_evidence(role));
        // Whose machine it is stands by; who did it is the actor.
        self.user(endpoint, "owner", &Role::Related);
    }

    fn process(&mut self, holder: &Object<'_>, role: &Role, verdict: Option<&Verdict>) {
        self.each(holder, "process", |gathered, process| {
            let text = process.text_of(&["cmd_line", "name"]);
            gathered.list.push(Evidence {
                identifiers: names::process(process, gathered.timezone),
                label: text.as_deref().and_then(label),
                verdict: verdict.cloned(),
                ..Evidence::new(EntityKind::Process, role.clone())
            });
            gathered.file(process, "file", None);
            let user_role = if *role == Role::Source { Role::Source } else { Role::Related };
            gathered.user(process, "user", &user_role);
        });
    }

    fn file(&mut self, holder: &Object<'_>, name: &str, verdict: Option<&Verdict>) {
        self.each(holder, name, |gathered, file| {
            gathered.list.push(Evidence {
                identifiers: names::file(file),
                label: file.text("name").as_deref().and_then(label),
                verdict: verdict.cloned(),
                ..Evidence::new(EntityKind::File, Role::Related)
            });
        });
    }

    fn url(&mut self, holder: &Object<'_>, verdict: Option<&Verdict>) {
        self.each(holder, "url", |gathered, url| {
            let Some(address) = url.text_of(&["url_string", "text", "hostname"]) else { return };
            let piece = named(EntityKind::Url, IdentifierKind::Url, &address);
            gathered.list.push(Evidence { verdict: verdict.cloned(), ..piece });
        });
    }

    /// What was asked of the name service.
    fn domain(&mut self, holder: &Object<'_>) {
        self.each(holder, "query", |gathered, query| {
            let name = query.text("hostname");
            gathered.list.extend(name.map(|name| named(EntityKind::Url, IdentifierKind::Url, &name)));
        });
    }

    fn mail(&mut self, holder: &Object<'_>, verdict: Option<&Verdict>) {
        self.each(holder, "email", |gathered, mail| gathered.message(mail, verdict));
    }

    fn message(&mut self, mail: &Object<'_>, verdict: Option<&Verdict>) {
        self.list.push(Evidence {
            identifiers: names::mail(mail),
            label: mail.text("subject").as_deref().and_then(label),
            verdict: verdict.cloned(),
            ..Evidence::new(EntityKind::MailMessage, Role::Related)
        });
        let (to, delivered) = (mail.several("to"), mail.several("smtp_to"));
        self.tell_beyond("email.to with email.smtp_to", to.len() + delivered.len(), RECIPIENTS_MAX);
        for address in to.iter().chain(delivered).take(RECIPIENTS_MAX).filter_map(Json::text) {
            self.list.push(mailbox(Role::Target, names::address_of_mail(&address)));
        }
        // The sender may be anybody, so its address is shown and is no name.
        if let Some(sender) = mail.text_of(&["from", "smtp_from"]) {
            let mut piece = mailbox(Role::Related, None);
            piece.label = label(&format!("sender {sender}"));
            self.list.push(piece);
        }
    }

    fn registry(&mut self, piece: &Object<'_>) {
        for name in ["reg_key", "reg_value"] {
            self.each(piece, name, |gathered, entry| {
                let (path, value) = (entry.text("path"), entry.text("name"));
                let value = value.filter(|_| name == "reg_value");
                let identifiers = super::naming::registry_path(None, path.as_deref(), value.as_deref());
                let piece = Evidence::new(EntityKind::Registry, Role::Related);
                gathered.list.push(Evidence { identifiers: identifiers.into_iter().collect(), ..piece });
            });
        }
    }

    fn resources(&mut self, holder: &Object<'_>) {
        self.each(holder, "resources", |gathered, resource| {
            let role = match resource.text("role_id").as_deref() {
                Some("1") => Role::Target,
                Some("2") => Role::Source,
                Some("4") => Role::Related,
                _ => Role::Impacted,
            };
            gathered.resource(resource, role);
        });
    }

    fn resource(&mut self, resource: &Object<'_>, role: Role) {
        if resource.has_any(&["hostname"]) {
            self.machine(resource, &role, Endpoint::device);
            return;
        }
        let text = resource.text_of(&["name", "uid"]);
        self.list.push(Evidence {
            identifiers: names::resource(resource, self.provider),
            label: text.as_deref().and_then(label),
            ..Evidence::new(EntityKind::CloudResource, role)
        });
    }

    fn malware(&mut self, malware: &Object<'_>) {
        self.file(malware, "files", Some(&Verdict::Malicious));
        self.label(malware, "malware");
    }

    /// Adds the observables that the evidence does not name. They are lists of values without a part in it, and a product that
    /// fills nothing else has them.
    fn observables(&mut self, finding: &Object<'_>) {
        let pieces = self.list.evidence().iter();
        let known: HashSet<Identifier> = pieces
            .flat_map(|piece| {
                let addresses = piece.addresses.iter().filter_map(|at| Identifier::address(&at.address));
                piece.identifiers.iter().cloned().chain(addresses)
            })
            .collect();
        let observables = finding.several("observables");
        self.tell_beyond("observables", observables.len(), OBSERVABLES_MAX);
        for (place, observable) in observables.iter().take(OBSERVABLES_MAX).enumerate() {
            let Json::Object(observable) = observable else {
                let found = observable.type_name();
                self.list.push_unreadable(&format!("observables[{place}] is {found}, not an object"));
                continue;
            };
            self.tell_lists("observables.", observable, &SINGLE);
            let piece = names::observable(observable);
            let is_new = |piece: &Evidence| !piece.identifiers.iter().any(|name| known.contains(name));
            self.list.extend(piece.filter(is_new));
        }
    }

    /// What people may want to know and nothing can be joined by.
    fn labelled(&mut self, holder: &Object<'_>, kind: &str) {
        self.each(holder, kind, |gathered, piece| gathered.label(piece, kind));
    }

    fn label(&mut self, piece: &Object<'_>, kind: &str) {
        let Some(text) = piece.text_of(&["name", "uid", "path"]) else { return };
        let piece = Evidence::new(EntityKind::Other(kind.into()), Role::Related);
        self.list.push(Evidence { label: label(&text), ..piece });
    }
}

fn mailbox(role: Role, address: Option<Identifier>) -> Evidence {
    Evidence { identifiers: address.into_iter().collect(), ..Evidence::new(EntityKind::Mailbox, role) }
}

fn named(kind: EntityKind, name: IdentifierKind, value: &str) -> Evidence {
    let mut piece = Evidence::new(kind, Role::Related);
    piece.identifiers.extend(Identifier::new(name, value));
    piece
}

fn verdict(piece: &Object<'_>) -> Option<Verdict> {
    match piece.text("verdict_id").as_deref()? {
        "1" | "5" => Some(Verdict::NoThreatsFound),
        "2" => Some(Verdict::Malicious),
        "4" | "8" => Some(Verdict::Suspicious),
        _ => None,
    }
}
