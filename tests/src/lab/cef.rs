//! As the domain controller's sensor sends it: syslog CEF. It names no tenant, no SID and no address, the other host only
//! in its words, and a user now by sAMAccountName, now as people are called, now with the domain before it.

use super::{ATTACK, LabAlert, NETBIOS_DOMAIN, Part, Product, User, instant};

/// A line for each alert of Defender for Identity.
pub fn cef() -> Vec<String> {
    ATTACK.iter().filter_map(line).collect()
}

fn line(alert: &LabAlert) -> Option<String> {
    let Product::Identity { number, signature, app, message } = alert.product else { return None };
    let (severity, priority) = if alert.severity == "High" { (10, 35) } else { (5, 36) };
    let sent = instant(alert.minute + 3, "101194");
    let message_id = &signature[..signature.len().min(32)];
    let host = alert.hosts.iter().find(|(_, part)| *part == Part::Source).map(|(host, _)| *host);
    let source = host.map(|host| format!("shost={} ", host.name)).unwrap_or_default();
    let fqdn = host.map(|host| format!(" cs3Label=shostfqdn cs3={}", host.fqdn().to_lowercase()));
    let user = alert.users.first().filter(|_| number != 2008).map(|(user, _)| named(user, number));
    let user = user.map(|name| format!("suser={name} ")).unwrap_or_default();
    Some(format!(
        "<{priority}>1 {sent}+00:00 ContosoDC CEF 3908 {message_id} CEF:0|Microsoft|Azure ATP|2.240.18316.51002|{signature}|\
         {title}|{severity}|start={start}Z app={app} {source}{user}msg={message} externalId={number} cs1Label=url \
         cs1=https\\://security.microsoft.com/alerts/{id} cs2Label=trigger cs2=new{fqdn}",
        title = alert.title,
        start = alert.at("4902303"),
        id = alert.portal_id(),
        fqdn = fqdn.unwrap_or_default(),
    ))
}

/// The manual's own lines have all three.
fn named(user: &User, number: u16) -> String {
    match number {
        2018 | 2006 => user.display.to_owned(),
        2020 => format!("{NETBIOS_DOMAIN}\\\\{}", user.account),
        _ => user.account.to_owned(),
    }
}
