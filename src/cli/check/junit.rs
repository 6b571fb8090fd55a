//! A check as `JUnit` XML, in the form that GitHub actions, GitLab and Jenkins read: a test case for each outcome. There is no
//! standard; the schema of Jenkins' xUnit plugin (junit-10.xsd) is the strictest of what reads it. It knows no place of a test
//! case, so that the line of the budget stands in the text of a failure.

use std::fmt::Write as _;

use super::{Report, words};
use crate::insight::check::{Outcome, Status};

/// The whole report. Ends with a newline.
pub(super) fn document(report: &Report) -> String {
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"0\"",
        report.outcomes.len(),
        report.count(Status::Failed),
    );
    let skipped = report.count(Status::Skipped);
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(out, "<testsuites name=\"mcptop check\" {counts}>");
    let _ = writeln!(out, "  <testsuite name=\"{}\" {counts} skipped=\"{skipped}\">", escaped(&report.label));
    for outcome in &report.outcomes {
        case(&mut out, report, outcome);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(out: &mut String, report: &Report, outcome: &Outcome) {
    let subject = words::subject(&outcome.subject);
    let id = outcome.check.id();
    let named = outcome.budget.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    let _ = write!(
        out,
        "    <testcase classname=\"{}.{}\" name=\"{}\" time=\"0\"",
        escaped(&report.label),
        escaped(&subject),
        escaped(&format!("{id}{named}")),
    );
    let message = escaped(&words::sentence(outcome));
    let inner = match outcome.status {
        Status::Passed => {
            out.push_str("/>\n");
            return;
        }
        Status::Failed => {
            let place = report.place(outcome);
            let place = place.map(|(path, place)| format!("{}:{}: ", path.display(), place.line));
            let text = escaped(&format!("{}{}", place.unwrap_or_default(), outcome.check.help()));
            format!("<failure type=\"{id}\" message=\"{message}\">{text}</failure>")
        }
        Status::Skipped => format!("<skipped message=\"{message}\"/>"),
    };
    let _ = writeln!(out, ">{inner}</testcase>");
}

/// Text in XML 1.0: what has a meaning there is written otherwise, and what must not be there at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_must_not_hold_is_not_in_it() {
        assert_eq!(
            escaped("a<b> & \"c\"\u{1}\n\u{fffe}é"),
            "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd} \u{fffd}é"
        );
    }
}
