"""A private Postgres 15 with the table of the benchmark."""

import subprocess

from cluster import DEBIAN as POSTGRES
from cluster import Cluster
from measuring import wait_until

# Commits are synchronous: with others the server itself holds each back for up to wal_writer_delay, 200 ms.
SETTINGS = {"wal_level": "logical", "fsync": "off", "autovacuum": "off", "shared_buffers": "512MB",
            "max_wal_size": "32GB", "checkpoint_timeout": "1h", "max_replication_slots": "20", "max_wal_senders": "20",
            "logical_decoding_work_mem": "64MB", "listen_addresses": "127.0.0.1"}
TABLE = """
CREATE TABLE materials (id int PRIMARY KEY, sku text NOT NULL, name text NOT NULL, category text, price numeric(12,2),
    stock int NOT NULL, attrs jsonb, active boolean NOT NULL, updated_at timestamptz NOT NULL);
"""
ROWS = """
INSERT INTO materials SELECT i, 'SKU-' || lpad(i::text, 8, '0'), 'Material number ' || i || ' of the bench',
    'category ' || i % 40, (i % 100000) / 100.0, i % 1000,
    jsonb_build_object('color', 'blue', 'weight', i % 500), i % 7 <> 0, now() - i * interval '1 s'
    FROM generate_series(1, {rows}) i;
VACUUM ANALYZE materials;
"""
# One commit for each ten rows, as an application makes them, but without a round trip for each.
BACKLOG = """
CREATE OR REPLACE PROCEDURE change_rows(changes int, row_count int) LANGUAGE plpgsql AS $$
DECLARE done int := 0; hit int;
BEGIN
    WHILE done < changes LOOP
        UPDATE materials SET stock = stock + 1, updated_at = clock_timestamp()
            WHERE id = ANY (ARRAY(SELECT 1 + floor(random() * row_count)::int FROM generate_series(1, 10)));
        GET DIAGNOSTICS hit = ROW_COUNT;
        done := done + hit;
        COMMIT;
    END LOOP;
END $$;
"""


class Session:
    """One psql that stays connected, so that asking costs a round trip only."""

    def __init__(self, home, port):
        self._psql = subprocess.Popen(
            [POSTGRES / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", home, "-p", str(port), "-U", "postgres"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)

    def ask(self, statement):
        self._psql.stdin.write(statement + ";\n\\echo --end--\n")
        self._psql.stdin.flush()
        lines = []
        for line in self._psql.stdout:
            if line == "--end--\n":
                return "".join(lines).strip()
            lines.append(line)
        raise RuntimeError(f"{statement}: {''.join(lines)}")

    def close(self):
        self._psql.stdin.close()
        self._psql.wait(30)


class Database(Cluster):
    def __init__(self, rows, settings=SETTINGS):
        super().__init__("understudy-bench-", POSTGRES, settings)
        self.rows = rows
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise

    def _make(self):
        self.create()
        self.sql(TABLE)
        self.refill()
        self.sql(BACKLOG)

    def refill(self):
        """The table as it was made, whatever an earlier line did to it: in the order of its key, without dead rows."""
        self.sql("TRUNCATE materials")
        self.sql(ROWS.format(rows=self.rows))

    def sql(self, statements):
        done = subprocess.run([POSTGRES / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *self.client()],
                              input=statements, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def session(self):
        return Session(self.home, self.port)

    def client(self, host=None):
        """How a client program connects: over the unix socket, or to `host`."""
        return ["-h", str(host or self.home), "-p", str(self.port), "-U", "postgres", "-d", "postgres"]

    def connection(self, host=None):
        return f"host={host or self.home} port={self.port} user=postgres dbname=postgres"

    def change_rows(self, changes):
        """Transactions of ten random rows. Returns the position behind them; another commit follows it."""
        self.sql(f"CALL change_rows({changes}, {self.rows})")
        return self.end_of_changes()

    def end_of_changes(self):
        """What is acknowledged is the start of the last commit, so one more makes the end of the others visible."""
        position = self.sql("SELECT pg_current_wal_insert_lsn()")
        self.sql("UPDATE materials SET stock = stock WHERE id = 1")
        self.sql("SELECT pg_switch_wal()")
        return position

    def copy_slot(self, source, to):
        self.drop_slot(to)
        self.sql(f"SELECT pg_copy_logical_replication_slot('{source}', '{to}')")

    def drop_slot(self, name):
        query = f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{name}'"
        wait_until(lambda: self.sql(f"SELECT bool_or(active) FROM pg_replication_slots WHERE slot_name='{name}'") != "t",
                   f"slot {name} to be free", 60)
        self.sql(query)

    def pg_recvlogical(self, slot, *options, host=None):
        """The command that reads the same changes as we do, and throws them away."""
        return [POSTGRES / "pg_recvlogical", *self.client(host), "--start", "-S", slot, "-f", "/dev/null", "--no-loop",
                "-o", "proto_version=1", "-o", "publication_names=understudy", *options]

    def pgbench(self, script, *options):
        path = self.home / "script.sql"
        path.write_text(script)
        done = subprocess.run([POSTGRES / "pgbench", *self.client()[:-2], "-n", "-f", path, *options, "postgres"],
                              cwd=self.home, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout
