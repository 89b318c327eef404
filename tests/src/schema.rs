//! The schemas of what chatpcap prints as JSON.

use std::fs;

use jsonschema::Validator;

use crate::program::project;

/// The schema of a form, by the name of its file: `analyze-1`.
pub fn schema(name: &str) -> Validator {
    let schemas = project().join("crates/chatpcap/schemas");
    let text = fs::read(schemas.join(format!("{name}.schema.json"))).unwrap();
    jsonschema::validator_for(&serde_json::from_slice(&text).unwrap()).unwrap()
}
