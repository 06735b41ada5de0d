use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::envelope::Envelope;
use super::json::{Json, Key, Object, UNREAD, refusal_of};
use super::{check_element_count, empty_list, expect_json, text_of};
use crate::{JsonFrame, JsonFrames, Refusal};

/// How the interfaces call the list of an incident that holds its alerts.
const LISTS_OF_INCIDENTS: [&str; 2] = ["alerts", "related_threats"];

/// How many lists or envelopes may stand within each other in a record that is taken apart.
const DEPTH_MAX: usize = 8;

/// One of what a record lists.
pub(super) enum Element<'a> {
    Read(Json<'a>),
    /// As it stands, in a record of which something cannot be read; or why it is not even tried.
    Raw(Result<&'a str, Refusal>),
}

impl<'a> Element<'a> {
    /// Its value.
    ///
    /// # Errors
    /// `malformed` if it is what cannot be read: what is not JSON, half a surrogate pair, a number beyond all bounds, nesting
    /// without end.
    pub(super) fn read(self) -> Result<Json<'a>, Refusal> {
        match self {
            Self::Read(value) => Ok(value),
            Self::Raw(raw) => raw.and_then(|text| Json::parse(text).or_else(|why| incident_of(text, why))),
        }
    }
}

/// The elements of an array or of an envelope's lists, and of those within it; else the one value that there is.
///
/// Of several lists, by several names or by one, all count, in the record's order. That of two fields of one name the last
/// one counts is right for what they say; here it would lose records.
///
/// A record is read in one go. Only one in which that fails is taken apart, for its other elements may be good.
///
/// # Errors
/// `unknown_format` if it begins as no JSON does, `too_large` if there are too many.
pub(super) fn elements_of<'a>(value: &'a [u8], envelope: &Envelope) -> Result<Vec<Element<'a>>, Refusal> {
    expect_json(value)?;
    let Ok(json) = text_of(value).and_then(Json::parse) else {
        return Ok(raw_elements_of(value, envelope)?.into_iter().map(Element::Raw).collect());
    };
    let mut elements = Vec::new();
    flatten(json, envelope, &mut elements);
    check_element_count(elements.len())?;
    Ok(elements)
}

fn flatten<'a>(json: Json<'a>, envelope: &Envelope, into: &mut Vec<Element<'a>>) {
    let elements = match json {
        Json::List(elements) => elements,
        Json::Object(object) => match object.into_elements(envelope) {
            Ok(elements) => elements,
            Err(object) => return into.push(Element::Read(Json::Object(object))),
        },
        scalar => return into.push(Element::Read(scalar)),
    };
    if elements.is_empty() {
        into.push(Element::Raw(Err(empty_list())));
    }
    elements.into_iter().for_each(|element| flatten(element, envelope, into));
}

/// The same without a look into the elements. By the grammar of JSON, or where something breaks that, by its brackets: what is
/// nearly JSON costs no other element.
///
/// # Errors
/// As [`elements_of`].
pub(super) fn raw_elements_of<'a>(
    value: &'a [u8],
    envelope: &Envelope,
) -> Result<Vec<Result<&'a str, Refusal>>, Refusal> {
    expect_json(value)?;
    let mut taken = Taken { envelope, elements: Vec::new() };
    taken.take(value, 0)?;
    Ok(taken.elements)
}

struct Taken<'e, 'a> {
    envelope: &'e Envelope,
    elements: Vec<Result<&'a str, Refusal>>,
}

impl<'a> Taken<'_, 'a> {
    fn take(&mut self, value: &'a [u8], depth: usize) -> Result<(), Refusal> {
        match text_of(value).and_then(|text| self.listed(text)) {
            Ok(Some(listed)) if listed.is_empty() => self.push(Err(empty_list())),
            Ok(Some(listed)) => {
                check_element_count(self.elements.len() + listed.len())?;
                listed.into_iter().try_for_each(|element| self.take_element(element.get().as_bytes(), depth))
            }
            Ok(None) => self.push(text_of(value)),
            Err(_) => self.take_by_brackets(value, depth),
        }
    }

    /// Each element of a list or an envelope; none if it is neither.
    fn listed(&self, text: &'a str) -> Result<Option<Vec<&'a RawValue>>, Refusal> {
        match text.as_bytes().first() {
            Some(b'[') => parse(text).map(Some),
            Some(b'{') => parse::<Fields<'_>>(text)?.into_elements(self.envelope),
            _ => Ok(None),
        }
    }

    /// An element that is a list or an envelope itself is taken apart as well.
    fn take_element(&mut self, element: &'a [u8], depth: usize) -> Result<(), Refusal> {
        let wraps = || match element.first() {
            Some(b'[') => true,
            // Looked for before it is parsed, for hardly any does.
            Some(b'{') => std::str::from_utf8(element).map_or(true, |text| self.envelope.may_be(text)),
            _ => false,
        };
        if depth < DEPTH_MAX && wraps() { self.take(element, depth + 1) } else { self.push(text_of(element)) }
    }

    fn take_by_brackets(&mut self, value: &'a [u8], depth: usize) -> Result<(), Refusal> {
        let mut frames = JsonFrames::of_record(*self.envelope);
        for byte in value {
            frames.take(*byte);
            if frames.has_found() {
                frames.found().try_for_each(|frame| self.take_frame(value, frame, depth))?;
            }
        }
        frames.end();
        frames.found().try_for_each(|frame| self.take_frame(value, frame, depth))
    }

    fn take_frame(&mut self, value: &'a [u8], frame: JsonFrame, depth: usize) -> Result<(), Refusal> {
        let start = usize::try_from(frame.start).expect("a record is no longer than its bytes");
        match frame.bytes.map(|bytes| &value[start..start + bytes.len()]) {
            Ok(bytes) if frame.element.is_some() => self.take_element(bytes.trim_ascii(), depth),
            Ok(bytes) => self.push(expect_json(bytes).and_then(|()| text_of(bytes))),
            Err(refusal) => self.push(Err(refusal)),
        }
    }

    fn push(&mut self, element: Result<&'a str, Refusal>) -> Result<(), Refusal> {
        self.elements.push(element);
        check_element_count(self.elements.len())
    }
}

/// An incident some of whose alerts cannot be read, with each of those in its place; everything else that stands in it
/// can be, or it is refused as a whole.
fn incident_of<'a>(text: &'a str, why: Refusal) -> Result<Json<'a>, Refusal> {
    if !text.starts_with('{') {
        return Err(why);
    }
    let fields: Fields<'_> = parse(text)?;
    let is_list =
        |name: &str, value: &RawValue| LISTS_OF_INCIDENTS.contains(&name) && value.get().starts_with('[');
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
        for (_, value) in self.0.iter().filter(|(name, _)| envelope.is_list(name)) {
            match value.get().as_bytes().first() {
                Some(b'[') => elements.extend(parse::<Vec<&'a RawValue>>(value.get())?),
                Some(b'{') => elements.push(value),
                _ => {}
            }
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
