//! Figures that have no counterpart: a number, and what it should be.

/// A line of the table of `beside`, without a counterpart.
pub(crate) fn figure(what: &str, value: &str, target: &str, met: bool) {
    let verdict = if met { "met" } else { "missed" };
    println!("{what:<52} {value:>10} {:>18}   {target} {verdict}", "");
}
