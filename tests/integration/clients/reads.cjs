// Asks with PostgREST's client for JavaScript. Prints a line for each question: its name, a tab, the answer as JSON.
// Usage: node reads.cjs URL, with the client on NODE_PATH.
"use strict";
const { PostgrestClient } = require("@supabase/postgrest-js");

const client = new PostgrestClient(process.argv[2]);
const things = (columns = "*", options) => client.from("things").select(columns, options);

const questions = {
  all: () => things().order("id"),
  columns: () => things("title:t,id,jb->k,kk:jb->>k").order("id"),
  eq: () => things("id").eq("t", "a,b"),
  neq: () => things("id").neq("n", 3).order("id"),
  gt: () => things("id").gt("n", 2).order("id"),
  gte_lt: () => things("id").gte("n", 2).lt("n", 5).order("id"),
  lte: () => things("id").lte("d", "2026-01-03").order("id"),
  in: () => things("id").in("t", ["a,b", 'quo"te', "(x)", "back\\slash"]).order("id"),
  is_null: () => things("id").is("n", null).order("id"),
  is_true: () => things("id").is("b", true).order("id"),
  not: () => things("id").not("t", "in", '("a,b","plain")').order("id"),
  or: () => things("id").or("n.eq.1,and(n.gt.4,b.is.false),t.like.*te").order("id"),
  like: () => things("id").like("t", "%a%").order("id"),
  ilike: () => things("id").ilike("t", "PL_IN").order("id"),
  json: () => things("id").eq("jb->>k", "v2"),
  match: () => things("id").match({ n: 2, b: true }),
  filter: () => things("id").filter("id", "in", "(1,2)").order("id"),
  order: () => things("id,n").order("n", { ascending: false, nullsFirst: false }).order("id"),
  limit: () => things("id").order("id").limit(2),
  range: () => things("id").order("id").range(1, 3),
  single: () => things("id,t").eq("id", 2).single(),
  single_of_none: () => things("id").eq("id", 99).single(),
  single_of_many: () => things("id").single(),
  maybe: () => things("id").eq("id", 3).maybeSingle(),
  maybe_none: () => things("id").eq("id", 99).maybeSingle(),
  maybe_many: () => things("id").maybeSingle(),
  csv: () => things("id,t,n").order("id").csv(),
  count: () => things("id", { count: "exact" }).order("id").limit(2),
  head: () => things("*", { count: "exact", head: true }).gt("id", 2),
  unknown_column: () => things("nothing"),
  unknown_table: () => client.from("nothing").select(),
  bad_value: () => things("id").eq("n", "x"),
  beyond: () => things("id", { count: "exact" }).range(100, 110),
  insert: () => client.from("things").insert({ id: 100 }),
  delete: () => client.from("things").delete().eq("id", 1),
};

const answer = ({ data, error, count, status }) => ({
  data: data ?? null,
  error: error ? error.code : null,
  count: count ?? null,
  status,
});

(async () => {
  for (const [name, ask] of Object.entries(questions)) console.log(`${name}\t${JSON.stringify(answer(await ask()))}`);
})();
