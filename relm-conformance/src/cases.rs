//! Which cases there are.

/// The list of cases, by the module that holds them: the one place that names them. What is not named here is dead code,
/// and the compiler says so.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_case {
    (case_table()) => { $crate::for_each_case!(@ (case_table) ()); };
    (contract_tests $with:tt) => { $crate::for_each_case!(@ ($crate::contract_tests) $with); };
    (conformance_tests $with:tt) => { $crate::for_each_case!(@ ($crate::conformance_tests) $with); };
    (@ ($($callback:tt)*) $with:tt) => {
        $($callback)*! {
            $with
            [store::commits] {
                a_commit_is_seen_by_every_later_call
                a_refused_batch_leaves_nothing
                unlink_deletes_the_edges_of_both_directions
                unlink_needs_no_edge
                a_batch_deletes_edges_that_it_unlinks
                a_deleted_record_is_gone
                a_large_batch_is_one_commit
            }
            [store::refusals] {
                an_insert_needs_a_free_id
                an_id_is_taken_whatever_else_the_record_holds
                a_replace_needs_the_version_that_was_read
                a_replace_needs_the_record
                a_delete_needs_the_version_that_was_read
                a_delete_needs_the_record
                a_refusal_names_the_write
                required_records_must_exist
                every_missing_record_is_named
                the_first_refusal_in_order_is_given
            }
            [store::untouched] {
                a_refusal_changes_no_answer
            }
            [store::keys] {
                a_unique_key_is_held_by_one_record
                a_replace_needs_a_free_key
                a_key_is_taken_once_in_a_batch
                a_key_is_free_after_delete
                a_key_is_free_after_change
                a_key_that_is_given_later_is_held
                a_key_is_free_within_the_batch_that_gives_it_up
                two_records_swap_a_key_in_any_order
                a_record_keeps_its_own_key
                none_is_no_key
                keys_compare_by_code_point
                keys_of_different_kinds_do_not_meet
            }
            [store::documents] {
                documents_come_back_byte_for_byte
                every_call_gives_documents_byte_for_byte
                large_documents_come_back_byte_for_byte
                get_tells_absence_from_presence
                get_tells_kinds_apart
                find_answers_in_the_order_of_the_keys
                find_matches_exactly
                find_answers_for_a_thousand_keys
            }
            [store::lists] {
                a_list_is_ordered_by_descending_id
                a_list_orders_by_the_whole_ulid
                a_list_begins_strictly_after_its_cursor
                a_cursor_outlives_its_record
                more_is_exact_on_a_full_page
                any_limit_gives_everything_once
                a_list_under_writes_gives_what_stayed_once
                a_list_holds_one_kind
            }
            [store::pages] {
                a_page_is_bounded_in_bytes
                a_record_larger_than_a_page_is_a_page
                a_search_is_bounded_in_bytes
                a_page_counts_bytes_and_not_characters
                the_greatest_limit_gives_everything
            }
            [store::filters] {
                contacts_are_filtered_by_the_predicate
                all_addresses_are_filtered_by_the_predicate
                companies_are_filtered_by_the_predicate
                deals_are_filtered_by_the_predicate
                activities_are_filtered_by_the_predicate
                associations_are_filtered_by_the_predicate
                fields_are_filtered_by_the_predicate
                webhooks_are_filtered_by_the_predicate
                events_are_filtered_by_the_predicate
                deliveries_are_filtered_by_the_predicate
                api_keys_are_filtered_by_the_predicate
                workspaces_are_filtered_by_the_predicate
                metadata_is_filtered_by_the_predicate
                metadata_keys_are_any_text
            }
            [store::filtered_lists] {
                clauses_all_hold
                filters_follow_changes
                filtered_lists_page_exactly
                trash_is_filtered_by_the_predicate
                unique_values_are_filtered_by_the_predicate
                users_are_filtered_by_the_predicate
                sessions_are_filtered_by_the_predicate
                imports_are_filtered_by_the_predicate
                parts_of_imports_are_filtered_by_the_predicate
            }
            [store::searches] {
                a_search_gives_what_ranks
                a_search_folds_case_and_accents
                an_exact_match_comes_first
                a_whole_name_comes_first
                a_search_finds_a_number_in_its_spellings
                a_search_looks_at_its_types
                other_types_crowd_out_no_exact_match
                a_search_asks_for_every_word
                a_search_pages_exactly
                a_search_cursor_outlives_its_record
                a_search_sees_every_commit
            }
            [store::search_cursors] {
                an_exact_match_is_found_once
                a_search_after_its_last_result_is_empty
            }
            [store::configurations] {
                a_configuration_begins_at_zero
                reconfigure_counts_by_one
                each_reconfigure_of_a_batch_counts
                a_required_configuration_must_be_current
                a_required_configuration_binds_every_batch
                a_configuration_lists_oldest_first
                a_configuration_of_hundreds_is_whole
                a_configuration_is_of_one_moment
                a_known_configuration_is_not_read_again
            }
            [store::responses] {
                a_response_comes_back_exactly
                a_response_expires_to_the_millisecond
                a_kept_response_keeps_its_key
                an_expired_key_is_free
                an_expired_response_refuses_nothing
                response_keys_compare_by_code_point
                responses_expire_each_at_its_own_moment
            }
            [store::queues] {
                queues_list_each_endpoint_once
                queues_keep_their_order
                queues_begin_strictly_after_their_cursor
                any_limit_gives_every_queue_once
                a_queue_is_due_with_its_earliest_delivery
                a_queue_is_due_when_a_lease_ends
                a_queue_ends_with_its_last_delivery
                a_queue_outlives_its_endpoint
                a_lease_at_the_moment_of_a_queue_gives_something
            }
            [store::awaited] {
                what_is_awaited_is_of_every_scope
                what_is_awaited_comes_by_its_moment
                any_limit_gives_what_is_awaited_once
                what_is_awaited_follows_its_record
                hundreds_are_awaited_at_once
            }
            [store::leases] {
                a_lease_gives_what_is_due_earliest_first
                a_delivery_is_due_again_when_its_lease_ends
                a_lease_gives_nothing_before_its_moment
                a_lease_takes_no_more_than_its_limit
                a_lease_holds_what_it_gave
                a_lease_ends_to_the_millisecond
                a_replace_ends_the_lease
                a_replace_at_the_same_moment_ends_the_lease
                a_refused_batch_ends_no_lease
                what_waits_no_more_is_not_given
                a_rescheduled_delivery_waits_at_one_time
                a_lease_changes_no_document
                a_lease_stays_with_its_endpoint
                leases_stay_in_their_scope
                leases_at_once_share_nothing
                a_lease_makes_nothing_due_sooner
                a_dropped_lease_is_whole_or_nothing
            }
            [store::log] {
                a_log_has_every_event_once
                the_events_of_a_commit_are_in_the_order_of_their_ids
                an_event_that_comes_late_is_after_what_was_seen
                any_limit_gives_the_whole_log_once
                a_page_of_a_log_has_hundreds
                a_page_of_a_log_is_bounded_in_bytes
                numbers_outlive_their_events
                an_unread_deletion_is_told
                numbers_answer_in_the_order_of_the_events
                a_deleted_event_has_no_number
                logs_stay_in_their_scope
                readers_beside_writers_see_one_order
                a_dropped_read_of_a_log_is_no_harm
            }
            [store::erasure] {
                a_replaced_event_keeps_its_number
                responses_are_found_by_what_they_are_about
                a_forgotten_response_is_kept_no_more
                a_response_about_others_is_not_forgotten
                forgetting_needs_no_response
                a_response_that_took_a_key_is_about_its_own
                a_response_is_found_as_long_as_it_is_kept
            }
            [store::scopes] {
                records_stay_in_their_scope
                every_kind_stays_in_its_scope
                lists_and_searches_stay_in_their_scope
                keys_and_ids_are_unique_per_scope
                definitions_and_edges_are_unique_per_scope
                configurations_stay_in_their_scope
                configurations_of_one_version_stay_apart
                responses_stay_in_their_scope
                a_response_outlives_what_expires_in_other_scopes
                preconditions_look_at_their_scope
                unlink_stays_in_its_scope
            }
            [store::listed_values] {
                lists_of_values_are_filtered_by_the_predicate
                filters_follow_changes_of_lists
                a_search_reads_the_values_of_lists
            }
            [store::large_batches] {
                batches_of_any_size_are_whole
                a_refusal_names_its_write_in_a_large_batch
                every_missing_record_of_many_is_named
                hundreds_of_keys_are_passed_on_in_one_batch
                unlink_deletes_hundreds_of_edges
                a_batch_of_every_kind_of_write_is_applied
                a_definition_is_kept_with_its_response
                a_large_batch_stays_in_its_scope
            }
            [store::large_lists] {
                a_list_of_hundreds_pages_exactly
                what_matches_among_hundreds_pages_exactly
                what_an_index_finds_among_hundreds_pages_exactly
                an_in_of_a_hundred_values_is_exact
                values_at_their_limits_are_told_apart
                filters_follow_changes_of_every_column
                hundreds_of_edges_are_listed_by_either_end
                a_cursor_among_hundreds_outlives_its_record
            }
            [store::large_searches] {
                a_word_that_a_thousand_have_pages_exactly
                an_old_exact_match_comes_before_hundreds_of_newer_ones
                hundreds_of_exact_matches_page_exactly
                a_search_sees_what_a_large_batch_changed
                long_words_are_found_by_their_beginning
                a_word_goes_on_with_any_letter
            }
            [store::large_queues] {
                a_large_queue_is_leased_at_once
                hundreds_of_queues_are_listed_once
                leases_end_each_at_its_own_moment
                a_lease_of_hundreds_is_exact
                a_large_batch_ends_the_leases_of_what_it_replaces
            }
            [store::moments] {
                a_list_is_of_one_moment
                a_search_is_of_one_moment
                what_many_keys_find_is_of_one_moment
                numbers_are_of_one_moment
                a_page_of_a_log_is_of_one_moment
            }
            [store::concurrency] {
                one_of_many_inserts_of_an_id_succeeds
                one_of_many_inserts_of_a_key_succeeds
                one_of_many_replaces_of_a_version_succeeds
                one_of_many_responses_of_a_key_is_kept
                opposite_orders_end
                a_reference_and_its_deletion_exclude_each_other
                definitions_exclude_each_other
                a_barrier_waits_for_batches_of_earlier_versions
                a_dropped_commit_is_whole_or_nothing
                a_dropped_read_leaves_the_store_usable
            }
            [engine::changes] {
                a_change_has_one_event
                an_event_names_its_actor_and_its_request
                what_changes_nothing_has_no_event
                a_deleted_record_takes_its_associations_along
                a_field_binds_the_next_write
                a_removed_field_binds_no_more
                a_field_binds_every_engine
                deliveries_go_to_the_endpoints_that_match
            }
            [engine::requests] {
                an_event_is_in_the_commit_of_its_change
                the_same_request_is_answered_the_same
                another_request_under_the_same_key_is_refused
                a_failed_request_keeps_no_key
                a_key_is_good_for_24_hours
                a_cursor_is_good_for_its_own_list
                an_expected_version_is_held_to
            }
            [engine::texts] {
                nothing_with_nul_reaches_a_store
            }
            [engine::identities] {
                an_address_is_one_in_every_spelling
                another_spelling_changes_nothing
                a_domain_is_its_bare_host
                values_are_asked_for_as_they_are_written
            }
            [engine::tags] {
                changes_of_a_list_at_once_all_stand
                a_merge_unites_lists
            }
            [engine::compositions] {
                a_name_is_one_in_every_composition
                a_key_is_one_in_every_composition
                a_choice_is_one_in_every_composition
            }
            [engine::batches] {
                a_bad_row_fails_alone
                an_atomic_batch_is_all_or_nothing
                rows_apply_in_order
                an_upsert_keeps_what_it_does_not_name
                a_row_with_a_lost_reference_fails_alone
            }
            [engine::operations] {
                a_batch_does_what_its_operations_do_one_by_one
                batches_in_opposite_orders_happen_wholly
            }
            [engine::unique] {
                a_unique_field_holds_a_value_once
                a_domain_can_be_made_unique
                shared_values_keep_a_field_from_being_unique
                no_unique_value_outlives_its_record_or_its_field
                rows_are_known_by_any_unique_member
                operations_match_any_unique_member
            }
            [engine::addresses] {
                an_address_of_several_is_one_contact_s
                an_address_that_moves_back_stays_its_contact_s
                rows_find_a_contact_by_any_address
                a_merge_keeps_every_address
                one_of_many_takes_an_address
            }
            [engine::unique_races] {
                upserts_of_one_value_make_one_record
                an_undo_gives_unique_values_back
                an_undo_has_a_field_unique_again
            }
            [engine::unique_edges] {
                nothing_is_known_by_what_is_becoming_unique
                an_index_that_somebody_else_began_is_not_said_to_be_made
                a_record_that_is_purged_meanwhile_leaves_no_value
                an_upsert_needs_a_value_to_know_its_record_by
                what_is_said_of_a_member_is_that_it_is_unique
                so_many_fields_of_an_object_can_be_unique
            }
            [engine::becoming_unique] {
                what_was_broken_off_becomes_unique
                what_is_not_unique_any_more_is_taken_away
                a_field_becomes_unique_while_others_write
            }
            [engine::large] {
                the_largest_batch_records_every_event
                long_keys_are_told_apart
            }
            [engine::races] {
                patches_of_different_fields_both_survive
                one_of_many_creates_of_an_email_succeeds
                upserts_of_one_email_make_one_record
                a_storm_of_one_request_has_one_effect
                links_never_lead_to_a_deleted_record
                a_definition_binds_writes_that_begin_after_it
                upserts_in_opposite_orders_succeed
            }
            [engine::deliveries] {
                a_delivery_is_sent_once_and_recorded
                a_crash_after_sending_sends_again_with_the_same_id
                two_dispatchers_record_each_attempt_once
                a_hanging_endpoint_holds_up_no_other
                an_old_secret_signs_until_it_expires
                a_ping_goes_to_one_endpoint
            }
            [engine::disabling] {
                a_disabled_endpoint_is_sent_nothing
                what_could_not_be_cancelled_is_cancelled_soon
                an_endpoint_that_is_gone_is_disabled
                one_failure_after_a_rest_disables_nobody
                an_endpoint_that_moved_is_not_gone
                disabling_waits_for_no_large_backlog
            }
            [engine::time_slices] {
                endpoints_share_time_slices
                attempts_are_bounded_in_all
                endpoints_that_hang_leave_workers_to_others
                unhealthy_endpoints_share_time_slices
                a_slow_reconciliation_holds_up_no_delivery
            }
            [engine::time] {
                a_revoked_key_stops_though_the_clock_is_set
                a_clock_set_forward_sends_nothing_twice
                a_clock_set_back_prolongs_no_rest
                a_recovery_includes_what_seems_to_be_of_later
            }
            [engine::set_clocks] {
                a_clock_set_back_delays_no_delivery
                a_clock_that_is_set_delays_no_retry
                a_clock_set_back_prolongs_no_lease
                what_is_sent_while_the_clock_is_set_back_is_recorded
            }
            [engine::accounts] {
                a_first_start_is_one
                a_link_sets_one_password
                an_address_is_one_person_s
                a_session_ends_on_every_engine
                a_session_ends_by_itself
                no_session_outlives_its_password
                an_owner_remains
            }
            [engine::within] {
                a_change_overtaken_in_a_transaction_is_not_attempted_again
                a_change_in_a_transaction_meets_the_configuration_as_it_is
                a_change_in_a_transaction_is_heard_of_after_the_commit
            }
            [engine::upkeep] {
                recover_is_idempotent
                a_recovery_leaves_alone_what_is_replayed
                replay_needs_its_event
                a_job_is_claimed_once
                resealing_keeps_secrets_readable
                a_lost_key_holds_deliveries_back
                events_show_changed_fields
            }
            [engine::postal] {
                records_are_found_by_parts_of_addresses
                a_merge_unites_addresses
            }
            [engine::reminders] {
                what_is_due_is_told_once
                what_is_due_follows_its_activity
                processes_tell_of_what_is_due_once
                hundreds_are_due_at_once
                any_history_of_tasks_is_told
                what_was_told_of_is_undone
            }
            [engine::feed] {
                a_feed_has_every_change_once
                a_follower_is_given_what_any_engine_commits
                a_filtered_feed_goes_on
                a_feed_tells_of_what_is_deleted
            }
            [engine::history] {
                a_history_has_each_change_of_its_record
                a_record_is_what_it_was_at_a_moment
                a_history_says_what_retention_deleted
                an_event_that_was_held_does_not_speak_for_what_came_after_it
                a_history_is_of_one_scope
            }
            [engine::merges] {
                a_merged_record_has_what_one_of_them_had
                a_merge_tells_of_itself
                what_refers_to_a_merged_record_is_moved
                a_merge_of_companies_moves_what_was_moved
                what_cannot_be_merged_is_refused
            }
            [engine::merged_ids] {
                a_merged_id_stands_for_its_survivor
                a_merged_id_goes_with_its_survivor
                a_merge_happens_once
                a_merge_is_undone
                an_undo_keeps_what_another_was_merged_into
                an_undo_keeps_what_nobody_takes_back
                an_undo_keeps_an_amount_with_its_currency
            }
            [engine::merge_histories] {
                any_history_of_merges_is_as_it_is_said
            }
            [engine::merged_on] {
                what_was_merged_before_is_moved_first
                a_merge_waits_for_that_before_it
            }
            [engine::merged_purges] {
                an_undo_brings_nothing_back_that_is_being_purged
                a_purge_of_what_was_merged_goes_on_where_it_was_left
                a_purge_of_a_merged_record_leaves_its_survivor_what_is_its
                a_merge_into_what_is_deleted_since_is_ended
                what_comes_back_to_a_merged_id_is_its_survivors
            }
            [engine::merge_steps] {
                a_merge_of_many_references_goes_on_in_steps
                a_merge_that_is_broken_off_is_ended
                what_is_linked_during_a_merge_is_not_lost
                a_record_is_merged_once_however_many_ask
                a_purge_erases_what_was_merged
                merged_ids_go_with_their_survivor
            }
            [engine::duplicates] {
                contacts_that_are_most_likely_one_are_grouped
                companies_and_deals_are_grouped
                every_group_is_on_one_page
            }
            [engine::trash] {
                a_deleted_record_is_restored_as_it_was
                a_restoration_is_in_the_history
                a_taken_address_is_in_the_way_of_a_restoration
                an_association_comes_back_with_the_later_of_its_ends
                one_of_many_restorations_succeeds
                the_trash_lists_what_was_deleted_last_first
                the_trash_is_emptied_after_its_time
                a_trash_that_is_not_kept_is_empty
            }
            [engine::trashed_edges] {
                an_association_waits_for_its_later_end
                what_can_be_restored_has_its_associations
                an_association_that_is_there_stays
                each_association_comes_back_by_itself
                a_hub_is_deleted_up_to_its_limit
                a_hub_comes_back_whole
            }
            [engine::purge] {
                a_purged_record_is_nowhere
                what_is_in_the_trash_is_purged
                a_purge_clears_references
                a_purge_that_was_broken_off_is_finished
                what_was_purged_is_sent_no_more
                a_purge_happens_once_for_its_key
                a_reply_that_shows_a_record_requires_it
            }
            [engine::purged_hubs] {
                a_hub_is_purged_or_as_it_was
                a_purge_under_way_is_answered_the_same
            }
            [engine::undone] {
                a_request_is_undone_and_done_again
                an_undo_goes_by_what_is_said_of_a_link
                a_request_is_known_by_its_events
                a_request_is_undone_once
            }
            [engine::imports] {
                an_import_takes_in_every_row
                an_import_goes_on_where_it_was_left
                an_import_is_undone
                imports_are_cancelled_and_bounded
                what_is_left_of_imports_is_removed
            }
            [engine::dry_runs] {
                a_dry_run_of_an_import_comes_to_the_same
            }
            [engine::kept_rows] {
                a_dry_run_keeps_its_rows_for_imports
            }
            [engine::broken_imports] {
                an_undo_is_not_lost_from_the_queue
                a_deletion_that_stops_half_way_is_gone_on_with
                an_upload_ends_with_its_first_error
                an_import_that_cannot_be_queued_says_why
                a_worker_that_was_overtaken_fails_no_import
            }
            [engine::undone_merges] {
                a_large_merge_is_undone_in_steps
                the_undo_of_an_undo_merges_again
            }
            [engine::undone_histories] {
                any_request_is_undone
            }
            [engine::undone_since] {
                a_member_that_was_changed_since_stays
                an_amount_goes_back_with_its_currency
                what_is_in_use_is_not_undone
                a_taken_address_is_in_the_way_of_an_undo
                what_a_request_deleted_comes_back
            }
            [engine::event_filters] {
                a_filter_chooses_among_deliveries
            }
            [engine::definitions] {
                a_renaming_looks_at_each_record_once
                a_definition_that_changes_has_one_event
                a_change_that_records_do_not_keep_to_is_refused
                a_renamed_choice_is_renamed_in_every_record
                a_renaming_that_was_broken_off_goes_on
                no_write_gets_past_a_renaming
            }
            [engine::pipelines] {
                a_pipeline_binds_every_engine
                a_renamed_stage_is_renamed_in_every_deal
                a_pipeline_goes_from_test_to_live
                a_renamed_stage_is_promoted_to_the_deals_of_live_mode
            }
            [engine::stage_histories] {
                any_history_of_stages_is_as_it_is_said
            }
            [engine::promotions] {
                definitions_go_from_test_to_live_as_planned
                a_plan_that_is_out_of_date_is_not_promoted
                a_promotion_that_records_do_not_keep_to_is_refused
                what_cannot_be_promoted_is_refused
            }
            [engine::field_limits] {
                limits_bind_every_write
                a_narrower_limit_binds_every_engine
                a_default_is_given_where_nothing_is_said
            }
            [engine::strict_members] {
                unknown_members_are_refused_by_every_engine
            }
            [engine::field_types] {
                values_of_a_type_are_kept_in_one_form
                a_choice_of_a_set_is_renamed_in_every_set
            }
            [engine::field_references] {
                a_reference_names_a_record_that_is_there
                a_reference_stays_when_its_record_is_deleted
                rows_with_custom_references_are_judged_alone
                a_custom_reference_and_a_deletion_exclude_each_other
                a_reference_is_defined_for_good
            }
            [engine::moved_field_references] {
                a_purge_clears_custom_references
                a_merge_moves_custom_references
                a_merge_moves_ids_in_every_composition
                a_survivor_gets_no_reference_to_what_is_gone
                a_custom_reference_is_a_use
            }
            [engine::edges] {
                a_link_has_one_event
                what_is_said_of_a_link_changes
                what_is_said_at_once_is_said
                a_definition_has_one_event
                what_comes_back_with_a_record_is_told
            }
            [engine::retention] {
                retention_keeps_what_is_held
                retention_deletes_what_was_delivered_after_all
                retention_deletes_a_success_after_what_failed_before_it
                retention_tears_no_event_from_its_deliveries
                retention_twice_at_once_does_no_harm
                retention_writes_little_at_a_time
                a_replay_saves_its_event_from_retention
            }
        }
    };
}
