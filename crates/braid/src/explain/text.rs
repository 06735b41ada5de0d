use super::telling::{Moment, Telling, stamp};
use crate::paint::{Paint, wrap};
use crate::wording::minutes;

/// Where the text of a moment begins: behind date, time and number.
const STORY: usize = 22;

/// The story for people.
pub(super) fn written(telling: &Telling, paint: Paint) -> String {
    let mut lines = head(telling, paint);
    lines.push(String::new());
    lines.extend(telling.moments.iter().flat_map(|moment| moment_lines(moment, paint)));
    let parts = [
        ("The way from host to host", &telling.lateral_movement),
        ("Floods", &telling.floods),
        ("Context, which joined nothing", &telling.context),
        ("The score", &telling.score_parts),
    ];
    for (name, sentences) in parts {
        if !sentences.is_empty() {
            lines.extend([String::new(), paint.bold(name)]);
            lines.extend(sentences.iter().flat_map(|sentence| hung("  ", "    ", sentence, paint)));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn head(telling: &Telling, paint: Paint) -> Vec<String> {
    let mut lines: Vec<String> =
        wrap(&telling.title, paint.width).iter().map(|line| paint.bold(line)).collect();
    let severity = paint.severity(&telling.severity, telling.severity.as_str());
    let lasts = minutes(telling.last_activity.since(telling.first_activity));
    let alerts = if telling.alerts == 1 { "1 alert".into() } else { format!("{} alerts", telling.alerts) };
    let (score, status) = (telling.score, &telling.status);
    let times = format!("from {} on, {lasts}", stamp(telling.first_activity));
    lines.push(format!("{severity} · score {score:.1} · {status} · {alerts} · {times}"));
    lines.push(paint.dim(&format!("incident {} of {}", telling.incident, telling.tenant)));
    lines.extend(telling.facts.iter().flat_map(|fact| hung("", "  ", fact, paint)));
    lines
}

fn moment_lines(moment: &Moment, paint: Paint) -> Vec<String> {
    let number = moment.number.map_or_else(|| "·".to_owned(), |number| number.to_string());
    let lead = format!("{} {number:>4} ", stamp(moment.at));
    let mut what = moment.what.clone();
    if let (Some(severity), Some(product)) = (&moment.severity, &moment.product) {
        what.push_str(&format!(" ({severity}, {product})"));
    }
    let blank = " ".repeat(STORY);
    let mut lines = hung(&lead, &blank, &what, paint);
    let hanging = format!("{blank}  ");
    lines.extend(moment.known.iter().flat_map(|known| hung(&blank, &hanging, known, paint)));
    let why = moment.why.iter().flat_map(|why| hung(&blank, &hanging, why, paint));
    lines.extend(why.map(|line| paint.dim(&line)));
    let near = moment.near.iter().flat_map(|near| hung(&blank, &hanging, near, paint));
    lines.extend(near.map(|line| paint.notable(&line)));
    lines
}

/// A sentence behind a lead, its further lines behind another.
fn hung(lead: &str, further: &str, sentence: &str, paint: Paint) -> Vec<String> {
    let width = paint.width.saturating_sub(further.chars().count().max(lead.chars().count()));
    let lines = wrap(sentence, width);
    let with = |(place, line): (usize, &String)| format!("{}{line}", if place == 0 { lead } else { further });
    lines.iter().enumerate().map(with).collect()
}
