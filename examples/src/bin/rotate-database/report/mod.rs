//! The timeline as one self-contained HTML file: nothing in it is loaded from anywhere.

use std::fmt::Write as _;

use crate::progress::{grouped, millis};
use crate::run::Record;
use crate::summary::Summary;
use crate::timeline::{Life, Moment, Step};

mod chart;
mod scale;

/// More rows than this are not listed; the chart has them all.
const MAX_ROWS: usize = 200;

/// The whole page. `date` is shown as it is.
pub(crate) fn page(summary: &Summary, record: &Record, date: &str) -> String {
    let verdict = escape(&summary.verdict());
    let mood = if summary.passed() { "good" } else { "bad" };
    let mut body = String::new();
    body.push_str(&tiles(summary));
    body.push_str(&figure(summary, record));
    body.push_str(&generations(record));
    body.push_str(&trouble(record));
    let setting = escape(&format!(
        "{} pool of {} connections, {} tasks, one query in twenty takes 800 ms, leases of {} s, {} servers, {:.1} s, {date}",
        summary.pool, summary.pool_size, summary.tasks, summary.lease_ttl_s, summary.mode, summary.seconds,
    ));
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{verdict}</title>
<style>{style}</style>
</head>
<body>
<main>
<header>
<h1 class="{mood}">{verdict}</h1>
<p class="muted">{setting}</p>
</header>
{body}
</main>
<div id="tip" role="status" hidden></div>
<script>{script}</script>
</body>
</html>
"#,
        style = include_str!("page.css"),
        script = include_str!("page.js"),
    )
}

fn tiles(summary: &Summary) -> String {
    let time = |value: Option<u64>| value.map_or("–".to_owned(), millis);
    let ratio = summary.p99_ratio.map_or(String::new(), |ratio| format!("{ratio:.2} × static"));
    let cpu = summary.cpu_ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2} ×"));
    let overlap = summary.min_overlap_ms.map_or("–".to_owned(), |overlap| format!("{overlap} ms"));
    let entry = |name: &str, value: &str, note: &str| {
        let (name, value, note) = (escape(name), escape(value), escape(note));
        format!("<div class=\"tile\"><dt>{name}</dt><dd>{value}</dd><dd class=\"muted\">{note}</dd></div>\n")
    };
    let tiles = [
        entry("Rotations", &summary.rotations.to_string(), "old user out, new user in"),
        entry("Failed queries", &grouped(summary.failed), &format!("of {}", grouped(summary.queries))),
        entry("p99 near a swap", &time(summary.p99_near_rotation_us), &ratio),
        entry("p99 static", &time(summary.p99_static_us), "a credential that never changes"),
        entry("p50, p99 overall", &time(summary.p50_us), &time(summary.p99_us)),
        entry("CPU", &cpu, "of static, this process"),
        entry("Shortest overlap", &overlap, "both users good"),
        entry("Old users left", &summary.old_users_left.to_string(), "after their deadline"),
    ];
    format!("<dl class=\"tiles\">\n{}</dl>\n", tiles.concat())
}

fn figure(summary: &Summary, record: &Record) -> String {
    let swaps: Vec<String> =
        record.swaps().iter().take(20).map(|swap| format!("{:.1} s", swap.as_secs_f64())).collect();
    let more = record.swaps().len().saturating_sub(20);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = escape(&format!(
        "In {:.1} seconds the credential was replaced {} times, at {}{more}. {} queries were sent, {} of them to a \
         database whose credential never changes; {} failed.",
        summary.seconds,
        summary.rotations,
        if swaps.is_empty() { "no time".to_owned() } else { swaps.join(", ") },
        grouped(summary.queries),
        grouped(summary.queries_static),
        grouped(summary.failed),
    ));
    format!(
        r#"<figure>
<ul class="legend" aria-hidden="true">
<li><i class="key rotating"></i>load on the rotating credential</li>
<li><i class="key fixed"></i>load on the static credential</li>
<li><i class="key failed"></i>failed queries</li>
<li><i class="line p99"></i>p99</li>
<li><i class="line p50"></i>p50</li>
<li><i class="line swap"></i>swap</li>
<li><i class="key warming"></i>warming</li>
<li><i class="key draining"></i>draining</li>
<li><i class="mark revoked"></i>revoked</li>
</ul>
<div class="scroll">{chart}</div>
<figcaption>{text}</figcaption>
</figure>
"#,
        chart = chart::svg(record),
    )
}

fn generations(record: &Record) -> String {
    let mut rows = String::new();
    for life in record.timeline.lives.iter().take(MAX_ROWS) {
        rows.push_str(&row(life));
    }
    let hidden = record.timeline.lives.len().saturating_sub(MAX_ROWS);
    let note = if hidden > 0 {
        format!("<p class=\"muted\">{hidden} more are not listed.</p>")
    } else {
        String::new()
    };
    format!(
        r#"<section>
<h2>Generations</h2>
<div class="scroll">
<table>
<thead><tr><th scope="col">#</th><th scope="col">User</th><th scope="col">Issued</th><th scope="col">In use</th>
<th scope="col">Replaced</th><th scope="col">Drained</th><th scope="col">Revoked</th><th scope="col">Own end</th>
<th scope="col">Overlap</th></tr></thead>
<tbody>
{rows}</tbody>
</table>
</div>
{note}
</section>
"#
    )
}

fn row(life: &Life) -> String {
    let at = |moment: Option<Moment>| {
        moment.map_or("–".to_owned(), |moment| format!("{:.3} s", moment.as_secs_f64()))
    };
    let overlap = life.overlap().map_or("–".to_owned(), |overlap| format!("{} ms", overlap.as_millis()));
    let ended = if life.ended.is_some() { " (ended in use)" } else { "" };
    let mut row =
        format!("<tr><th scope=\"row\">{}</th><td><code>{}</code></td>", life.generation, escape(&life.user));
    for cell in [
        at(life.issued),
        at(life.published),
        at(life.superseded),
        at(life.drained) + ended,
        at(life.revoked),
        at(life.deadline),
        overlap,
    ] {
        // Writing to a string cannot fail.
        write!(row, "<td>{cell}</td>").ok();
    }
    row + "</tr>\n"
}

fn trouble(record: &Record) -> String {
    let mut items = String::new();
    for (text, count) in &record.failures {
        writeln!(items, "<li>{} × {}</li>", grouped(*count), escape(text)).ok();
    }
    for entry in &record.timeline.entries {
        if let Step::Failed { why } | Step::Ended { why } = &entry.step {
            let at = entry.at.as_secs_f64();
            writeln!(items, "<li>{at:.3} s, generation {}: {}</li>", entry.generation, escape(why)).ok();
        }
    }
    if items.is_empty() {
        return String::new();
    }
    format!("<section>\n<h2>Failures</h2>\n<ul>\n{items}</ul>\n</section>\n")
}

/// Text for HTML, in elements and in attributes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Failure;
    use crate::ledger::{Booking, Figures, Ledger};
    use crate::options::Options;
    use crate::slices::Cost;
    use crate::timeline::tests::{ms, two_rotations};
    use crate::timeline::{Arm, Entry};
    use clap::Parser;

    /// A run of seven seconds with a load that has some shape, and one failure if asked for.
    fn record(failure: Option<&str>) -> Record {
        let mut timeline = two_rotations();
        let ledger = Ledger::new(1);
        for at in (0..7_000u64).step_by(4) {
            let arm = if matches!(at, 4_000..5_000 | 1_000..2_000) { Arm::Fixed } else { Arm::Rotating };
            let wave = 700 + 40 * (at % 13) + if at % 300 == 0 { 2_500 } else { 0 };
            let to = ms(at) + std::time::Duration::from_micros(wave);
            ledger.book(0, Booking { from: ms(at), to, arm, long: false, failed: false }, None);
        }
        for (arm, from, to) in [
            (Arm::Rotating, 0, 1_000),
            (Arm::Fixed, 1_000, 2_000),
            (Arm::Rotating, 2_000, 4_000),
            (Arm::Fixed, 4_000, 5_000),
            (Arm::Rotating, 5_000, 7_000),
        ] {
            timeline.slice(arm, ms(from), ms(to));
        }
        if let Some(text) = failure {
            let failed =
                Booking { from: ms(3_100), to: ms(3_110), arm: Arm::Rotating, long: false, failed: true };
            ledger.book(0, failed, Some(Failure(text.to_owned())));
            let step = Step::Failed { why: "issue credential: <sealed>".to_owned() };
            timeline.note(Entry { at: ms(3_100), generation: 2, user: "v-2".to_owned(), step });
        }
        let mut figures = Figures::new();
        figures.finish(&ledger, timeline.swaps());
        Record {
            figures,
            queries: ledger.queries(),
            failed: ledger.failed(),
            lost: 0,
            failures: ledger.failures(),
            cost: Cost { rotating: ms(700), fixed: ms(270) },
            loaded: ms(7_000),
            length: ms(7_200),
            timeline,
        }
    }

    fn page_of(record: &Record) -> String {
        let options = Options::parse_from(["rotate-database", "--rotations", "2"]);
        page(&Summary::new(&options, record, 0), record, "2026-01-02 03:04 UTC")
    }

    #[tokio::test]
    async fn the_page_tells_the_story_and_loads_nothing() {
        let page = page_of(&record(None));
        assert!(page.contains("2 rotations under 1,750 queries: no query failed, no old user is left."));
        for outside in ["http:", "https:", "//", "<link", "@import", "url(", " src="] {
            assert!(!page.contains(outside), "the page refers to the outside: {outside}");
        }
        assert_eq!(page.matches("class=\"swap\"").count(), 2);
        assert_eq!(page.matches("class=\"revoked\"").count(), 2);
        assert!(page.contains("replaced 2 times, at 3.0 s, 5.9 s"));
        assert!(!page.contains("<h2>Failures"));
    }

    #[tokio::test]
    async fn a_run_passes_only_without_failures_without_leftovers_and_with_all_its_rotations() {
        let (good, bad) = (record(None), record(Some("gone")));
        let judge = |rotations: &str, record: &Record, left: usize| {
            let options = Options::parse_from(["rotate-database", "--rotations", rotations]);
            Summary::new(&options, record, left).passed()
        };
        assert!(judge("2", &good, 0));
        assert!(!judge("2", &good, 1), "an old user was left");
        assert!(!judge("2", &bad, 0), "a query failed");
        assert!(!judge("3", &good, 0), "a rotation is missing");
    }

    #[tokio::test]
    async fn what_a_server_said_is_shown_as_text() {
        let page = page_of(&record(Some("<script>alert('x')</script>")));
        assert!(page.contains("1 query failed"));
        assert!(page.contains("1 × &lt;script&gt;alert(&#39;x&#39;)"));
        assert!(page.contains("issue credential: &lt;sealed&gt;"));
        assert_eq!(page.matches("<script>").count(), 1, "ours alone");
    }

    #[tokio::test]
    async fn a_run_without_anything_still_makes_a_page() {
        let mut empty = record(None);
        empty.timeline = crate::timeline::Timeline::new(tokio::time::Instant::now());
        empty.figures = Figures::new();
        (empty.loaded, empty.length) = (Moment::ZERO, Moment::ZERO);
        let page = page_of(&empty);
        assert!(page.contains("replaced 0 times, at no time"));
        assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
    }
}
