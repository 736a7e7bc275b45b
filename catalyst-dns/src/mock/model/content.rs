//! The content of records, as the server reads it: field by field, strictly in its own format, and apart from this
//! crate's own reader, so that one shows the faults of the other.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::names;
use super::svcb;
use crate::RecordType;

/// What is kept of `content`, or why it is refused. Servers from 5.1 on take surplus white space.
pub(super) fn accepted(kind: RecordType, content: &str, lenient: bool) -> Result<String, String> {
    if kind == RecordType::Aaaa {
        return match content.parse::<Ipv6Addr>() {
            Ok(address) if lenient || !content.contains('.') => Ok(address.to_string()),
            _ => Err("Invalid IPv6 address".to_owned()),
        };
    }
    let normalised;
    let content = if lenient && kind != RecordType::Lua {
        normalised = without_surplus(content);
        &normalised
    } else {
        content
    };
    let parsed = read(kind, content)?;
    if parsed.eq_ignore_ascii_case(content) {
        Ok(parsed)
    } else {
        Err(format!("Not in expected format (parsed as '{parsed}')"))
    }
}

fn without_surplus(content: &str) -> String {
    let (mut out, mut quoted, mut escaped) = (String::with_capacity(content.len()), false, false);
    for c in content.trim().chars() {
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = c == '\\' && !escaped;
        if quoted || !(c.is_ascii_whitespace() && out.ends_with(' ')) {
            out.push(if !quoted && c.is_ascii_whitespace() { ' ' } else { c });
        }
    }
    out
}

fn read(kind: RecordType, content: &str) -> Result<String, String> {
    let mut reader = Reader { content, at: 0, out: String::with_capacity(content.len()) };
    match kind {
        RecordType::A => reader.address()?,
        RecordType::Cname | RecordType::Alias | RecordType::Ns | RecordType::Ptr | RecordType::Dname => {
            reader.name()?;
        }
        RecordType::Mx => reader.numbers(&[16]).and_then(|()| reader.name())?,
        RecordType::Srv => reader.numbers(&[16, 16, 16]).and_then(|()| reader.name())?,
        RecordType::Soa => {
            reader.name()?;
            reader.name()?;
            reader.numbers(&[32; 5])?;
        }
        RecordType::Caa => {
            reader.numbers(&[8])?;
            reader.word()?;
            reader.texts()?;
        }
        RecordType::Txt => reader.texts()?,
        RecordType::Lua => {
            let kind = reader.field()?;
            let known = names::kind(kind).ok_or_else(|| format!("Unknown DNS type '{kind}'"))?;
            reader.write(known.as_str());
            reader.texts()?;
        }
        RecordType::Ds | RecordType::Cds => reader.numbers(&[16, 8, 8]).and_then(|()| reader.hex())?,
        RecordType::Tlsa => reader.numbers(&[8, 8, 8]).and_then(|()| reader.hex())?,
        RecordType::Sshfp => reader.numbers(&[8, 8]).and_then(|()| reader.hex())?,
        RecordType::Dnskey | RecordType::Cdnskey => {
            reader.numbers(&[16, 8, 8])?;
            let key: String = reader.rest().split_ascii_whitespace().collect();
            reader.write(&key);
        }
        RecordType::Svcb | RecordType::Https => {
            reader.numbers(&[16])?;
            reader.name()?;
            let parameters = svcb::canonical(reader.rest());
            if !parameters.is_empty() {
                reader.write(&parameters);
            }
        }
        // The server reads these as well; nothing here depends on how.
        _ => return Ok(content.to_owned()),
    }
    reader.end(kind)
}

const PARSING: &str = "Parsing record content (try 'pdnsutil check-zone'): ";

struct Reader<'a> {
    content: &'a str,
    at: usize,
    out: String,
}

impl<'a> Reader<'a> {
    fn left(&self) -> &'a str {
        &self.content[self.at..]
    }

    fn write(&mut self, field: &str) {
        if !self.out.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(field);
    }

    fn skip_space(&mut self) {
        self.at += self.left().len() - self.left().trim_start_matches([' ', '\t']).len();
    }

    /// The next field, up to white space.
    fn field(&mut self) -> Result<&'a str, String> {
        self.skip_space();
        let left = self.left();
        if left.is_empty() {
            let content = self.content;
            return Err(format!("{PARSING}missing field at the end of record content '{content}'"));
        }
        let field = &left[..left.find([' ', '\t']).unwrap_or(left.len())];
        self.at += field.len();
        Ok(field)
    }

    fn rest(&mut self) -> &'a str {
        self.skip_space();
        let left = self.left();
        self.at = self.content.len();
        left
    }

    fn word(&mut self) -> Result<(), String> {
        let word = self.field()?;
        self.write(word);
        Ok(())
    }

    fn numbers(&mut self, sizes: &[u32]) -> Result<(), String> {
        for bits in sizes {
            let field = self.field()?;
            let at = self.at - field.len();
            let digits = field.len() - field.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if digits == 0 {
                let content = self.content;
                return Err(format!("{PARSING}expected digits at position {at} in '{content}'"));
            }
            let number = field[..digits].parse::<u64>().ok().filter(|number| *number < 1 << bits);
            let Some(number) = number else {
                return Err(format!("{PARSING}Overflow reading {bits} bit integer from record content"));
            };
            self.at = at + digits;
            self.write(&number.to_string());
        }
        Ok(())
    }

    fn name(&mut self) -> Result<(), String> {
        let field = self.field()?;
        if crate::DomainName::from_server(field).is_err() {
            return Err(format!("{PARSING}Unable to parse DNS name '{field}'"));
        }
        let dot = if field.ends_with('.') { "" } else { "." };
        self.write(&format!("{field}{dot}"));
        Ok(())
    }

    fn hex(&mut self) -> Result<(), String> {
        let digits: String = self.rest().split_ascii_whitespace().collect();
        if let Some(wrong) = digits.bytes().find(|byte| !byte.is_ascii_hexdigit()) {
            return Err(format!("{PARSING}Unknown hexadecimal character '{wrong}'"));
        }
        self.write(&digits.to_ascii_lowercase());
        Ok(())
    }

    fn address(&mut self) -> Result<(), String> {
        let field = self.field()?;
        let fault = |text: String| Err(format!("{PARSING}{text}"));
        if !field.starts_with(|c: char| c.is_ascii_digit()) {
            let (at, content) = (self.at - field.len(), self.content);
            return fault(format!(
                "while parsing IP address, expected digits at position {at} in '{content}'"
            ));
        }
        let parts: Option<Vec<u8>> = field.split('.').map(|part| part.parse().ok()).collect();
        match (field.matches('.').count(), parts.as_deref()) {
            (3, Some(&[a, b, c, d])) => self.write(&Ipv4Addr::new(a, b, c, d).to_string()),
            (0..=2, _) => return fault("unable to parse IP address, not enough dots".to_owned()),
            (3, _) => return fault("unable to parse IP address".to_owned()),
            _ => return fault("unable to parse IP address, too many dots".to_owned()),
        }
        Ok(())
    }

    /// All that is left as strings, each in quotes, one space between them.
    fn texts(&mut self) -> Result<(), String> {
        self.skip_space();
        if self.left().is_empty() {
            if !self.out.is_empty() {
                self.out.push(' ');
            }
            return Ok(());
        }
        while !self.left().is_empty() {
            let left = self.left();
            let length = if left.starts_with('"') { quoted(left) } else { left.find([' ', '\t', '"']) };
            let length = match length {
                Some(length) => length,
                None if left.starts_with('"') => {
                    let content = self.content;
                    return Err(format!(
                        "{PARSING}Data field in DNS should end on a quote (\") in '{content}'"
                    ));
                }
                None => left.len(),
            };
            self.at += length;
            let string = &left[..length];
            if string.starts_with('"') {
                self.write(string);
            } else {
                self.write(&format!("\"{string}\""));
            }
            self.skip_space();
        }
        Ok(())
    }

    fn end(self, kind: RecordType) -> Result<String, String> {
        let left = self.left();
        if left.is_empty() {
            Ok(self.out)
        } else {
            Err(format!("When parsing {kind} trailing data was not parsed: '{left}'"))
        }
    }
}

/// How long the string in quotes is with which `text` begins.
fn quoted(text: &str) -> Option<usize> {
    let mut escaped = true;
    text.bytes()
        .position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })
        .map(|at| at + 1)
}
