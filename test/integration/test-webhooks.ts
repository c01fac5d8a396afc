/**
 * Webhooks of another party, for tests: whatever the Worker sends to the internet arrives here, outside of workerd.
 * What one does says its path: `/deny`, `/label`, …
 */
import { answerConversion, isConversion } from "./test-conversions.ts";

interface Review {
  request: { uid: string; operation: string; dryRun: boolean; object: { metadata?: { labels?: object; name?: string }; spec?: { containers?: unknown[] }; data?: Record<string, string> } | null; oldObject: object | null };
}

type Behaviour = (request: Review["request"]) => object | Promise<object>;

const patch = (...operations: object[]) => ({ allowed: true, patchType: "JSONPatch", patch: btoa(JSON.stringify(operations)) });
const setData = (object: Review["request"]["object"], key: string, value: string) =>
  patch(object?.data === undefined ? { op: "add", path: "/data", value: { [key]: value } } : { op: "add", path: `/data/${key}`, value });

const behaviours: Record<string, Behaviour> = {
  "/allow": () => ({ allowed: true, warnings: ["look out"] }),
  "/deny": () => ({ allowed: false, status: { message: "this is not wanted", code: 403, reason: "Forbidden" } }),
  "/deny-silently": () => ({ allowed: false }),
  "/first": ({ object }) => setData(object, "first", "1"),
  "/second": ({ object }) => setData(object, "second", object?.data?.["first"] ?? "nobody"),
  "/count": ({ object }) => setData(object, "count", String(Number(object?.data?.["count"] ?? 0) + 1)),
  "/sidecar": () => patch({ op: "add", path: "/spec/initContainers", value: [{ name: "added", image: "app:1" }] }),
  "/echo": ({ object, oldObject, operation, dryRun }) => ({ allowed: false, status: { message: JSON.stringify({ operation, dryRun, object: object?.metadata?.name ?? null, old: oldObject !== null }) } }),
  "/broken": () => new Response("no", { status: 500 }),
  "/redirect": () => new Response(null, { status: 302, headers: { location: "https://hooks.example.com/allow" } }),
  "/huge": () => new Response(new Uint8Array(5 * 1024 * 1024)),
  "/other-uid": () => Response.json({ kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", response: { uid: "other", allowed: true } }),
  // What Kubernetes' own tests of webhooks deploy.
  "/compliance": ({ object }) => {
    const isUnwanted = object?.data?.["webhook-e2e-test"] === "webhook-disallow" || object?.metadata?.name === "disallowed-pod";
    return isUnwanted ? { allowed: false, status: { message: "the object contains unwanted data", reason: "Forbidden", code: 403 } } : { allowed: true };
  },
  "/custom-resource": ({ operation, object, oldObject }) => {
    const shown = (operation === "DELETE" ? oldObject : object) as { data?: Record<string, string> } | null;
    const mark = shown?.data?.["webhook-e2e-test"];
    const denied = (message: string) => ({ allowed: false, status: { message, reason: "Forbidden", code: 403 } });
    if (operation === "DELETE" && mark === "webhook-nondeletable") return denied("the custom resource cannot be deleted because it contains unwanted key and value");
    return mark === "webhook-disallow" ? denied("the custom resource contains unwanted data") : { allowed: true };
  },
  "/wait": () => new Promise((resolve) => setTimeout(() => resolve({ allowed: true }), 3_000)),
  "/slow": () => new Promise((resolve) => setTimeout(() => resolve(new Response("late")), 5_000)),
};

/** Structurally: Miniflare's own Request and Response are not those of this module's globals. */
interface Incoming {
  url: string;
  json(): Promise<unknown>;
}

export async function answerWebhook(incoming: Incoming): Promise<Response> {
  const { pathname } = new URL(incoming.url);
  if (isConversion(pathname)) return answerConversion(pathname, (await incoming.json()) as Parameters<typeof answerConversion>[1]);
  const behaviour = behaviours[pathname];
  if (behaviour === undefined) return new Response(null, { status: 404 });
  const { request } = (await incoming.json()) as Review;
  const result = await behaviour(request);
  if (result instanceof Response) return result;
  return Response.json({ kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", response: { uid: request.uid, ...result } });
}
