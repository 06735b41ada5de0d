//! Which incident a command reaches, and what is left of it after a restart.

use super::*;

#[test]
fn a_command_is_refused_if_somebody_was_faster() {
    check(
        &format!(
            r#"{TWO}
            10:10 ann assign #1 to bob expects v1
            10:11 eve assign #1 to eve expects v1
            10:12 eve assign #1 to eve expects v2
            10:13 ann merge #1 into #2 expects v1
            10:14 eve resolve #1 expects v3
            10:15 eve resolve #1 expects v2
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #1 v2 assigned by ann active medium alerts=1
            assign c1: done
            assign c2: refused, version_mismatch
            #1 v3 assigned by eve active medium alerts=1
            assign c3: done
            #2 v2 mergedFrom by ann a1 [commanded b1 via a.contoso.azure 1.00 gap 1m] (#1) active medium alerts=2
            #1 v4 redirected by ann (#2) redirected medium alerts=0
            merge c4: done
            resolve c5: refused, version_mismatch
            #2 v3 resolved by eve resolved medium alerts=2
            resolve c6: done
        "#]],
    );
}

#[test]
fn an_incident_of_another_tenant_is_not_known() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:30 ann resolve #1 of other
        10:30 ann split #1 mde/a1 of other
        10:30 ann link mde/a1 mde/a1 of other
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            resolve c1: refused, unknown_incident
            split c2: refused, unknown_incident
            mustLink c3: refused, unknown_alert
        "#]],
    );
}

#[test]
fn what_was_said_survives_a_restart() {
    let mut stage = Stage::new(Settings::default());
    let lines = format!(
        r#"{THREE}
        10:30 ann split #1 mde/a2
        10:31 ann assign #1 to bob
        10:32 ann reopen #2
        10:33 ann resolve #2"#
    );
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        stage.take(line);
    }
    let changes = stage.partition.drain_changes();
    stage.partition = Partition::restore(Settings::default(), changes.into_iter());
    stage.out.clear();
    for line in [
        "10:40 ann assign #1 to bob",
        "10:41 ann resolve #2",
        "10:42 ann reopen #2",
        "10:43 ann merge #1 into #2",
        r#"10:01 mde/a2 "Two" impacted=host:a.contoso.azure impacted=user:contoso\ann arrives=10:50"#,
    ] {
        stage.take(line);
    }
    expect![[r#"
        assign c5: refused, nothing_to_do
        resolve c6: refused, nothing_to_do
        #2 v3 reopened by ann active medium alerts=1
        reopen c7: done
        merge c8: refused, cannot_link
        #2 v4 alertRevised a2 active medium alerts=1
        #2 and #1 stay two: cannot_link
    "#]]
    .assert_eq(&stage.out);
}

#[test]
fn an_incident_that_has_been_forgotten_is_not_known() {
    let out = play(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        +91d10:00 ann resolve #1
        +91d10:00 ann link mde/a1 mde/a1
        "#,
    );
    expect![[r#"
        #1 v1 opened a1 active medium alerts=1
        resolve c1: refused, unknown_incident
        mustLink c2: refused, unknown_alert
    "#]]
    .assert_eq(&out);
}
