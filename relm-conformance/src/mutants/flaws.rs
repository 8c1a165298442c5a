//! Which flaws there are, and which cases must notice each.

/// The list of broken stores: the flaw, its name, and the cases that must notice it.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_broken_store {
    (broken_store_table()) => { $crate::for_each_broken_store!(@ (broken_store_table) ()); };
    (broken_store_tests $with:tt) => { $crate::for_each_broken_store!(@ ($crate::broken_store_tests) $with); };
    (@ ($($callback:tt)*) $with:tt) => {
        $($callback)*! {
            $with
            commits {
                ForgottenCommit a_forgotten_commit_is_noticed [
                    records_are_found_by_parts_of_addresses a_merge_unites_addresses rows_find_a_contact_by_any_address an_address_that_moves_back_stays_its_contact_s
                    a_large_merge_is_undone_in_steps a_purge_of_a_merged_record_leaves_its_survivor_what_is_its a_purge_of_what_was_merged_goes_on_where_it_was_left a_merge_waits_for_that_before_it a_merge_of_many_references_goes_on_in_steps a_merge_that_is_broken_off_is_ended a_commit_is_seen_by_every_later_call a_bad_row_fails_alone an_atomic_batch_is_all_or_nothing rows_apply_in_order
                    an_upsert_keeps_what_it_does_not_name a_row_with_a_lost_reference_fails_alone upserts_of_one_email_make_one_record a_choice_of_a_set_is_renamed_in_every_set a_deletion_that_stops_half_way_is_gone_on_with a_dry_run_of_an_import_comes_to_the_same a_field_becomes_unique_while_others_write a_unique_field_holds_a_value_once an_import_goes_on_where_it_was_left an_import_is_undone an_import_takes_in_every_row an_undo_gives_unique_values_back an_undo_has_a_field_unique_again imports_are_cancelled_and_bounded no_unique_value_outlives_its_record_or_its_field operations_match_any_unique_member rows_are_known_by_any_unique_member shared_values_keep_a_field_from_being_unique upserts_of_one_value_make_one_record values_of_a_type_are_kept_in_one_form a_reference_is_defined_for_good limits_bind_every_write what_is_not_unique_any_more_is_taken_away what_was_broken_off_becomes_unique a_dry_run_keeps_its_rows_for_imports
                    a_key_is_one_in_every_composition a_renaming_looks_at_each_record_once nothing_is_known_by_what_is_becoming_unique one_of_many_takes_an_address
                    an_index_that_somebody_else_began_is_not_said_to_be_made a_record_that_is_purged_meanwhile_leaves_no_value an_upsert_needs_a_value_to_know_its_record_by
                ]
                TornCommit a_torn_commit_is_noticed [a_refused_batch_leaves_nothing a_refused_batch_ends_no_lease what_changes_nothing_has_no_event a_failed_request_keeps_no_key]
                ChunkedCommit a_commit_in_chunks_is_noticed [a_large_batch_is_one_commit]
                SplitCommit a_commit_that_can_be_dropped_halfway_is_noticed [a_dropped_commit_is_whole_or_nothing]
                OneWayUnlink an_unlink_of_one_direction_is_noticed [unlink_deletes_the_edges_of_both_directions]
                StrictUnlink an_unlink_that_needs_an_edge_is_noticed [unlink_needs_no_edge]
                UnlinkedFirst an_unlink_that_hides_a_delete_is_noticed [a_batch_deletes_edges_that_it_unlinks a_deleted_record_is_restored_as_it_was an_association_comes_back_with_the_later_of_its_ends]
                UncheckedEdges an_edge_that_need_not_be_there_is_noticed [a_batch_deletes_edges_that_it_unlinks]
                DanglingEdges edges_that_outlive_their_ends_are_noticed [
                    a_merge_into_what_is_deleted_since_is_ended what_is_linked_during_a_merge_is_not_lost a_merged_id_stands_for_its_survivor a_deleted_record_takes_its_associations_along a_reference_and_its_deletion_exclude_each_other
                    links_never_lead_to_a_deleted_record
                ]
                SoftDelete a_soft_delete_is_noticed [
                    an_undo_keeps_what_another_was_merged_into a_merged_id_goes_with_its_survivor merged_ids_go_with_their_survivor a_deleted_record_is_gone a_deleted_record_is_restored_as_it_was an_association_waits_for_its_later_end
                    what_can_be_restored_has_its_associations an_association_that_is_there_stays each_association_comes_back_by_itself
                    a_hub_is_deleted_up_to_its_limit a_hub_comes_back_whole
                ]
                LostEvent a_lost_event_is_noticed [
                    what_is_due_is_told_once what_is_due_follows_its_activity hundreds_are_due_at_once any_history_of_tasks_is_told what_was_told_of_is_undone
                    a_merge_unites_lists an_undo_keeps_what_nobody_takes_back an_undo_keeps_an_amount_with_its_currency what_was_merged_before_is_moved_first the_undo_of_an_undo_merges_again any_history_of_merges_is_as_it_is_said what_refers_to_a_merged_record_is_moved a_merge_tells_of_itself a_merge_is_undone a_merge_moves_custom_references a_merge_moves_ids_in_every_composition a_purge_clears_custom_references a_change_has_one_event an_event_names_its_actor_and_its_request an_event_is_in_the_commit_of_its_change
                    a_dropped_commit_is_whole_or_nothing one_of_many_creates_of_an_email_succeeds events_show_changed_fields
                    a_recovery_includes_what_seems_to_be_of_later another_spelling_changes_nothing the_largest_batch_records_every_event
                    a_change_in_a_transaction_is_heard_of_after_the_commit a_history_has_each_change_of_its_record
                    a_record_is_what_it_was_at_a_moment a_history_says_what_retention_deleted a_restoration_is_in_the_history
                    a_trash_that_is_not_kept_is_empty a_purge_clears_references a_link_has_one_event what_is_said_of_a_link_changes a_definition_has_one_event
                    what_comes_back_with_a_record_is_told a_request_is_undone_and_done_again an_undo_goes_by_what_is_said_of_a_link a_request_is_undone_once
                    what_a_request_deleted_comes_back batches_in_opposite_orders_happen_wholly
                    a_renamed_stage_is_renamed_in_every_deal a_renamed_stage_is_promoted_to_the_deals_of_live_mode a_definition_that_changes_has_one_event a_renaming_that_was_broken_off_goes_on a_renamed_choice_is_renamed_in_every_record definitions_go_from_test_to_live_as_planned
                ]
                LostDelivery a_lost_delivery_is_noticed [
                    deliveries_go_to_the_endpoints_that_match a_filter_chooses_among_deliveries an_event_is_in_the_commit_of_its_change
                    the_largest_batch_records_every_event a_field_binds_every_engine a_delivery_is_sent_once_and_recorded
                    a_crash_after_sending_sends_again_with_the_same_id a_disabled_endpoint_is_sent_nothing
                    a_clock_set_back_delays_no_delivery a_clock_set_forward_sends_nothing_twice a_clock_set_back_prolongs_no_rest
                    a_clock_that_is_set_delays_no_retry a_clock_set_back_prolongs_no_lease
                    what_is_sent_while_the_clock_is_set_back_is_recorded a_hanging_endpoint_holds_up_no_other endpoints_share_time_slices
                    attempts_are_bounded_in_all endpoints_that_hang_leave_workers_to_others unhealthy_endpoints_share_time_slices
                    a_slow_reconciliation_holds_up_no_delivery a_ping_goes_to_one_endpoint recover_is_idempotent
                    retention_keeps_what_is_held retention_deletes_what_was_delivered_after_all
                    retention_deletes_a_success_after_what_failed_before_it retention_tears_no_event_from_its_deliveries
                    retention_twice_at_once_does_no_harm retention_writes_little_at_a_time a_replay_saves_its_event_from_retention
                    an_event_that_was_held_does_not_speak_for_what_came_after_it what_was_purged_is_sent_no_more
                ]
                UnchangedEndpoint a_change_of_an_endpoint_that_is_lost_is_noticed [
                    a_disabled_endpoint_is_sent_nothing what_could_not_be_cancelled_is_cancelled_soon disabling_waits_for_no_large_backlog
                    an_endpoint_that_is_gone_is_disabled one_failure_after_a_rest_disables_nobody an_endpoint_that_moved_is_not_gone
                    an_old_secret_signs_until_it_expires resealing_keeps_secrets_readable a_lost_key_holds_deliveries_back
                ]
                UnchangedKey a_change_of_a_key_that_is_lost_is_noticed [a_revoked_key_stops_though_the_clock_is_set]
                UnchangedUser a_change_of_a_user_that_is_lost_is_noticed [a_link_sets_one_password no_session_outlives_its_password]
                KeptSessions a_session_that_is_kept_is_noticed [a_session_ends_on_every_engine no_session_outlives_its_password]
                UnchangedSession a_change_of_a_session_that_is_lost_is_noticed [a_session_ends_by_itself]
                LostReconfigure a_lost_reconfigure_is_noticed [
                    reconfigure_counts_by_one definitions_exclude_each_other a_removed_field_binds_no_more a_change_that_records_do_not_keep_to_is_refused
                    an_endpoint_that_is_gone_is_disabled a_change_in_a_transaction_meets_the_configuration_as_it_is what_is_said_of_a_member_is_that_it_is_unique
                ]
                RememberNothing a_store_that_remembers_nothing_is_noticed [
                    a_merge_happens_once a_response_comes_back_exactly the_same_request_is_answered_the_same another_request_under_the_same_key_is_refused
                    a_key_is_good_for_24_hours a_storm_of_one_request_has_one_effect a_job_is_claimed_once nothing_with_nul_reaches_a_store
                    long_keys_are_told_apart a_purge_happens_once_for_its_key a_purge_under_way_is_answered_the_same a_worker_that_was_overtaken_fails_no_import an_import_that_cannot_be_queued_says_why an_undo_is_not_lost_from_the_queue an_upload_ends_with_its_first_error what_is_left_of_imports_is_removed
                ]
                Overloaded a_store_that_gives_up_is_noticed [opposite_orders_end upserts_in_opposite_orders_succeed]
            }
            preconditions {
                ExpiredIsKept an_expired_response_that_refuses_is_noticed [an_expired_response_refuses_nothing]
                OneKeyForAllScopes a_key_of_all_scopes_is_noticed [a_pipeline_goes_from_test_to_live definitions_and_edges_are_unique_per_scope]
                OverwritingInsert an_insert_that_overwrites_is_noticed [an_insert_needs_a_free_id an_id_is_taken_whatever_else_the_record_holds one_of_many_inserts_of_an_id_succeeds]
                ReservedNumbers a_refused_batch_that_takes_numbers_is_noticed [a_refusal_changes_no_answer]
                LastWriterWins a_forgotten_version_is_noticed [processes_tell_of_what_is_due_once
                    a_replace_needs_the_version_that_was_read what_is_said_at_once_is_said one_of_many_replaces_of_a_version_succeeds
                    two_dispatchers_record_each_attempt_once a_recovery_leaves_alone_what_is_replayed a_change_overtaken_in_a_transaction_is_not_attempted_again
                ]
                UpsertingReplace a_replace_that_inserts_is_noticed [a_replace_needs_the_record]
                BlindDelete a_delete_of_any_version_is_noticed [a_delete_needs_the_version_that_was_read]
                SilentDelete a_delete_of_nothing_is_noticed [a_delete_needs_the_record]
                FirstWriteBlamed a_refusal_without_a_place_is_noticed [a_refusal_names_the_write]
                UncheckedReference an_unchecked_reference_is_noticed [required_records_must_exist replay_needs_its_event an_owner_remains a_reply_that_shows_a_record_requires_it a_reference_names_a_record_that_is_there a_reference_stays_when_its_record_is_deleted rows_with_custom_references_are_judged_alone a_custom_reference_and_a_deletion_exclude_each_other a_custom_reference_is_a_use a_survivor_gets_no_reference_to_what_is_gone]
                FirstMissingAlone a_missing_record_not_named_is_noticed [every_missing_record_is_named]
                WritesFirst another_order_of_refusals_is_noticed [the_first_refusal_in_order_is_given]
                UncheckedConfiguration an_unchecked_configuration_is_noticed [
                    a_required_configuration_must_be_current definitions_exclude_each_other a_field_binds_every_engine
                    a_pipeline_binds_every_engine a_definition_binds_writes_that_begin_after_it no_write_gets_past_a_renaming a_narrower_limit_binds_every_engine a_default_is_given_where_nothing_is_said unknown_members_are_refused_by_every_engine
                ]
                OverwritingResponse a_response_that_is_replaced_is_noticed [a_kept_response_keeps_its_key one_of_many_responses_of_a_key_is_kept]
                EternalKeys a_key_that_never_expires_is_noticed [an_expired_key_is_free a_key_is_good_for_24_hours]
            }
            keys {
                DuplicateKeys a_key_held_twice_is_noticed [
                    a_unique_key_is_held_by_one_record a_replace_needs_a_free_key a_key_is_taken_once_in_a_batch
                    one_of_many_inserts_of_a_key_succeeds one_of_many_creates_of_an_email_succeeds
                    a_taken_address_is_in_the_way_of_a_restoration one_of_many_restorations_succeeds an_address_is_one_person_s
                    a_first_start_is_one a_name_is_one_in_every_composition
                ]
                UnfoldedKeys a_key_with_its_case_is_noticed [a_unique_key_is_held_by_one_record]
                KeylessStays a_key_that_is_not_taken_later_is_noticed [a_key_that_is_given_later_is_held]
                HeldKeys a_key_held_for_ever_is_noticed [a_key_is_free_after_delete a_key_is_free_after_change a_domain_can_be_made_unique so_many_fields_of_an_object_can_be_unique]
                EagerKeys keys_checked_before_the_batch_are_noticed [
                    a_merged_record_has_what_one_of_them_had a_merge_is_undone a_key_is_free_within_the_batch_that_gives_it_up two_records_swap_a_key_in_any_order
                    a_batch_does_what_its_operations_do_one_by_one
                ]
                SelfConflict a_record_in_its_own_way_is_noticed [a_record_keeps_its_own_key]
                NullIsAKey a_null_that_conflicts_is_noticed [none_is_no_key]
            }
            reads {
                LeakingScope a_leaking_scope_is_noticed [
                    records_stay_in_their_scope lists_and_searches_stay_in_their_scope keys_and_ids_are_unique_per_scope
                    configurations_stay_in_their_scope responses_stay_in_their_scope preconditions_look_at_their_scope unlink_stays_in_its_scope a_history_is_of_one_scope
                ]
                ReadCache a_stale_read_is_noticed [
                    what_comes_back_to_a_merged_id_is_its_survivors what_cannot_be_merged_is_refused a_record_is_merged_once_however_many_ask a_merge_of_companies_moves_what_was_moved get_tells_absence_from_presence an_expected_version_is_held_to patches_of_different_fields_both_survive changes_of_a_list_at_once_all_stand
                ]
                AboveAll a_scope_for_what_is_above_all_is_noticed [every_kind_stays_in_its_scope]
                KindlessGet a_get_of_any_kind_is_noticed [get_tells_kinds_apart]
                Reserialised a_document_written_anew_is_noticed [documents_come_back_byte_for_byte]
                ShortText a_document_cut_short_is_noticed [large_documents_come_back_byte_for_byte]
                SortedFind a_find_in_another_order_is_noticed [find_answers_in_the_order_of_the_keys]
                FoldedFind a_find_that_folds_is_noticed [find_matches_exactly keys_compare_by_code_point]
                KindlessFind a_find_of_any_kind_is_noticed [keys_of_different_kinds_do_not_meet]
            }
            lists {
                OldestFirst a_list_of_the_oldest_first_is_noticed [contacts_that_are_most_likely_one_are_grouped companies_and_deals_are_grouped every_group_is_on_one_page a_list_is_ordered_by_descending_id the_trash_lists_what_was_deleted_last_first]
                SeveralMoments a_list_of_several_moments_is_noticed [a_list_is_of_one_moment]
                SignedUlids a_signed_ulid_is_noticed [a_list_orders_by_the_whole_ulid]
                InclusiveCursor an_inclusive_cursor_is_noticed [
                    a_list_begins_strictly_after_its_cursor any_limit_gives_everything_once a_cursor_is_good_for_its_own_list
                ]
                CursorByRecord a_cursor_that_needs_its_record_is_noticed [a_cursor_outlives_its_record the_trash_is_emptied_after_its_time]
                GuessedMore a_guessed_more_is_noticed [more_is_exact_on_a_full_page]
                OffsetCursor a_cursor_that_counts_is_noticed [a_list_under_writes_gives_what_stayed_once]
                KindlessList a_list_of_two_kinds_is_noticed [a_list_holds_one_kind]
                LeakedPermit a_read_that_leaks_when_dropped_is_noticed [a_dropped_read_leaves_the_store_usable]
            }
            pages {
                UnboundedPage a_page_of_any_bytes_is_noticed [a_page_is_bounded_in_bytes]
                StingyPage a_page_that_ends_before_its_bytes_is_noticed [a_page_is_bounded_in_bytes]
                EmptyPage a_page_without_a_large_record_is_noticed [a_record_larger_than_a_page_is_a_page]
                UnboundedSearch a_search_of_any_bytes_is_noticed [a_search_is_bounded_in_bytes]
                OverflowingLimit a_limit_that_overflows_is_noticed [the_greatest_limit_gives_everything]
                CountedCharacters a_page_of_so_many_characters_is_noticed [a_page_counts_bytes_and_not_characters]
            }
            filters {
                NullIsNotEqual a_null_that_is_not_equal_is_noticed [
                    contacts_are_filtered_by_the_predicate companies_are_filtered_by_the_predicate deals_are_filtered_by_the_predicate
                    activities_are_filtered_by_the_predicate associations_are_filtered_by_the_predicate
                    webhooks_are_filtered_by_the_predicate api_keys_are_filtered_by_the_predicate
                ]
                FoldedEquality a_folded_comparison_is_noticed [
                    contacts_are_filtered_by_the_predicate companies_are_filtered_by_the_predicate deals_are_filtered_by_the_predicate
                    fields_are_filtered_by_the_predicate values_are_asked_for_as_they_are_written
                ]
                Utf16Order an_order_by_utf_16_is_noticed [
                    contacts_are_filtered_by_the_predicate activities_are_filtered_by_the_predicate metadata_is_filtered_by_the_predicate
                ]
                StrictBounds a_strict_bound_is_noticed [
                    fields_are_filtered_by_the_predicate events_are_filtered_by_the_predicate trash_is_filtered_by_the_predicate unique_values_are_filtered_by_the_predicate
                    deliveries_are_filtered_by_the_predicate workspaces_are_filtered_by_the_predicate users_are_filtered_by_the_predicate
                    sessions_are_filtered_by_the_predicate imports_are_filtered_by_the_predicate parts_of_imports_are_filtered_by_the_predicate metadata_is_filtered_by_the_predicate
                ]
                OneEndedEither an_either_that_looks_at_one_end_is_noticed [associations_are_filtered_by_the_predicate]
                PrimaryAddressAlone a_primary_address_that_is_looked_at_alone_is_noticed [
                    all_addresses_are_filtered_by_the_predicate an_address_of_several_is_one_contact_s a_merge_keeps_every_address
                ]
                NumbersAsText numbers_compared_as_text_are_noticed [metadata_is_filtered_by_the_predicate]
                FoldedLists a_folded_value_of_a_list_is_noticed [lists_of_values_are_filtered_by_the_predicate]
                PathKeys a_metadata_key_read_as_a_path_is_noticed [metadata_keys_are_any_text]
                FirstClauseAlone a_clause_that_is_ignored_is_noticed [clauses_all_hold]
                ListCache a_stale_filter_is_noticed [any_history_of_stages_is_as_it_is_said filters_follow_changes filters_follow_changes_of_lists]
                FilteredPage a_filter_after_the_limit_is_noticed [filtered_lists_page_exactly]
                ForgottenRequests a_request_that_no_event_is_found_by_is_noticed [
                    events_are_filtered_by_the_predicate any_request_is_undone a_request_is_undone_and_done_again a_request_is_known_by_its_events
                    a_request_is_undone_once a_member_that_was_changed_since_stays an_amount_goes_back_with_its_currency what_is_in_use_is_not_undone
                    a_taken_address_is_in_the_way_of_an_undo what_a_request_deleted_comes_back
                ]
            }
            moments {
                SearchOfTwoMoments a_search_of_two_moments_is_noticed [a_search_is_of_one_moment]
                FindOfTwoMoments a_find_of_two_moments_is_noticed [what_many_keys_find_is_of_one_moment]
                NumbersOfTwoMoments numbers_of_two_moments_are_noticed [numbers_are_of_one_moment]
                LogOfTwoMoments a_page_of_a_log_of_two_moments_is_noticed [a_page_of_a_log_is_of_one_moment]
            }
            searches {
                RankLost a_search_without_ranks_is_noticed [
                    a_search_gives_what_ranks an_exact_match_comes_first a_whole_name_comes_first an_address_is_one_in_every_spelling a_domain_is_its_bare_host
                ]
                OneWay a_search_by_one_spelling_is_noticed [a_search_gives_what_ranks a_search_finds_a_number_in_its_spellings]
                UnlistedWords a_search_without_the_words_of_lists_is_noticed [a_search_reads_the_values_of_lists] AsciiSearch a_search_of_ascii_is_noticed [a_search_folds_case_and_accents]
                AllTypes a_search_of_all_types_is_noticed [a_search_looks_at_its_types]
                CrowdedOut an_exact_match_that_is_crowded_out_is_noticed [other_types_crowd_out_no_exact_match]
                TwoWords a_search_of_two_words_is_noticed [a_search_asks_for_every_word]
                GuessedSearchMore a_guessed_more_of_a_search_is_noticed [a_search_pages_exactly]
                SearchCursorByRecord a_search_cursor_that_needs_its_record_is_noticed [a_search_cursor_outlives_its_record]
                SearchCache a_search_that_lags_is_noticed [a_search_sees_every_commit]
                RanklessCursor a_search_cursor_without_its_rank_is_noticed [an_exact_match_is_found_once]
                PlaceOfNothing a_place_of_an_empty_page_is_noticed [a_search_after_its_last_result_is_empty]
                FirstPlane words_of_the_first_plane_are_noticed [a_word_goes_on_with_any_letter]
            }
            configurations {
                StaleConfiguration a_stale_configuration_is_noticed [
                    reconfigure_counts_by_one a_field_binds_the_next_write a_field_binds_every_engine a_choice_is_one_in_every_composition a_plan_that_is_out_of_date_is_not_promoted a_promotion_that_records_do_not_keep_to_is_refused what_cannot_be_promoted_is_refused
                ]
                OneReconfigure reconfigurations_counted_as_one_are_noticed [each_reconfigure_of_a_batch_counts]
                CheckedByOneRecord a_configuration_checked_by_one_record_is_noticed [a_required_configuration_binds_every_batch]
                ForgetsEverywhere a_response_forgotten_everywhere_is_noticed [a_response_outlives_what_expires_in_other_scopes]
                CountFromOne a_configuration_that_begins_at_one_is_noticed [a_configuration_begins_at_zero]
                NewestFieldFirst a_configuration_of_the_newest_first_is_noticed [a_configuration_lists_oldest_first]
                KnownIsCurrent a_known_configuration_taken_for_the_current_is_noticed [a_known_configuration_is_not_read_again a_field_binds_every_engine]
                VersionReadBefore a_version_that_is_read_before_the_commit_is_noticed [a_barrier_waits_for_batches_of_earlier_versions]
                KeptByWorkspace a_configuration_kept_by_workspace_is_noticed [configurations_of_one_version_stay_apart]
                OnlyNewer a_configuration_newer_than_the_current_taken_for_it_is_noticed [a_known_configuration_is_not_read_again]
                AlwaysWhole a_known_configuration_read_again_is_noticed [a_known_configuration_is_not_read_again]
                TwoMoments a_configuration_of_two_moments_is_noticed [a_configuration_is_of_one_moment]
                LateExpiry a_late_expiry_is_noticed [a_response_expires_to_the_millisecond]
                FoldedResponseKeys a_folded_response_key_is_noticed [response_keys_compare_by_code_point]
            }
            awaited {
                AwaitedInOneScope what_waits_in_one_scope_is_noticed [what_is_awaited_is_of_every_scope]
                AwaitedById what_waits_by_its_id_is_noticed [what_is_awaited_comes_by_its_moment hundreds_are_awaited_at_once]
                AwaitedAfterTheFirst a_first_moment_left_out_is_noticed [what_is_awaited_comes_by_its_moment]
                AwaitedForEver a_last_moment_that_is_ignored_is_noticed [what_is_awaited_comes_by_its_moment]
                AwaitedByMoment a_cursor_by_moment_alone_is_noticed [any_limit_gives_what_is_awaited_once]
                AwaitedAnew a_cursor_that_waits_no_more_is_noticed [any_limit_gives_what_is_awaited_once]
                AHundredAwaited a_hundred_that_wait_are_noticed [hundreds_are_awaited_at_once]
                AwaitedAtFirst a_moment_that_is_kept_for_ever_is_noticed [what_is_awaited_follows_its_record]
            }
            queues {
                RepeatedQueues a_queue_listed_twice_is_noticed [queues_list_each_endpoint_once any_limit_gives_every_queue_once]
                OneScope queues_of_one_scope_are_noticed [queues_list_each_endpoint_once]
                QueuesByMoment an_order_of_queues_by_moment_is_noticed [queues_keep_their_order]
                CursorByQueue a_cursor_of_queues_that_needs_its_queue_is_noticed [queues_begin_strictly_after_their_cursor]
                IgnoredQueueCursor an_ignored_cursor_of_queues_is_noticed [
                    queues_begin_strictly_after_their_cursor any_limit_gives_every_queue_once
                ]
                InclusiveQueueCursor an_inclusive_cursor_of_queues_is_noticed [
                    queues_begin_strictly_after_their_cursor any_limit_gives_every_queue_once
                ]
                CursorByScope a_cursor_of_queues_without_endpoint_is_noticed [
                    queues_begin_strictly_after_their_cursor any_limit_gives_every_queue_once
                ]
                OneQueueMore a_queue_beyond_the_limit_is_noticed [any_limit_gives_every_queue_once]
                LatestMoment the_latest_moment_of_a_queue_is_noticed [
                    a_queue_is_due_with_its_earliest_delivery a_lease_at_the_moment_of_a_queue_gives_something
                ]
                PlannedMoment a_queue_that_ignores_leases_is_noticed [
                    a_queue_is_due_when_a_lease_ends a_lease_at_the_moment_of_a_queue_gives_something
                ]
                LeasedQueuesHidden a_queue_hidden_by_a_lease_is_noticed [a_queue_is_due_when_a_lease_ends]
                EternalQueues a_queue_that_never_ends_is_noticed [a_queue_ends_with_its_last_delivery]
                EndpointRequired a_queue_that_needs_its_endpoint_is_noticed [a_queue_outlives_its_endpoint]
            }
            leases {
                LatestFirst a_lease_of_the_latest_first_is_noticed [a_lease_gives_what_is_due_earliest_first]
                LatestTaken a_lease_that_takes_the_latest_is_noticed [a_lease_gives_what_is_due_earliest_first]
                PlannedOrder an_ended_lease_that_comes_first_is_noticed [a_delivery_is_due_again_when_its_lease_ends]
                EarlyLease a_lease_of_the_not_yet_due_is_noticed [
                    a_lease_gives_nothing_before_its_moment a_lease_ends_to_the_millisecond a_lease_at_the_moment_of_a_queue_gives_something
                ]
                LateLease a_lease_of_the_due_before_is_noticed [
                    a_lease_gives_nothing_before_its_moment a_lease_ends_to_the_millisecond a_lease_at_the_moment_of_a_queue_gives_something
                ]
                UnlimitedLease a_lease_beyond_its_limit_is_noticed [a_lease_takes_no_more_than_its_limit]
                PagedLease a_lease_of_a_page_is_noticed [a_large_queue_is_leased_at_once]
                HeldUntilDue a_lease_of_the_not_yet_due_that_does_not_end_is_noticed [a_lease_makes_nothing_due_sooner]
                EndsAlike a_lease_that_makes_due_sooner_is_noticed [a_lease_makes_nothing_due_sooner]
                RenderedLease a_lease_written_anew_is_noticed [every_call_gives_documents_byte_for_byte]
                SharedLease a_lease_that_holds_nothing_is_noticed [
                    a_lease_holds_what_it_gave leases_at_once_share_nothing
                ]
                ShortLease a_lease_that_ends_early_is_noticed [a_lease_ends_to_the_millisecond]
                LongLease a_lease_that_ends_late_is_noticed [a_lease_ends_to_the_millisecond]
                EternalLease a_lease_that_never_ends_is_noticed [a_lease_ends_to_the_millisecond]
                StickyLease a_lease_that_outlives_a_replace_is_noticed [
                    a_replace_ends_the_lease a_replace_at_the_same_moment_ends_the_lease
                ]
                ChangedColumns a_moment_written_only_if_changed_is_noticed [a_replace_at_the_same_moment_ends_the_lease]
                FinishedGiven a_lease_of_the_finished_is_noticed [
                    what_waits_no_more_is_not_given a_rescheduled_delivery_waits_at_one_time
                ]
                DeletedGiven a_lease_of_the_deleted_is_noticed [what_waits_no_more_is_not_given]
                WrittenLease a_lease_that_writes_is_noticed [a_lease_changes_no_document]
                AnyEndpoint a_lease_of_any_endpoint_is_noticed [a_lease_stays_with_its_endpoint]
                ModelessLease a_lease_of_any_mode_is_noticed [leases_stay_in_their_scope]
                SplitLease a_lease_that_can_be_dropped_halfway_is_noticed [a_dropped_lease_is_whole_or_nothing]
                LeakedLeasePermit a_lease_that_leaks_when_dropped_is_noticed [a_dropped_lease_is_whole_or_nothing]
            }
            logs {
                SharedNumbers a_number_given_twice_is_noticed [a_log_has_every_event_once]
                NewestFirst a_commit_that_is_logged_backwards_is_noticed [
                    the_events_of_a_commit_are_in_the_order_of_their_ids a_follower_is_given_what_any_engine_commits
                ]
                IdOrder a_log_in_the_order_of_ids_is_noticed [
                    an_event_that_comes_late_is_after_what_was_seen numbers_outlive_their_events
                ]
                LateIsLost a_log_that_loses_what_comes_late_is_noticed [
                    an_event_that_comes_late_is_after_what_was_seen readers_beside_writers_see_one_order
                ]
                InclusiveLog an_inclusive_log_is_noticed [
                    any_limit_gives_the_whole_log_once a_feed_has_every_change_once
                ]
                SkippingLog a_log_that_skips_is_noticed [any_limit_gives_the_whole_log_once]
                GuessedMoreOfLog a_guessed_more_of_a_log_is_noticed [any_limit_gives_the_whole_log_once]
                NoMoreOfLog a_log_that_ends_early_is_noticed [a_filtered_feed_goes_on]
                PagedLog a_log_of_two_hundred_at_a_time_is_noticed [a_page_of_a_log_has_hundreds]
                UnboundedLog a_log_without_a_bound_is_noticed [a_page_of_a_log_is_bounded_in_bytes]
                ReusedNumbers a_number_that_is_used_again_is_noticed [numbers_outlive_their_events]
                SilentDeletion a_deletion_that_is_not_told_is_noticed [
                    numbers_outlive_their_events an_unread_deletion_is_told a_feed_tells_of_what_is_deleted
                ]
                UnreadIsForgotten a_deletion_that_nobody_read_is_noticed [an_unread_deletion_is_told]
                SortedNumbers numbers_in_another_order_are_noticed [numbers_answer_in_the_order_of_the_events]
                RememberedNumbers a_number_of_a_deleted_event_is_noticed [a_deleted_event_has_no_number]
                ModelessLog a_log_of_both_modes_is_noticed [logs_stay_in_their_scope]
                LeakedLogPermit a_leak_in_a_dropped_read_of_a_log_is_noticed [a_dropped_read_of_a_log_is_no_harm]
            }
            erasure {
                ReplacedAnew an_event_inserted_anew_is_noticed [a_replaced_event_keeps_its_number]
                KeptEvents an_event_that_is_not_replaced_is_noticed [
                    an_undo_brings_nothing_back_that_is_being_purged a_purge_erases_what_was_merged a_replaced_event_keeps_its_number a_purged_record_is_nowhere what_is_in_the_trash_is_purged a_hub_is_purged_or_as_it_was
                ]
                ForgetsFirst a_refused_batch_that_forgets_is_noticed [a_refusal_changes_no_answer]
                ForgetsNothing a_response_that_is_not_forgotten_is_noticed [
                    a_forgotten_response_is_kept_no_more a_purge_that_was_broken_off_is_finished a_purged_record_is_nowhere
                ]
                StrictForget a_forgetting_that_needs_a_response_is_noticed [forgetting_needs_no_response]
                ForgetsAny a_response_forgotten_whatever_it_is_about_is_noticed [
                    a_response_about_others_is_not_forgotten a_response_that_took_a_key_is_about_its_own
                ]
                StaleAbout a_response_found_by_what_its_key_was_about_is_noticed [a_response_that_took_a_key_is_about_its_own]
                FirstResponses a_page_of_responses_that_is_the_only_one_is_noticed [responses_are_found_by_what_they_are_about]
                ModelessResponses responses_of_live_mode_in_any_are_noticed [responses_are_found_by_what_they_are_about]
                ExpiredUnseen an_expired_response_that_is_kept_unseen_is_noticed [a_response_is_found_as_long_as_it_is_kept]
            }
            volumes_reads {
                GuessedLater a_guessed_more_of_a_later_page_is_noticed [a_list_of_hundreds_pages_exactly]
                PatternAmongFirst a_pattern_looked_for_among_the_first_is_noticed [what_matches_among_hundreds_pages_exactly]
                TermAmongFirst a_value_looked_for_among_the_first_is_noticed [what_an_index_finds_among_hundreds_pages_exactly]
                ShortIn an_in_cut_short_is_noticed [an_in_of_a_hundred_values_is_exact]
                CutColumns columns_compared_by_their_beginning_are_noticed [values_at_their_limits_are_told_apart]
                EdgesOfOnePage edges_of_one_page_are_noticed [hundreds_of_edges_are_listed_by_either_end]
                CursorBeginsAnew a_cursor_that_begins_anew_is_noticed [
                    a_cursor_outlives_its_record a_cursor_among_hundreds_outlives_its_record
                ]
                FirstMoments a_moment_of_change_that_is_kept_is_noticed [filters_follow_changes_of_every_column]
                FirstEntries a_search_of_the_first_entries_is_noticed [a_word_that_a_thousand_have_pages_exactly]
                ExactAmongNewest an_exact_match_among_the_newest_is_noticed [an_old_exact_match_comes_before_hundreds_of_newer_ones]
                ExactOfOnePage exact_matches_of_one_page_are_noticed [hundreds_of_exact_matches_page_exactly]
                CutWords words_cut_short_are_noticed [long_words_are_found_by_their_beginning]
                FirstKeys a_find_of_the_first_keys_is_noticed [find_answers_for_a_thousand_keys]
                HundredFields a_configuration_of_a_hundred_fields_is_noticed [a_configuration_of_hundreds_is_whole]
                FirstQueues queues_read_at_once_are_noticed [hundreds_of_queues_are_listed_once]
                LeaseOfOneChunk a_lease_of_what_is_read_at_once_is_noticed [
                    a_lease_of_hundreds_is_exact a_large_queue_is_leased_at_once
                ]
            }
            volumes_writes {
                LostRow a_row_lost_where_a_statement_is_full_is_noticed [
                    batches_of_any_size_are_whole a_large_batch_is_one_commit
                ]
                LostResponse a_response_lost_beside_much_else_is_noticed [a_batch_of_every_kind_of_write_is_applied]
                DefinitionAlone a_definition_without_its_response_is_noticed [a_definition_is_kept_with_its_response]
                StatementCommits a_commit_of_each_statement_is_noticed [
                    hundreds_of_keys_are_passed_on_in_one_batch a_large_batch_is_one_commit
                ]
                PlaceInStatement a_place_counted_in_its_statement_is_noticed [a_refusal_names_its_write_in_a_large_batch]
                FirstRequired the_first_required_alone_are_noticed [every_missing_record_of_many_is_named]
                FiftyEdges an_unlink_of_fifty_edges_is_noticed [unlink_deletes_hundreds_of_edges]
                ModelessStatement a_statement_of_any_mode_is_noticed [a_large_batch_stays_in_its_scope]
                StaleTerms terms_that_outlive_a_batch_are_noticed [
                    batches_of_any_size_are_whole a_search_sees_what_a_large_batch_changed
                ]
                UnindexedBatch a_batch_that_is_not_indexed_is_noticed [
                    batches_of_any_size_are_whole a_search_sees_what_a_large_batch_changed
                ]
                ExpiredPicked an_expired_response_that_is_picked_is_noticed [responses_expire_each_at_its_own_moment]
                LastEndForAll a_lease_with_the_end_of_another_is_noticed [leases_end_each_at_its_own_moment]
                StickyStatement a_lease_that_outlives_a_large_batch_is_noticed [a_large_batch_ends_the_leases_of_what_it_replaces]
            }
        }
    };
}
