//! As Microsoft Sentinel keeps it: a row of `SecurityAlert`, with the entities as a text that holds JSON. The tenant is
//! the workspace; Defender for Identity writes the host's name as the domain has it, Defender for Endpoint in small
//! letters with its own number.

use serde_json::{Value, json};

use super::{ATTACK, DOMAIN, Host, LabAlert, NETBIOS_DOMAIN, Part, Product, TenantIds, User, instant};

/// A row for each alert.
pub fn security_alerts(tenant: &TenantIds) -> Vec<String> {
    ATTACK.iter().enumerate().map(|(place, alert)| row(place, alert, tenant).to_string()).collect()
}

fn row(place: usize, alert: &LabAlert, tenant: &TenantIds) -> Value {
    let (provider, kind) = match alert.product {
        Product::Identity { signature, .. } => ("Azure Advanced Threat Protection", signature),
        Product::Endpoint => ("MDATP", "WindowsDefenderAtp"),
    };
    json!({
        "TenantId": tenant.workspace,
        "TimeGenerated": written(&instant(alert.minute + 9, "278533")),
        "DisplayName": alert.title, "AlertName": alert.title, "AlertSeverity": alert.severity,
        "Description": format!("{} in {DOMAIN}.", alert.title),
        "ProviderName": provider, "ProductName": provider, "VendorName": "Microsoft",
        "VendorOriginalId": alert.id,
        "SystemAlertId": format!("65e1cae7-3df9-e012-0e2c-6eec6da9d{place:03}"),
        "AlertType": kind, "IsIncident": "False",
        "StartTime": written(&alert.at("490230")), "EndTime": written(&alert.at("490231")),
        "ProcessingEndTime": written(&instant(alert.minute + 8, "560000")),
        "ExtendedProperties": json!({ "Category": alert.category, "DetectorId": kind }).to_string(),
        "Entities": entities(alert).to_string(),
        "AlertLink": format!("https://security.microsoft.com/alerts/{}?tid={}", alert.portal_id(), tenant.directory),
        "Status": "New", "Tactics": "Unknown", "Techniques": json!([alert.technique.0]).to_string(),
        "SubTechniques": "", "CompromisedEntity": "", "Type": "SecurityAlert"
    })
}

/// `2026-02-03 13:11:08.490230+00:00`.
fn written(instant: &str) -> String {
    format!("{}+00:00", instant.replace('T', " "))
}

fn entities(alert: &LabAlert) -> Value {
    let hosts = alert.hosts.iter().map(|(host, part)| self::host(host, *part, alert.is_endpoints()));
    let users = alert.users.iter().map(|(user, part)| account(user, *part, alert.is_endpoints()));
    let numbered = hosts.chain(users).enumerate().map(|(place, mut entity)| {
        entity["$id"] = json!((place + 2).to_string());
        entity
    });
    Value::Array(numbered.collect())
}

fn host(host: &Host, part: Part, of_endpoint: bool) -> Value {
    if of_endpoint {
        return json!({
            "Type": "host", "HostName": host.name.to_lowercase(), "DnsDomain": DOMAIN, "OSFamily": "Windows",
            "MdatpDeviceId": host.device, "FQDN": host.fqdn().to_lowercase(), "LastIpAddress": host.address,
            "Asset": true, "Roles": [role(part, true)]
        });
    }
    let tags = if host.is_controller() { json!([{ "TagName": "DomainController" }]) } else { json!([]) };
    json!({
        "Type": "host", "HostName": host.name, "DnsDomain": DOMAIN, "FQDN": host.fqdn(), "OSFamily": "Unknown",
        "Tags": tags, "Roles": [role(part, false)]
    })
}

fn account(user: &User, part: Part, of_endpoint: bool) -> Value {
    if of_endpoint {
        return json!({
            "Type": "account", "Name": user.account.to_lowercase(), "NTDomain": NETBIOS_DOMAIN.to_lowercase(),
            "Sid": user.sid(), "IsDomainJoined": true, "Roles": [role(part, true)]
        });
    }
    json!({
        "Type": "account", "Name": user.display, "UPNSuffix": DOMAIN, "Sid": user.sid(), "AadUserId": user.object,
        "UserPrincipalName": user.upn(), "AccountName": user.account, "DomainName": DOMAIN, "IsDomainJoined": true,
        "Roles": [role(part, false)]
    })
}

fn role(part: Part, of_endpoint: bool) -> &'static str {
    match part {
        Part::Source => "Source",
        Part::Target if of_endpoint => "Compromised",
        Part::Target => "Destination",
    }
}
