// What Cloudflare's platform does in production, as one worker beside the Worker (an isolate costs 5 MB and more):
// - D1, as Miniflare implements it: the binding's entry, and the Durable Object that holds the database;
// - on a socket that only the supervisor can reach: the cron trigger, the migrations of `migrations/`, and the API
//   without TLS.
// (Embedded into workerd's configuration as it stands, hence plain JavaScript.)
export { default as D1Entry } from "./entry.worker.js";
export { D1DatabaseObject } from "./database.worker.js";

const migrationsTable = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`;

/** Each migration is one transaction; the table is wrangler's own, so that both count the same. */
async function applyMigrations(database, migrations) {
  await database.prepare(migrationsTable).run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all();
  const done = new Set(results.map((row) => row.name));
  const applied = [];
  for (const { name, statements } of migrations) {
    if (done.has(name)) continue;
    const note = database.prepare("INSERT INTO d1_migrations (name) VALUES (?1)").bind(name);
    await database.batch([...statements.map((statement) => database.prepare(statement)), note]);
    applied.push(name);
  }
  return applied;
}

export default {
  async fetch(request, env) {
    try {
      const { pathname } = new URL(request.url);
      if (pathname === "/migrations") return Response.json(await applyMigrations(env.DB, await request.json()));
      if (pathname === "/scheduled") {
        const { cron } = await request.json();
        return Response.json(await env.KEDGE.scheduled({ cron, scheduledTime: new Date() }));
      }
      return await env.KEDGE.fetch(request);
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};
