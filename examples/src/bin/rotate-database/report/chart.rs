//! Three panels over one axis of time: queries per second, latency, generations.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small counts of grid lines, and rates that are shown"
)]

use std::fmt::Write as _;

use super::escape;
use super::scale::{Column, columns, decade, lanes, nice};
use crate::ledger::Bucket;
use crate::progress::{grouped, millis};
use crate::run::Record;
use crate::timeline::{Arm, Life, Moment};

const WIDTH: f64 = 1_200.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 1_184.0;
const RATE: Panel = Panel { top: 28.0, bottom: 178.0 };
const LATENCY: Panel = Panel { top: 222.0, bottom: 382.0 };
const LANES: f64 = 426.0;
const LANE: f64 = 34.0;
/// From so many swaps on they are drawn more faintly.
const CROWD: usize = 40;

struct Panel {
    top: f64,
    bottom: f64,
}

/// The chart as an SVG element. It needs the page's style.
pub(super) fn svg(record: &Record) -> String {
    let lanes = lanes(&record.timeline.lives, record.length);
    let chart = Chart::new(record, lanes.iter().copied().max().map_or(1, |lane| lane + 1));
    let mut svg = format!(
        "<svg class=\"{crowd}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"group\" aria-label=\"Timeline of the run\">\n",
        height = chart.height,
        crowd = if record.swaps().len() > CROWD { "crowded" } else { "" },
    );
    for part in [
        chart.slices(),
        chart.rate(),
        chart.latency(),
        chart.axis(),
        chart.moments(),
        chart.lives(&lanes),
        chart.hits(),
    ] {
        svg.push_str(&part);
    }
    svg + "</svg>"
}

struct Chart<'a> {
    record: &'a Record,
    columns: Vec<Column>,
    /// Seconds.
    length: f64,
    height: f64,
    bottom: f64,
}

impl<'a> Chart<'a> {
    fn new(record: &'a Record, lanes: usize) -> Self {
        let bottom = LANES + LANE * lanes as f64;
        Self {
            record,
            columns: columns(&record.figures.buckets),
            length: record.length.as_secs_f64().max(0.1),
            height: bottom + 34.0,
            bottom,
        }
    }

    fn x(&self, seconds: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * (seconds / self.length).clamp(0.0, 1.0)
    }

    fn at(&self, moment: Moment) -> f64 {
        self.x(moment.as_secs_f64())
    }

    /// The stretches of the static credential, behind everything.
    fn slices(&self) -> String {
        let mut svg = String::from("<g class=\"slices\">\n");
        for slice in self.record.timeline.slices.iter().filter(|slice| slice.arm == Arm::Fixed) {
            let (from, to) = (self.at(slice.from), self.at(slice.to));
            rect(&mut svg, "slice", (from, RATE.top), (to - from, LATENCY.bottom - RATE.top));
        }
        svg + "</g>\n"
    }

    fn rate(&self) -> String {
        let most =
            self.columns.iter().map(|column| column.rate(column.bucket.rotating + column.bucket.fixed));
        let (top, step) = nice(most.fold(1.0, f64::max));
        let y = |rate: f64| RATE.bottom - (RATE.bottom - RATE.top) * rate / top;
        let mut svg = title("Queries per second", RATE.top);
        for line in 0..=(top / step).round() as u32 {
            let rate = f64::from(line) * step;
            grid(&mut svg, y(rate), &grouped(rate as u64));
        }
        for column in &self.columns {
            let (from, width) = (self.x(column.from), self.x(column.to) - self.x(column.from));
            let mut base = 0.0;
            let bucket = &column.bucket;
            let ours = bucket.rotating;
            for (class, queries) in [("rotating", ours), ("fixed", bucket.fixed)] {
                let rate = column.rate(queries);
                if queries > 0 {
                    rect(
                        &mut svg,
                        class,
                        (from, y(base + rate)),
                        ((width - 0.4).max(0.4), y(base) - y(base + rate)),
                    );
                }
                base += rate;
            }
            if bucket.failed > 0 {
                let height = (y(0.0) - y(column.rate(bucket.failed))).max(4.0);
                rect(&mut svg, "failed", (from, RATE.bottom - height), (width.max(2.0), height));
            }
        }
        svg
    }

    /// On a logarithmic scale, whole powers of ten.
    fn latency(&self) -> String {
        let values =
            || self.columns.iter().flat_map(|column| [column.bucket.p50, column.bucket.p99]).flatten();
        let low = values().min().map_or(2.0, |low| f64::from(low.max(1)).log10().floor());
        let high = values().max().map_or(4.0, |high| f64::from(high.max(1)).log10().ceil()).max(low + 1.0);
        let y = |micros: f64| {
            let share = (micros.max(1.0).log10() - low) / (high - low);
            LATENCY.bottom - (LATENCY.bottom - LATENCY.top) * share.clamp(0.0, 1.0)
        };
        let mut svg = title("Latency of short queries", LATENCY.top);
        for power in low as i32..=high as i32 {
            let micros = 10f64.powi(power);
            grid(&mut svg, y(micros), &decade(power));
        }
        let of = |pick: fn(&Bucket) -> Option<u32>| {
            let mut path = String::new();
            let mut pen = 'M';
            for column in &self.columns {
                match pick(&column.bucket) {
                    Some(micros) => {
                        let middle = self.x(f64::midpoint(column.from, column.to));
                        // A line of no length is a dot, for a point without neighbours.
                        let dot = if pen == 'M' { "h0" } else { "" };
                        write!(path, "{pen}{middle:.1} {:.1}{dot}", y(f64::from(micros))).ok();
                        pen = 'L';
                    }
                    None => pen = 'M',
                }
            }
            path
        };
        writeln!(svg, "<path class=\"p50\" d=\"{}\"/>", of(|bucket| bucket.p50)).ok();
        writeln!(svg, "<path class=\"p99\" d=\"{}\"/>", of(|bucket| bucket.p99)).ok();
        svg
    }

    fn axis(&self) -> String {
        let (top, step) = nice(self.length);
        let mut svg = String::from("<g class=\"axis\">\n");
        for tick in 0..=(top / step).round() as u32 {
            let seconds = f64::from(tick) * step;
            if seconds <= self.length {
                let (x, y) = (self.x(seconds), self.bottom + 20.0);
                let digits = usize::from(step < 1.0);
                writeln!(
                    svg,
                    "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{seconds:.digits$} s</text>"
                )
                .ok();
            }
        }
        svg + "</g>\n"
    }

    /// Swaps run through all panels; a revocation is marked where it belongs.
    fn moments(&self) -> String {
        let mut svg = String::new();
        for swap in self.record.swaps() {
            let x = self.at(*swap);
            writeln!(svg, "<path class=\"swap\" d=\"M{x:.1} {}V{:.1}\"/>", RATE.top - 6.0, self.bottom).ok();
        }
        svg
    }

    fn lives(&self, lanes: &[usize]) -> String {
        let mut svg = title("Generations", LANES - 4.0);
        for (life, lane) in self.record.timeline.lives.iter().zip(lanes) {
            let y = LANES + LANE * *lane as f64 + 5.0;
            let tip = escape(&story(life));
            writeln!(
                svg,
                "<g class=\"life\" tabindex=\"0\" role=\"img\" aria-label=\"{tip}\" data-tip=\"{tip}\">"
            )
            .ok();
            self.bar(&mut svg, life, y);
            svg.push_str("</g>\n");
        }
        svg
    }

    fn bar(&self, svg: &mut String, life: &Life, y: f64) {
        let end = life.end(self.record.length);
        let used = life.published.unwrap_or(end);
        let old = life.superseded.unwrap_or(end).max(used);
        let idle = life.drained.or(life.ended).unwrap_or(end).max(old);
        for (class, from, to) in [
            ("warming", life.begin(), used),
            ("in-use", used, old),
            ("draining", old, idle),
            ("idle", idle, end),
        ] {
            let (from, to) = (self.at(from), self.at(to));
            if to > from {
                rect(svg, class, (from, y), (to - from, LANE - 12.0));
            }
        }
        let (from, to) = (self.at(used), self.at(old));
        let number = life.generation.to_string();
        if to - from > 9.0 * number.len() as f64 + 6.0 {
            let (x, y) = (f64::midpoint(from, to), y + (LANE - 12.0) / 2.0 + 4.5);
            writeln!(
                svg,
                "<text class=\"number\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{number}</text>"
            )
            .ok();
        }
        if let Some(revoked) = life.revoked {
            let (x, middle) = (self.at(revoked), y + (LANE - 12.0) / 2.0);
            let (left, right, up, down) = (x - 4.0, x + 4.0, middle - 4.0, middle + 4.0);
            let cross =
                format!("M{left:.1} {up:.1}L{right:.1} {down:.1}M{right:.1} {up:.1}L{left:.1} {down:.1}");
            writeln!(svg, "<path class=\"revoked\" d=\"{cross}\"/>").ok();
        }
    }

    /// What the pointer finds over the two upper panels.
    fn hits(&self) -> String {
        let mut svg = String::from("<g class=\"hits\">\n");
        for column in &self.columns {
            let bucket = &column.bucket;
            let mut tip = format!(
                "{:.1} s · {} queries/s",
                column.from,
                grouped(column.rate(bucket.rotating + bucket.fixed).round() as u64)
            );
            if bucket.fixed > bucket.rotating {
                tip.push_str(" on the static credential");
            }
            if let Some((p50, p99)) = bucket.p50.zip(bucket.p99) {
                write!(tip, " · p50 {} · p99 {}", millis(p50.into()), millis(p99.into())).ok();
            }
            if bucket.failed > 0 {
                write!(tip, " · {} failed", bucket.failed).ok();
            }
            let (x, width) = (self.x(column.from), self.x(column.to) - self.x(column.from));
            let height = LATENCY.bottom - RATE.top;
            writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"{height}\" data-tip=\"{}\"/>",
                RATE.top,
                escape(&tip)
            )
            .ok();
        }
        svg + "</g>\n"
    }
}

/// What a bar tells whoever cannot see it.
fn story(life: &Life) -> String {
    let at = |moment: Moment| format!("{:.2} s", moment.as_secs_f64());
    let mut text = format!("Generation {}, {}.", life.generation, life.user);
    for (what, moment) in [
        ("Issued", life.issued),
        ("in use from", life.published),
        ("replaced", life.superseded),
        ("drained", life.drained),
        ("ended in use", life.ended),
        ("revoked", life.revoked),
    ] {
        if let Some(moment) = moment {
            write!(text, " {what} {};", at(moment)).ok();
        }
    }
    if let Some(deadline) = life.deadline {
        write!(text, " its own end: {}", at(deadline)).ok();
    }
    text
}

fn title(text: &str, top: f64) -> String {
    format!("<text class=\"title\" x=\"{LEFT}\" y=\"{}\">{text}</text>\n", top - 10.0)
}

fn grid(svg: &mut String, y: f64, label: &str) {
    let (right, text) = (LEFT - 8.0, y + 4.0);
    // Writing to a string cannot fail, here and above.
    write!(svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>").ok();
    writeln!(svg, "<text class=\"label\" x=\"{right}\" y=\"{text:.1}\" text-anchor=\"end\">{label}</text>")
        .ok();
}

fn rect(svg: &mut String, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
    writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
    )
    .ok();
}
