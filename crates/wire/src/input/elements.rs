use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::check_element_count;
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

/// The elements of an array, or of the first list of one of these names in an object; else the one value that there is.
///
/// A record is read in one go. Only one in which that fails is taken apart, for its other elements may be good.
pub(super) fn elements_of<'a>(text: &'a str, lists: &[&str]) -> Result<Vec<Element<'a>>, Refusal> {
    let read = |elements: Vec<Json<'a>>| elements.into_iter().map(Element::Read).collect();
    match Json::parse(text) {
        Ok(Json::List(elements)) => Ok(read(elements)),
        Ok(Json::Object(object)) => {
            Ok(read(object.into_list(lists).unwrap_or_else(|object| vec![Json::Object(object)])))
        }
        Ok(scalar) => Ok(vec![Element::Read(scalar)]),
        Err(refusal) if refusal.reason == RefusalReason::Malformed => raw_elements_of(text, lists),
        Err(refusal) => Err(refusal),
    }
}

/// The same without a look into the elements: the grammar alone must be that of JSON.
fn raw_elements_of<'a>(text: &'a str, lists: &[&str]) -> Result<Vec<Element<'a>>, Refusal> {
    let whole: &RawValue = parse(text)?;
    let list = match text.starts_with('[') {
        true => Some(whole),
        false => parse::<Fields<'_>>(text)?.list(lists),
    };
    let elements = list.map_or_else(|| Ok(vec![whole]), |list| parse(list.get()))?;
    Ok(elements.into_iter().map(Element::Raw).collect())
}

/// An incident some of whose alerts cannot be read, with each of those in its place; everything else that stands in it
/// can be, or it is refused as a whole.
fn incident_of<'a>(text: &'a str, why: Refusal) -> Result<Json<'a>, Refusal> {
    if !text.starts_with('{') {
        return Err(why);
    }
    let fields: Fields<'_> = parse(text)?;
    if fields.list(&LISTS_OF_INCIDENTS).is_none() {
        return Err(why);
    }
    let read = fields.0.into_iter().filter(|(name, _)| !UNREAD.contains(&name.as_ref()));
    let field = |(name, value): (Cow<'a, str>, &'a RawValue)| match is_list(&name, value, &LISTS_OF_INCIDENTS)
    {
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
    /// The first list of one of these names.
    fn list(&self, names: &[&str]) -> Option<&'a RawValue> {
        self.0.iter().find(|(name, value)| is_list(name, value, names)).map(|(_, value)| *value)
    }
}

fn is_list(name: &str, value: &RawValue, names: &[&str]) -> bool {
    names.contains(&name) && value.get().starts_with('[')
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
