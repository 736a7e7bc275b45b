//! What the builder promises: snippets that mean what was built, whatever the texts in them.

mod lexer;
mod meaning;
mod server;
mod strategies;

use proptest::prelude::*;

use self::lexer::{Lexeme, evaluate, lex};
use self::strategies::{any_lua, any_text};
use super::*;
use crate::{LuaRecord, RecordData, RecordType};

proptest! {
    #[test]
    fn what_is_quoted_reads_back_to_the_same_octets(octets in proptest::collection::vec(any::<u8>(), 0..700)) {
        let quoted = quote(&octets);
        let tokens = lex(&quoted).unwrap();
        prop_assert_eq!(evaluate(&tokens), Some(octets));
        prop_assert!(quoted.bytes().all(|byte| matches!(byte, 0x20..=0x7e)), "{}", quoted);
        prop_assert!(!quoted.contains(['"', '\\']), "{}", quoted);
        let longest = tokens.iter().map(|token| match token { Lexeme::Text(text) => text.len(), _ => 0 }).max();
        prop_assert!(longest <= Some(250));
    }

    #[test]
    fn no_text_changes_the_structure_of_a_snippet(text in any_text()) {
        let structure = |text: &str| {
            let options = CheckOptions::new().string_match(text).unwrap().user_agent(text).unwrap();
            let check = HealthCheck::url("https://app.test/".parse().unwrap(), options).unwrap();
            let sets = AddressSets::by_priority([["192.0.2.1".parse().unwrap()], ["192.0.2.2".parse().unwrap()]]);
            let snippet = Lua::failover(check, sets.unwrap(), Selector::All).unwrap().snippet();
            let kinds: Vec<_> = lex(&snippet).unwrap().into_iter().map(kind_of).collect();
            collapsed(&kinds)
        };
        prop_assert_eq!(structure(&text), structure("ok"));
    }

    #[test]
    fn every_record_reads_back_to_what_was_built(lua in any_lua()) {
        let record = lua.record().unwrap();
        prop_assert_eq!(Lua::read(&record), Some(lua.clone()));
        for content in [record.to_string(), cut_elsewhere(&record)] {
            let again = RecordData::parse(RecordType::Lua, &content).unwrap();
            let RecordData::Lua(again) = again else { panic!("a LUA record") };
            prop_assert_eq!(Lua::read(&again), Some(lua.clone()), "{}", content);
        }
    }

    #[test]
    fn white_space_between_tokens_changes_nothing(lua in any_lua()) {
        let spaced = spread(&lua.snippet()).concat();
        let record = LuaRecord::from_snippet(lua.kind(), &spaced);
        prop_assume!(record.is_ok());
        prop_assert_eq!(Lua::read(&record.unwrap()), Some(lua));
    }

    #[test]
    fn every_snippet_is_lua_and_fits_into_the_strings_of_a_record(lua in any_lua()) {
        let snippet = lua.snippet();
        let tokens = lex(&snippet).unwrap();
        prop_assert!(matches!(tokens.last(), Some(Lexeme::Comment(mark)) if mark == "--[[catalyst:1]]"));
        let longest = super::token::tokens(&snippet).unwrap().into_iter().map(|token| match token {
            super::token::Token::Text(text) | super::token::Token::Comment(text) => text.len() + 6,
            super::token::Token::Word(text) | super::token::Token::Number(text) | super::token::Token::Mark(text) => text.len(),
        });
        prop_assert!(longest.max() <= Some(255));
        prop_assert!(!snippet.contains(['"', '\\']));
    }

    #[test]
    fn no_snippet_breaks_the_reader(snippet in "[ -~]{1,200}", kind in any::<bool>()) {
        let kind = if kind { RecordType::A } else { RecordType::Aaaa };
        let record = LuaRecord::from_snippet(kind, &snippet);
        prop_assert_eq!(record.ok().and_then(|record| Lua::read(&record)), None, "what we did not write is not ours");
    }

    #[test]
    fn a_snippet_that_somebody_edited_is_not_ours(lua in any_lua(), at in any::<proptest::sample::Index>(), to in "[ -~]") {
        let snippet = lua.snippet();
        let at = at.index(snippet.len());
        let edited = format!("{}{to}{}", &snippet[..at], &snippet[at + 1..]);
        let record = LuaRecord::from_snippet(lua.kind(), &edited);
        if let Some(read) = record.ok().and_then(|record| Lua::read(&record)) {
            // Where the edit makes another record of ours, it is that one which is read.
            let same = |text: &str| lex(text).unwrap();
            prop_assert_eq!(same(&read.snippet()), same(&edited.replace("--[[ ", "--[[").replace(" ]]", "]]")));
        }
    }
}

/// As somebody else may cut it: with white space at every cut.
fn cut_elsewhere(record: &LuaRecord) -> String {
    let (mut strings, mut string) = (Vec::new(), String::new());
    for token in spread(record.snippet()) {
        if string.len() + token.len() > 255 {
            strings.push(std::mem::take(&mut string));
        }
        string += &token;
    }
    strings.push(string);
    format!("{} \"{}\"", record.kind(), strings.join("\" \""))
}

fn kind_of(token: Lexeme) -> Lexeme {
    match token {
        Lexeme::Text(_) => Lexeme::Text(Vec::new()),
        other => other,
    }
}

/// A text may be one literal or several with `string.char` between them: as one.
fn collapsed(tokens: &[Lexeme]) -> Vec<Lexeme> {
    let operator = |text: &str| Lexeme::Operator(text.into());
    let mut out: Vec<Lexeme> = Vec::new();
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            Lexeme::Name(name) if name == "string" => {
                let end = rest.iter().position(|token| *token == operator(")")).unwrap();
                rest = &rest[end + 1..];
                push_text(&mut out);
            }
            Lexeme::Text(_) => push_text(&mut out),
            joined if *joined == operator("..") => {}
            other => out.push(other.clone()),
        }
    }
    out
}

fn push_text(out: &mut Vec<Lexeme>) {
    if !matches!(out.last(), Some(Lexeme::Text(_))) {
        out.push(Lexeme::Text(Vec::new()));
    }
}

/// The tokens of a snippet, with a space after each.
fn spread(snippet: &str) -> Vec<String> {
    use super::token::Token;
    let tokens = super::token::tokens(snippet).unwrap().into_iter().map(|token| match token {
        Token::Word(text) | Token::Number(text) | Token::Mark(text) => format!("{text} "),
        Token::Text(text) => format!("'{text}' "),
        Token::Comment(text) => format!("--[[{text}]] "),
    });
    tokens.collect()
}
