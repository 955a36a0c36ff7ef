//! `eec-authn schema`: the declaration of the filter JSON as a JSON Schema.

use super::failure::Failure;
use super::help::long_help;
use super::{Exit, Output};
use eec_authn::config::FILTER_JSON;
use eec_authn::config::shape::{Form, Member, Presence, Shape};
use serde_json::{Map, Value, json};

/// Prints the JSON Schema (2020-12) of the filter JSON, for editors and pipelines.
///
/// It is made from the declaration that the parser checks by. What depends on more than one member, what form a string
/// has, and what is in a key, only `check` can tell.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "For an editor" => "eec-authn schema > filter-config.schema.json",
    }
    exit_codes {
        0 => "It is printed",
        1 => "Wrong usage, or it cannot be printed",
    }
})]
pub(crate) struct Args {}

pub(crate) fn run(_: Args, output: Output) -> Result<Exit, Failure> {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of the eec-authn filter",
    });
    if let (Some(schema), Value::Object(rest)) = (schema.as_object_mut(), of(&FILTER_JSON)) {
        schema.extend(rest);
    }
    let text = serde_json::to_string_pretty(&schema).map_err(Failure::because("cannot print"))?;
    output.lines(text)?;
    Ok(Exit::Fine)
}

fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Object(members) => object(members),
        Shape::Forms(members, forms) => {
            let mut schema = object(members);
            schema["oneOf"] = forms.iter().map(|form| form_of(form, forms)).collect();
            schema
        }
        Shape::AnyOf(members, names) => {
            let mut schema = object(members);
            schema["anyOf"] = names.iter().map(|name| json!({"required": [name]})).collect();
            schema
        }
        Shape::List { item, min } => json!({"type": "array", "items": of(item), "minItems": min}),
        Shape::Named(item) => json!({"type": "object", "additionalProperties": of(item)}),
        Shape::Text => json!({"type": "string", "minLength": 1}),
        Shape::Choice(words) => json!({"enum": words}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Shape::Scalar => json!({"type": ["string", "number", "boolean"]}),
        Shape::Foreign => json!({"type": "object"}),
    }
}

fn object(members: &[Member]) -> Value {
    let required: Vec<&str> =
        members.iter().filter(|m| matches!(m.presence, Presence::Required)).map(|m| m.name).collect();
    let properties: Map<String, Value> = members.iter().map(|m| (m.name.to_owned(), member(m))).collect();
    let mut object = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// What must be there, and nothing that only other forms have.
fn form_of(form: &Form, forms: &[Form]) -> Value {
    let others = forms.iter().flat_map(|other| other.needs.iter().chain(other.takes));
    let foreign = others.filter(|name| !form.has(name)).map(|name| ((*name).to_owned(), json!(false)));
    json!({"required": form.needs, "properties": foreign.collect::<Map<_, _>>()})
}

fn member(member: &Member) -> Value {
    let mut schema = of(&member.shape);
    schema["description"] = json!(member.doc);
    match member.presence {
        Presence::Flag(flag) => schema["default"] = json!(flag),
        Presence::Integer(number) => schema["default"] = json!(number),
        Presence::Text(text) => schema["default"] = json!(text),
        Presence::Required | Presence::Optional => {}
    }
    schema
}
