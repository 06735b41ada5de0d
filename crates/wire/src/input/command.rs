//! Commands as input.

use braid_alert::Command;
use braid_engine::Input;

use super::braid::elements;
use super::{Context, SourceRecord, readable};
use crate::avro::Framed;
use crate::{Format, Refusal, TenantRule, own};

/// Reads a command; in JSON also an array of them, or a wrapper `{"records":[…]}`. Each is answered by itself: the ones
/// before a bad one have been given all the same.
pub(super) fn commands(
    record: SourceRecord<'_>,
    context: &Context<'_>,
) -> Result<Vec<Result<Input, Refusal>>, Refusal> {
    let value = record.value.unwrap_or_default();
    readable(value)?;
    if context.rules.format == Format::BraidCommandAvro {
        let command = Framed::of(&record).and_then(|framed| own::command_from_framed(&framed));
        return Ok(vec![context.command(command)]);
    }
    let elements = elements(value, context)?;
    let fixed = match &context.rules.tenant {
        TenantRule::Fixed(tenant) => Some(tenant),
        TenantRule::Field { .. } => None,
    };
    let read = |element: Result<&str, Refusal>| {
        context.command(element.and_then(|element| own::command_from_json(fixed, element.as_bytes())))
    };
    Ok(elements.into_iter().map(read).collect())
}

impl Context<'_> {
    /// The source's rules for a command.
    fn command(&self, command: Result<Command, Refusal>) -> Result<Input, Refusal> {
        let mut command = command?;
        command.tenant = self.own_tenant(command.tenant.as_str())?;
        command.origin = self.origin.clone();
        Ok(Input::Command(Box::new(command)))
    }
}
