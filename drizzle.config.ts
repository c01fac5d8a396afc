/** For `drizzle-kit check` and studio; the migrations are written by hand (WITHOUT ROWID is beyond the generator). */
import { defineConfig } from "drizzle-kit";

export default defineConfig({ dialect: "sqlite", schema: "./worker/storage/schema.ts", out: "./migrations" });
