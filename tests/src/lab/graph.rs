//! As Microsoft Graph answers it: `alerts_v2`. The tenant is the directory; names of hosts in capitals, as a domain may
//! have them.

use serde_json::{Value, json};

use super::{ATTACK, DOMAIN, Host, LabAlert, Part, Product, TenantIds, User, instant};

/// Pages of a few alerts each.
pub fn graph(tenant: &TenantIds) -> Vec<String> {
    let alerts: Vec<Value> = ATTACK.iter().map(|alert| resource(alert, tenant)).collect();
    alerts.chunks(3).map(|page| json!({ "value": page }).to_string()).collect()
}

fn resource(alert: &LabAlert, tenant: &TenantIds) -> Value {
    let (service, detector) = match alert.product {
        Product::Identity { signature, .. } => ("microsoftDefenderForIdentity", signature),
        Product::Endpoint => ("microsoftDefenderForEndpoint", "62fbb3af-0cd8-4b55-a16d-563ef6254df3"),
    };
    let hosts = alert.hosts.iter().map(|(host, part)| device(host, *part, alert.is_endpoints()));
    let users = alert.users.iter().map(|(user, part)| account(user, *part));
    json!({
        "@odata.type": "#microsoft.graph.security.alert",
        "id": alert.portal_id(), "providerAlertId": alert.id, "incidentId": null, "tenantId": tenant.directory,
        "status": "new", "severity": alert.severity.to_lowercase(), "classification": null, "determination": null,
        "serviceSource": service, "detectionSource": service, "detectorId": detector, "title": alert.title,
        "description": format!("{} in {DOMAIN}.", alert.title), "category": alert.category, "assignedTo": null,
        "mitreTechniques": [alert.technique.0],
        "alertWebUrl": format!("https://security.microsoft.com/alerts/{}?tid={}", alert.portal_id(), tenant.directory),
        "createdDateTime": format!("{}Z", instant(alert.minute + 5, "1180000")),
        "lastUpdateDateTime": format!("{}Z", instant(alert.minute + 6, "1180000")), "resolvedDateTime": null,
        "firstActivityDateTime": format!("{}Z", alert.at("4902303")),
        "lastActivityDateTime": format!("{}Z", alert.at("4902310")), "comments": [],
        "evidence": hosts.chain(users).collect::<Vec<_>>()
    })
}

fn device(host: &Host, part: Part, of_endpoint: bool) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.deviceEvidence", "verdict": "unknown", "remediationStatus": "none",
        "roles": [role(part, of_endpoint)], "detailedRoles": [], "tags": [],
        "mdeDeviceId": host.device.filter(|_| of_endpoint), "azureAdDeviceId": null,
        "deviceDnsName": host.fqdn().to_uppercase(), "osPlatform": "Windows10",
        "ipInterfaces": if of_endpoint { vec![host.address, "127.0.0.1"] } else { Vec::new() }, "loggedOnUsers": []
    })
}

fn account(user: &User, part: Part) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.security.userEvidence", "verdict": "unknown", "remediationStatus": "none",
        "roles": [role(part, false)], "detailedRoles": [], "tags": [],
        "userAccount": {
            "accountName": user.account, "domainName": DOMAIN, "userSid": user.sid(), "azureAdUserId": user.object,
            "userPrincipalName": user.upn(), "displayName": user.display
        }
    })
}

fn role(part: Part, of_endpoint: bool) -> &'static str {
    match part {
        Part::Source => "source",
        Part::Target if of_endpoint => "compromised",
        Part::Target => "destination",
    }
}
