/**
 * What a client sent and the pod has not read yet. workerd goes on reading a WebSocket whatever its handler does, so
 * a client cannot be slowed down: its bytes wait in the Durable Object's SQLite, where they cost no memory and
 * survive hibernation. The tables are made with the first byte that has to wait; most streams never have one.
 */
export interface BacklogSql {
  exec(query: string, ...bindings: (ArrayBuffer | number)[]): { toArray(): Record<string, unknown>[] };
}

const maxBytes = 1024 * 1024 * 1024;
/** The platform's limit of a value, with some room. */
const maxMessageBytes = 1_900_000;

export class Backlog {
  readonly #sql: BacklogSql;
  #first = 1;
  #next = 1;
  #bytes = 0;
  #isMade = false;

  constructor(sql: BacklogSql) {
    this.#sql = sql;
    this.#isMade = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'backlog'").toArray().length > 0;
    if (!this.#isMade) return;
    const [row] = sql.exec("SELECT MIN(id) AS first, MAX(id) AS last, SUM(LENGTH(bytes)) AS bytes FROM backlog").toArray();
    if (typeof row?.["first"] !== "number") return;
    this.#first = row["first"];
    this.#next = Number(row["last"]) + 1;
    this.#bytes = Number(row["bytes"]);
  }

  get isEmpty(): boolean {
    return this.#first === this.#next;
  }

  /** False: it is more than anybody would wait for. */
  push(message: ArrayBuffer): boolean {
    if (message.byteLength > maxMessageBytes || this.#bytes + message.byteLength > maxBytes) return false;
    if (!this.#isMade) this.#sql.exec("CREATE TABLE backlog (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
    this.#isMade = true;
    this.#sql.exec("INSERT INTO backlog (id, bytes) VALUES (?, ?)", this.#next, message);
    this.#next += 1;
    this.#bytes += message.byteLength;
    return true;
  }

  /** The oldest message, which leaves. */
  shift(): ArrayBuffer | undefined {
    if (this.isEmpty) return undefined;
    const [row] = this.#sql.exec("SELECT bytes FROM backlog WHERE id = ?", this.#first).toArray();
    this.#sql.exec("DELETE FROM backlog WHERE id = ?", this.#first);
    const bytes = row?.["bytes"] as ArrayBuffer; // written by push
    this.#first += 1;
    this.#bytes -= bytes.byteLength;
    return bytes;
  }

  clear(): void {
    if (this.#isMade) this.#sql.exec("DROP TABLE backlog");
    this.#isMade = false;
    this.#first = this.#next;
    this.#bytes = 0;
  }
}
