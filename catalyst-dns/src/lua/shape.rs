//! The code of snippets: fixed, with holes for values. Nothing from outside is ever code.

use super::token::{Token, tokens};
use super::value::{Cursor, Value};
use super::{Probe, Selector, WeightedSelector};

/// What a snippet of ours ends with. The version says how the snippet is read back.
pub(super) const MARK: &str = "--[[catalyst:1]]";
const MARK_TEXT: &str = "catalyst:1";

/// Whether addresses are checked by URL or by port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Url,
    Port,
}

impl By {
    pub(super) fn of(probe: &Probe) -> Self {
        match probe {
            Probe::Url(_) => Self::Url,
            Probe::Port(_) => Self::Port,
        }
    }

    fn function(self) -> &'static str {
        match self {
            Self::Url => "ifurlup",
            Self::Port => "ifportup",
        }
    }
}

/// One form of snippet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    IfUp(By),
    IfUrlExtUp,
    Failover(By, Selector),
    Weighted(By, WeightedSelector),
    Pick(Selector),
    PickWeighted(WeightedSelector),
    PickSelfWeighted,
}

impl Shape {
    /// Every form, to find the one that a snippet has.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let picks = Selector::ALL.into_iter().filter(|selector| *selector != Selector::Empty);
        let weighted = [WeightedSelector::Hashed, WeightedSelector::Random];
        let by = [By::Url, By::Port].into_iter().flat_map(move |by| {
            let failover = picks.clone().map(move |selector| Self::Failover(by, selector));
            let weighted = weighted.into_iter().map(move |selector| Self::Weighted(by, selector));
            [Self::IfUp(by)].into_iter().chain(failover).chain(weighted)
        });
        let picks = [Selector::Random, Selector::Hashed, Selector::PickClosest].into_iter().map(Self::Pick);
        let others = [Self::IfUrlExtUp, Self::PickSelfWeighted];
        by.chain(picks).chain(weighted.into_iter().map(Self::PickWeighted)).chain(others)
    }

    /// The code, with `?` where a value stands.
    ///
    /// Whether one address is up is told by the length of an answer: it stands twice in the list, and all that is up
    /// is selected, so that two come back; when nothing is up, the backup selector gives one. That holds for every
    /// version, where `backupSelector='empty'` is of 5.1 only.
    fn code(self) -> String {
        match self {
            Self::IfUp(by) => format!("{}(?,?,?)", by.function()),
            Self::IfUrlExtUp => "ifurlextup(?,?)".to_owned(),
            Self::Pick(selector) => format!("{}(?)", pick(selector)),
            Self::PickWeighted(selector) => format!("{}(?)", pick_weighted(selector)),
            Self::PickSelfWeighted => "pickselfweighted(?,?,?)".to_owned(),
            Self::Failover(by, selector) => format!(
                ";local t,o,s,r=?,?,? for _,a in ipairs(s) do local u={{}} for _,x in ipairs(a) do \
                 if #{}(t,{{x,x}},o)>1 then u[#u+1]=x end end if not r and #u>0 then r=u end end \
                 return {}(r or s[1])",
                by.function(),
                pick(selector)
            ),
            Self::Weighted(by, selector) => format!(
                ";local t,o,s=?,?,? local u={{}} for _,e in ipairs(s) do \
                 if #{}(t,{{e[2],e[2]}},o)>1 then u[#u+1]=e end end return {}(#u>0 and u or s)",
                by.function(),
                pick_weighted(selector)
            ),
        }
    }

    /// The snippet with `values` in its holes.
    pub(super) fn write(self, values: &[Value]) -> String {
        let mut snippet = String::new();
        let mut values = values.iter();
        for code in self.code().split_inclusive('?') {
            match code.strip_suffix('?').zip(values.next()) {
                Some((code, value)) => snippet.extend([code, &value.to_string()]),
                None => snippet.push_str(code),
            }
        }
        snippet + MARK
    }

    /// The values in the holes, if the tokens have this form.
    pub(super) fn read(self, snippet: &[Token<'_>]) -> Option<Vec<Value>> {
        let code = self.code();
        let (mut cursor, mut values) = (Cursor(snippet), Vec::new());
        for part in code.split_inclusive('?') {
            let (fixed, hole) = part.strip_suffix('?').map_or((part, false), |fixed| (fixed, true));
            for token in tokens(fixed)? {
                cursor.eat(token).then_some(())?;
            }
            if hole {
                values.push(cursor.value()?);
            }
        }
        cursor.0.is_empty().then_some(values)
    }
}

/// The tokens before the mark, if the snippet has it. White space in it comes from how servers join strings.
pub(super) fn unmarked<'a, 't>(tokens: &'t [Token<'a>]) -> Option<&'t [Token<'a>]> {
    match tokens.split_last()? {
        (Token::Comment(mark), code) => {
            mark.chars().filter(|c| *c != ' ').eq(MARK_TEXT.chars()).then_some(code)
        }
        _ => None,
    }
}

fn pick(selector: Selector) -> &'static str {
    match selector {
        Selector::All | Selector::Empty => "all",
        Selector::Random => "pickrandom",
        Selector::PickClosest => "pickclosest",
        Selector::Hashed => "pickhashed",
    }
}

fn pick_weighted(selector: WeightedSelector) -> &'static str {
    match selector {
        WeightedSelector::Hashed => "pickwhashed",
        WeightedSelector::Random => "pickwrandom",
    }
}
