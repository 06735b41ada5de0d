use std::collections::BTreeMap;

use braid_alert::Tenant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::Plain;

/// Who the tenants are, by all their names: the products name one by its workspace, its directory, its subscription or a
/// word of their own.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tenants {
    /// Each tenant with what else it is called: workspace ids, directory ids, account ids, names. Case does not count. It
    /// holds for every source that finds its tenant in a field of the record; a value that is not listed (nor a tenant's
    /// own name) makes a dead letter that says how to map it. Where it is given, a source can name no other tenant than
    /// these. Without it, what the field says is the tenant.
    #[schemars(example = aliases_example())]
    pub aliases: BTreeMap<String, Vec<String>>,
}

fn aliases_example() -> Plain {
    let ids = ["8ecf8077-cf51-4820-aadd-14040956f35d", "72f988bf-86f1-41af-91ab-2d7cd011db47"];
    Plain::table([("contoso", Plain::List(ids.map(Plain::from).into()))])
}

impl Tenants {
    /// What each name in lower case means, a tenant's own among them. Empty if no tenant is listed.
    pub(super) fn names(&self) -> BTreeMap<Box<str>, Tenant> {
        let of_tenant = |(tenant, aliases): (&String, &Vec<String>)| {
            let names = aliases.iter().chain([tenant]).map(|name| name.trim().to_lowercase().into());
            let tenant = Tenant::new(tenant);
            names.map(|name| (name, tenant.clone())).collect::<Vec<(Box<str>, Tenant)>>()
        };
        self.aliases.iter().flat_map(of_tenant).collect()
    }

    /// The tenant that a configuration means by a name.
    pub(crate) fn named(&self, name: &str) -> Tenant {
        self.names().remove(name.trim().to_lowercase().as_str()).unwrap_or_else(|| Tenant::new(name))
    }
}
