"""A random schema for Debezium: only tables with a key, columns of odd names, and some that Debezium alone makes odd."""

from connector import SIGNALS
from schema import Schema, random_table
from values import CAPTURED_TYPES, COLUMN_TYPES, KEY_TYPES

KINDS = ("single", "composite", "index", "key_full", "partitioned", "large")
EXTENSIONS = ("hstore", "citext", "ltree")
# A null for a value of the key ends Debezium's task, and so does an array that it cannot read.
UNFIT_KEYS = {"numeric", "integer[]", "date"}
WITH_DEFAULT = ["integer DEFAULT 42", "text DEFAULT 'dd'", "numeric(12,3) DEFAULT 1.5", "boolean DEFAULT true",
                "timestamptz DEFAULT now()", "jsonb DEFAULT '{}'", "text[] DEFAULT '{}'", "mood DEFAULT 'ok'"]
NEVER_SENT = ("box[]",)
ODD_NAMES = ('"C {}"', '"cName{}"', '"c.{}"', '"C\u00e4{}"', '"c$v{}"')


class CapturedSchema(Schema):
    def __init__(self, rng, version):
        self.version = version
        types = [*COLUMN_TYPES, *CAPTURED_TYPES, *WITH_DEFAULT]
        keys = [key for key in KEY_TYPES if key not in UNFIT_KEYS]
        self.tables = [random_table(rng, nr + 1, rng.choice(KINDS), version, types, keys) for nr in range(rng.randint(2, 4))]
        self.publication = "ours"  # made by publish_for()
        self.role = "postgres"
        self.excluded = {}  # table name -> columns that the config leaves out
        for table in self.tables:
            table.filter = "true"
            table.columns = [odd(rng, column) for column in table.columns]
            self.excluded[table.name] = {name for name in map(name_of, table.columns) if name in ("x", "g")}
            self.excluded[table.name] |= {name_of(column) for column in table.columns if column.endswith(NEVER_SENT)}

    @property
    def keyed_by_k(self):
        return [table.name for table in self.tables if table.constraint == "PRIMARY KEY (k)"]

    def create(self, session):
        for name in EXTENSIONS:
            session.ask(f"CREATE EXTENSION {name}")
        super().create(session)
        session.ask("INSERT INTO tally VALUES (0, 0, 0, NULL)")  # what has come so far: see mark()
        for table in self.tables:
            self.hide(session, table.name, self.excluded[table.name])

    def publish_for(self, session, name):
        """What the connector reads: the table of its signals, too."""
        session.ask(f"CREATE TABLE {SIGNALS} (id varchar(42) PRIMARY KEY, type varchar(32) NOT NULL, data varchar(2048))")
        session.ask(f"CREATE PUBLICATION {name} FOR TABLE {', '.join([*self.mirrored, SIGNALS])} "
                    "WITH (publish = 'insert, update, delete', publish_via_partition_root = true)")

    def hide(self, session, table, names):
        """From the digests and from the comparison."""
        for name in names:
            session.ask(f"INSERT INTO hunt.hidden VALUES ('public.{table}', {literal(name)}) ON CONFLICT DO NOTHING")

    def mark(self, session):
        """Comes after all that was written before. Returns its number."""
        return int(session.ask("UPDATE tally SET row_count = row_count + 1 WHERE nr = 0 RETURNING row_count"))


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def odd(rng, column):
    """Some columns get a name that has to be quoted."""
    name, _, rest = column.partition(" ")
    if not name[1:].isdigit() or name[0] != "c" or rng.random() < 0.7:
        return column
    return f"{rng.choice(ODD_NAMES).format(name[1:])} {rest}"


def name_of(column):
    """Of a column of the DDL, without its quotes."""
    return column[1:].partition('"')[0] if column.startswith('"') else column.partition(" ")[0]
