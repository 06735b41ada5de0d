use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::check_element_count;
use super::envelope::{Envelope, Value};
use super::json::{Json, Key, Object, UNREAD, refusal_of};
use crate::{Refusal, RefusalReason};

/// How the interfaces call the list of an incident that holds its alerts.
const LISTS_OF_INCIDENTS: [&str; 2] = ["alerts", "related_threats"];

/// One of what a record lists.
pub(super) enum Element<'a> {
    Read(Json<'a>),
    /// As it stands, in a record of which something cannot be read.
    Raw(&'a RawValue),
}

impl<'a> Element<'a> {
    /// Its value.
    ///
    /// # Errors
    /// `malformed` if it is what cannot be read: half a surrogate pair, a number beyond all bounds, nesting without end.
    pub(super) fn read(self) -> Result<Json<'a>, Refusal> {
        match self {
            Self::Read(value) => Ok(value),
            Self::Raw(raw) => Json::parse(raw.get()).or_else(|why| incident_of(raw.get(), why)),
        }
    }
}

/// The elements of an array or of an envelope's lists; else the one value that there is.
///
/// Of several lists, by several names or by one, all count, in the record's order. That of two fields of one name the last
/// one counts is right for what they say; here it would lose records.
///
/// A record is read in one go. Only one in which that fails is taken apart, for its other elements may be good.
pub(super) fn elements_of<'a>(text: &'a str, envelope: &Envelope) -> Result<Vec<Element<'a>>, Refusal> {
    let read = |elements: Vec<Json<'a>>| elements.into_iter().map(Element::Read).collect();
    match Json::parse(text) {
        Ok(Json::List(elements)) => Ok(read(elements)),
        Ok(Json::Object(object)) => {
            Ok(read(object.into_elements(envelope).unwrap_or_else(|object| vec![Json::Object(object)])))
        }
        Ok(scalar) => Ok(vec![Element::Read(scalar)]),
        Err(refusal) if refusal.reason == RefusalReason::Malformed => {
            Ok(raw_elements_of(text, envelope)?.into_iter().map(Element::Raw).collect())
        }
        Err(refusal) => Err(refusal),
    }
}

/// The same without a look into the elements: the grammar alone must be that of JSON.
pub(super) fn raw_elements_of<'a>(text: &'a str, envelope: &Envelope) -> Result<Vec<&'a RawValue>, Refusal> {
    match text.as_bytes().first() {
        Some(b'[') => parse(text),
        Some(b'{') => Ok(parse::<Fields<'_>>(text)?.into_elements(envelope)?.unwrap_or(vec![parse(text)?])),
        _ => Ok(vec![parse(text)?]),
    }
}

/// An incident some of whose alerts cannot be read, with each of those in its place; everything else that stands in it
/// can be, or it is refused as a whole.
fn incident_of<'a>(text: &'a str, why: Refusal) -> Result<Json<'a>, Refusal> {
    if !text.starts_with('{') {
        return Err(why);
    }
    let fields: Fields<'_> = parse(text)?;
    let is_list = |name: &str, value: &RawValue| LISTS_OF_INCIDENTS.contains(&name) && (&value).is_list();
    if !fields.0.iter().any(|(name, value)| is_list(name, value)) {
        return Err(why);
    }
    let read = fields.0.into_iter().filter(|(name, _)| !UNREAD.contains(&name.as_ref()));
    let field = |(name, value): (Cow<'a, str>, &'a RawValue)| match is_list(&name, value) {
        true => Ok((name, alerts_of(value.get())?)),
        false => Ok((name, Json::parse(value.get())?)),
    };
    read.map(field).collect::<Result<_, _>>().map(|fields| Json::Object(Object::new(fields)))
}

fn alerts_of<'a>(list: &'a str) -> Result<Json<'a>, Refusal> {
    let alerts: Vec<&RawValue> = parse(list)?;
    check_element_count(alerts.len().max(1))?;
    let alert = |alert: &'a RawValue| {
        Json::parse(alert.get()).unwrap_or_else(|refusal| Json::Unreadable(Box::new(refusal)))
    };
    Ok(Json::List(alerts.into_iter().map(alert).collect()))
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| refusal_of(&error))
}

/// An object whose values nobody has looked into.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// The elements that an envelope lists; none if it is no envelope. See [`Object::into_elements`].
    fn into_elements(self, envelope: &Envelope) -> Result<Option<Vec<&'a RawValue>>, Refusal> {
        if !envelope.is_of(&self.0) {
            return Ok(None);
        }
        let mut elements: Vec<&'a RawValue> = Vec::new();
        for (_, list) in self.0.iter().filter(|(name, value)| envelope.is_list(name) && value.is_list()) {
            elements.extend(parse::<Vec<&'a RawValue>>(list.get())?);
        }
        Ok(Some(elements))
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(Key(name)) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}
