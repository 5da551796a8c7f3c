#include "render/type_table.hpp"

#include <algorithm>

namespace understudy {

namespace {

// One row per type of pg_type.dat, Postgres 14 to 18, that a column can have: oid, array, name, JSON, key.
// Types of one name have one oid in all versions. Left out: composites and pseudo-types.
constexpr builtin_type table[] = {
    {16, 1000, "bool", json_form::boolean, key_form::boolean},
    {17, 1001, "bytea", json_form::quoted, key_form::bytes},
    {18, 1002, "char", json_form::quoted, key_form::text},
    {19, 1003, "name", json_form::quoted, key_form::text},
    {20, 1016, "int8", json_form::integer, key_form::integer},
    {21, 1005, "int2", json_form::integer, key_form::integer},
    {22, 1006, "int2vector", json_form::vector, key_form::text, ',', 21},
    {23, 1007, "int4", json_form::integer, key_form::integer},
    {24, 1008, "regproc", json_form::quoted, key_form::text},
    {25, 1009, "text", json_form::quoted, key_form::text},
    {26, 1028, "oid", json_form::quoted, key_form::integer},
    {27, 1010, "tid", json_form::quoted, key_form::text},
    {28, 1011, "xid", json_form::quoted, key_form::integer},
    {29, 1012, "cid", json_form::quoted, key_form::integer},
    {30, 1013, "oidvector", json_form::vector, key_form::text, ',', 26},
    {114, 199, "json", json_form::json, key_form::text},
    {142, 143, "xml", json_form::quoted, key_form::text},
    {194, 0, "pg_node_tree", json_form::quoted, key_form::text},
    {600, 1017, "point", json_form::quoted, key_form::text},
    {601, 1018, "lseg", json_form::quoted, key_form::text},
    {602, 1019, "path", json_form::quoted, key_form::text},
    {603, 1020, "box", json_form::quoted, key_form::text, ';'},
    {604, 1027, "polygon", json_form::quoted, key_form::text},
    {628, 629, "line", json_form::quoted, key_form::text},
    {650, 651, "cidr", json_form::quoted, key_form::text},
    {700, 1021, "float4", json_form::number, key_form::floating},
    {701, 1022, "float8", json_form::number, key_form::floating},
    {718, 719, "circle", json_form::quoted, key_form::text},
    {774, 775, "macaddr8", json_form::quoted, key_form::text},
    {790, 791, "money", json_form::quoted, key_form::text},
    {829, 1040, "macaddr", json_form::quoted, key_form::text},
    {869, 1041, "inet", json_form::quoted, key_form::text},
    {1033, 1034, "aclitem", json_form::quoted, key_form::text},
    {1042, 1014, "bpchar", json_form::quoted, key_form::padded_text},
    {1043, 1015, "varchar", json_form::quoted, key_form::text},
    {1082, 1182, "date", json_form::quoted, key_form::date},
    {1083, 1183, "time", json_form::quoted, key_form::text},
    {1114, 1115, "timestamp", json_form::timestamp, key_form::timestamp},
    {1184, 1185, "timestamptz", json_form::timestamptz, key_form::timestamptz},
    {1186, 1187, "interval", json_form::quoted, key_form::text},
    {1266, 1270, "timetz", json_form::quoted, key_form::text},
    {1560, 1561, "bit", json_form::quoted, key_form::text},
    {1562, 1563, "varbit", json_form::quoted, key_form::text},
    {1700, 1231, "numeric", json_form::number, key_form::numeric},
    {1790, 2201, "refcursor", json_form::quoted, key_form::text},
    {2202, 2207, "regprocedure", json_form::quoted, key_form::text},
    {2203, 2208, "regoper", json_form::quoted, key_form::text},
    {2204, 2209, "regoperator", json_form::quoted, key_form::text},
    {2205, 2210, "regclass", json_form::quoted, key_form::text},
    {2206, 2211, "regtype", json_form::quoted, key_form::text},
    {2950, 2951, "uuid", json_form::quoted, key_form::uuid},
    {2970, 2949, "txid_snapshot", json_form::quoted, key_form::text},
    {3220, 3221, "pg_lsn", json_form::quoted, key_form::lsn},
    {3361, 0, "pg_ndistinct", json_form::quoted, key_form::text},
    {3402, 0, "pg_dependencies", json_form::quoted, key_form::text},
    {3614, 3643, "tsvector", json_form::quoted, key_form::text},
    {3615, 3645, "tsquery", json_form::quoted, key_form::text},
    {3642, 3644, "gtsvector", json_form::quoted, key_form::text},
    {3734, 3735, "regconfig", json_form::quoted, key_form::text},
    {3769, 3770, "regdictionary", json_form::quoted, key_form::text},
    {3802, 3807, "jsonb", json_form::json, key_form::text},
    {3904, 3905, "int4range", json_form::quoted, key_form::text},
    {3906, 3907, "numrange", json_form::quoted, key_form::text},
    {3908, 3909, "tsrange", json_form::quoted, key_form::text},
    {3910, 3911, "tstzrange", json_form::quoted, key_form::text},
    {3912, 3913, "daterange", json_form::quoted, key_form::text},
    {3926, 3927, "int8range", json_form::quoted, key_form::text},
    {4072, 4073, "jsonpath", json_form::quoted, key_form::text},
    {4089, 4090, "regnamespace", json_form::quoted, key_form::text},
    {4096, 4097, "regrole", json_form::quoted, key_form::text},
    {4191, 4192, "regcollation", json_form::quoted, key_form::text},
    {4451, 6150, "int4multirange", json_form::quoted, key_form::text},
    {4532, 6151, "nummultirange", json_form::quoted, key_form::text},
    {4533, 6152, "tsmultirange", json_form::quoted, key_form::text},
    {4534, 6153, "tstzmultirange", json_form::quoted, key_form::text},
    {4535, 6155, "datemultirange", json_form::quoted, key_form::text},
    {4536, 6157, "int8multirange", json_form::quoted, key_form::text},
    {4600, 0, "pg_brin_bloom_summary", json_form::quoted, key_form::text},
    {4601, 0, "pg_brin_minmax_multi_summary", json_form::quoted, key_form::text},
    {5017, 0, "pg_mcv_list", json_form::quoted, key_form::text},
    {5038, 5039, "pg_snapshot", json_form::quoted, key_form::text},
    {5069, 271, "xid8", json_form::quoted, key_form::integer},
};

static_assert(std::ranges::is_sorted(table, {}, &builtin_type::id));

}  // namespace

std::span<const builtin_type> builtin_types() noexcept
{
    return table;
}

const builtin_type* find_builtin(oid type) noexcept
{
    const auto* found = std::ranges::lower_bound(table, type, {}, &builtin_type::id);
    return found != std::end(table) && found->id == type ? found : nullptr;
}

const builtin_type* find_builtin(std::string_view name) noexcept
{
    const auto* found = std::ranges::find(table, name, &builtin_type::name);
    return found != std::end(table) ? found : nullptr;
}

const builtin_type* find_builtin_element(oid type) noexcept
{
    const auto* found = std::ranges::find(table, type, &builtin_type::array);
    return type != 0 && found != std::end(table) ? found : nullptr;
}

}  // namespace understudy
