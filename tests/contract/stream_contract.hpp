#pragma once

#include "contract/source_under_test.hpp"

// The promises of source/stream_sink.hpp, one function each; a source's test calls every one of them with a fresh
// source.
namespace understudy::testing::stream_contract {

void transactions_come_whole_and_in_order(source_under_test& source);
void nothing_of_a_transaction_comes_after_the_sink_refused_its_begin(source_under_test& source);
void a_source_that_starts_again_hands_out_nothing_twice_and_leaves_nothing_out(source_under_test& source);
void a_large_transaction_comes_in_parts_that_end(source_under_test& source);
void nothing_more_of_a_large_transaction_comes_while_the_sink_does_not_accept(source_under_test& source);
void a_large_transaction_that_cannot_end_is_abandoned_and_comes_again(source_under_test& source);
void what_was_reached_is_not_before_what_was_handed_out(source_under_test& source);

}  // namespace understudy::testing::stream_contract
