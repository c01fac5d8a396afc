/** Conversion webhooks of another party, for tests: what one does says its path. As in Kubernetes' own tests, v1 has `hostPort` where v2 has `host` and `port`. */
interface CustomObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; [field: string]: unknown };
  [field: string]: unknown;
}

interface ConversionReview {
  kind: "ConversionReview";
  apiVersion: string;
  request: { uid: string; desiredAPIVersion: string; objects: CustomObject[] };
}

type Answer = { converted: CustomObject[] } | { failure: string } | Response;
type Behaviour = (request: ConversionReview["request"]) => Answer;

function converted(object: CustomObject, apiVersion: string): CustomObject {
  const { hostPort, host, port, ...rest } = object;
  if (apiVersion.endsWith("/v1")) return { ...rest, ...(host === undefined ? {} : { hostPort: `${String(host)}:${String(port)}` }), apiVersion };
  const [first, second] = typeof hostPort === "string" ? hostPort.split(":") : [];
  return { ...rest, ...(first === undefined ? {} : { host: first, port: second }), apiVersion };
}

const all = (change: (object: CustomObject) => CustomObject): Behaviour => ({ desiredAPIVersion, objects }) =>
  ({ converted: objects.map((object) => change(converted(object, desiredAPIVersion))) });
const withMetadata = (more: object) => all((object) => ({ ...object, metadata: { ...object.metadata, ...more } }));

const behaviours: Record<string, Behaviour> = {
  "/convert": all((object) => object),
  "/convert-fields": ({ desiredAPIVersion, objects }) => ({ converted: objects.map(({ field, oldField, ...object }) => ({ ...object, ...(desiredAPIVersion.endsWith("/v1") ? { oldField: field ?? oldField } : { field: field ?? oldField }), apiVersion: desiredAPIVersion })) }),
  "/convert-labels": ({ desiredAPIVersion, objects }) => ({ converted: objects.map((object) => ({ ...converted(object, desiredAPIVersion), metadata: { ...object.metadata, labels: { ...object.metadata.labels, version: desiredAPIVersion.split("/")[1] ?? "" } } })) }),
  "/convert-finalizers": withMetadata({ finalizers: ["example.com/added"], creationTimestamp: "2001-01-01T00:00:00Z" }),
  "/convert-name": withMetadata({ name: "another" }),
  "/convert-bad-label": withMetadata({ labels: { "not a key": "x" } }),
  "/convert-without-metadata": all(({ metadata: _, ...object }) => object as CustomObject),
  "/convert-nothing": () => ({ converted: [] }),
  "/convert-to-itself": ({ objects }) => ({ converted: objects }),
  "/convert-failure": () => ({ failure: "cannot convert today" }),
  "/convert-broken": () => new Response("no", { status: 500 }),
};

export const isConversion = (path: string): boolean => Object.hasOwn(behaviours, path);

export function answerConversion(path: string, { apiVersion, request }: ConversionReview): Response {
  const answer = behaviours[path]?.(request);
  if (answer === undefined || answer instanceof Response) return answer ?? new Response(null, { status: 404 });
  const response = "failure" in answer
    ? { uid: request.uid, result: { status: "Failed", message: answer.failure } }
    // How many came at once can be read off the objects.
    : { uid: request.uid, result: { status: "Success" }, convertedObjects: answer.converted };
  return Response.json({ kind: "ConversionReview", apiVersion, response });
}
