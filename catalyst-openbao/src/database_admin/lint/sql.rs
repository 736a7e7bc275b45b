//! A statement of SQL, cut into its parts.

use super::token::{Kind, Quoting, Token, tokens};

/// How deep bodies in bodies are looked into.
const MAX_DEPTH: usize = 4;

pub(super) struct Sql<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    /// Its words in large letters, those of bodies and of the texts that a body executes too, with `;` where a
    /// statement ends.
    words: Vec<String>,
}

impl<'a> Sql<'a> {
    pub(super) fn read(text: &'a str, quoting: Quoting) -> Self {
        let tokens = tokens(text, quoting);
        let mut words = Vec::new();
        gather(&tokens, quoting, 0, &mut words);
        Self { tokens, words }
    }

    /// Whether these words follow each other somewhere.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.find(words).is_some()
    }

    /// Where these words follow each other for the first time, counted in words.
    pub(super) fn find(&self, words: &[&str]) -> Option<usize> {
        self.words.windows(words.len()).position(|window| window == words)
    }

    /// The parts between semicolons, in words.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[String]> {
        self.words.split(|word| word == ";").filter(|part| !part.is_empty())
    }
}

fn gather(tokens: &[Token<'_>], quoting: Quoting, depth: usize, words: &mut Vec<String>) {
    for token in tokens {
        match token.kind {
            Kind::Word => words.push(token.text.to_uppercase()),
            Kind::Symbol if matches!(token.text, ";" | "*" | "." | "@") => words.push(token.text.to_owned()),
            Kind::Body | Kind::Text if depth < MAX_DEPTH && (token.kind == Kind::Body || depth > 0) => {
                words.push(";".to_owned());
                gather(&self::tokens(token.inner(), quoting), quoting, depth + 1, words);
                words.push(";".to_owned());
            }
            // What is quoted is no word, but stands where one would.
            Kind::Text | Kind::Name => words.push("''".to_owned()),
            _ => {}
        }
    }
}
