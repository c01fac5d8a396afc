import protobuf from "protobufjs";
import { expect, test } from "vitest";
import { resources } from "../resources/registry.ts";
import { OpenApiDocuments } from "./documents.ts";
import { swaggerProtobuf } from "./swagger-protobuf.ts";

/** The part of openapi.v2 that is looked at here. */
const proto = `syntax = "proto3";
message Document { string swagger = 1; Paths paths = 8; Definitions definitions = 9; }
message Definitions { repeated NamedSchema additional_properties = 1; }
message NamedSchema { string name = 1; Schema value = 2; }
message Schema { string ref = 1; string description = 4; repeated string required = 19; AdditionalPropertiesItem additional_properties = 21;
  TypeItem type = 22; ItemsItem items = 23; Definitions properties = 25; repeated NamedAny vendor_extension = 31; }
message AdditionalPropertiesItem { Schema schema = 1; }
message TypeItem { repeated string value = 1; }
message ItemsItem { repeated Schema schema = 1; }
message NamedAny { string name = 1; Any value = 2; }
message Any { string yaml = 2; }
message Paths { repeated NamedPathItem path = 2; }
message NamedPathItem { string name = 1; PathItem value = 2; }
message PathItem { Operation patch = 8; }
message Operation { repeated ParametersItem parameters = 8; repeated NamedAny vendor_extension = 13; }
message ParametersItem { Parameter parameter = 1; }
message Parameter { NonBody non_body_parameter = 2; Body body_parameter = 1; }
message Body { string name = 2; Schema schema = 5; }
message NonBody { Query query_parameter_sub_schema = 3; }
message Query { string name = 4; string type = 6; }`;

interface Named<T> {
  name: string;
  value: T;
}
interface Schema {
  ref?: string;
  required?: string[];
  type?: { value: string[] };
  items?: { schema: Schema[] };
  properties?: { additionalProperties: Named<Schema>[] };
  vendorExtension?: Named<{ yaml: string }>[];
}
interface Document {
  swagger: string;
  definitions: { additionalProperties: Named<Schema>[] };
  paths: { path: Named<{ patch?: { parameters: object[]; vendorExtension: Named<{ yaml: string }>[] } }>[] };
}

const find = <T>(list: Named<T>[] | undefined, name: string): T | undefined => list?.find((one) => one.name === name)?.value;

test("the protobuf form says what the JSON form says", async () => {
  const type = protobuf.parse(proto).root.lookupType("Document");
  // The test's own reading of what the function under test wrote.
  const document = type.toObject(type.decode(swaggerProtobuf(await new OpenApiDocuments(resources).swagger()))) as Document;
  const pod = find(document.definitions.additionalProperties, "io.k8s.api.core.v1.PodSpec");
  expect(document.swagger).toBe("2.0");
  expect(pod?.required).toEqual(["containers"]);
  const containers = find(pod?.properties?.additionalProperties, "containers");
  expect(containers).toMatchObject({ type: { value: ["array"] }, items: { schema: [{ ref: "#/definitions/io.k8s.api.core.v1.Container" }] } });
  expect(find(containers?.vendorExtension, "x-kubernetes-patch-merge-key")).toEqual({ yaml: '"name"' });
  const patch = find(document.paths.path, "/api/v1/namespaces/{namespace}/pods/{name}")?.patch;
  expect(find(patch?.vendorExtension, "x-kubernetes-group-version-kind")).toEqual({ yaml: '{"group":"","version":"v1","kind":"Pod"}' });
  expect(patch?.parameters).toContainEqual({ parameter: { nonBodyParameter: { queryParameterSubSchema: { name: "dryRun", type: "string" } } } });
  expect(patch?.parameters[0]).toMatchObject({ parameter: { bodyParameter: { name: "body" } } });
});
