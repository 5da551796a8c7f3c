#!/usr/bin/env node
// Reads the table materials each time that a line comes in.
//
//     materials.mjs DIRECTORY CONNECTION [MAX_AGE [PAUSE [TIMEOUT]]]
//
// Prints one JSON object per line. An empty line reads all materials; any other line is asked of the database instead,
// so that you can see what a mistake in a query does. Start it, press Enter, stop Postgres, press Enter.

import { execFile } from "node:child_process";
import { createInterface } from "node:readline";
import { DatabaseFirst, Refused, Snapshot, Unreachable, parseExact } from "./understudy-reader.mjs";

const QUERY = "SELECT id, name, price FROM materials ORDER BY id";

// With a driver that gives SQLSTATEs: 28xxx and 3D000 are mistakes; 08xxx, 57P01 to 57P03 and 53300 are outages.
const LOGIN_MISTAKE = new RegExp(
  "authentication failed|no pg_hba.conf entry|does not exist|permission denied|" +
  "not permitted to log in|invalid connection option");

/** Put your driver's query here. Unreachable is for a database that is down, and never for a wrong query. */
function askDatabase(connection, query, timeout) {
  const asJson = `SELECT coalesce(json_agg(t), '[]') FROM (${query}) t`;
  const options = { timeout: timeout * 1000, maxBuffer: 1 << 30, env: { ...process.env, PGTZ: "UTC" } };
  return new Promise((resolve, reject) => {
    execFile("psql", ["-XqAt", "-c", asJson, connection], options, (error, stdout, stderr) => {
      if (error?.killed) reject(new Unreachable(`no answer within ${timeout} s`));
      else if (error?.code === 2 && !LOGIN_MISTAKE.test(stderr)) reject(new Unreachable(stderr.trim()));
      else if (error) reject(new Error(stderr.trim() || error.message));
      else resolve(parseExact(stdout));
    });
  });
}

const [directory, connection, maxAge = "300", pause = "5", timeout = "2"] = process.argv.slice(2);
const materials = new DatabaseFirst(new Snapshot(directory), Number(pause));
for await (const line of createInterface({ input: process.stdin })) {
  const query = line.trim() || QUERY;
  try {
    const ask = () => askDatabase(connection, query, Number(timeout));
    console.log(JSON.stringify(await materials.read(ask, "materials", Number(maxAge))));
  } catch (error) {
    console.log(JSON.stringify({ error: error instanceof Refused ? error.outcome : "mistake", text: error.message }));
  }
}
