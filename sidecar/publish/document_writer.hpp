#pragma once

#include "core/error.hpp"
#include "publish/document_file.hpp"
#include "publish/document_index.hpp"
#include "publish/document_plan.hpp"
#include "publish/manifest.hpp"
#include "store/store.hpp"

#include <cstdint>

namespace understudy {

// A document:
//
//   document := "{" header? NEWLINE member ("," NEWLINE member)* NEWLINE "}" NEWLINE
//   header   := "\"understudy\":{\"format\":1,\"generation\":" n ",\"position\":\"" lsn "\",\"content_as_of\":" time "},"
//               and spaces, so that header and line end have a fixed size
//   member   := name ":[" rows? NEWLINE "]"  |  name ":{" named-rows? NEWLINE "}"
//   rows     := NEWLINE row ("," NEWLINE row)*
//   row      := "{" (member-of-row ("," member-of-row)*)? "}"
//   member-of-row := name ":" (value | "[" (row ("," row)*)? "]" | "{" (name ":" row ("," name ":" row)*)? "}")
//
// With a wrap, its own text stands around the rows of each table: document := text (rows text)* NEWLINE, the first text
// without its brace behind a header.
//
// One row per line, in the store's key order, with what is nested inside it; a row of a multiset stands as often as it
// is counted. The members of a row are its columns, then hoisted, merged and nested ones. The header has
// a fixed size so that equal content lies at equal places and gives equal block hashes whatever the header says.

/// What a document's header says.
struct document_header {
    std::uint64_t generation = 0;
    lsn position;
    std::optional<db_time> content_as_of;
};

/// Writes one document in one pass over the rows, and into `index` the places of the rows of the tables that the plan
/// says; it may be null if that are none. Returns how many rows its tables have, those inside others not
/// counted. Does not finish the files.
/// Errors: those of document_file, document_index_writer and read_snapshot; store_damaged for a tuple that is not of its table's shape;
/// bad_config, naming table and column but no data, if a row's name under keyed_by is null, repeated or not a
/// string, number or boolean, if a hoisted value is no object or has a member of a name that the row has already, or if
/// two rows would be merged into one; catching_up if the store has not made an index of the plan yet.
outcome<std::uint64_t> write_document(const read_snapshot& rows, const document_plan& plan,
                                      const document_header& header, document_file& into, document_index_writer* index);

}  // namespace understudy
