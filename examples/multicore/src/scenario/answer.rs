//! What a client heard, as fields with values: what a scenario compares and a shell prints.

use flounder::{DomainId, ErrVal};
use serde_json::{Map, Value};

use super::line::Expect;

/// An answer.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Answer(pub(crate) Map<String, Value>);

impl Answer {
    /// An answer that says no more than how it went.
    pub(crate) fn of(err: ErrVal) -> Self {
        let mut answer = Self::default();
        let top = err.top().map_or_else(|| err.to_string(), |code| code.name().to_owned());
        if err.to_string() != top {
            answer.set("chain", err.to_string());
        }
        answer.set("err", top);
        answer
    }

    /// That the client ended before there was an answer.
    pub(crate) fn closed() -> Self {
        Self::default().with("closed", true)
    }

    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.set(field, value);
        self
    }

    pub(crate) fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.0.insert(field.to_owned(), value.into());
    }

    /// The domain that it is about.
    pub(crate) fn domain(&self) -> Option<DomainId> {
        self.0.get("domain").and_then(Value::as_u64).map(DomainId)
    }

    /// The part of it that `expect` speaks of, if it isn't what is expected.
    pub(crate) fn differs(&self, expect: &Expect) -> Option<Value> {
        let got: Map<_, _> = expect
            .keys()
            .map(|field| (field.clone(), self.0.get(field).cloned().unwrap_or(Value::Null)))
            .collect();
        let is_same = expect.iter().all(|(field, value)| got.get(field) == Some(value));
        (!is_same).then_some(Value::Object(got))
    }
}

#[cfg(test)]
mod tests {
    use flounder::ErrCode;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_expected_is_compared() {
        let err = ErrVal::from(ErrCode::SPAWN_ERR_LOAD).push(ErrCode::SPAWN_ERR_SPAN);
        let answer = Answer::of(err).with("status", 7);
        let table = [
            (json!({}), None),
            (json!({"err": "SPAWN_ERR_SPAN"}), None),
            (json!({"chain": "SPAWN_ERR_SPAN: SPAWN_ERR_LOAD", "status": 7}), None),
            (json!({"status": 8}), Some(json!({"status": 7}))),
            (
                json!({"err": "OK", "state": "running"}),
                Some(json!({"err": "SPAWN_ERR_SPAN", "state": null})),
            ),
        ];
        for (expect, differs) in table {
            let expect: Expect = serde_json::from_value(expect).unwrap();
            assert_eq!(answer.differs(&expect), differs, "{expect:?}");
        }
    }
}
