//! Whether two alerts belong together.

use super::*;

#[test]
fn two_alerts_that_must_be_linked_make_their_incidents_one() {
    check(
        &format!(
            r#"{TWO}
            10:30 ann link mde/b1 mde/a1
            10:31 ann link mde/b1 mde/a1
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #1 v2 mergedFrom by ann b1 [commanded a1 via b.contoso.azure 1.00 gap 1m] (#2) active medium alerts=2
            #2 v2 redirected by ann (#1) redirected medium alerts=0
            mustLink c1: done
            mustLink c2: refused, nothing_to_do
        "#]],
    );
}

#[test]
fn linking_takes_back_what_kept_the_two_apart() {
    check(
        &format!(
            r#"{THREE}
            10:30 ann split #1 mde/a2
            10:31 ann merge #2 into #1
            10:32 ann link mde/a2 mde/a3
            10:33 ann unlink mde/a2 mde/a3
            10:34 ann unlink mde/a3 mde/a2
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.99 gap 1m] active medium alerts=2
            #1 v3 alertJoined a3 [sameTargetedAsset a2 via a.contoso.azure 0.59 gap 1m] active medium alerts=3
            #2 v1 opened by ann a2 (#1) active medium alerts=1
            #1 v4 alertsLeft by ann a2 (#2) active medium alerts=2
            split c1: done
            merge c2: refused, cannot_link
            #1 v5 mergedFrom by ann a2 [commanded a3 via a.contoso.azure 1.00 gap 1m] (#2) active medium alerts=3
            #2 v2 redirected by ann (#1) redirected medium alerts=0
            mustLink c3: done
            #3 v1 opened by ann a3 (#1) active medium alerts=1
            #1 v6 alertsLeft by ann a3 (#3) active medium alerts=2
            cannotLink c4: done
            cannotLink c5: refused, nothing_to_do
        "#]],
    );
}

#[test]
fn alerts_in_two_incidents_that_do_not_belong_together_keep_these_two() {
    check(
        &format!(
            r#"{TWO}
            10:10 ann unlink mde/a1 mde/b1
            {BRIDGE}
            10:30 ann merge #2 into #1
            10:31 ann link mde/a1 mde/b1
            "#
        ),
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #1 v2 linkRuled by ann a1 (#2) active medium alerts=1
            #2 v2 linkRuled by ann b1 (#1) active medium alerts=1
            cannotLink c1: done
            #2 v3 alertJoined c1 [sameTargetedAsset b1 via b.contoso.azure 0.77 gap 19m] active medium alerts=2
            #2 and #1 stay two: cannot_link
            merge c2: refused, cannot_link
            #1 v3 mergedFrom by ann a1 [commanded b1 via a.contoso.azure 1.00 gap 1m] (#2) active medium alerts=3
            #2 v4 redirected by ann (#1) redirected medium alerts=0
            mustLink c3: done
        "#]],
    );
}

#[test]
fn a_separation_goes_with_its_alerts_and_not_with_those_that_came_later() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:01 mde/b1 "Two" impacted=host:b.contoso.azure
        10:02 ann unlink mde/a1 mde/b1
        10:03 mde/a2 "Later" impacted=host:a.contoso.azure
        10:04 ann split #1 mde/a1
        10:05 ann merge #1 into #2
        10:06 ann merge #3 into #2
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #1 v2 linkRuled by ann a1 (#2) active medium alerts=1
            #2 v2 linkRuled by ann b1 (#1) active medium alerts=1
            cannotLink c1: done
            #1 v3 alertJoined a2 [sameTargetedAsset a1 via a.contoso.azure 0.97 gap 3m] active medium alerts=2
            #3 v1 opened by ann a1 (#1) active medium alerts=1
            #1 v4 alertsLeft by ann a1 (#3) active medium alerts=1
            split c2: done
            #2 v3 mergedFrom by ann a2 [commanded b1 via a.contoso.azure 1.00 gap 2m] (#1) active medium alerts=2
            #1 v5 redirected by ann (#2) redirected medium alerts=0
            merge c3: done
            merge c4: refused, cannot_link
        "#]],
    );
}

#[test]
fn a_separation_goes_with_its_alerts_into_a_larger_incident() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:a.contoso.azure
        10:01 mde/b1 "Two" impacted=host:b.contoso.azure
        10:02 ann unlink mde/a1 mde/b1
        10:03 mde/c1 "Three" impacted=host:c.contoso.azure
        10:04 mde/c2 "Four" impacted=host:c.contoso.azure
        10:05 ann merge #1 into #3
        10:06 ann merge #2 into #3
        10:07 mde/d1 "Bridge" impacted=host:b.contoso.azure impacted=host:c.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #1 v2 linkRuled by ann a1 (#2) active medium alerts=1
            #2 v2 linkRuled by ann b1 (#1) active medium alerts=1
            cannotLink c1: done
            #3 v1 opened c1 active medium alerts=1
            #3 v2 alertJoined c2 [sameTargetedAsset c1 via c.contoso.azure 0.99 gap 1m] active medium alerts=2
            #3 v3 mergedFrom by ann a1 [commanded c1 via a.contoso.azure 1.00 gap 3m] (#1) active medium alerts=3
            #1 v3 redirected by ann (#3) redirected medium alerts=0
            merge c2: done
            merge c3: refused, cannot_link
            #3 v4 alertJoined d1 [sameTargetedAsset c2 via c.contoso.azure 0.97 gap 3m] active medium alerts=4
            #3 and #2 stay two: cannot_link
        "#]],
    );
}
