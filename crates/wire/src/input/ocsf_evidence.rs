//! The evidence of an OCSF finding: who did it, from where, to whom, with what.
//!
//! A role follows from the attribute: the actor and the source endpoint are sources, the destination and the user of an
//! evidence are targets, a device is what the finding is about, and a resource says it itself.

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
    gathered.endpoint(finding.object("device"), Role::Impacted, Endpoint::device);
    gathered.actor(finding.object("actor"));
    match finding.field("evidences") {
        Json::List(pieces) => {
            for (place, piece) in pieces.iter().enumerate() {
                match piece.object() {
                    Some(piece) => gathered.piece(piece),
                    None => gathered.unreadable(&format!("evidences[{place}] is {}", piece.type_name())),
                }
            }
        }
        Json::Null => {}
        other => gathered.unreadable(&format!("evidences is {}, not a list", other.type_name())),
    }
    gathered.resources(finding);
    for malware in finding.list("malware").iter().filter_map(Json::object) {
        gathered.malware(malware);
    }
    let evidence = gathered.list.into_evidence();
    with_observables(finding, evidence)
}

struct Gathered<'a> {
    list: EvidenceList,
    provider: &'a Provider,
    timezone: Offset,
}

impl Gathered<'_> {
    fn unreadable(&mut self, what: &str) {
        self.list.push_unreadable(what);
    }

    /// One element of `evidences`.
    fn piece(&mut self, piece: &Object<'_>) {
        let verdict = verdict(piece);
        self.actor(piece.object("actor"));
        self.user(piece.object("user"), Role::Target);
        self.endpoint(piece.object("device"), Role::Impacted, Endpoint::device);
        self.endpoint(piece.object("src_endpoint"), Role::Source, Endpoint::of_network);
        self.endpoint(piece.object("dst_endpoint"), Role::Target, Endpoint::of_network);
        self.process(piece.object("process"), Role::Related, verdict.as_ref());
        self.file(piece.object("file"), verdict.as_ref());
        self.file(piece.object("script").and_then(|script| script.object("file")), verdict.as_ref());
        self.url(piece.object("url"), verdict.as_ref());
        self.url(piece.object("http_request").and_then(|request| request.object("url")), verdict.as_ref());
        self.domain(piece.object("query"));
        self.mail(piece.object("email"), verdict.as_ref());
        self.registry(piece);
        for name in ["databucket", "database"] {
            self.resource(piece.object(name), Role::Impacted);
        }
        self.labelled("container", piece.object("container"));
        self.labelled("job", piece.object("job"));
        self.resources(piece);
    }

    fn actor(&mut self, actor: Option<&Object<'_>>) {
        let Some(actor) = actor else { return };
        self.user(actor.object("user"), Role::Source);
        self.process(actor.object("process"), Role::Source, None);
    }

    fn user(&mut self, user: Option<&Object<'_>>, role: Role) {
        let Some(user) = user else { return };
        let identifiers = names::user(user, self.provider);
        let label = user.text_of(&["full_name", "name", "uid"]).as_deref().and_then(label);
        let label = label.filter(|_| identifiers.is_empty());
        self.list.push(Evidence { identifiers, label, ..Evidence::new(EntityKind::User, role) });
    }

    fn endpoint(
        &mut self,
        endpoint: Option<&Object<'_>>,
        role: Role,
        read: impl Fn(&Object<'_>, &Provider) -> Endpoint,
    ) {
        let Some(endpoint) = endpoint else { return };
        self.list.extend(read(endpoint, self.provider).into_evidence(&role));
        // Whose machine it is stands by; who did it is the actor.
        self.user(endpoint.object("owner"), Role::Related);
    }

    fn process(&mut self, process: Option<&Object<'_>>, role: Role, verdict: Option<&Verdict>) {
        let Some(process) = process else { return };
        let text = process.text_of(&["cmd_line", "name"]);
        self.list.push(Evidence {
            identifiers: names::process(process, self.timezone),
            label: text.as_deref().and_then(label),
            verdict: verdict.cloned(),
            ..Evidence::new(EntityKind::Process, role.clone())
        });
        self.file(process.object("file"), None);
        let user_role = if role == Role::Source { Role::Source } else { Role::Related };
        self.user(process.object("user"), user_role);
    }

    fn file(&mut self, file: Option<&Object<'_>>, verdict: Option<&Verdict>) {
        let Some(file) = file else { return };
        self.list.push(Evidence {
            identifiers: names::file(file),
            label: file.text("name").as_deref().and_then(label),
            verdict: verdict.cloned(),
            ..Evidence::new(EntityKind::File, Role::Related)
        });
    }

    fn url(&mut self, url: Option<&Object<'_>>, verdict: Option<&Verdict>) {
        let Some(address) = url.and_then(|url| url.text_of(&["url_string", "text", "hostname"])) else {
            return;
        };
        self.list.push(Evidence {
            verdict: verdict.cloned(),
            ..named(EntityKind::Url, IdentifierKind::Url, &address)
        });
    }

    /// What was asked of the name service.
    fn domain(&mut self, query: Option<&Object<'_>>) {
        let name = query.and_then(|query| query.text("hostname"));
        self.list.extend(name.map(|name| named(EntityKind::Url, IdentifierKind::Url, &name)));
    }

    fn mail(&mut self, mail: Option<&Object<'_>>, verdict: Option<&Verdict>) {
        let Some(mail) = mail else { return };
        self.list.push(Evidence {
            identifiers: names::mail(mail),
            label: mail.text("subject").as_deref().and_then(label),
            verdict: verdict.cloned(),
            ..Evidence::new(EntityKind::MailMessage, Role::Related)
        });
        let (to, delivered) = (mail.list("to"), mail.list("smtp_to"));
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
            let Some(entry) = piece.object(name) else { continue };
            let (path, value) = (entry.text("path"), entry.text("name"));
            let value = value.filter(|_| name == "reg_value");
            let identifiers = super::naming::registry_path(None, path.as_deref(), value.as_deref());
            let piece = Evidence::new(EntityKind::Registry, Role::Related);
            self.list.push(Evidence { identifiers: identifiers.into_iter().collect(), ..piece });
        }
    }

    fn resources(&mut self, holder: &Object<'_>) {
        for resource in holder.list("resources").iter().filter_map(Json::object) {
            let role = match resource.text("role_id").as_deref() {
                Some("1") => Role::Target,
                Some("2") => Role::Source,
                Some("4") => Role::Related,
                _ => Role::Impacted,
            };
            self.resource(Some(resource), role);
        }
    }

    fn resource(&mut self, resource: Option<&Object<'_>>, role: Role) {
        let Some(resource) = resource else { return };
        if resource.has_any(&["hostname"]) {
            self.endpoint(Some(resource), role, Endpoint::device);
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
        for file in malware.list("files").iter().filter_map(Json::object) {
            self.file(Some(file), Some(&Verdict::Malicious));
        }
        self.labelled("malware", Some(malware));
    }

    /// What people may want to know and nothing can be joined by.
    fn labelled(&mut self, kind: &str, piece: Option<&Object<'_>>) {
        let Some(text) = piece.and_then(|piece| piece.text_of(&["name", "uid", "path"])) else { return };
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

/// Adds the observables that the evidence does not name. They are lists of values without a part in it, and a product that
/// fills nothing else has them.
fn with_observables(finding: &Object<'_>, evidence: Vec<Evidence>) -> Vec<Evidence> {
    let known: std::collections::HashSet<Identifier> = evidence
        .iter()
        .flat_map(|piece| {
            let addresses = piece.addresses.iter().filter_map(|at| Identifier::address(&at.address));
            piece.identifiers.iter().cloned().chain(addresses)
        })
        .collect();
    let mut list = EvidenceList::default();
    list.extend(evidence);
    let observables = finding.list("observables").iter().take(OBSERVABLES_MAX).filter_map(Json::object);
    for piece in observables.filter_map(names::observable) {
        if !piece.identifiers.iter().any(|name| known.contains(name)) {
            list.push(piece);
        }
    }
    list.into_evidence()
}
