import { describe, expect, it } from "vitest";
import { conversionReview, convertedObjects } from "./conversion-review.ts";

const object = (version: string, metadata: object = { name: "a", uid: "1", labels: { kept: "yes" } }) => ({ apiVersion: `g/${version}`, kind: "Thing", metadata });
const asked = { objects: [object("v1")], to: "g/v2", uid: "u", reviewVersions: ["v1"] };
const answer = (...convertedObjects: unknown[]) => ({ kind: "ConversionReview", apiVersion: "apiextensions.k8s.io/v1", response: { uid: "u", result: { status: "Success" }, convertedObjects } });
const read = (given: unknown) => {
  try {
    return convertedObjects(given, asked, "apiextensions.k8s.io/v1");
  } catch (error) {
    return (error as Error).message;
  }
};

describe("the question", () => {
  it.each([
    [["v1"], "apiextensions.k8s.io/v1"],
    [["v2", "v1beta1", "v1"], "apiextensions.k8s.io/v1beta1"],
  ])("is asked in the first version of %j that is known", (reviewVersions, apiVersion) => {
    expect(conversionReview({ ...asked, reviewVersions })).toEqual({ kind: "ConversionReview", apiVersion, request: { uid: "u", desiredAPIVersion: "g/v2", objects: asked.objects } });
  });

  it("is not asked in a version that nobody knows", () => {
    expect(() => conversionReview({ ...asked, reviewVersions: ["v7"] })).toThrow("no supported conversion review versions in [v7]");
  });
});

const failed = "conversion webhook for g/v1, Kind=Thing failed: ";
const invalid = "conversion webhook for g/v1, Kind=Thing returned invalid";

describe("the answer", () => {
  it.each<[string, unknown, string]>([
    ["of another kind", { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1" }, `${failed}expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got admission.k8s.io/v1, Kind=AdmissionReview`],
    ["without a response", { kind: "ConversionReview", apiVersion: "apiextensions.k8s.io/v1" }, `${failed}no response provided`],
    ["to another question", { ...answer(), response: { uid: "x" } }, `${failed}expected response.uid="u", got "x"`],
    ["without a result", { ...answer(), response: { uid: "u" } }, `${failed}response.result.status was '', not 'Success'`],
    ["with too many objects", answer(object("v2"), object("v2")), "conversion webhook for g/v1, Kind=Thing returned 2 objects, expected 1"],
    ["with no object", answer("x"), `${invalid} converted object at index 0: it is no object`],
    ["of another kind of object", answer({ ...object("v2"), kind: "Other" }), `${invalid} converted object at index 0: invalid kind (expected Thing, received Other)`],
    ["with another uid", answer(object("v2", { name: "a", uid: "2" })), `${invalid} converted object at index 0: must have the same UID: 1 != 2`],
    ["in a namespace of its own", answer(object("v2", { name: "a", uid: "1", namespace: "n" })), `${invalid} converted object at index 0: must have the same namespace:  != n`],
    ["with labels that are none", answer(object("v2", { name: "a", uid: "1", labels: ["x"] })), `${invalid} metadata in object at index 0: invalid metadata.labels of type object in converted object`],
    ["with a number as a label", answer(object("v2", { name: "a", uid: "1", labels: { x: 1 } })), `${invalid} metadata in object at index 0: metadata.labels[x] must be a string, but is number in converted object`],
  ])("%s is refused", (_what, given, message) => {
    expect(read(given)).toBe(message);
  });

  it("may change labels and annotations, and no other metadata", () => {
    const converted = object("v2", { name: "a", uid: "1", annotations: { new: "yes" }, finalizers: ["x"], generation: 7 });
    expect(read(answer(converted))).toEqual([object("v2", { name: "a", uid: "1", annotations: { new: "yes" } })]);
  });

  it("must keep the rules of labels that it changes", () => {
    expect(read(answer(object("v2", { name: "a", uid: "1", labels: { "a b": "" } })))).toMatch(/^conversion webhook .* metadata in object at index 0: metadata\.labels: Invalid value: "a b": /);
  });
});
