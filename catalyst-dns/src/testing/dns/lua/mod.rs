//! LUA records: a small interpreter, apart from the crate's own reading of snippets, so that one shows the faults of
//! the other.

mod functions;
mod run;
mod syntax;
#[cfg(test)]
mod tests;
mod token;
mod value;

use std::net::IpAddr;

use super::health::Health;
use crate::{LuaRecord, RecordData, RecordType, Version};

/// Why a snippet has no value: the server answers SERVFAIL.
pub(super) type Fault = &'static str;

/// Who asks which server.
pub(super) struct Asked<'a> {
    pub(super) client: IpAddr,
    pub(super) version: Version,
    pub(super) health: &'a dyn Health,
}

/// What the record answers with; may be nothing.
pub(super) fn answer(record: &LuaRecord, asked: &Asked<'_>) -> Result<Vec<RecordData>, Fault> {
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
