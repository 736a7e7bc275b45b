//! Our client beside bare `reqwest`, `vaultrs` and the crate `openbao`: the same calls to the same server, in turn in
//! one run, so that whatever else the machine does meets all alike.
//!
//! Reads `BAO_ADDR`, `BAO_TOKEN` and `BAO_CACERT` as `cargo xtask servers up` prints them; makes a secret, a key of
//! the transit engine and, where `DATABASE_URL` stands, database users, and removes what it can.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark: it stops on failure and prints its figures")]

mod bare;
mod rival;
mod stage;
mod turn;

use stage::Stage;
use turn::Contest;

fn main() {
    let stage = Stage::from_environment();
    stage.prepare();
    let contest = |rounds: usize| Contest::new(&stage, rounds);
    println!("{:<26} {:>12} {:>9} {:>12} {:>9}", "call", "median", "to bare", "allocations", "to bare");
    contest(5_000).run("read a secret", &stage.reads());
    contest(3_000).run("sign by transit", &stage.signs());
    if stage.has_database() {
        contest(300).run("mint a database user", &stage.mints());
    }
    stage.batch(1_000);
    stage.tidy();
}
