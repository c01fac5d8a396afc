import { expect, test } from "vitest";
import { deployments } from "../resources/apps/deployments.ts";
import { objectOf, splice, spliceItem, textOf } from "./text.ts";

const object = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { namespace: "n", labels: { a: "b" }, resourceVersion: "5", name: "d", uid: "u", creationTimestamp: "t" },
  spec: { replicas: 1 },
};

test("the text leaves out what the store and the reader's version decide", () => {
  expect(textOf(object)).toBe(
    '{"metadata":{"name":"d","namespace":"n","labels":{"a":"b"},"uid":"u","creationTimestamp":"t"},"spec":{"replicas":1}}',
  );
});

test("splicing puts them back, without a parse", () => {
  const stored = { text: textOf(object), revision: 7 };
  expect(JSON.parse(splice(deployments, stored))).toEqual({ ...object, metadata: { ...object.metadata, resourceVersion: "7" } });
  expect(JSON.parse(spliceItem(deployments, stored))).toEqual({ metadata: { ...object.metadata, resourceVersion: "7" }, spec: object.spec });
});

test("text of what was read is the text that was stored", () => {
  const text = textOf(object);
  expect(textOf(objectOf(deployments, { text, revision: 7 }))).toBe(text);
});
