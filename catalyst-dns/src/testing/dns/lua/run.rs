//! Runs a snippet, with a limit on what it does.

use std::cell::RefCell;
use std::rc::Rc;

use super::Fault;
use super::syntax::{Block, Expression, Statement};
use super::value::{Table, Value};

/// Steps of a snippet; PowerDNS stops after 1,000 instructions (`lua-records-exec-limit`), of which a step is
/// about a half.
const MAX_STEPS: u32 = 2_000;
/// The longest text that a snippet makes.
const MAX_TEXT: usize = 64 << 10;

/// The functions that snippets call.
pub(super) trait Functions {
    /// Whether there is a function of this name.
    fn has(&self, name: &str) -> bool;
    fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Fault>;
}

/// What the snippet returns.
pub(super) fn run(block: &Block, functions: &mut dyn Functions) -> Result<Value, Fault> {
    let mut run = Run { functions, locals: Vec::new(), steps: 0 };
    Ok(run.block(block)?.unwrap_or(Value::Nil))
}

struct Run<'a> {
    functions: &'a mut dyn Functions,
    locals: Vec<(String, Value)>,
    steps: u32,
}

impl Run<'_> {
    fn step(&mut self) -> Result<(), Fault> {
        self.steps += 1;
        if self.steps > MAX_STEPS { Err("the snippet runs too long") } else { Ok(()) }
    }

    /// Runs the block; its locals end with it.
    fn block(&mut self, block: &Block) -> Result<Option<Value>, Fault> {
        let outer = self.locals.len();
        for statement in block {
            if let Some(value) = self.statement(statement)? {
                return Ok(Some(value));
            }
        }
        self.locals.truncate(outer);
        Ok(None)
    }

    fn statement(&mut self, statement: &Statement) -> Result<Option<Value>, Fault> {
        self.step()?;
        match statement {
            Statement::Local(names, values) => {
                let values = values.iter().map(|value| self.value(value)).collect::<Result<Vec<_>, _>>()?;
                let values = values.into_iter().chain(std::iter::repeat(Value::Nil));
                self.locals.extend(names.iter().cloned().zip(values));
            }
            Statement::Assign(place, value) => {
                let value = self.value(value)?;
                self.assign(place, value)?;
            }
            Statement::Call(call) => {
                self.value(call)?;
            }
            Statement::If(branches, otherwise) => {
                for (condition, block) in branches {
                    if self.value(condition)?.is_true() {
                        return self.block(block);
                    }
                }
                return self.block(otherwise);
            }
            Statement::ForIn(names, table, block) => return self.each(names, table, block),
            Statement::Do(block) => return self.block(block),
            Statement::Return(value) => {
                return value.as_ref().map_or(Ok(Value::Nil), |value| self.value(value)).map(Some);
            }
        }
        Ok(None)
    }

    /// `ipairs` and `pairs` give the table itself; the loop goes over its list.
    fn each(&mut self, names: &[String], table: &Expression, block: &Block) -> Result<Option<Value>, Fault> {
        let items = self.value(table)?.items().ok_or("only tables are looped over")?;
        for (index, item) in (1_u32..).zip(items) {
            self.step()?;
            let outer = self.locals.len();
            let values = [Value::Number(index.into()), item].into_iter().chain(std::iter::repeat(Value::Nil));
            self.locals.extend(names.iter().cloned().zip(values));
            if let Some(value) = self.block(block)? {
                return Ok(Some(value));
            }
            self.locals.truncate(outer);
        }
        Ok(None)
    }

    fn assign(&mut self, place: &Expression, value: Value) -> Result<(), Fault> {
        match place {
            Expression::Name(name) => {
                let local = self.locals.iter_mut().rev().find(|(there, _)| there == name);
                // A global would outlive the question in the real server.
                local.map(|(_, there)| *there = value).ok_or("the fake keeps no global variables")
            }
            Expression::Index(table, key) => {
                let (table, key) = (self.value(table)?, self.value(key)?);
                match table {
                    Value::Table(table) => {
                        table.borrow_mut().set(key, value);
                        Ok(())
                    }
                    _ => Err("only tables have fields"),
                }
            }
            _ => Err("nothing can be assigned to that"),
        }
    }

    fn value(&mut self, expression: &Expression) -> Result<Value, Fault> {
        self.step()?;
        Ok(match expression {
            Expression::Nil => Value::Nil,
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Number(number) => Value::Number(*number),
            Expression::Text(text) => Value::text(text),
            Expression::Name(name) => self.named(name),
            Expression::Index(table, key) => self.index(table, key)?,
            Expression::Call(function, arguments) => {
                let Value::Function(function) = self.value(function)? else {
                    return Err("that is no function");
                };
                let arguments =
                    arguments.iter().map(|argument| self.value(argument)).collect::<Result<Vec<_>, _>>()?;
                match &*function {
                    "ipairs" | "pairs" => arguments.into_iter().next().unwrap_or(Value::Nil),
                    name => self.functions.call(name, &arguments)?,
                }
            }
            Expression::Table(fields) => self.table(fields)?,
            Expression::Unary(operator, inner) => {
                let inner = self.value(inner)?;
                unary(operator, &inner)?
            }
            Expression::Binary(operator, left, right) => self.binary(operator, left, right)?,
        })
    }

    fn named(&self, name: &str) -> Value {
        let local = self.locals.iter().rev().find(|(there, _)| there == name);
        match local {
            Some((_, value)) => value.clone(),
            None if self.functions.has(name) || matches!(name, "ipairs" | "pairs") => {
                Value::Function(name.into())
            }
            None => Value::Nil,
        }
    }

    fn index(&mut self, table: &Expression, key: &Expression) -> Result<Value, Fault> {
        // The one library that texts are built with.
        let library = matches!(table, Expression::Name(name) if name == "string");
        if library && matches!(key, Expression::Text(key) if key == b"char") {
            return Ok(Value::Function("string.char".into()));
        }
        match (self.value(table)?, self.value(key)?) {
            (Value::Table(table), key) => Ok(table.borrow().get(&key)),
            _ => Err("only tables have fields"),
        }
    }

    fn table(&mut self, fields: &[(Option<Expression>, Expression)]) -> Result<Value, Fault> {
        let mut table = Table::default();
        for (key, value) in fields {
            let key = key.as_ref().map(|key| self.value(key)).transpose()?;
            let value = self.value(value)?;
            match key {
                Some(key) => table.set(key, value),
                None => table.list.push(value),
            }
        }
        Ok(Value::Table(Rc::new(RefCell::new(table))))
    }

    fn binary(&mut self, operator: &str, left: &Expression, right: &Expression) -> Result<Value, Fault> {
        let left = self.value(left)?;
        match operator {
            "and" if !left.is_true() => return Ok(left),
            "or" if left.is_true() => return Ok(left),
            _ => {}
        }
        let right = self.value(right)?;
        Ok(match operator {
            "and" | "or" => right,
            "==" => Value::Bool(left == right),
            "~=" => Value::Bool(left != right),
            ".." => {
                let joined = left.to_text().zip(right.to_text()).map(|(left, right)| left + &right);
                Value::text(joined.filter(|text| text.len() <= MAX_TEXT).ok_or("only texts are joined")?)
            }
            _ => calculate(operator, &left, &right)?,
        })
    }
}

fn unary(operator: &str, inner: &Value) -> Result<Value, Fault> {
    match (operator, inner) {
        ("not", inner) => Ok(Value::Bool(!inner.is_true())),
        ("-", inner) => {
            inner.to_number().map(|number| Value::Number(-number)).ok_or("only numbers have a sign")
        }
        (_, Value::Text(text)) => Ok(length(text.len())),
        (_, Value::Table(table)) => Ok(length(table.borrow().list.len())),
        _ => Err("only texts and tables have a length"),
    }
}

fn length(length: usize) -> Value {
    Value::Number(u32::try_from(length).unwrap_or(u32::MAX).into())
}

fn calculate(operator: &str, left: &Value, right: &Value) -> Result<Value, Fault> {
    let (left, right) = left.to_number().zip(right.to_number()).ok_or("only numbers are calculated with")?;
    Ok(match operator {
        "<" => Value::Bool(left < right),
        ">" => Value::Bool(left > right),
        "<=" => Value::Bool(left <= right),
        ">=" => Value::Bool(left >= right),
        "+" => Value::Number(left + right),
        "-" => Value::Number(left - right),
        "*" => Value::Number(left * right),
        "/" => Value::Number(left / right),
        _ => Value::Number(left.rem_euclid(right)),
    })
}
