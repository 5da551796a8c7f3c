#pragma once

namespace understudy {

/// Reads from the catalog what render/type_catalog.hpp wants to know of the types that columns lead to: through
/// domains, arrays and composites, at any depth.
///
/// $1: oid[], the columns' types. One row for each type, or one for each attribute of a composite, in order:
///
///   0 id        oid      type_facts::id
///   1 schema    text     type_facts::schema
///   2 name      text     type_facts::name
///   3 kind      "char"   type_facts::kind
///   4 base      oid      type_facts::base, 0 unless a domain
///   5 element   oid      type_facts::element, 0 unless a true array
///   6 delimiter "char"   type_facts::delimiter
///   7 casts     bool     type_facts::casts_to_json
///   8 attribute text     type_attribute::name, null if the type has none
///   9 type      oid      type_attribute::type, null if the type has none
///  10 typmod    int4     type_facts::base_typmod, -1 unless a domain
///
/// to_json looks for a cast only of types that are not built in, hence 16384 (FirstNormalObjectId).
inline constexpr const char* type_query = R"sql(
WITH RECURSIVE needed(id) AS (
    SELECT pg_catalog.unnest($1::pg_catalog.oid[])
  UNION
    SELECT inside.id
    FROM needed
    JOIN pg_catalog.pg_type t ON t.oid = needed.id
    CROSS JOIN LATERAL (
        SELECT t.typbasetype WHERE t.typtype = 'd'
      UNION ALL
        SELECT t.typelem WHERE t.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc
      UNION ALL
        SELECT a.atttypid FROM pg_catalog.pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS inside(id)
)
SELECT t.oid, n.nspname, t.typname, t.typtype, t.typbasetype,
       coalesce(e.oid, 0), coalesce(e.typdelim, ','),
       t.oid >= 16384 AND EXISTS (
           SELECT FROM pg_catalog.pg_cast c
           WHERE c.castsource = t.oid AND c.casttarget = 'pg_catalog.json'::pg_catalog.regtype
             AND c.castmethod = 'f'),
       a.attname, a.atttypid, t.typtypmod
FROM needed
JOIN pg_catalog.pg_type t ON t.oid = needed.id
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type e
       ON e.oid = t.typelem AND t.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc
LEFT JOIN pg_catalog.pg_attribute a
       ON t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY t.oid, a.attnum
)sql";

}  // namespace understudy
