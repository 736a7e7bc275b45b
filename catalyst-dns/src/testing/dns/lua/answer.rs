//! What a record answers with.

use std::net::IpAddr;

use super::super::health::Health;
use super::{functions, run, syntax, value};
use crate::{LuaRecord, RecordData, RecordType, Version};

/// Why a snippet has no value: the server answers SERVFAIL.
pub(in crate::testing::dns) type Fault = &'static str;

/// Who asks which server.
pub(in crate::testing::dns) struct Asked<'a> {
    pub(in crate::testing::dns) client: IpAddr,
    pub(in crate::testing::dns) version: Version,
    pub(in crate::testing::dns) health: &'a dyn Health,
}

/// What the record answers with; may be nothing.
pub(in crate::testing::dns) fn answer(
    record: &LuaRecord,
    asked: &Asked<'_>,
) -> Result<Vec<RecordData>, Fault> {
    let block = syntax::parse(record.snippet())?;
    let value = run::run(&block, &mut functions::Server(asked))?;
    let texts = match value.items() {
        Some(items) => items.iter().map(value::Value::to_text).collect::<Option<Vec<_>>>(),
        None => value.to_text().map(|text| vec![text]),
    };
    let mut found = Vec::new();
    for text in texts.ok_or("the snippet returns neither text nor a list of texts")? {
        let content = if record.kind() == RecordType::Txt { format!("\"{text}\"") } else { text };
        let data = RecordData::parse(record.kind(), &content)
            .map_err(|_invalid| "the answer is no data of its type")?;
        if !found.contains(&data) {
            found.push(data);
        }
    }
    Ok(found)
}
