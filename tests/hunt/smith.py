"""The session that does DDL, in transactions like those of the others."""

import time

from recipes import RECIPES, SILENT
from schema import OWNERS, SMITH, columns_of
from session import ConnectionLost, Session, SqlError
from worker import Worker


def chosen(round_, session, rng, recipes):
    """A recipe's name, the table and the DDL of one that suits the table; many suit only some kinds of tables."""
    table = rng.choice(round_.schema.tables)
    columns = columns_of(session, table)
    for recipe in (rng.choice(recipes) for _ in range(30)):
        ddl = recipe(rng, table, columns, round_.schema)
        if ddl:
            return recipe.__name__, table, ddl
    return "", table, None


def alter_in_silence(round_, check):
    """DDL alone, while nobody works: no row message tells of it, so only the catalog can. `check` follows each half.
    The digests are unknown meanwhile."""
    session = Session(round_.server, round_.database)
    session.ask("UPDATE tally SET digest = NULL")
    name, _, ddl = chosen(round_, session, round_.rng, SILENT)
    for half in filter(None, (ddl.there, ddl.back) if ddl else ()):
        time.sleep(round_.rng.choice([0, 0.1, 0.5]))  # what was before is published by then, or it is not
        round_.done[f"{name} in silence"] += 1
        try:
            for statement in ["BEGIN", *half, "COMMIT"]:
                session.ask(statement)
        except SqlError as error:
            round_.note_sql_error(error)
            session.ask("ROLLBACK")
        check()
    for table in round_.schema.tables:
        session.ask(f"SELECT hunt.note({table.nr}, o) FROM unnest(ARRAY{list(OWNERS)}) o")
    session.close()


class Smith(Worker):
    """Has rows of its own, too, which it changes between the halves of what is done there and back."""

    def __init__(self, round_, rng):
        super().__init__(round_, SMITH, rng)
        self.undone = []  # (halves to be made, tables) that a lost connection may have cut off

    def work(self):
        if self.rng.random() < 0.4:
            self.transaction()
        else:
            self.alter()
        self.stopping.wait(self.rng.random() * self.round.ddl_pause)

    def on_connect(self):
        self.mend()

    def tidy(self):
        return super().tidy() and not self.undone

    def mend(self):
        """The way back of what was left halfway. A half that is there already is refused, which is as good."""
        while self.undone:
            ddl, tables = self.undone[0]
            try:
                self.half(ddl, ddl.back, tables)
            except SqlError as error:
                self.round.note_sql_error(error)
                self.session.ask("ROLLBACK")
                if "55P03" in str(error) or "40P01" in str(error):  # a lock: again
                    continue
            self.undone.pop(0)

    def alter(self):
        name, table, ddl = chosen(self.round, self.session, self.rng, self.round.recipes or RECIPES)
        if ddl is None:
            return
        self.round.expect(name, ddl.reasons)
        tables = self.round.schema.tables if ddl.all_tables else [table]
        if ddl.back and not ddl.alone and self.rng.random() < 0.5:
            self.half(ddl, [*ddl.there, None, *ddl.back], tables)
            return
        if ddl.back:
            self.undone.append((ddl, tables))
        try:
            if ddl.unknown_meanwhile:
                self.forget(table)
            self.half(ddl, ddl.there, tables)
        except SqlError as error:
            self.round.note_sql_error(error)
            self.session.ask("ROLLBACK")
        else:
            if ddl.back:
                self.stopping.wait(self.rng.choice([0, 0.1, 0.5, 1.5]))
        self.mend()
        if ddl.unknown_meanwhile:
            self.session.ask(f"SELECT pg_advisory_unlock({table.nr})")

    def half(self, ddl, statements, tables):
        """`None` among the statements stands for changes of our own rows."""
        back = statements is ddl.back
        if ddl.alone and not (back and ddl.unknown_meanwhile):
            for statement in statements:
                self.session.ask(statement)
            return
        self.session.ask("BEGIN")
        lock = "pg_advisory_xact_lock_shared" if ddl.shares else "pg_advisory_xact_lock"
        for table in tables:
            self.session.ask(f"SELECT {lock}({table.nr})")
        away = statements is ddl.there and any("RENAME TO away" in s or "SET SCHEMA hunt" in s for s in statements)
        if not away and self.rng.random() < 0.3:  # what is away cannot be noted
            self.change_something(tables)
        if not back and self.rng.random() < 0.15:
            self.do_and_undo(statements, tables)
        for statement in statements:
            if statement is None:
                self.change_something(tables)
            elif ddl.unknown_meanwhile:
                self.attempt(lambda: self.session.ask(statement), may_undo=False)
            else:
                self.session.ask(statement)
        if self.rng.random() < 0.5:
            self.change_something(tables)
        self.note([] if away else tables, [SMITH] if ddl.shares else OWNERS)
        self.end("commit" if back else self.rng.choices(["commit", "rollback", "prepare"], [84, 9, 7])[0])

    def do_and_undo(self, statements, tables):
        """Under a savepoint, as if nothing had been done."""
        self.session.ask("SAVEPOINT undone")
        try:
            for statement in filter(None, statements):
                self.session.ask(statement)
            self.change_something(tables)
        except SqlError as error:
            self.round.note_sql_error(error)
        self.session.ask("ROLLBACK TO undone")

    def change_something(self, tables):
        self.attempt(lambda: self.change(self.rng.choice(tables)))

    def forget(self, table):
        """What is no transaction is not known while it goes on, and nobody else works on the table meanwhile."""
        self.session.ask(f"SELECT pg_advisory_lock({table.nr})")
        self.session.ask(f"UPDATE tally SET digest = NULL, row_count = -1 WHERE nr = {table.nr}")
