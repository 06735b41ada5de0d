//! Small worlds: what a security team expects of the right incident, a world a sentence, with the settings that are
//! shipped. Each sentence has a counterpart, in which one thing is otherwise and the answer too.
//!
//! | what is expected | the world | and its counterpart |
//! |---|---|---|
//! | a domain controller that two users aim at leaves two incidents | [`two_users_who_aim_at_one_controller_are_two_incidents`](controllers), `several_controllers_at_once_say_no_more_than_one`, `two_clients_at_successive_steps_against_a_controller_are_two_incidents` | `one_user_who_goes_on_against_the_controller_is_one_incident` |
//! | as a source, or with an endpoint alert on it, it joins | `a_controller_that_acts_itself_joins`, `an_endpoint_alert_on_the_controller_joins_whether_or_not_it_names_a_user` | `hours_later_or_among_many_visitors_the_controller_joins_no_more` |
//! | a jump host or shared workstation joins only if the user or the session agrees | [`a_jump_host_joins_only_if_the_user_agrees`](shared), `a_jump_host_joins_if_the_session_agrees`, `a_workstation_that_the_directory_calls_shared_joins_only_if_the_user_agrees` | `an_ordinary_host_joins_its_second_user_too` |
//! | except across an explicit hop | `across_an_explicit_hop_whoever_acts_on_the_jump_host_next_joins`, `across_an_explicit_hop_a_tagged_jump_host_joins_too` | `an_alert_beside_the_hop_does_not_open_the_jump_host` |
//! | a service account never joins alone | `a_service_account_that_is_seen_on_several_servers_joins_only_with_its_server`, `a_service_account_that_a_directory_marks_never_joins_alone`, `a_marked_service_account_of_a_hundred_servers_leaves_a_hundred_incidents` | `an_account_on_its_second_host_joins_while_nothing_says_that_it_is_a_service`, `an_unmarked_one_looks_like_an_attacker_until_it_has_met_too_many` |
//! | a cloud user joins its on-premises self by object id or directory, never by name | [`a_cloud_user_is_its_on_premises_self_by_object_id`](people), `a_cloud_user_is_its_on_premises_self_by_the_directory` | `a_cloud_user_of_the_same_name_is_somebody_else` |
//! | a phone joins by its owner, never by Wi-Fi address or posture | `a_phone_joins_by_its_owner` | `phones_do_not_join_by_their_network_or_their_posture` |
//! | two attacks with the same tools on different hosts stay two | [`two_attacks_with_the_same_tools_on_different_hosts_stay_two`](attacks) | `the_same_tools_on_the_same_host_are_one_attack` |
//! | an address that DHCP hands on joins only its holder of the hour | `an_address_that_dhcp_hands_on_joins_only_its_holder_of_the_hour`, `between_two_holders_an_address_is_still_the_first_one_s` | `an_address_that_outlives_its_binding_joins_nobody` |
//! | the vendor re-sends, resolves and reopens an alert days later: the same incident | `what_the_vendor_sends_again_resolves_and_reopens_days_later_is_the_same_incident` | `an_alert_of_its_own_days_later_is_another_incident` |

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "../timeline/mod.rs"]
mod timeline;

mod controllers;
mod shared;
mod people;
mod attacks;

use expect_test::Expect;

#[track_caller]
fn check(timeline: &str, expected: Expect) {
    expected.assert_eq(&timeline::play(timeline));
}
