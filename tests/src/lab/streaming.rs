//! As Defender XDR streams it: `AlertInfo` and `AlertEvidence` rows, mixed with each other and with rows of other tables.
//! The tenant is the directory; of Defender for Identity's hosts there is only the FQDN, and no number.

use serde_json::{Value, json};

use super::{ATTACK, Host, LabAlert, NETBIOS_DOMAIN, Part, Product, TenantIds, User, instant};

/// How many rows a record holds.
const ROWS: usize = 5;

/// Records of several rows each: an alert's evidence before the alert as often as behind it, and often in another record.
pub fn streamed(tenant: &TenantIds) -> Vec<String> {
    let mut rows: Vec<Value> = ATTACK.iter().flat_map(|alert| rows(alert, tenant)).collect();
    rows.push(row("DeviceInfo", 12, tenant, json!({ "DeviceName": "victimpc.contoso.azure" })));
    // The same disorder in every run: rows that belong together come apart, and in any order.
    let count = rows.len();
    let stride = (7..).find(|stride| gcd(*stride, count) == 1).expect("there are primes");
    let mixed: Vec<Value> = (0..count).map(|place| rows[place * stride % count].take()).collect();
    mixed.chunks(ROWS).map(|records| json!({ "records": records }).to_string()).collect()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn rows(alert: &LabAlert, tenant: &TenantIds) -> Vec<Value> {
    let info = json!({
        "Category": alert.category, "Severity": alert.severity, "DetectionSource": detection(alert),
        "MachineGroup": null
    });
    let mut rows = vec![of_alert("AlertInfo", alert, tenant, info)];
    let hosts = alert.hosts.iter().map(|(host, part)| machine(host, *part, alert.is_endpoints()));
    let users = alert.users.iter().map(|(user, part)| account(user, *part, alert.is_endpoints()));
    rows.extend(hosts.chain(users).map(|columns| of_alert("AlertEvidence", alert, tenant, columns)));
    rows
}

fn of_alert(table: &str, alert: &LabAlert, tenant: &TenantIds, mut columns: Value) -> Value {
    let (number, name) = alert.technique;
    columns["Timestamp"] = json!(format!("{}Z", alert.at("4902303")));
    columns["AlertId"] = json!(alert.portal_id());
    columns["Title"] = json!(alert.title);
    columns["ServiceSource"] = json!(match alert.product {
        Product::Identity { .. } => "Microsoft Defender for Identity",
        Product::Endpoint => "Microsoft Defender for Endpoint",
    });
    columns["AttackTechniques"] = json!(json!([format!("{name} ({number})")]).to_string());
    row(table, alert.minute + 4, tenant, columns)
}

fn row(table: &str, received: u32, tenant: &TenantIds, columns: Value) -> Value {
    json!({
        "time": format!("{}Z", instant(received, "7934901")), "tenantId": tenant.directory,
        "operationName": "Publish", "category": format!("AdvancedHunting-{table}"), "Tenant": "DefaultTenant",
        "properties": columns
    })
}

fn detection(alert: &LabAlert) -> &'static str {
    if alert.is_endpoints() { "EDR" } else { "Microsoft Defender for Identity" }
}

fn machine(host: &Host, part: Part, of_endpoint: bool) -> Value {
    let device = host.device.filter(|_| of_endpoint).unwrap_or_default();
    json!({
        "EntityType": "Machine", "EvidenceRole": role(part), "EvidenceDirection": direction(part),
        "DeviceId": device, "DeviceName": host.fqdn().to_lowercase(),
        "LocalIP": if of_endpoint { host.address } else { "" }
    })
}

fn account(user: &User, part: Part, of_endpoint: bool) -> Value {
    json!({
        "EntityType": "User", "EvidenceRole": role(part), "EvidenceDirection": direction(part),
        "AccountName": user.account.to_lowercase(), "AccountDomain": NETBIOS_DOMAIN, "AccountSid": user.sid(),
        // Defender for Endpoint knows the domain's names only.
        "AccountObjectId": if of_endpoint { "" } else { user.object },
        "AccountUpn": if of_endpoint { String::new() } else { user.upn() }
    })
}

fn role(part: Part) -> &'static str {
    if part == Part::Target { "Impacted" } else { "Related" }
}

fn direction(part: Part) -> &'static str {
    if part == Part::Target { "Destination" } else { "Source" }
}
