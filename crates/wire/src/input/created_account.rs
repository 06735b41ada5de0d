//! The domain account that a command line creates: `net user mallory P@ss /add /domain`.
//!
//! Graph has a role of its own for what comes into being by an attack (`created`), but the endpoint products fill it in
//! for few detections; for the others only the command says whom the attacker will be next. A local account is not
//! looked for: it is known by its host, which the alert names anyway.

use braid_alert::{EntityKind, Evidence, Identifier, IdentifierKind, Role};

/// How much of a command line is read, in bytes; one that creates an account is short.
const COMMAND_BYTES_MAX: usize = 4_096;

/// The longest sAMAccountName of a user. Source: the schema of Active Directory, attribute `sAMAccountName`.
const NAME_CHARACTERS_MAX: usize = 20;

/// The account, if the command creates one of the domain.
pub(super) fn created_account(command: &str) -> Option<Evidence> {
    let end = command.floor_char_boundary(COMMAND_BYTES_MAX);
    let words: Vec<&str> = command[..end].split([' ', '\t', '"', '\'']).filter(|w| !w.is_empty()).collect();
    let name = (0..words.len()).find_map(|at| created_by(&words[at..]))?;
    let mut account = Evidence::new(EntityKind::User, Role::Related);
    account.identifiers.extend(Identifier::new(IdentifierKind::AccountName, name));
    (!account.identifiers.is_empty()).then_some(account)
}

/// The name, if these words begin with a program or cmdlet that creates an account.
fn created_by<'a>(words: &[&'a str]) -> Option<&'a str> {
    let (program, arguments) = words.split_first()?;
    let program = program.rsplit(['\\', '/']).next().unwrap_or(program).to_ascii_lowercase();
    let arguments =
        &arguments[..arguments.iter().position(|word| ends_command(word)).unwrap_or(arguments.len())];
    let name = match program.trim_end_matches(".exe") {
        "net" | "net1" => by_net(arguments),
        "new-aduser" => after(arguments, "-samaccountname").or_else(|| after(arguments, "-name")),
        "dsadd" if is(arguments.first()?, "user") => after(arguments, "-samid"),
        _ => None,
    };
    name.filter(|name| is_account_name(name))
}

/// `net user NAME [PASSWORD] /add /domain`, its switches anywhere.
fn by_net<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let (first, rest) = arguments.split_first()?;
    let has = |switch: &str| rest.iter().any(|word| is(word, switch));
    let creates = (is(first, "user") || is(first, "users")) && has("/add") && (has("/domain") || has("/dom"));
    creates.then(|| rest.iter().find(|word| !word.starts_with('/')).copied()).flatten()
}

fn after<'a>(arguments: &[&'a str], parameter: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|word| is(word, parameter))?;
    arguments.get(at + 1).copied()
}

fn is(word: &str, other: &str) -> bool {
    word.eq_ignore_ascii_case(other)
}

fn ends_command(word: &str) -> bool {
    matches!(word, "&" | "&&" | "|" | "||" | ";")
}

/// A name that a domain's account can have; no variable, no pattern, no distinguished name.
fn is_account_name(name: &str) -> bool {
    const FORBIDDEN: &[char] =
        &['/', '\\', '[', ']', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '$', '%'];
    (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count()) && !name.contains(FORBIDDEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(command: &str) -> Option<String> {
        let account = created_account(command)?;
        assert_eq!(account.identifiers.len(), 1);
        assert_eq!(account.identifiers[0].kind, IdentifierKind::AccountName);
        Some(account.identifiers[0].value.to_string())
    }

    #[test]
    fn an_account_of_the_domain_is_named_by_the_command_that_creates_it() {
        for command in [
            r#""net.exe" user /add Mallory Secret1! /domain"#,
            r"C:\Windows\System32\net1 user mallory Secret1! /ADD /DOM",
            r#"cmd.exe /c "echo on & net user mallory * /domain /add""#,
            "powershell New-ADUser -Name 'Mallory M' -SamAccountName mallory -Enabled $true",
            r#"dsadd user "CN=Mal,OU=Staff,DC=contoso,DC=com" -samid mallory -pwd Secret1!"#,
        ] {
            assert_eq!(created(command).as_deref(), Some("mallory"), "{command}");
        }
    }

    #[test]
    fn whoever_is_merely_looked_up_changed_or_local_is_nobody_new() {
        for command in [
            "net user mallory /domain",
            "net user mallory Secret1! /add",
            "net group \"Domain Admins\" mallory /add /domain",
            "net user mallory /delete /domain & echo /add",
            "net user /add /domain",
            "net user %1 %2 /add /domain",
            "New-ADUser -Name $name",
            "New-LocalUser -Name mallory",
            "network user mallory /add /domain",
            "",
        ] {
            assert_eq!(created(command), None, "{command}");
        }
    }

    #[test]
    fn a_command_of_any_length_is_read_to_its_bound() {
        let padded = format!("{}net user mallory x /add /domain", "ä ".repeat(COMMAND_BYTES_MAX));
        assert_eq!(created(&padded), None);
    }
}
