use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::envelope::Envelope;
use crate::{Refusal, RefusalReason};

/// A JSON value that borrows its texts from the record wherever no escape stands in them.
///
/// A tree and not structs, because every field of these formats may be of another type than its reference says (a
/// number as text, a list as a text that holds JSON), and a wrong type must cost that field and not the alert.
#[derive(Debug, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Object<'a>),
    /// What stands in a list and cannot be read, while its neighbours can.
    Unreadable(Box<Refusal>),
}

/// A JSON object. Alerts have 10 to 35 fields: too few for a map to pay.
#[derive(Debug, PartialEq)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

/// Fields that no decoder reads and that are long: they are stepped over without unescaping or keeping them.
pub(super) const UNREAD: [&str; 11] = [
    "Action",
    "ExtendedLinks",
    "LoggedOnUsers",
    "RbacScopes",
    "RemediationProviders",
    "RemediationSteps",
    "ThreatAnalysisSummary",
    "comments",
    "loggedOnUsers",
    "parentProcessImageFile",
    "recommendedActions",
];

/// What an absent field reads as.
pub(super) const NULL: &Json<'static> = &Json::Null;

impl<'a> Json<'a> {
    /// Reads a whole text.
    pub(super) fn parse(text: &'a str) -> Result<Self, Refusal> {
        serde_json::from_str(text).map_err(|error| refusal_of(&error))
    }

    /// The text, a number's or truth value's text; `None` for `null`, blank texts and structures.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(Cow::Borrowed),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Bool(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
            Self::Null | Self::List(_) | Self::Object(_) | Self::Unreadable(_) => None,
        }
    }

    /// The elements of a list; none if it is something else.
    pub(super) fn list(&self) -> &[Json<'a>] {
        if let Self::List(elements) = self { elements } else { &[] }
    }

    /// The elements of a list, or the one object that stands in its place.
    fn records(&self) -> &[Json<'a>] {
        if let Self::Object(_) = self { std::slice::from_ref(self) } else { self.list() }
    }

    /// The object, if it is one.
    pub(super) fn object(&self) -> Option<&Object<'a>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// See [`Object::with_capitals`]. Goes as deep as the parser went, which is at most 128.
    fn with_capitals(self) -> Self {
        match self {
            Self::List(elements) => Self::List(elements.into_iter().map(Self::with_capitals).collect()),
            Self::Object(object) => Self::Object(object.with_capitals()),
            scalar => scalar,
        }
    }

    /// What stands there, in a word, for a refusal's detail.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
            Self::Unreadable(_) => "what cannot be read",
        }
    }
}

impl<'a> Object<'a> {
    /// An object of these fields, in the order of the record.
    pub(super) const fn new(fields: Vec<(Cow<'a, str>, Json<'a>)>) -> Self {
        Self(fields)
    }

    /// A field; `null` if it is absent. Of two with one name the last counts, as everywhere in JSON's family.
    pub(super) fn field(&self, name: &str) -> &Json<'a> {
        self.0.iter().rfind(|(key, _)| key == name).map_or(NULL, |(_, value)| value)
    }

    /// A field's text; see [`Json::text`].
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.field(name).text()
    }

    /// The first of some fields that has a text.
    pub(super) fn text_of(&self, names: &[&str]) -> Option<Cow<'_, str>> {
        names.iter().find_map(|name| self.text(name))
    }

    /// The text of a field on which identity depends: absent is `None`, another type is refused, for a number or a
    /// list in its place means that the record is not what it seems.
    pub(super) fn strict_text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.field(name) {
            Json::Null => Ok(None),
            Json::Text(text) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            other => Err(Refusal::new(
                RefusalReason::WrongType,
                format!("{name} is {}, which must be a text", other.type_name()),
            )),
        }
    }

    /// A field that is an object.
    pub(super) fn object(&self, name: &str) -> Option<&Object<'a>> {
        self.field(name).object()
    }

    /// The elements of all lists of a name, where to take the last alone would lose some; an object is a list of one.
    pub(super) fn lists(&self, name: &str) -> Vec<&Json<'a>> {
        self.fields().filter(|(key, _)| *key == name).flat_map(|(_, value)| value.records()).collect()
    }

    /// The elements of a field that is a list.
    pub(super) fn list(&self, name: &str) -> &[Json<'a>] {
        self.field(name).list()
    }

    /// The same of a field whose writer makes no list of one: what stands there by itself is one element.
    pub(super) fn several(&self, name: &str) -> &[Json<'a>] {
        match self.field(name) {
            Json::Null => &[],
            Json::List(elements) => elements,
            single => std::slice::from_ref(single),
        }
    }

    /// All fields, as the record has them.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// The values of all fields.
    pub(super) fn values(&self) -> impl Iterator<Item = &Json<'a>> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Whether any of these fields is there.
    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| *self.field(name) != Json::Null)
    }

    /// The value of a field that is an object, taken out of this one; of two the last, as [`Object::field`] has it.
    pub(super) fn into_object(self, name: &str) -> Result<Self, Self> {
        let is_object =
            |(key, value): &(Cow<'_, str>, Json<'_>)| key == name && matches!(value, Json::Object(_));
        let Some(at) = self.0.iter().rposition(is_object) else { return Err(self) };
        let mut fields = self.0;
        match fields.swap_remove(at).1 {
            Json::Object(object) => Ok(object),
            _ => Ok(Self(Vec::new())),
        }
    }

    /// The same with names as Azure's exports write them, `AlertType`, where its programming interface writes `alertType`;
    /// all the way down.
    pub(super) fn with_capitals(self) -> Self {
        let field = |(key, value): (Cow<'a, str>, Json<'a>)| (capitalised(key), value.with_capitals());
        Self(self.0.into_iter().map(field).collect())
    }

    /// The elements of all lists of an envelope; the object itself if it is none.
    pub(super) fn into_elements(self, envelope: &Envelope) -> Result<Vec<Json<'a>>, Self> {
        if !envelope.is_of(&self.0) {
            return Err(self);
        }
        let lists = self.0.into_iter().filter(|(name, _)| envelope.is_list(name));
        let elements = lists.flat_map(|(_, value)| match value {
            Json::List(elements) => elements,
            object @ Json::Object(_) => vec![object],
            _ => Vec::new(),
        });
        Ok(elements.collect())
    }
}

fn capitalised(key: Cow<'_, str>) -> Cow<'_, str> {
    match key.as_ref() {
        "ntDomain" => Cow::Borrowed("NTDomain"),
        "upnSuffix" => Cow::Borrowed("UPNSuffix"),
        "fqdn" => Cow::Borrowed("FQDN"),
        name if name.starts_with(|first: char| first.is_ascii_lowercase()) => {
            Cow::Owned(format!("{}{}", name[..1].to_ascii_uppercase(), &name[1..]))
        }
        _ => key,
    }
}

/// What serde_json says, as a reason with its place.
pub(super) fn refusal_of(error: &serde_json::Error) -> Refusal {
    let reason = match error.classify() {
        serde_json::error::Category::Eof => RefusalReason::Truncated,
        _ => RefusalReason::Malformed,
    };
    Refusal::new(reason, error.to_string())
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json<'de>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Json::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            if UNREAD.contains(&key.as_ref()) {
                map.next_value::<IgnoredAny>()?;
            } else {
                fields.push((key, map.next_value()?));
            }
        }
        Ok(Json::Object(Object(fields)))
    }
}

/// A key, borrowed where it can be: serde's own `Cow` always copies.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field's name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// A list whose end may be missing: what could be read, and what stopped it.
///
/// Log Analytics cuts a column at 32 KB, so an `Entities` text may end in the middle of an entity.
pub(super) fn parse_list_prefix(text: &str) -> (Vec<Json<'_>>, Option<Refusal>) {
    struct Prefix<'s, 'de>(&'s mut Vec<Json<'de>>);
    impl<'de> Visitor<'de> for Prefix<'_, 'de> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
            while let Some(element) = seq.next_element()? {
                self.0.push(element);
            }
            Ok(())
        }
    }
    let mut elements = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = deserializer.deserialize_seq(Prefix(&mut elements)).and_then(|()| deserializer.end());
    (elements, read.err().map(|error| refusal_of(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_escapes_is_borrowed() {
        let Ok(Json::Object(object)) = Json::parse(r#"{"a":"plain","b":"es\"caped"}"#) else { panic!() };
        assert!(matches!(object.field("a"), Json::Text(Cow::Borrowed("plain"))));
        assert_eq!(object.text("b").as_deref(), Some("es\"caped"));
    }

    #[test]
    fn of_two_fields_of_one_name_the_last_counts() {
        let Ok(Json::Object(object)) = Json::parse(r#"{"a":"1","a":"2"}"#) else { panic!() };
        assert_eq!(object.text("a").as_deref(), Some("2"));
    }

    #[test]
    fn scalars_read_as_text_and_structures_as_nothing() {
        let Ok(Json::Object(object)) = Json::parse(r#"{"n":15600,"t":true,"l":[1],"z":null,"e":" "}"#) else {
            panic!()
        };
        assert_eq!(object.text("n").as_deref(), Some("15600"));
        assert_eq!(object.text("t").as_deref(), Some("true"));
        for nothing in ["l", "z", "e", "absent"] {
            assert_eq!(object.text(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn of_a_list_that_is_cut_the_whole_elements_remain() {
        let (elements, stopped) = parse_list_prefix(r#"[{"a":1},{"b":2},{"c":"#);
        assert_eq!(elements.len(), 2);
        assert_eq!(stopped.map(|refusal| refusal.reason), Some(RefusalReason::Truncated));
        let (elements, stopped) = parse_list_prefix(r#"[{"a":1}]"#);
        assert_eq!((elements.len(), stopped), (1, None));
    }

    #[test]
    fn long_fields_that_nobody_reads_are_not_kept() {
        let Ok(Json::Object(object)) = Json::parse(r#"{"RemediationSteps":["long"],"a":1}"#) else {
            panic!()
        };
        assert_eq!(object.0.len(), 1);
    }
}
