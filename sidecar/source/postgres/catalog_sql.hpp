#pragma once

/// The SQL that asks the catalog, as fmt patterns. Every name is qualified or found in pg_catalog first.
namespace understudy::catalog_sql {

inline constexpr const char* server = R"(
SELECT current_database(),
       (SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()),
       current_user,
       pg_is_in_recovery(),
       r.rolsuper,
       r.rolreplication OR r.rolsuper
         OR EXISTS (SELECT FROM pg_roles m WHERE m.rolname = 'rds_replication'
                    AND pg_has_role(current_user, m.oid, 'MEMBER')),
       has_database_privilege(current_database(), 'CREATE'),
       current_setting('wal_level'),
       current_setting('synchronous_standby_names'),
       current_setting('max_replication_slots'),
       (SELECT count(*) FROM pg_replication_slots),
       current_setting('max_wal_senders'),
       (SELECT count(*) FROM pg_stat_replication),
       (SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout'),
       (SELECT pending_restart FROM pg_settings WHERE name = 'wal_level'),
       current_setting('max_slot_wal_keep_size'),
       (SELECT bool_and(has_function_privilege(oid, 'EXECUTE')) FROM pg_proc
         WHERE proname = 'pg_logical_emit_message' AND pronamespace = 'pg_catalog'::regnamespace)
  FROM pg_roles r WHERE r.rolname = current_user)";

// The row's xmin tells a change there and back, which loses rows and leaves everything else equal.
inline constexpr const char* publication = R"(
SELECT p.oid, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot,
       concat_ws(',', p.oid, p.xmin), pg_has_role(p.pubowner, 'USAGE')
  FROM pg_publication p WHERE p.pubname = {name})";

inline constexpr const char* slot = R"(
SELECT coalesce(plugin, ''), slot_type, coalesce(database, ''), temporary, two_phase, coalesce(active_pid, 0),
       coalesce(wal_status, ''), {invalidation}, coalesce(restart_lsn::text, ''),
       coalesce(confirmed_flush_lsn::text, ''),
       CASE WHEN pg_is_in_recovery() THEN 0
            ELSE coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint END
  FROM pg_replication_slots WHERE slot_name = {name})";

// Membership in the publication, of the table and of everything above and below it in its partition tree.
inline constexpr const char* membership_14 = R"(
  (SELECT string_agg(concat_ws(',', pr.oid, pr.xmin), ';' ORDER BY pr.oid)
     FROM pg_publication_rel pr JOIN pg_publication p ON p.oid = pr.prpubid
    WHERE p.pubname = {publication} AND pr.prrelid = ANY(ARRAY(SELECT id FROM family))))";
inline constexpr const char* membership_15 = R"(
  (SELECT string_agg(concat_ws(',', pr.oid, pr.xmin), ';' ORDER BY pr.oid)
     FROM pg_publication_rel pr JOIN pg_publication p ON p.oid = pr.prpubid
    WHERE p.pubname = {publication} AND pr.prrelid = ANY(ARRAY(SELECT id FROM family))),
  (SELECT string_agg(concat_ws(',', pn.oid, pn.xmin), ';' ORDER BY pn.oid)
     FROM pg_publication_namespace pn JOIN pg_publication p ON p.oid = pn.pnpubid
    WHERE p.pubname = {publication} AND pn.pnnspid = ANY(ARRAY(
            SELECT f.relnamespace FROM pg_class f WHERE f.oid = ANY(ARRAY(SELECT id FROM family))))))";

// One hash per table `c` over everything that can change its rows, or how they print, without a row message
// (README, Limits, names them). relfilenode tells rewrites; enum labels, composite attributes and
// later casts to json are printed inside values. Where a change there and back can hide row changes, the xmin of the
// catalog's row counts, too: an enum's labels; what is a partition of what; and, where partitions have replica
// identities of their own or a schema is published, the tables' own rows. A row's xmin survives VACUUM and ANALYZE.
// Written so that the server goes by its indexes: 1.6 s for 1,000 tables, where plain joins take 4.9 s (measured beside
// other load).
inline constexpr const char* fingerprint = R"(
(WITH RECURSIVE family AS (
   SELECT c.oid AS id
   UNION SELECT t.relid FROM pg_partition_tree(c.oid) t
   UNION SELECT a.relid FROM pg_partition_ancestors(c.oid) a),
 used_types AS (
   SELECT a.atttypid AS id FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   UNION SELECT unnest(ARRAY[t.typelem, t.typbasetype]
                       || ARRAY(SELECT m.atttypid FROM pg_attribute m WHERE m.attrelid = t.typrelid
                                   AND m.attnum > 0 AND NOT m.attisdropped AND t.typtype = 'c')
                       || ARRAY(SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)))
     FROM used_types u CROSS JOIN LATERAL (SELECT * FROM pg_type WHERE oid = u.id OFFSET 0) t)
 SELECT md5(concat_ws('|', c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident,
  (SELECT string_agg(concat_ws(',', f.oid, f.relfilenode, f.relkind, f.relpersistence, f.relreplident,
                               CASE WHEN c.relkind = 'p' OR {through_schema} THEN f.xmin END), ';' ORDER BY f.oid)
     FROM pg_class f WHERE f.oid = ANY(ARRAY(SELECT id FROM family))),
  (SELECT string_agg(concat_ws(',', i.inhrelid, i.inhparent, i.xmin), ';' ORDER BY i.inhrelid, i.inhparent)
     FROM pg_inherits i WHERE c.relkind = 'p' AND i.inhrelid = ANY(ARRAY(SELECT id FROM family))),
  (SELECT string_agg(concat_ws(',', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attgenerated), ';' ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  (SELECT string_agg(concat_ws(',', i.indrelid, i.indkey, i.indisprimary, i.indisreplident, i.indimmediate, i.indisvalid), ';'
                     ORDER BY i.indrelid, i.indkey::text)
     FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisprimary OR i.indisreplident)),
  (SELECT string_agg(concat_ws(',', e.enumtypid, e.enumlabel, e.xmin), ';' ORDER BY e.enumtypid, e.enumsortorder)
     FROM pg_enum e WHERE e.enumtypid = ANY(ARRAY(SELECT id FROM used_types))),
  (SELECT string_agg(concat_ws(',', a.attrelid, a.attnum, a.attname, a.atttypid), ';' ORDER BY a.attrelid, a.attnum)
     FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.oid = ANY(ARRAY(SELECT id FROM used_types)) AND t.typtype = 'c'),
  (SELECT string_agg(concat_ws(',', k.oid, k.xmin), ';' ORDER BY k.oid)
     FROM pg_cast k WHERE k.castsource = ANY(ARRAY(SELECT id FROM used_types)) AND k.casttarget = 'json'::regtype),
  {membership}))))";

inline constexpr const char* through_schema_14 = "false";
inline constexpr const char* through_schema_15 = R"(EXISTS (
  SELECT FROM pg_publication_namespace pn JOIN pg_publication p ON p.oid = pn.pnpubid
   WHERE p.pubname = {publication} AND pn.pnnspid = c.relnamespace))";

inline constexpr const char* fingerprints = R"(
SELECT c.oid, {fingerprint}
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY({tables}))";

inline constexpr const char* tables = R"(
SELECT w.nr, c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident, c.relispartition,
       c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid),
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),
       c.relrowsecurity,
       pt.tablename IS NOT NULL, coalesce({row_filter}, ''),
       coalesce((SELECT string_agg(DISTINCT l.relreplident::text, '') FROM pg_partition_tree(c.oid) t
                   JOIN pg_class l ON l.oid = t.relid WHERE t.isleaf AND c.relkind = 'p'), ''),
       (SELECT sum(l.reltuples)::bigint FROM pg_class l
         WHERE l.relkind <> 'p' AND (l.oid = c.oid OR l.oid IN (SELECT relid FROM pg_partition_tree(c.oid)))
        HAVING bool_and(l.reltuples >= 0)),
       (SELECT coalesce(sum(pg_table_size(l.oid)), 0)::bigint FROM pg_class l
         WHERE l.oid = c.oid OR l.oid IN (SELECT relid FROM pg_partition_tree(c.oid))),
       {fingerprint}, pg_has_role(c.relowner, 'USAGE'),
       coalesce((SELECT string_agg(DISTINCT l.relpersistence::text, '') FROM pg_partition_tree(c.oid) t
                   JOIN pg_class l ON l.oid = t.relid WHERE c.relkind = 'p'), ''),
       coalesce((SELECT string_agg(t.relid::oid::text, ',') FROM pg_partition_tree(c.oid) t WHERE c.relkind = 'p'), ''),
       coalesce((SELECT string_agg(format('%I.%I', ap.schemaname, ap.tablename), ', ')
                   FROM pg_partition_ancestors(c.oid) a JOIN pg_class ac ON ac.oid = a.relid AND ac.oid <> c.oid
                   JOIN pg_namespace an ON an.oid = ac.relnamespace
                   JOIN pg_publication_tables ap ON ap.pubname = {publication} AND ap.schemaname = an.nspname
                                                AND ap.tablename = ac.relname
                  WHERE c.relispartition), '')
  FROM (VALUES {wanted}) w(nr, schema, name)
  JOIN pg_namespace n ON n.nspname = w.schema
  JOIN pg_class c ON c.relnamespace = n.oid
       AND (c.relname = w.name OR w.name IS NULL AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND c.relpersistence = 'p')
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  LEFT JOIN pg_publication_tables pt
       ON pt.pubname = {publication} AND pt.schemaname = n.nspname AND pt.tablename = c.relname
 ORDER BY w.nr, c.relname COLLATE "C")";

inline constexpr const char* published_14 = "a.attgenerated = ''";
inline constexpr const char* published_15 =
    "a.attgenerated = '' AND (pt.tablename IS NULL OR a.attname = ANY(pt.attnames))";
inline constexpr const char* published_18 =
    "pt.tablename IS NULL AND a.attgenerated = '' OR a.attname = ANY(pt.attnames)";

inline constexpr const char* columns = R"(
SELECT c.oid, a.attname, a.atttypid, a.atttypmod, a.attgenerated <> '', {published}, format_type(a.atttypid, a.atttypmod),
       NOT a.attnotnull, a.atthasdef OR a.atthasmissing OR a.attidentity <> ''
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_publication_tables pt
       ON pt.pubname = {publication} AND pt.schemaname = n.nspname AND pt.tablename = c.relname
 WHERE c.oid = ANY({tables})
 ORDER BY c.oid, a.attnum)";

inline constexpr const char* existing = R"(
SELECT oid FROM pg_class WHERE oid = ANY({tables}))";

// A deferrable key allows two rows with one key inside a transaction, so it cannot tell rows apart for us.
inline constexpr const char* keys = R"(
SELECT i.indrelid, i.indisprimary, i.indisreplident, a.attname
  FROM pg_index i
  CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, nr)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
 WHERE i.indrelid = ANY({tables}) AND i.indimmediate AND i.indisvalid AND k.nr <= i.indnkeyatts
   AND (i.indisprimary OR i.indisreplident)
 ORDER BY i.indrelid, i.indexrelid, k.nr)";

// A type or a publication that is being altered is locked as an object. Left out: SHARE, which only CREATE INDEX takes, and what VACUUM, ANALYZE and CREATE INDEX CONCURRENTLY hold. None
// of them changes a row or a shape, and some take hours.
inline constexpr const char* strong_locks = R"(
SELECT coalesce('pid ' || l.pid, 'a prepared transaction'), l.mode,
       coalesce(l.relation::regclass::text, 'a type or a publication')
  FROM pg_locks l
 WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND (l.locktype = 'object' AND l.classid IN ('pg_type'::regclass, 'pg_publication'::regclass)
        AND l.mode IN ('ExclusiveLock', 'AccessExclusiveLock')
     OR l.locktype = 'relation' AND l.relation IN (SELECT unnest({tables})
                      UNION SELECT t.relid FROM unnest({tables}) w(id), pg_partition_tree(w.id) t)
   AND (l.mode IN ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        OR l.mode = 'ShareUpdateExclusiveLock'
           AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum v WHERE v.pid = l.pid)
           AND NOT EXISTS (SELECT FROM pg_stat_progress_analyze v WHERE v.pid = l.pid)
           AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index v WHERE v.pid = l.pid)))
 LIMIT 1)";

// Whom a new slot waits for. A prepared transaction has no process. Who is not in pg_monitor sees no times of others.
inline constexpr const char* oldest_transaction = R"(
SELECT holder, database, seconds FROM (
  SELECT 'pid ' || pid AS holder, datname::text AS database, age(backend_xid) AS transactions,
         extract(epoch FROM clock_timestamp() - xact_start)::bigint AS seconds
    FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
  UNION ALL
  SELECT 'prepared transaction ' || quote_literal(gid), database::text, age(transaction),
         extract(epoch FROM clock_timestamp() - prepared)::bigint
    FROM pg_prepared_xacts) t
 ORDER BY transactions DESC LIMIT 1)";

// Two statements, in this order: everything that was acknowledged by the first is inserted by the second. Flushed would
// not do: with synchronous_commit = off a commit is acknowledged before.
inline constexpr const char* probe = R"(
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
SELECT pg_current_wal_insert_lsn(), pg_size_bytes(current_setting('wal_block_size')),
       pg_size_bytes(current_setting('wal_segment_size')), pg_current_wal_flush_lsn(),
       coalesce((SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn) FROM pg_replication_slots
                  WHERE slot_name = {slot}), 0)::bigint,
       current_setting('synchronous_standby_names'),
       (SELECT wal_status FROM pg_replication_slots WHERE slot_name = {slot}),
       (SELECT safe_wal_size FROM pg_replication_slots WHERE slot_name = {slot}))";

}  // namespace understudy::catalog_sql
