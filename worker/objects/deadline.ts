/**
 * Every call of another object ends: it may be stuck where no error comes from. What was asked for may still happen,
 * so the answer is Kubernetes' 504 Timeout, which says no more than that nobody waited longer.
 */
import { StatusError } from "../../protocol/status.ts";

/** The work's result; after the deadline a 504, and whatever the work was goes on unheard. */
export async function withDeadline<T>(work: Promise<T>, ms: number, why: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(StatusError.timeout(why, 0)), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
