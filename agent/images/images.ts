/**
 * Makes sure that a container's image is there: pull policy, credentials, one pull at a time for one image, few at a
 * time altogether, and the kubelet's back-off per pod and image.
 */
import type { Secret } from "../../protocol/kubernetes/generated/types.ts";
import type { Clock } from "../clock.ts";
import { Backoff } from "../pods/backoff.ts";
import { Semaphore } from "../pods/semaphore.ts";
import { RuntimeError, type Runtime, type RuntimeImage } from "../runtime/runtime.ts";
import { credentialsFor } from "./credentials.ts";
import { defaultPullPolicy, parseImageReference } from "./reference.ts";

export interface ImageRequest {
  podUid: string;
  image: string;
  policy: string | undefined;
  /** Pull secrets that are there. */
  secrets: readonly Secret[];
}

export type ImageResult =
  | { isPresent: true; image: RuntimeImage }
  | { isPresent: false; reason: "ErrImagePull" | "ImagePullBackOff" | "ErrImageNeverPull" | "InvalidImageName"; message: string; retryAtMs?: number };

export interface ImageEvents {
  pulling(): void;
  /** `ms` undefined: it was there. */
  pulled(image: RuntimeImage, ms?: number): void;
  failed(message: string): void;
  backOff(): void;
}

interface Dependencies {
  runtime: Pick<Runtime, "imageStatus" | "pullImage">;
  clock: Clock;
}

const parallelPulls = 2;
const backoff = { firstMs: 10_000, mostMs: 300_000 };

export class Images {
  readonly #runtime: Dependencies["runtime"];
  readonly #clock: Clock;
  readonly #pulls = new Semaphore(parallelPulls);
  readonly #underWay = new Map<string, Promise<string>>();
  readonly #backoff = new Backoff(backoff);
  readonly #lastError = new Map<string, string>();

  constructor({ runtime, clock }: Dependencies) {
    this.#runtime = runtime;
    this.#clock = clock;
  }

  /** Never throws for what the image or its registry do; throws RuntimeError if the runtime itself fails. */
  async ensure(request: ImageRequest, events: ImageEvents): Promise<ImageResult> {
    const { image, podUid } = request;
    const policy = request.policy ?? defaultPullPolicy(image);
    if (parseImageReference(image) === undefined) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
      return { isPresent: false, reason: "InvalidImageName", message };
    }
    const present = policy === "Always" ? undefined : await this.#runtime.imageStatus(image);
    if (present !== undefined) {
      events.pulled(present);
      return { isPresent: true, image: present };
    }
    if (policy === "Never") {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      return { isPresent: false, reason: "ErrImageNeverPull", message };
    }
    const key = `${podUid}/${image}`;
    const retryAtMs = this.#backoff.notBefore(key);
    if (retryAtMs > this.#clock.now()) return this.#inBackOff(key, { image, retryAtMs, events });
    return await this.#pull(key, { request, events });
  }

  /** The pod is gone: what is remembered of its pulls, too. */
  forget(podUid: string): void {
    for (const key of this.#lastError.keys()) {
      if (!key.startsWith(`${podUid}/`)) continue;
      this.#lastError.delete(key);
      this.#backoff.forget(key);
    }
  }

  #inBackOff(key: string, { image, retryAtMs, events }: { image: string; retryAtMs: number; events: ImageEvents }): ImageResult {
    events.backOff();
    const error = this.#lastError.get(key) ?? "";
    return { isPresent: false, reason: "ImagePullBackOff", message: `Back-off pulling image "${image}": ErrImagePull: ${error}`, retryAtMs };
  }

  async #pull(key: string, { request, events }: { request: ImageRequest; events: ImageEvents }): Promise<ImageResult> {
    const { image } = request;
    events.pulling();
    const beganMs = this.#clock.now();
    try {
      await this.#pullOnce(request);
      const pulled = await this.#runtime.imageStatus(image);
      if (pulled === undefined) throw new RuntimeError("not_found", `image "${image}" is gone after its pull`);
      this.#backoff.forget(key);
      this.#lastError.delete(key);
      events.pulled(pulled, this.#clock.now() - beganMs);
      return { isPresent: true, image: pulled };
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#lastError.set(key, error.message);
      const retryAtMs = this.#backoff.next(key, this.#clock.now());
      events.failed(`Failed to pull image "${image}": ${error.message}`);
      return { isPresent: false, reason: "ErrImagePull", message: error.message, retryAtMs };
    }
  }

  /** Pods that want the same image with the same credentials share one pull. */
  #pullOnce({ image, secrets }: ImageRequest): Promise<string> {
    const candidates = [...credentialsFor(image, secrets), undefined];
    const key = JSON.stringify([image, candidates[0]]);
    const running = this.#underWay.get(key);
    if (running !== undefined) return running;
    const pull = this.#pulls.use(() => this.#tryEach(image, candidates)).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, pull);
    return pull;
  }

  async #tryEach(image: string, candidates: Parameters<Runtime["pullImage"]>[1][]): Promise<string> {
    let first: unknown;
    for (const credentials of candidates) {
      try {
        return await this.#runtime.pullImage(image, credentials);
      } catch (error) {
        first ??= error;
      }
    }
    throw first;
  }
}
