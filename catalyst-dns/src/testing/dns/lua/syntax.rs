//! The part of Lua that snippets are written in: locals, assignments, `if`, `for`, `return`, and expressions.

use super::Fault;
use super::token::{Token, tokens};

/// How deep brackets and blocks may nest.
const MAX_DEPTH: u32 = 40;

#[derive(Debug)]
pub(super) enum Statement {
    Local(Vec<String>, Vec<Expression>),
    Assign(Expression, Expression),
    Call(Expression),
    If(Vec<(Expression, Block)>, Block),
    /// Over the pairs of a table: `for i, x in ipairs(t)`.
    ForIn(Vec<String>, Expression, Block),
    Do(Block),
    Return(Option<Expression>),
}

pub(super) type Block = Vec<Statement>;

#[derive(Debug)]
pub(super) enum Expression {
    Nil,
    Bool(bool),
    Number(f64),
    Text(Vec<u8>),
    Name(String),
    Index(Box<Expression>, Box<Expression>),
    Call(Box<Expression>, Vec<Expression>),
    Table(Vec<(Option<Expression>, Expression)>),
    Unary(&'static str, Box<Expression>),
    Binary(&'static str, Box<Expression>, Box<Expression>),
}

/// Reads a snippet: an expression, or statements after a semicolon.
pub(super) fn parse(snippet: &str) -> Result<Block, Fault> {
    let code = snippet.strip_prefix(';').map_or_else(|| format!("return {snippet}"), str::to_owned);
    let mut parser = Parser { tokens: tokens(&code)?, at: 0, depth: 0 };
    let block = parser.block()?;
    if parser.peek().is_some() { Err("the snippet goes on after its end") } else { Ok(block) }
}

/// Binary operators by how strongly they bind, the weakest first (Lua 5.1 section 2.5.6).
const LEVELS: [&[&str]; 6] =
    [&["or"], &["and"], &["<", ">", "<=", ">=", "~=", "=="], &[".."], &["+", "-"], &["*", "/", "%"]];

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn eat(&mut self, mark: &'static str) -> bool {
        let there = self.peek() == Some(&Token::Mark(mark));
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, mark: &'static str) -> Result<(), Fault> {
        if self.eat(mark) { Ok(()) } else { Err("a bracket or keyword is missing") }
    }

    fn name(&mut self) -> Result<String, Fault> {
        match self.tokens.get(self.at) {
            Some(Token::Name(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err("a name is missing"),
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.depth += 1;
        let read = if self.depth > MAX_DEPTH { Err("the snippet nests too deeply") } else { read(self) };
        self.depth -= 1;
        read
    }

    fn block(&mut self) -> Result<Block, Fault> {
        let mut block = Vec::new();
        loop {
            while self.eat(";") {}
            match self.peek() {
                None | Some(Token::Mark("end" | "else" | "elseif")) => return Ok(block),
                Some(Token::Mark("return")) => {
                    self.at += 1;
                    let ends =
                        matches!(self.peek(), None | Some(Token::Mark("end" | "else" | "elseif" | ";")));
                    let value = if ends { None } else { Some(self.expression(0)?) };
                    block.push(Statement::Return(value));
                    self.eat(";");
                    return Ok(block);
                }
                Some(_) => block.push(self.deeper(Self::statement)?),
            }
        }
    }

    fn statement(&mut self) -> Result<Statement, Fault> {
        if self.eat("local") {
            let names = self.names()?;
            let values = if self.eat("=") { self.expressions()? } else { Vec::new() };
            return Ok(Statement::Local(names, values));
        }
        if self.eat("do") {
            let block = self.block()?;
            return self.expect("end").map(|()| Statement::Do(block));
        }
        if self.eat("for") {
            let names = self.names()?;
            self.expect("in")?;
            let table = self.expression(0)?;
            self.expect("do")?;
            let block = self.block()?;
            return self.expect("end").map(|()| Statement::ForIn(names, table, block));
        }
        if self.eat("if") {
            return self.conditions();
        }
        let place = self.postfix()?;
        match place {
            Expression::Name(_) | Expression::Index(..) => {
                self.expect("=")?;
                Ok(Statement::Assign(place, self.expression(0)?))
            }
            Expression::Call(..) => Ok(Statement::Call(place)),
            _ => Err("an expression is no statement"),
        }
    }

    fn conditions(&mut self) -> Result<Statement, Fault> {
        let mut branches = Vec::new();
        loop {
            let condition = self.expression(0)?;
            self.expect("then")?;
            branches.push((condition, self.block()?));
            if !self.eat("elseif") {
                break;
            }
        }
        let otherwise = if self.eat("else") { self.block()? } else { Vec::new() };
        self.expect("end").map(|()| Statement::If(branches, otherwise))
    }

    fn names(&mut self) -> Result<Vec<String>, Fault> {
        let mut names = vec![self.name()?];
        while self.eat(",") {
            names.push(self.name()?);
        }
        Ok(names)
    }

    fn expressions(&mut self) -> Result<Vec<Expression>, Fault> {
        let mut list = vec![self.expression(0)?];
        while self.eat(",") {
            list.push(self.expression(0)?);
        }
        Ok(list)
    }

    fn expression(&mut self, level: usize) -> Result<Expression, Fault> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.deeper(|parser| parser.expression(level + 1))?;
        while let Some(operator) = operators.iter().find(|operator| self.eat(operator)) {
            // `..` binds to the right, which matters to nobody: text joins the same either way.
            let right = self.deeper(|parser| parser.expression(level + 1))?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, Fault> {
        match ["not", "#", "-"].into_iter().find(|operator| self.eat(operator)) {
            Some(operator) => {
                let inner = self.deeper(Self::unary)?;
                Ok(Expression::Unary(operator, Box::new(inner)))
            }
            None => self.postfix(),
        }
    }

    fn postfix(&mut self) -> Result<Expression, Fault> {
        let mut expression = self.primary()?;
        loop {
            expression = if self.eat(".") {
                let key = Expression::Text(self.name()?.into_bytes());
                Expression::Index(Box::new(expression), Box::new(key))
            } else if self.eat("[") {
                let key = self.deeper(|parser| parser.expression(0))?;
                self.expect("]")?;
                Expression::Index(Box::new(expression), Box::new(key))
            } else if self.eat("(") {
                let arguments = if self.eat(")") {
                    Vec::new()
                } else {
                    self.deeper(Self::expressions).and_then(|list| self.expect(")").map(|()| list))?
                };
                Expression::Call(Box::new(expression), arguments)
            } else {
                return Ok(expression);
            };
        }
    }

    fn primary(&mut self) -> Result<Expression, Fault> {
        let token = self.peek().cloned().ok_or("an expression is missing")?;
        self.at += 1;
        Ok(match token {
            Token::Name(name) => Expression::Name(name),
            Token::Number(number) => Expression::Number(number),
            Token::Text(text) => Expression::Text(text),
            Token::Mark("nil") => Expression::Nil,
            Token::Mark("true") => Expression::Bool(true),
            Token::Mark("false") => Expression::Bool(false),
            Token::Mark("(") => {
                let inner = self.deeper(|parser| parser.expression(0))?;
                self.expect(")")?;
                inner
            }
            Token::Mark("{") => self.deeper(Self::table)?,
            Token::Mark(_) => return Err("an expression cannot begin like this"),
        })
    }

    fn table(&mut self) -> Result<Expression, Fault> {
        let mut fields = Vec::new();
        while !self.eat("}") {
            let key = if self.eat("[") {
                let key = self.expression(0)?;
                self.expect("]")?;
                self.expect("=")?;
                Some(key)
            } else if self.tokens.get(self.at + 1) == Some(&Token::Mark("=")) {
                let key = Expression::Text(self.name()?.into_bytes());
                self.expect("=")?;
                Some(key)
            } else {
                None
            };
            fields.push((key, self.expression(0)?));
            if !self.eat(",") && !self.eat(";") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Expression::Table(fields))
    }
}
