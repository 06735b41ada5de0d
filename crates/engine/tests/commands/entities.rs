//! What people say of entities, and which incidents are told.

use super::*;

#[test]
fn two_names_that_are_one_entity_make_one_incident_of_two() {
    check(
        r#"
        10:00 mdi/a1 "One" source=user:contoso\jeffl
        10:05 mde/b1 "Two" impacted=user:S-1-5-21-1-2-3-1104
        10:30 ann unite user:contoso\jeffl user:S-1-5-21-1-2-3-1104
        10:31 ann unite user:contoso\jeffl user:S-1-5-21-1-2-3-1104
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            #1 v2 mergedFrom by ann b1 [sameActor a1 via contoso\jeffl 0.94 gap 5m] (#2) active medium alerts=2
            #2 v2 redirected by ann (#1) redirected medium alerts=0
            mustLink c1: done
            mustLink c2: refused, nothing_to_do
        "#]],
    );
}

#[test]
fn names_that_must_not_be_one_entity_are_refused() {
    check(
        r#"
        10:00 mdi/a1 "One" source=user:contoso\jeffl source=host:victimpc.contoso.azure
        10:01 mde/b1 "Two" impacted=user:S-1-5-21-1-2-3-1104 impacted=user:S-1-5-21-1-2-3-1105
        10:30 ann unite user:contoso\jeffl host:victimpc.contoso.azure
        10:31 ann unite user:S-1-5-21-1-2-3-1104 user:S-1-5-21-1-2-3-1105
        10:32 ann unite user:contoso\jeffl user:S-1-5-18
        10:33 ann exclude user:S-1-5-18
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened b1 active medium alerts=1
            mustLink c1: refused, kind_mismatch
            mustLink c2: refused, names_contradict
            mustLink c3: refused, names_nobody
            excludeEntity c4: refused, names_nobody
        "#]],
    );
}

#[test]
fn a_name_is_neither_united_with_itself_nor_parted_from_itself_in_whatever_spelling() {
    check(
        r#"
        10:00 ann unite user:contoso\jeffl user:contoso\jeffl
        10:01 ann unite user:S-1-12-1-1-2-3-4 user:00000001-0002-0000-0300-000004000000
        10:02 ann part user:S-1-12-1-1-2-3-4 user:00000001-0002-0000-0300-000004000000
        10:03 mde/a1 "By SID" impacted=user:S-1-12-1-1-2-3-4
        10:04 ann part user:00000001-0002-0000-0300-000004000000 user:S-1-12-1-1-2-3-4
        10:05 ann unite user:S-1-12-1-1-2-3-4 user:00000001-0002-0000-0300-000004000000
        "#,
        expect![[r#"
            mustLink c1: refused, nothing_to_do
            mustLink c2: refused, nothing_to_do
            cannotLink c3: refused, names_nobody
            #1 v1 opened a1 active medium alerts=1
            cannotLink c4: refused, names_nobody
            mustLink c5: refused, nothing_to_do
        "#]],
    );
}

#[test]
fn two_names_that_are_two_entities_join_no_more_and_no_evidence_unites_them_again() {
    check(
        r#"
        10:00 mdi/a1 "One" source=user:contoso\jeffl+S-1-5-21-1-2-3-1104
        10:10 ann part user:contoso\jeffl user:S-1-5-21-1-2-3-1104
        10:11 ann part user:contoso\jeffl user:S-1-5-21-1-2-3-1104
        10:12 mde/b1 "By name" impacted=user:contoso\jeffl
        10:13 mde/b2 "By both" impacted=user:contoso\jeffl+S-1-5-21-1-2-3-1104
        10:14 mde/b3 "By SID" impacted=user:S-1-5-21-1-2-3-1104
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 entityRuled by ann active medium alerts=1
            cannotLink c1: done
            cannotLink c2: refused, nothing_to_do
            #2 v1 opened b1 active medium alerts=1
            #1 v3 alertJoined b2 [sameActor a1 via S-1-5-21-1-2-3-1104 0.84 gap 13m] active medium alerts=2
            #1 v4 alertJoined b3 [sameActor b2 via S-1-5-21-1-2-3-1104 0.99 gap 1m] active medium alerts=3
        "#]],
    );
}

#[test]
fn an_excluded_entity_joins_nothing_until_it_is_included_again() {
    check(
        r#"
        10:00 mde/a1 "One" impacted=host:scanner.contoso.azure
        10:10 ann exclude host:scanner.contoso.azure
        10:11 ann exclude host:scanner.contoso.azure
        10:12 mde/a2 "Two" impacted=host:scanner.contoso.azure
        10:13 ann include host:scanner.contoso.azure
        10:14 mde/a3 "Three" impacted=host:scanner.contoso.azure
        "#,
        expect![[r#"
            #1 v1 opened a1 active medium alerts=1
            #1 v2 entityRuled by ann active medium alerts=1
            excludeEntity c1: done
            excludeEntity c2: refused, nothing_to_do
            #2 v1 opened a2 active medium alerts=1
            #2 v2 entityRuled by ann active medium alerts=1
            #1 v3 entityRuled by ann active medium alerts=1
            excludeEntity c3: done
            #2 v3 alertJoined a3 [sameTargetedAsset a2 via scanner.contoso.azure 0.92 gap 2m] active medium alerts=2
            #1 v4 mergedFrom a3 [sameTargetedAsset a1 via scanner.contoso.azure 0.78 gap 14m] (#2) active medium alerts=3
            #2 v4 redirected (#1) redirected medium alerts=0
        "#]],
    );
}

#[test]
fn a_ruling_about_an_entity_that_no_incident_shows_is_carried_out_all_the_same() {
    check(
        r#"
        10:00 ann exclude host:scanner.contoso.azure
        10:01 mde/a1 "One" impacted=host:scanner.contoso.azure
        10:02 mde/a2 "Two" impacted=host:scanner.contoso.azure
        "#,
        expect![[r#"
            excludeEntity c1: done
            #1 v1 opened a1 active medium alerts=1
            #2 v1 opened a2 active medium alerts=1
        "#]],
    );
}

#[test]
fn a_tag_on_an_entity_raises_the_score_of_the_active_incidents_that_show_it() {
    let timeline = r#"
        10:00 mde/a1 "One" impacted=user:contoso\ceo
        +2d10:00 mde/a2 "Long after" impacted=user:contoso\ceo
        +2d10:01 ann resolve #2
        +2d10:02 ann mark user:contoso\ceo +sensitive
        +2d10:03 ann mark user:contoso\ceo +sensitive
        +2d10:04 ann mark user:contoso\ceo -sensitive +vip
        "#;
    check(
        timeline,
        expect![[r#"
        #1 v1 opened a1 active medium alerts=1
        #2 v1 opened a2 active medium alerts=1
        #2 v2 resolved by ann resolved medium alerts=1
        resolve c1: done
        #1 v2 entityRuled by ann active medium alerts=1
        tagEntity c2: done
        tagEntity c3: refused, nothing_to_do
        #1 v3 entityRuled by ann active medium alerts=1
        tagEntity c4: done
    "#]],
    );
    let incident = record(timeline);
    assert_eq!(incident.entities[0].tags, ["vip".into()]);
    let tagged = record(timeline.split("+2d10:03").next().unwrap());
    assert!(tagged.score.value > incident.score.value, "{:?} {:?}", tagged.score, incident.score);
}

#[test]
fn of_the_incidents_that_show_an_entity_the_64_with_the_latest_mentions_are_told() {
    let mut stage = Stage::new(Settings::default());
    for n in 0..70 {
        stage.take(&format!("+{n}d10:00 mde/a{n} \"Alert\" impacted=host:scanner.contoso.azure"));
    }
    stage.out.clear();
    stage.take("+70d10:00 ann exclude host:scanner.contoso.azure");
    let told: Vec<_> = stage.out.lines().collect();
    assert_eq!(told.len(), 65, "64 and the answer");
    assert_eq!(
        (told[0], told[63]),
        (
            "#70 v2 entityRuled by ann active medium alerts=1",
            "#7 v2 entityRuled by ann active medium alerts=1"
        )
    );
}
