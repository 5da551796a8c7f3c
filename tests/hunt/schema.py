"""A random schema, and the bookkeeping that makes every committed state prove itself.

Each row belongs to one owner, and only that owner's session changes it. Before a transaction ends it writes, in the
mirrored table `tally`, the digest of the rows that its owner has in each table it touched, as to_json prints them; and
into `journal` the next number of its owner. So any document can be checked alone: the digests of its rows are those of
its own tally, and no owner's journal has a gap. DDL notes the digests of all owners again, under a lock that the
sessions share.
"""

import json
from dataclasses import dataclass, field

from values import COLUMN_TYPES, KEY_TYPES

SMITH = 0  # the owner that also does DDL
OWNERS = (SMITH, 1, 2, 3)
JOURNAL_KEPT = 40
PARTITIONS = 3

# A digest of NULL stands for: being changed by something that is no transaction, not known now.
HELPERS = """
CREATE SCHEMA hunt;
CREATE TABLE hunt.tables (nr int PRIMARY KEY, name text NOT NULL, filter text NOT NULL);
CREATE TABLE hunt.hidden (rel regclass, name text, PRIMARY KEY (rel, name));
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'it''s "odd"');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN amount AS numeric(12,2) CHECK (VALUE > -1000000);
CREATE DOMAIN document AS jsonb;
CREATE DOMAIN numbers AS int[];
CREATE TYPE deep AS (n numeric, j jsonb, a text[], p pair, m mood, d document, f float8, t timestamptz);
CREATE DOMAIN checked AS deep;
CREATE TYPE moods AS RANGE (subtype = mood);
CREATE TABLE tally (nr int, owner int, row_count bigint NOT NULL, digest text, PRIMARY KEY (nr, owner));
CREATE TABLE journal (owner int, n bigint, PRIMARY KEY (owner, n));
INSERT INTO journal SELECT o, 0 FROM generate_series(0, {last_owner}) o;
CREATE FUNCTION hunt.columns_of(rel regclass) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(quote_ident(attname), ',' ORDER BY attnum) FROM pg_attribute
     WHERE attrelid = rel AND attnum > 0 AND NOT attisdropped AND attgenerated::text = ANY('{generated}')
       AND attname <> 'x' AND (rel, attname) NOT IN (SELECT h.rel, h.name FROM hunt.hidden h) $$;
CREATE FUNCTION hunt.rows_of(wanted int, condition text) RETURNS SETOF text LANGUAGE plpgsql AS $$
    DECLARE t hunt.tables := (SELECT h FROM hunt.tables h WHERE nr = wanted);
    BEGIN
        RETURN QUERY EXECUTE format('SELECT replace(to_json(t.*)::text, chr(10), '' '') FROM (SELECT %s FROM public.%I'
            ' WHERE (%s) AND (%s)) t', hunt.columns_of(format('public.%I', t.name)::regclass), t.name, condition, t.filter);
    END $$;
CREATE FUNCTION hunt.note(wanted int, whose int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE public.tally SET (row_count, digest) = (
            SELECT count(*), md5(coalesce(string_agg(r, chr(10) ORDER BY r COLLATE "C"), ''))
              FROM hunt.rows_of(wanted, 'owner = ' || whose) r) WHERE nr = wanted AND owner = whose;
    END $$;
"""

# As README.md sets it up, but for tables that are made later, too.
ROLE = ["DO $$ BEGIN CREATE ROLE understudy LOGIN REPLICATION; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT USAGE ON SCHEMA public TO understudy",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO understudy",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO understudy"]

COLUMNS = """
SELECT json_agg(json_build_object('name', quote_ident(attname), 'type', format_type(atttypid, atttypmod), 'generated', attgenerated)
       ORDER BY attnum) FROM pg_attribute
 WHERE attrelid = 'public.{table}'::regclass AND attnum > 0 AND NOT attisdropped
"""


@dataclass(frozen=True)
class Column:
    name: str  # as SQL takes it
    type: str
    generated: bool

    @property
    def is_payload(self):
        """What DDL and updates may do anything to."""
        return self.name.lstrip('"').lower().startswith("c") and not self.generated


@dataclass
class Table:
    nr: int
    kind: str
    columns: list  # of the DDL
    constraint: str
    tail: str = ""
    filter: str = "true"
    more: list = field(default_factory=list)  # statements after CREATE TABLE

    @property
    def name(self):
        return f"t{self.nr}"

    @property
    def is_partitioned(self):
        return self.kind.startswith("partitioned")

    @property
    def has_key(self):
        return "PRIMARY KEY" in self.constraint

    def statements(self):
        return [f"CREATE TABLE {self.name} ({', '.join([*self.columns, *([self.constraint] if self.constraint else [])])})"
                f"{self.tail}", *self.more]

    def member(self):
        """Of the publication."""
        return self.name + (f" WHERE ({self.filter})" if self.filter != "true" else "")


def partitions_of(table, identity="", deeper=False):
    """The last one can be partitioned itself."""
    made = []
    for number in range(PARTITIONS):
        name = f"{table}_p{number}"
        made.append(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES IN ({number})")
        if deeper and number == PARTITIONS - 1:
            made[-1] += " PARTITION BY HASH (k)"
            made += [f"CREATE TABLE {name}_{part} PARTITION OF {name} FOR VALUES WITH (MODULUS 2, REMAINDER {part})"
                     for part in range(2)]
        if identity:
            made.append(f"ALTER TABLE {name} REPLICA IDENTITY {identity}")
    return made


def random_table(rng, nr, kind, version, types=COLUMN_TYPES, keys=KEY_TYPES):
    payload = [f"c{i} {rng.choice(types)}" for i in range(rng.randint(1, 6))]
    if kind == "large" or rng.random() < 0.3:
        payload.append("c_big text")
    if rng.random() < 0.3:
        virtual = version >= 18 and rng.random() < 0.5
        payload.append(f"g bigint GENERATED ALWAYS AS (owner * 7) {'VIRTUAL' if virtual else 'STORED'}")
    if rng.random() < 0.3:
        payload.append("x text DEFAULT repeat(md5(random()::text), 100)")
    rng.shuffle(payload)
    key = rng.choice(keys)
    head = ["owner int NOT NULL", f"k {key} NOT NULL"]
    name = f"t{nr}"
    storage = [f"ALTER TABLE {name} ALTER c_big SET STORAGE {rng.choice(['EXTERNAL', 'EXTENDED'])}"] \
        if "c_big text" in payload else []
    full = [f"ALTER TABLE {name} REPLICA IDENTITY FULL"]
    filtered = version >= 15 and rng.random() < 0.3
    if kind == "composite":
        second = "k2 int NOT NULL DEFAULT (random() * 9)::int"
        return Table(nr, kind, head + payload + [second], "PRIMARY KEY (k, k2, owner)",
                     filter="k2 <> 3" if filtered else "true", more=storage)
    if kind == "no_key":
        return Table(nr, kind, ["owner int NOT NULL", "k int"] + payload, "", more=storage + full,
                     filter="owner <> 2" if filtered else "true")
    if kind == "index":
        unique = f"CREATE UNIQUE INDEX {name}_identity ON {name} (k)"
        return Table(nr, kind, head + payload, "", more=storage + [
            unique, f"ALTER TABLE {name} REPLICA IDENTITY USING INDEX {name}_identity"])
    if kind == "key_full":
        return Table(nr, kind, payload + head, "PRIMARY KEY (k)", more=storage + full)
    if kind == "partitioned":
        return Table(nr, kind, head + ["region int NOT NULL DEFAULT (random() * 2)::int"] + payload,
                     "PRIMARY KEY (k, region)", " PARTITION BY LIST (region)",
                     more=partitions_of(name, deeper=rng.random() < 0.4) + storage,
                     filter="region <> 1" if filtered else "true")
    if kind == "partitioned_full":
        return Table(nr, kind, head + ["region int NOT NULL DEFAULT (random() * 2)::int"] + payload, "",
                     " PARTITION BY LIST (region)", more=full + partitions_of(name, "FULL"))
    return Table(nr, kind, head + payload, "PRIMARY KEY (k)", more=storage)


KINDS = ("single", "composite", "no_key", "index", "key_full", "partitioned", "partitioned_full", "large")


class Schema:
    def __init__(self, rng, version):
        self.version = version
        self.tables = [random_table(rng, nr + 1, rng.choice(KINDS), version) for nr in range(rng.randint(2, 5))]
        self.publication = rng.choice(["tables", "tables", "all", "schema" if version >= 15 else "tables",
                                       "ours" if version < 18 else "tables"])
        self.role = "postgres" if self.publication == "ours" else rng.choice(["postgres", "understudy"])
        if self.publication != "tables":
            for table in self.tables:
                table.filter = "true"

    def create(self, session):
        generated = "{\"\",s}" if self.version >= 18 else "{\"\"}"
        session.ask(HELPERS.replace("{generated}", generated).replace("{last_owner}", str(OWNERS[-1])))
        for table in self.tables:
            for statement in table.statements():
                session.ask(statement)
            session.ask(f"INSERT INTO hunt.tables VALUES ({table.nr}, '{table.name}', '{table.filter}')")
            for owner in OWNERS:
                session.ask(f"INSERT INTO tally VALUES ({table.nr}, {owner}, 0, NULL)")
                session.ask(f"SELECT hunt.note({table.nr}, {owner})")
        if self.publication != "ours":
            session.ask(self.create_publication())
        if self.role != "postgres":
            for statement in ROLE:
                session.ask(statement)

    def create_publication(self):
        what = {"all": "FOR ALL TABLES", "schema": "FOR TABLES IN SCHEMA public"}.get(
            self.publication, "FOR TABLE " + ", ".join(["tally", "journal", *(t.member() for t in self.tables)]))
        options = "publish_via_partition_root = true"
        if self.version >= 18:
            options += ", publish_generated_columns = stored"
        return f"CREATE PUBLICATION understudy {what} WITH ({options})"

    @property
    def excluding(self):
        """Names of the tables whose column x is not to be mirrored."""
        return {table.name for table in self.tables if any(column.startswith("x ") for column in table.columns)}

    @property
    def mirrored(self):
        return ["tally", "journal", *(table.name for table in self.tables)]


def columns_of(session, table):
    return [Column(c["name"], c["type"], c["generated"] != "")
            for c in json.loads(session.ask(COLUMNS.format(table=table.name)))]


def rows_of(session, schema):
    """Every mirrored table's rows in the database, as the document's lines ought to show them."""
    found = {name: session.ask(f"SELECT to_json(t.*)::text FROM {name} t").splitlines() for name in ("tally", "journal")}
    for table in schema.tables:
        found[table.name] = session.ask(f"SELECT * FROM hunt.rows_of({table.nr}, 'true')").split("\n")
        if found[table.name] == [""]:
            found[table.name] = []
    return {name: sorted(rows) for name, rows in found.items()}
