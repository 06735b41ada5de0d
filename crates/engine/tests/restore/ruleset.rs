//! Rules for worlds that are played at random.

use braid_alert::{Phase, Span};
use braid_engine::{
    Correlation, Counted, Detection, Expression, Field, Match, Rule, RuleKind, Rules, Test, TextPattern, Wrap,
};

/// Rules of every kind, that fire often and look at one another.
pub(crate) fn rules() -> Rules {
    let sees = |id: &str, name: &str, pattern: &str| {
        let tests = vec![Test::Text(TextPattern::read(pattern, Wrap::Nothing, false))];
        let field = Field::from_name(name).unwrap();
        let condition = Expression::Match(Match { field, tests, all: false });
        let sees_raised = condition.names_provider("braid");
        rule(id, false, RuleKind::Detection(Detection { condition, sees_raised }))
    };
    let counts = |id: &str, counts: Counted, rules: &[usize], by: &str, at_least: u32| {
        let group_by = vec![vec![Field::from_name(by).unwrap(); rules.len()]];
        let (rules, timespan, at_most) = (rules.to_vec(), Span::hours(6), (by == "address").then_some(2));
        rule(
            id,
            true,
            RuleKind::Correlation(Correlation { counts, rules, group_by, timespan, at_least, at_most }),
        )
    };
    let hosts = Counted::Values(vec![Field::from_name("host").unwrap()]);
    let single = sees("single", "severity", "high");
    Rules::new(vec![
        sees("any", "title", "*"),
        sees("odd", "title", "*?1"),
        sees("recon", "phase", "reconnaissance"),
        Rule { raises: true, ..single },
        sees("own", "provider", "braid"),
        counts("count", Counted::Alerts, &[0], "user", 2),
        counts("values", hosts, &[0], "user", 2),
        counts("together", Counted::Rules, &[1, 2], "host", 2),
        counts("sequence", Counted::Sequence, &[5, 2], "user", 2),
        counts("phases", Counted::Alerts, &[0], "phase", 3),
        counts("few", Counted::Alerts, &[0], "address", 2),
        counts("chain", Counted::Alerts, &[4], "entity", 2),
    ])
    .unwrap()
}

fn rule(id: &str, raises: bool, kind: RuleKind) -> Rule {
    let (severity, phase) = (None, Some(Phase::Impact));
    Rule { id: id.into(), title: id.into(), severity, phase, techniques: Vec::new(), raises, kind }
}
