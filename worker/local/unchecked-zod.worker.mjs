// As much of zod as Miniflare's D1 uses, checking nothing. Miniflare checks each query and parameter; here all of them
// come from workerd's own D1 binding. zod itself is 700 KB of code, and checks what SQLite checks again.
const unchecked = {
  parse: (value) => value,
  array: () => unchecked,
  nullable: () => unchecked,
  optional: () => unchecked,
};

export const z = {
  array: () => unchecked,
  boolean: () => unchecked,
  literal: () => unchecked,
  never: () => unchecked,
  null: () => unchecked,
  number: () => unchecked,
  object: () => unchecked,
  record: () => unchecked,
  string: () => unchecked,
  tuple: () => unchecked,
  union: () => unchecked,
  // The one schema that decides something: which form of results is wanted.
  enum: (values) => ({ catch: (otherwise) => ({ parse: (value) => (values.includes(value) ? value : otherwise) }) }),
};
