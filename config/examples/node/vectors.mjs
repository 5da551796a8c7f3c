#!/usr/bin/env node
// Runs the reader against the cases of schemas/reader-vectors: vectors.mjs DIRECTORY. One JSON object per case.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Refused, Snapshot } from "./understudy-reader.mjs";

function answerTo(directory) {
  const { ask } = JSON.parse(readFileSync(join(directory, "case.json"), "utf8"));
  const options = { document: ask.document, expectSource: ask.expect_source, clock: () => Date.parse(ask.now) };
  const reader = new Snapshot(directory, options);
  if (ask.read_before) {
    reader.directory = join(directory, ask.read_before);
    reader.read(ask.table);
  }
  reader.directory = join(directory, "snapshot");
  try {
    const { warning, generation, age_seconds, rows } = reader.read(ask.table, ask.max_age_seconds);
    return { outcome: warning ?? "good", generation, age_seconds, rows };
  } catch (error) {
    if (error instanceof Refused) return { outcome: error.outcome };
    throw error;
  }
}

for (const name of readdirSync(process.argv[2]).sort()) {
  const directory = join(process.argv[2], name);
  if (existsSync(join(directory, "case.json"))) console.log(JSON.stringify({ case: name, ...answerTo(directory) }));
}
