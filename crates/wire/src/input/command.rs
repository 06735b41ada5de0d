//! Commands as input.

use braid_alert::Command;
use braid_engine::Input;

use super::braid::elements;
use super::{Context, SourceRecord, check_element_count, expect_json, readable, text_of};
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
    let text = text_of(value)?;
    expect_json(text)?;
    let elements = elements(text, context)?;
    check_element_count(elements.len())?;
    let fixed = match &context.rules.tenant {
        TenantRule::Fixed(tenant) => Some(tenant),
        TenantRule::Field { .. } => None,
    };
    let read = |element: &str| context.command(own::command_from_json(fixed, element.as_bytes()));
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
