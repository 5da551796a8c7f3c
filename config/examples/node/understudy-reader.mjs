// Database first, on error the snapshot of understudy. No packages, Node 18 or newer.
//
// `Snapshot` reads a snapshot directory by the rules of schemas/reader.md. `DatabaseFirst` asks your database, and the
// snapshot only when the database cannot be reached. Neither ever writes.

import { createHash } from "node:crypto";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** Your query function throws it when there is no connection: and for nothing else, for the snapshot answers then. */
export class Unreachable extends Error {}

/** There is no answer. `outcome` is a name of reader.md: too_old, torn, foreign, ... */
export class Refused extends Error {
  constructor(outcome, text) {
    super(`${outcome}: ${text}`);
    this.outcome = outcome;
  }
}

export class Snapshot {
  #held = null; // the last good generation, parsed
  #status = null; // the last status.json that could be read beside a good generation
  #highest = 0;

  /** expectSource: e.g. {system_id: "7437...", database: "shop"}. clock: milliseconds. */
  constructor(directory, { document = "snapshot.json", expectSource = {}, clock = Date.now } = {}) {
    Object.assign(this, { directory, document, expectSource, clock });
  }

  /**
   * The rows of a table, at most `maxAge` seconds old (null: however old). Throws Refused. Numbers of more than 15
   * digits come as strings, as node-postgres gives bigint and numeric. The rows are shared with later answers: do not
   * change them. `warning` is rolled_back, or why the announced generation was refused and an earlier one answers.
   */
  read(table, maxAge = null) {
    const trouble = this.#refresh();
    const held = this.#held;
    if (!held) throw trouble;
    const [current_as_of, age_seconds] = this.#age(held);
    if (maxAge !== null && !(age_seconds !== null && age_seconds <= maxAge))
      throw new Refused("too_old", `its age is ${age_seconds ?? "unknown"}`);
    if (!Object.hasOwn(held.document, table)) throw new Refused("unknown_table", `${this.document} has no ${table}`);
    const warning = trouble ? trouble.outcome : held.number < this.#highest ? "rolled_back" : null;
    const rows = held.document[table];
    const { number: generation, content_as_of } = held;
    return { source: "snapshot", rows, age_seconds, generation, content_as_of, current_as_of, warning };
  }

  /** Takes over what is announced, if it is good and not held already. Returns what is wrong with it. */
  #refresh() {
    for (const lastTry of [false, true]) { // a second time, because it may have been replaced and removed meanwhile
      const status = this.#readStatus(); // before `current`, so that it is not of a later generation
      try {
        this.#held = this.#openCurrent();
      } catch (error) {
        if (lastTry) return error instanceof Refused ? error : new Refused("torn", error.message);
        continue;
      }
      this.#status = status ?? this.#status;
      this.#highest = Math.max(this.#highest, this.#held.number);
      return null;
    }
  }

  #openCurrent() {
    let path, facts;
    try {
      path = realpathSync(join(this.directory, "current")); // once: from here on one generation
      facts = statSync(path, { bigint: true });
    } catch (error) {
      throw new Refused("no_generation", error.message);
    }
    const identity = [path, facts.dev, facts.ino, facts.mtimeNs].join(" ");
    return this.#held?.identity === identity ? this.#held : this.#load(path, identity);
  }

  #load(path, identity) {
    const manifestText = readFileSync(join(path, "manifest.json"), "utf8");
    const manifest = JSON.parse(manifestText);
    if (manifest.format !== 1) throw new Refused("newer_format", `the manifest has format ${manifest.format}`);
    this.#checkHistory(path, manifest, manifestText);
    const described = manifest.documents.find((each) => each.file === this.document);
    if (!described) throw new Refused("unknown_document", `${path} has no ${this.document}`);
    const file = join(path, this.document);
    if (statSync(file).size !== described.bytes)
      throw new Refused("torn", `${file} does not have the size that the manifest says`);
    const data = readFileSync(file);
    if (createHash("sha256").update(data).digest("hex") !== described.sha256)
      throw new Refused("torn", `${file} does not have the SHA-256 that the manifest says`);
    const document = parseExact(data.toString("utf8"));
    const { generation: number, content_as_of } = manifest;
    return { identity, manifestText, number, position: lsn(manifest.position), content_as_of, document };
  }

  #checkHistory(path, manifest, manifestText) {
    if (Number(basename(path)) !== manifest.generation)
      throw new Refused("torn", `${path} has the manifest of generation ${manifest.generation}`);
    for (const [name, value] of Object.entries(this.expectSource ?? {}))
      if (manifest.source[name] !== value) throw new Refused("foreign", `its ${name} is ${manifest.source[name]}`);
    if (this.#held?.number === manifest.generation && this.#held.manifestText !== manifestText)
      throw new Refused("foreign", `there are two generations ${manifest.generation}`);
  }

  #readStatus() {
    try {
      const status = JSON.parse(readFileSync(join(this.directory, "status.json"), "utf8"));
      return status.format === 1 && status.generation >= 0 ? { ...status, position: lsn(status.position) } : null;
    } catch {
      return null; // the rows are good without it; only their age is unknown
    }
  }

  /** current_as_of and the age in seconds; nulls where nothing is proved of this generation. */
  #age(held) {
    const status = this.#status;
    if (!status?.current_as_of || status.generation > held.number) return [null, null];
    if (status.position > held.position) return [null, null]; // the database was restored in between
    const databaseNow = this.clock() + (status.clock_offset_ms ?? 0);
    return [status.current_as_of, Math.max(0, databaseNow - Date.parse(status.current_as_of)) / 1000];
  }
}

export class DatabaseFirst {
  #retryAt = 0;
  #why = null;

  /** After a failure the database is left alone for `pause` seconds, so that not every read waits for it. */
  constructor(snapshot, pause = 5) {
    Object.assign(this, { snapshot, pause });
  }

  /** `askDatabase()` gives the rows. What it throws, but Unreachable, is the caller's. Throws Refused. */
  async read(askDatabase, table, maxAge = null) {
    if (performance.now() < this.#retryAt) {
      try {
        return this.#fromSnapshot(table, maxAge);
      } catch {
        // Better late than no answer: the database may be back.
      }
    }
    try {
      const rows = await askDatabase();
      this.#retryAt = 0;
      return { source: "database", rows, age_seconds: 0, generation: null, content_as_of: null, current_as_of: null };
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.#why = error.message;
      this.#retryAt = performance.now() + this.pause * 1000;
      return this.#fromSnapshot(table, maxAge);
    }
  }

  #fromSnapshot(table, maxAge) {
    return { ...this.snapshot.read(table, maxAge), why: this.#why };
  }
}

/** JSON.parse, but a number that a double may not hold comes as a string of its digits. */
export function parseExact(text) {
  if (!/\d[\d.]{15}|\d[eE]/.test(text)) return JSON.parse(text);
  return JSON.parse(text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g, (token) =>
    token[0] === '"' || fitsDouble(token) ? token : `"${token}"`));
}

function fitsDouble(token) {
  const digits = token.replace(/[eE].*/, "").replace(/[-.]/g, "").replace(/^0+/, "");
  return digits.length <= 15 && Number.isFinite(Number(token));
}

function lsn(text) {
  const [high, low] = text.split("/");
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}
