"""DDL at random: each recipe returns what it does to a table, and how it is undone."""

from dataclasses import dataclass, field

from values import COLUMN_TYPES, large_text, random_value


@dataclass
class Ddl:
    """`there` and `back` are the halves of a change that has to be undone: in one transaction, or in two with the
    world going on between. `alone` statements run outside of transactions. `shares` says that no row changes by it, so
    that others may work on the table meanwhile. `reasons` may hold the sidecar back, for a while."""

    there: list
    back: list = field(default_factory=list)
    alone: bool = False
    shares: bool = False
    all_tables: bool = False
    unknown_meanwhile: bool = False
    reasons: tuple = ()


def payload(columns):
    return [c for c in columns if c.is_payload]


def add_column(rng, table, columns, _):
    name = f"c{rng.randint(10, 99)}"
    kind = rng.choice(COLUMN_TYPES)
    default = rng.choice(["", f" DEFAULT {random_value(rng, kind)}", " DEFAULT 5",
                          " GENERATED ALWAYS AS (owner + 1) STORED"])
    if default == " DEFAULT 5":
        kind, default = "int", rng.choice([" DEFAULT 5", " DEFAULT (random() * 9)::int", " NOT NULL DEFAULT 7"])
    if "GENERATED" in default:
        name, kind = f"g{rng.randint(10, 99)}", "int"
    return Ddl([f"ALTER TABLE {table.name} ADD COLUMN {name} {kind}{default}"])


def drop_column(rng, table, columns, _):
    names = [c.name for c in columns if c.is_payload or c.generated]
    return Ddl([f"ALTER TABLE {table.name} DROP COLUMN {rng.choice(names)}"]) if len(names) > 1 else None


def rename_column(rng, table, columns, _):
    found = [c for c in payload(columns) if c.name != "c_big"]
    if not found:
        return None
    one, two = rng.choice(found), rng.choice(found)
    if one.name != two.name and rng.random() < 0.5:  # they change places
        return Ddl([f"ALTER TABLE {table.name} RENAME {one.name} TO c_away",
                    f"ALTER TABLE {table.name} RENAME {two.name} TO {one.name}",
                    f"ALTER TABLE {table.name} RENAME c_away TO {two.name}"])
    return Ddl([f"ALTER TABLE {table.name} RENAME {one.name} TO c{rng.randint(10, 99)}"])


def drop_and_add_column(rng, table, columns, _):
    found = [c for c in payload(columns) if c.name != "c_big"]
    if not found:
        return None
    column = rng.choice(found)
    return Ddl([f"ALTER TABLE {table.name} DROP COLUMN {column.name}, "
                f"ADD COLUMN {column.name} {column.type}"])


ALTERED = {"integer": "bigint", "smallint": "integer", "bigint": "numeric", "numeric(12,3)": "numeric(15,3)",
           "text": "varchar", "character varying(40)": "text", "character varying": "text", "real": "double precision",
           "json": "jsonb", "numeric": "text", "date": "timestamptz", "jsonb": "text"}


def alter_type(rng, table, columns, _):
    found = [c for c in columns if c.type in ALTERED and (c.is_payload or c.name == "k")]
    if not found:
        return None
    column = rng.choice(found)
    if column.name == "k" and column.type not in ("integer", "smallint", "character varying(40)"):
        return None
    kind = ALTERED[column.type]
    return Ddl([f"ALTER TABLE {table.name} ALTER {column.name} TYPE {kind} USING {column.name}::{kind}"])


def drop_expression(rng, table, columns, _):
    found = [c.name for c in columns if c.generated]
    return Ddl([f"ALTER TABLE {table.name} ALTER {rng.choice(found)} DROP EXPRESSION"]) if found else None


def truncate(rng, table, columns, schema):
    also = rng.choice(schema.tables)
    names = table.name if rng.random() < 0.6 or also.name == table.name else f"{table.name}, {also.name}"
    return Ddl([f"TRUNCATE {names}"], all_tables=True)


def truncate_partition(rng, table, *_):
    return Ddl([f"TRUNCATE {table.name}_p{rng.randint(0, 2)}"]) if table.is_partitioned else None


def detach(rng, table, *_):
    if not table.is_partitioned:
        return None
    number = rng.randint(0, 2)
    name = f"{table.name}_p{number}"
    change = rng.choice([f"DELETE FROM {name} WHERE owner = 1", f"UPDATE {name} SET owner = owner", "SELECT 1"])
    return Ddl([f"ALTER TABLE {table.name} DETACH PARTITION {name}"],
               [change, f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES IN ({number})"])


def detach_concurrently(rng, table, *_):
    if not table.is_partitioned:
        return None
    number = rng.randint(0, 2)
    name = f"{table.name}_p{number}"
    return Ddl([f"ALTER TABLE {table.name} DETACH PARTITION {name} CONCURRENTLY"],
               [f"ALTER TABLE {table.name} DETACH PARTITION {name} FINALIZE",  # if it was cut off
                f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES IN ({number})"], alone=True,
               unknown_meanwhile=True)


def partition_of_another_shape(rng, table, columns, _):
    """Its columns stand in another order than those of the root."""
    if not table.is_partitioned or any(c.generated for c in columns):
        return None
    number = rng.randint(0, 2)
    name = f"{table.name}_p{number}"
    turned = ", ".join(c.name for c in reversed(columns))
    required = [f"ALTER TABLE fresh ALTER {c.name} SET NOT NULL" for c in columns if c.name in ("owner", "k", "region")]
    identity = ["ALTER TABLE fresh REPLICA IDENTITY FULL"] if table.kind == "partitioned_full" else []
    return Ddl([f"CREATE TABLE fresh AS SELECT 1 AS dropped, {turned} FROM {name}", "ALTER TABLE fresh DROP dropped",
                *identity, *required, f"DROP TABLE {name}", f"ALTER TABLE fresh RENAME TO {name}",
                f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES IN ({number})"])


def drop_partition(rng, table, *_):
    if not table.is_partitioned:
        return None
    number = rng.randint(0, 2)
    name = f"{table.name}_p{number}"
    identity = [f"ALTER TABLE {name} REPLICA IDENTITY FULL"] if table.kind == "partitioned_full" else []
    return Ddl([f"DROP TABLE {name}"],
               [f"CREATE TABLE {name} PARTITION OF {table.name} FOR VALUES IN ({number})", *identity],
               reasons=("table_unusable",))


def new_partition(rng, table, *_):
    if not table.is_partitioned:
        return None
    name = f"{table.name}_p{rng.randint(3, 5)}"
    identity = [f"ALTER TABLE {name} REPLICA IDENTITY FULL"] if table.kind == "partitioned_full" else []
    return Ddl([f"CREATE TABLE {name} PARTITION OF {table.name} DEFAULT" if rng.random() < 0.3 else
                f"CREATE TABLE {name} PARTITION OF {table.name} FOR VALUES IN ({name[-1]})", *identity], shares=True,
               reasons=("table_unusable",))


def away_by_name(rng, table, *_):
    return Ddl([f"ALTER TABLE {table.name} RENAME TO away"], [f"ALTER TABLE away RENAME TO {table.name}"],
               reasons=("table_missing",))


def away_by_schema(rng, table, *_):
    return Ddl([f"ALTER TABLE {table.name} SET SCHEMA hunt"], [f"ALTER TABLE hunt.{table.name} SET SCHEMA public"],
               reasons=("table_missing", "publication_changed"))


def swap_with_copy(rng, table, columns, schema):
    """A new table of the same shape takes the name, as migrations do it."""
    if table.is_partitioned or table.kind == "index":
        return None
    identity = ["ALTER TABLE fresh REPLICA IDENTITY FULL"] if "full" in table.kind or table.kind == "no_key" else []
    return Ddl([f"CREATE TABLE fresh (LIKE {table.name} INCLUDING ALL)", *identity,
                f"INSERT INTO fresh SELECT * FROM {table.name}" if not any(c.generated for c in columns) else "SELECT 1",
                f"DROP TABLE {table.name}", f"ALTER TABLE fresh RENAME TO {table.name}",
                *joins_publication(table, schema)],
               reasons=("table_missing",))


def joins_publication(table, schema):
    return [f"ALTER PUBLICATION understudy ADD TABLE {table.member()}"] if schema.publication == "tables" else []


def replica_identity(rng, table, *_):
    if not table.has_key or table.is_partitioned:
        return None
    usual = "FULL" if table.kind == "key_full" else "DEFAULT"
    return Ddl([f"ALTER TABLE {table.name} REPLICA IDENTITY {rng.choice(['FULL', 'NOTHING', 'DEFAULT'])}"],
               [f"ALTER TABLE {table.name} REPLICA IDENTITY {usual}"], reasons=("table_unusable",))


def primary_key(rng, table, *_):
    if not table.has_key or table.is_partitioned:
        return None
    usual = "FULL" if table.kind == "key_full" else "DEFAULT"
    key = table.constraint.removeprefix("PRIMARY KEY ")
    twins = (f"DELETE FROM {table.name} a WHERE ctid <> (SELECT min(ctid) FROM {table.name} b "
             f"WHERE ({', '.join('a.' + part for part in key.strip('()').split(', '))}) = "
             f"({', '.join('b.' + part for part in key.strip('()').split(', '))}))")
    return Ddl([f"ALTER TABLE {table.name} DROP CONSTRAINT {table.name}_pkey"],
               [f"ALTER TABLE {table.name} REPLICA IDENTITY FULL", twins,
                f"ALTER TABLE {table.name} REPLICA IDENTITY {usual}",
                f"ALTER TABLE {table.name} ADD CONSTRAINT {table.name}_pkey {table.constraint}"],
               reasons=("table_unusable",))


def unlogged(rng, table, *_):
    if table.is_partitioned:
        return None
    return Ddl([f"ALTER TABLE {table.name} SET UNLOGGED"], [f"ALTER TABLE {table.name} SET LOGGED"],
               reasons=("table_unusable", "publication_changed"))


def enum_label(rng, *_):
    old = rng.choice(["sad", "ok", "happy"])
    return Ddl([f"ALTER TYPE mood RENAME VALUE '{old}' TO 'other'"], [f"ALTER TYPE mood RENAME VALUE 'other' TO '{old}'"],
               all_tables=True)


def enum_value(rng, *_):
    return Ddl([f"ALTER TYPE mood ADD VALUE 'v{rng.randint(1, 999)}' BEFORE 'ok'"], shares=True)


def composite(rng, *_):
    if rng.random() < 0.5:
        return Ddl(["ALTER TYPE pair RENAME ATTRIBUTE b TO z"], ["ALTER TYPE pair RENAME ATTRIBUTE z TO b"], all_tables=True)
    return Ddl(["ALTER TYPE pair ADD ATTRIBUTE z int"], ["ALTER TYPE pair DROP ATTRIBUTE z"], all_tables=True)


def rewrite(rng, table, *_):
    key = f"{table.name}_pkey" if table.has_key else f"{table.name}_identity"
    cluster = f"CLUSTER {table.name} USING {key}"
    return Ddl([rng.choice([f"VACUUM FULL {table.name}", f"VACUUM FREEZE {table.name}", cluster,
                            f"REINDEX TABLE {table.name}", "VACUUM FULL", "VACUUM FULL pg_class",
                            "VACUUM FULL pg_publication_rel", "VACUUM FREEZE pg_class", "VACUUM FULL pg_attribute",
                            "VACUUM FULL pg_enum", "ANALYZE", "CHECKPOINT"])],
               alone=True, shares=True)


def index(rng, table, columns, _):
    found = [c.name for c in payload(columns) if c.type in ("integer", "text", "uuid", "date")]
    if not found:
        return None
    concurrently = rng.choice(["", "CONCURRENTLY "])
    return Ddl([f"CREATE INDEX {concurrently}extra_{table.nr} ON {table.name} (left({found[0]}::text, 9))"],
               [f"DROP INDEX {concurrently}extra_{table.nr}"], alone=bool(concurrently), shares=True)


def out_of_publication(rng, table, columns, schema):
    if schema.publication != "tables":
        return None
    return Ddl([f"ALTER PUBLICATION understudy DROP TABLE {table.name}"], joins_publication(table, schema), shares=True,
               reasons=("publication_changed", "publication_missing", "prerequisite_missing", "table_changed",
                        "table_unusable", "table_missing", "permission_denied"))


def other_filter(rng, table, columns, schema):
    """Rows come and go with it."""
    if schema.publication != "tables" or table.filter == "true":
        return None
    changed = rng.choice(["owner <> 1", "owner <> 2", "owner >= 0"])
    if table.kind != "no_key":
        changed = table.filter.split()[0] + rng.choice([" <> 2", " <> 1", " < 5"])
    def filtered(condition):
        members = [t.name + f" WHERE ({condition})" if t is table else t.member() for t in schema.tables]
        return [f"ALTER PUBLICATION understudy SET TABLE {', '.join(['tally', 'journal', *members])}",
                f"UPDATE hunt.tables SET filter = '{condition}' WHERE nr = {table.nr}"]
    return Ddl(filtered(changed), filtered(table.filter), reasons=("publication_changed",))


def publication_options(rng, *_):
    return Ddl([rng.choice(["ALTER PUBLICATION understudy SET (publish = 'insert')",
                            "ALTER PUBLICATION understudy SET (publish = 'insert, update, delete')",
                            "ALTER PUBLICATION understudy SET (publish_via_partition_root = false)"])],
               ["ALTER PUBLICATION understudy SET (publish = 'insert, update, delete, truncate', "
                "publish_via_partition_root = true)"], shares=True,
               reasons=("publication_changed", "prerequisite_missing", "publication_missing", "table_unusable",
                        "table_missing"))


def new_publication(rng, table, columns, schema):
    if schema.publication == "ours":
        return None
    return Ddl(["DROP PUBLICATION understudy"], [schema.create_publication()], shares=True,
               reasons=("publication_changed", "publication_missing", "prerequisite_missing", "table_changed"))


def large_update(rng, table, columns, _):
    """Not DDL, but in its transaction: everybody's rows."""
    if not any(c.name == "c_big" for c in columns):
        return None
    return Ddl([f"UPDATE {table.name} SET c_big = {large_text(rng, 9)} || k::text" for _ in range(3)])


RECIPES = [add_column, add_column, drop_column, rename_column, drop_and_add_column, alter_type, alter_type,
           drop_expression, truncate, truncate, truncate_partition, detach, detach, detach_concurrently,
           partition_of_another_shape, drop_partition, new_partition, away_by_name, away_by_schema, swap_with_copy,
           replica_identity, replica_identity, primary_key, unlogged, enum_label, enum_label, enum_value, composite,
           rewrite, rewrite, rewrite, index, out_of_publication, other_filter, publication_options, new_publication,
           large_update]

# Those that can be done while nobody works, each half as a transaction of its own, and that never need an operator.
SILENT = [add_column, drop_column, rename_column, drop_and_add_column, alter_type, drop_expression, truncate,
          truncate_partition, detach, enum_label, composite, swap_with_copy, other_filter, partition_of_another_shape]
