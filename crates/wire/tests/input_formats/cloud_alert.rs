use std::collections::BTreeMap;

use braid_alert::{EventTime, Tenant};
use braid_wire::{Format, Refusal, SourceRules, TenantRule, decode};
use expect_test::expect;
use serde_json::{Value, json};

use crate::fixture::{decode_all, decode_one, origin, render};

const FORMAT: Format = Format::DefenderCloudAlert;
const ID: &str = "2517184898549829577_7d0e1c2b-1111-4222-8333-0123456789ab";
const VM: &str = "/subscriptions/51-a/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1";

/// As continuous export writes it.
fn exported() -> Value {
    json!({
        "VendorName": "Microsoft",
        "AlertType": "VM_SuspiciousLogon",
        "ProductName": "Azure Security Center",
        "StartTimeUtc": "2026-02-03T10:20:00.1234567Z",
        "EndTimeUtc": "2026-02-03T10:25:00Z",
        "TimeGenerated": "2026-02-03T10:31:00Z",
        "ProcessingEndTime": "2026-02-03T10:32:00Z",
        "Severity": "Medium",
        "Status": "New",
        "IsIncident": false,
        "SystemAlertId": ID,
        "Intent": "Probing, LateralMovement",
        "AzureResourceId": VM.to_uppercase(),
        "CompromisedEntity": "vm1",
        "AlertDisplayName": "Suspicious logon",
        "Description": "Somebody logged on.",
        "AlertUri": "https://portal.azure.com/alert/1",
        "ResourceIdentifiers": [
            { "Type": "AzureResource", "AzureResourceId": VM },
            { "Type": "AAD", "AadTenantId": "0b0b0b0b-0000-4000-8000-000000000001" }
        ],
        "Techniques": ["T1078"],
        "Entities": [
            { "$id": "1", "HostName": "vm1", "AzureID": VM, "OSFamily": "Windows", "Type": "host" },
            { "$id": "2", "Name": "jeffl", "NTDomain": "CONTOSO", "UPNSuffix": "contoso.azure", "Host": { "$ref": "1" }, "Type": "account" },
            { "$id": "3", "Address": "198.51.100.7", "Location": { "CountryCode": "xx" }, "Type": "ip" },
            { "$id": "4", "ResourceId": "/subscriptions/51-a/aks/1", "Type": "azure-resource" },
            { "$id": "5", "CloudResource": { "$ref": "4" }, "Type": "K8s-cluster" },
            { "$id": "6", "Name": "default", "Cluster": { "$ref": "5" }, "Type": "K8s-namespace" },
            { "$id": "7", "Name": "pod-1", "Namespace": { "$ref": "6" }, "Type": "K8s-pod" },
            { "$id": "8", "Name": "a.exe", "Url": "https://store.example/c/a.exe", "Type": "blob" },
            { "$id": "9", "AmazonResourceId": "arn:aws:ec2:1", "Type": "amazon-resource" },
            { "$id": "10", "FullResourceName": "//compute/1", "ResourceName": "vm-g", "Type": "gcp-resource" },
            { "$id": "11", "Protocol": "tcp", "SourceAddress": { "$id": "12", "Address": "10.0.0.9", "Type": "ip" },
                "DestinationAddress": { "$ref": "3" }, "Type": "network-connection" },
            { "$id": "13", "Name": "EICAR", "Category": "Virus", "Type": "malware" }
        ]
    })
}

fn lower(name: &str) -> String {
    match name {
        "NTDomain" => "ntDomain".into(),
        "UPNSuffix" => "upnSuffix".into(),
        "OSFamily" => "osFamily".into(),
        "AzureID" => "azureID".into(),
        _ => format!("{}{}", name[..1].to_lowercase(), &name[1..]),
    }
}

fn with_small_letters(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (lower(name), with_small_letters(value))).collect()
        }
        Value::Array(elements) => elements.iter().map(with_small_letters).collect(),
        scalar => scalar.clone(),
    }
}

/// As Azure Resource Manager has it.
fn resource() -> Value {
    let mut properties = with_small_letters(&exported());
    properties["status"] = json!("Active");
    properties["timeGeneratedUtc"] = json!("2026-02-03T10:31:00Z");
    properties["processingEndTimeUtc"] = json!("2026-02-03T10:32:00Z");
    properties
        .as_object_mut()
        .expect("it is an object")
        .retain(|name, _| name != "timeGenerated" && name != "processingEndTime");
    json!({
        "id": format!("/subscriptions/51-a/resourceGroups/rg/providers/Microsoft.Security/locations/westeurope/alerts/{ID}"),
        "name": ID,
        "type": "Microsoft.Security/Locations/alerts",
        "properties": properties
    })
}

#[test]
fn an_exported_alert_decodes() {
    expect![[r#"
        contoso microsoftDefenderForCloud/2517184898549829577_7d0e1c2b-1111-4222-8333-0123456789ab "Suspicious logon"
          medium new detector=VM_SuspiciousLogon category=Probing, LateralMovement phase=reconnaissance techniques=T1078
          first=2026-02-03T10:20:00.123456Z last=2026-02-03T10:25:00Z created=- updated=2026-02-03T10:32:00Z resolved=-
          classification=- determination=- assignee=-
          source id=2517184898549829577_7d0e1c2b-1111-4222-8333-0123456789ab portal=https://portal.azure.com/alert/1
          description="Somebody logged on."
          - impacted host: resourceId:/subscriptions/51-a/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm1 netbiosName:vm1
          - related user: upn:jeffl@contoso.azure domainAccount:contoso\jeffl accountName:jeffl
          - related ip: address:198.51.100.7
          - related cloudResource: resourceId:/subscriptions/51-a/aks/1
          - related K8s-cluster:
          - related K8s-namespace: label="default"
          - related K8s-pod: label="pod-1"
          - related cloudResource: resourceId:https://store.example/c/a.exe label="a.exe"
          - related cloudResource: resourceId:arn:aws:ec2:1
          - related cloudResource: resourceId://compute/1 label="vm-g"
          - related network-connection:
          - related ip: address:10.0.0.9
          - related malware: label="EICAR"
          - impacted cloudResource: resourceId:/subscriptions/51-a/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm1
    "#]].assert_eq(&render(&decode_one(FORMAT, &exported().to_string())));
}

#[test]
fn the_same_alert_as_a_resource_is_the_same() {
    let (exported, resource) =
        (decode_one(FORMAT, &exported().to_string()), decode_one(FORMAT, &resource().to_string()));
    assert_eq!(render(&exported), render(&resource));
    let page = json!({ "value": [self::resource(), self::resource()] });
    assert_eq!(decode_all(FORMAT, &page.to_string()).len(), 2);
}

#[test]
fn what_shares_the_hub_with_alerts_is_a_stated_drop() {
    let mut incident = exported();
    incident["IsIncident"] = json!(true);
    let records = [
        json!({ "type": "Microsoft.Security/assessments", "id": "/a", "name": "n", "properties": { "status": { "code": "Unhealthy" } } }),
        json!({ "type": "Microsoft.Security/assessments/subAssessments", "properties": { "alertType": "x" } }),
        json!({ "type": "Microsoft.Security/secureScores", "properties": {} }),
        incident,
        json!({ "hello": 1 }),
        json!({ "type": "Microsoft.Security/alerts", "properties": 7 }),
    ];
    let told = |result: &Result<_, Refusal>| match result {
        Ok(_) => "an alert".to_owned(),
        Err(refusal) => format!("{refusal}{}", if refusal.is_drop() { ", dropped" } else { "" }),
    };
    let told: Vec<_> = records
        .iter()
        .flat_map(|record| decode_all(FORMAT, &record.to_string()))
        .map(|r| told(&r.map(|_| ())))
        .collect();
    expect![[r#"
        beside_alerts: it is a "Microsoft.Security/assessments", dropped
        beside_alerts: it is a "Microsoft.Security/assessments/subAssessments", dropped
        beside_alerts: it is a "Microsoft.Security/secureScores", dropped
        beside_alerts: it is an incident of Defender for Cloud, whose alerts come by themselves, dropped
        unknown_format: it has none of the properties SystemAlertId, AlertType, AlertDisplayName
        unknown_format: it has none of the properties SystemAlertId, AlertType, AlertDisplayName"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn the_tenant_is_the_directory_or_the_subscription() {
    let tenant = |field: Option<&str>, record: &Value| {
        let rule = TenantRule::Field { name: field.map(Into::into), aliases: BTreeMap::new() };
        decode(record.to_string().as_bytes(), &origin(), &SourceRules::new(FORMAT, rule))
            .remove(0)
            .map(|alert| alert.tenant)
    };
    let directory = Ok(Tenant::new("0b0b0b0b-0000-4000-8000-000000000001"));
    assert_eq!(tenant(None, &exported()), directory);
    assert_eq!(tenant(None, &resource()), directory);
    assert_eq!(tenant(Some("SubscriptionId"), &resource()), Ok(Tenant::new("51-a")));
}

#[test]
fn without_an_id_of_its_own_a_resource_has_that_of_its_name() {
    let mut nameless = resource();
    nameless["properties"].as_object_mut().expect("it is an object").remove("systemAlertId");
    assert_eq!(decode_one(FORMAT, &nameless.to_string()).id.as_str(), ID);
}

#[test]
fn a_change_that_does_not_say_when_is_as_new_as_the_record_that_tells_of_it() {
    let mut dismissed = resource();
    let properties = dismissed["properties"].as_object_mut().expect("it is an object");
    properties.insert("status".into(), json!("Dismissed"));
    properties.retain(|name, _| !["timeGeneratedUtc", "processingEndTimeUtc"].contains(&name.as_str()));
    let arrived = EventTime::from_micros(origin().source_time.as_micros());
    let (first, dismissed) =
        (decode_one(FORMAT, &exported().to_string()), decode_one(FORMAT, &dismissed.to_string()));
    assert_eq!(dismissed.updated, arrived);
    assert!(dismissed.updated > first.updated, "it would be taken for older than what it revises");
    assert_eq!(
        (dismissed.first_activity, dismissed.last_activity),
        (first.first_activity, first.last_activity)
    );
}

#[test]
fn the_subscription_is_found_in_any_case_and_in_the_id_of_what_was_attacked() {
    let tenant = |record: &Value| {
        let rule = TenantRule::Field { name: Some("SubscriptionId".into()), aliases: BTreeMap::new() };
        decode(record.to_string().as_bytes(), &origin(), &SourceRules::new(FORMAT, rule))
            .remove(0)
            .map(|alert| alert.tenant)
    };
    let subscription = Ok(Tenant::new("51-a"));
    let mut shouted = resource();
    shouted["id"] = json!(shouted["id"].as_str().expect("it is a text").to_uppercase());
    assert_eq!(tenant(&shouted), subscription);
    assert_eq!(tenant(&exported()), subscription, "continuous export names the resource alone");
    let mut bare = exported();
    bare.as_object_mut().expect("it is an object").remove("AzureResourceId");
    assert_eq!(tenant(&bare), subscription, "it stands among the identifiers");
    bare["ResourceIdentifiers"] = json!([{ "Type": "AzureResource", "AzureResourceId": "/subscriptions/" }]);
    assert!(tenant(&bare).is_err());
}
