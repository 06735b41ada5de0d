use std::collections::BTreeMap;
use std::marker::PhantomData;

use schemars::schema_for;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::plain::Plain;
use super::{Field, Section};
use crate::config::{
    Audit, Cluster, Config, Correlation, FurtherOutput, HalfLifeTimes, Http, IncidentCaps, Kafka, Log,
    Output, RuleFiles, SchemaRegistry, Source, Tenants, Tls, Topics, Weights, Worker,
};

/// What is read of the JSON Schema that `schemars` derives.
#[derive(Deserialize)]
struct Schema {
    #[serde(flatten)]
    root: Definition,
    #[serde(rename = "$defs")]
    definitions: BTreeMap<String, Definition>,
}

#[derive(Deserialize)]
struct Definition {
    #[serde(default)]
    description: String,
    #[serde(default)]
    properties: BTreeMap<String, Property>,
    #[serde(default, rename = "oneOf")]
    words: Vec<WordSchema>,
}

#[derive(Deserialize)]
struct WordSchema {
    r#const: String,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
struct Property {
    #[serde(default)]
    description: String,
    default: Option<Plain>,
    #[serde(default)]
    examples: Vec<Plain>,
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(default, rename = "anyOf")]
    any_of: Vec<Alternative>,
    #[serde(default, rename = "enum")]
    words: Vec<Option<String>>,
    format: Option<String>,
    r#type: Option<Types>,
    items: Option<Box<Property>>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    /// What the check of the value asks for, where that is no pair of numbers.
    #[serde(rename = "x-range")]
    range: Option<String>,
}

#[derive(Deserialize)]
struct Alternative {
    #[serde(rename = "$ref")]
    reference: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Types {
    One(String),
    Several(Vec<String>),
}

/// The sections in the order in which they are declared, each before those within it.
pub(super) fn sections() -> Vec<Section> {
    let schema = Schema::deserialize(schema_for!(Config).to_value())
        .expect("the derived schema has the form that is read here");
    let mut sections = Vec::new();
    for name in order("Config") {
        let property = &schema.root.properties[*name];
        schema.walk(name, property, &mut sections);
    }
    sections
}

impl Schema {
    fn walk(&self, path: &str, property: &Property, sections: &mut Vec<Section>) {
        let Some(name) = property.section() else { return };
        let Some(definition) =
            self.definitions.get(name).filter(|definition| !definition.properties.is_empty())
        else {
            return;
        };
        let description = match definition.description.is_empty() {
            true => property.description.clone(),
            false => definition.description.clone(),
        };
        let (inner, fields): (Vec<&str>, Vec<&str>) =
            order(name).iter().copied().partition(|field| self.is_section(&definition.properties[*field]));
        sections.push(Section {
            path: path.to_owned(),
            is_list: property.items.is_some(),
            // There is nothing to do without a source, and of any other list there may be none.
            is_optional: !property.any_of.is_empty() || property.items.is_some() && path != "sources",
            description,
            fields: fields
                .into_iter()
                .map(|field| self.field(field, &definition.properties[field]))
                .collect(),
        });
        for field in inner {
            self.walk(&format!("{path}.{field}"), &definition.properties[field], sections);
        }
    }

    fn is_section(&self, property: &Property) -> bool {
        let definition = property.section().and_then(|name| self.definitions.get(name));
        definition.is_some_and(|definition| !definition.properties.is_empty())
    }

    fn field(&self, name: &str, property: &Property) -> Field {
        let mut description = property.description.clone();
        let words = property.section().and_then(|name| self.definitions.get(name)).map(|found| &found.words);
        for word in words.into_iter().flatten() {
            description.push_str(&format!("\n- `{}`: {}", word.r#const, word.description));
        }
        Field {
            name: name.to_owned(),
            description,
            kind: if words.is_some() { "word".to_owned() } else { property.ranged_kind() },
            bounds: property.minimum.zip(property.maximum),
            range: property.range.clone(),
            default: property.default.clone(),
            example: property.examples.first().cloned(),
        }
    }
}

impl Property {
    /// The definition that it refers to: directly, each of a list, or if it is there at all.
    fn section(&self) -> Option<&str> {
        let own = self.reference.as_ref();
        let each = || self.items.as_ref().and_then(|items| items.reference.as_ref());
        let any = || self.any_of.iter().find_map(|alternative| alternative.reference.as_ref());
        own.or_else(each).or_else(any).and_then(|reference| reference.rsplit('/').next())
    }

    /// The kind, and the values that are taken.
    fn ranged_kind(&self) -> String {
        match &self.range {
            Some(range) => format!("{}, {range}", self.kind()),
            None => self.kind(),
        }
    }

    fn kind(&self) -> String {
        let words: Vec<String> = self.words.iter().flatten().map(|word| format!("`{word}`")).collect();
        if !words.is_empty() {
            return words.join(", ");
        }
        if let Some(items) = &self.items {
            return format!("list of {}s", items.kind());
        }
        let kind = match &self.r#type {
            Some(Types::One(kind)) => kind.as_str(),
            Some(Types::Several(kinds)) => kinds.first().map_or("text", String::as_str),
            None => "text",
        };
        match (self.format.as_deref(), kind) {
            (Some("duration"), _) => "duration".to_owned(),
            (Some("bytes"), _) => "size".to_owned(),
            (Some("offset"), _) => "offset from UTC".to_owned(),
            (Some("secret"), _) => "secret".to_owned(),
            (Some("tenant"), _) => "name or rule".to_owned(),
            (_, "boolean") => "`true` or `false`".to_owned(),
            (_, "integer" | "number") => self.number(kind),
            (_, "object") => "table".to_owned(),
            _ => "text".to_owned(),
        }
    }
}

impl Property {
    /// `whole number from 1 to 64`. What a machine's number ends at is no bound that anybody meets.
    fn number(&self, kind: &str) -> String {
        let kind = if kind == "integer" { "whole number" } else { "number" };
        let largest = self.maximum.filter(|most| *most < f64::from(u16::MAX));
        match (self.minimum, largest) {
            (Some(least), Some(most)) => format!("{kind} from {least} to {most}"),
            (Some(least), None) => format!("{kind} from {least}"),
            _ => kind.to_owned(),
        }
    }
}

/// The fields of each section in the order of declaration, which a JSON Schema does not keep.
fn order(name: &str) -> &'static [&'static str] {
    match name {
        "Config" => declared::<Config>(),
        "Kafka" => declared::<Kafka>(),
        "Cluster" => declared::<Cluster>(),
        "Source" => declared::<Source>(),
        "Tenants" => declared::<Tenants>(),
        "Topics" => declared::<Topics>(),
        "Output" => declared::<Output>(),
        "FurtherOutput" => declared::<FurtherOutput>(),
        "SchemaRegistry" => declared::<SchemaRegistry>(),
        "Http" => declared::<Http>(),
        "Tls" => declared::<Tls>(),
        "Worker" => declared::<Worker>(),
        "Log" => declared::<Log>(),
        "Correlation" => declared::<Correlation>(),
        "RuleFiles" => declared::<RuleFiles>(),
        "Audit" => declared::<Audit>(),
        "Weights" => declared::<Weights>(),
        "HalfLifeTimes" => declared::<HalfLifeTimes>(),
        "IncidentCaps" => declared::<IncidentCaps>(),
        other => {
            unreachable!("the section {other} is not listed here; the tests of the reference walk them all")
        }
    }
}

/// The names of a struct's fields as it tells them to serde.
fn declared<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let told = T::deserialize(Fields(PhantomData)).err();
    told.map_or(&[], |Told(fields)| fields)
}

/// Asked for a struct, it fails with the names of the struct's fields.
struct Fields<'de>(PhantomData<&'de ()>);

#[derive(Debug)]
struct Told(&'static [&'static str]);

impl std::error::Error for Told {}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fields: {}", self.0.join(", "))
    }
}

impl de::Error for Told {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self(&[])
    }
}

impl<'de> Deserializer<'de> for Fields<'de> {
    type Error = Told;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Told> {
        Err(Told(fields))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Told> {
        Err(Told(&[]))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
