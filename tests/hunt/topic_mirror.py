"""The program that follows topics, and what its files say of what got lost on the way."""

import json

from columns import without
from mirror import Mirror


class TopicMirror(Mirror):
    def __init__(self, server, database, schema, settings, connector, brokers):
        self.connector, self.brokers = connector, brokers
        self.description = None
        self.hidden = {}  # member -> names of columns that are not compared
        super().__init__(server, database, schema, settings)

    def source_setting(self):
        return self.connector.source(self.brokers, self.description)

    def table_setting(self, name):
        out = sorted(self.schema.excluded.get(name, ()))
        return f"{{table: public.{name}, exclude: {json.dumps(out, ensure_ascii=False)}}}" if out else f"public.{name}"

    def describe(self, only=None):
        """`only` some of the tables; of the others messages have to tell."""
        answer = self.run("describe", "--connection", self.source)
        if answer.returncode != 0:
            raise RuntimeError(f"describe: {answer.stderr}")
        described = json.loads(answer.stdout)
        if only is not None:
            described["tables"] = [table for table in described["tables"] if table["name"] in only]
        self.description = self.home / "tables.json"
        self.description.write_text(json.dumps(described))

    def document_of(self, directory):
        """Without what is not compared, so that its rows are those that the database notes."""
        document = super().document_of(directory)
        document.whole = document.rows
        document.rows = {name: without(lines, self.hidden.get(name, ())) for name, lines in document.rows.items()}
        return document

    def has_announced(self):
        return (self.snapshot / "current").exists()

    def manifest(self):
        return json.loads((self.snapshot / "current" / "manifest.json").read_text())

    def columns(self, name):
        """Of a table, those that are mirrored."""
        return {column["name"] for table in self.manifest()["tables"] if table["name"] == name for column in table["columns"]}

    def losses(self):
        """(table, column) -> what the manifest says of it."""
        return {(table["name"], column["name"]): column["loss"]
                for table in self.manifest()["tables"] for column in table["columns"] if "loss" in column}
