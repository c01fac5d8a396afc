/** For `drizzle-kit check` and studio; the migrations are written by hand (WITHOUT ROWID is beyond the generator). */
import { defineConfig } from "drizzle-kit";

// eslint-disable-next-line import/no-default-export -- drizzle-kit reads the default export
export default defineConfig({ dialect: "sqlite", schema: "./worker/storage/schema.ts", out: "./migrations" });
