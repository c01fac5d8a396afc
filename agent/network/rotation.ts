/** The order in which backends are used: smooth weighted round-robin, so that a heavy backend is not used in bursts. */

/** Longer rotations are laid out in blocks: nobody notices bursts there, and the kernel's map stays small. */
const longestSmooth = 256;

/**
 * Positions of one turn, each the index of a backend. Every turn uses each backend exactly as often as its weight
 * (divided by the greatest common divisor of all weights) says. All weights must be ≥ 1.
 */
export function rotationOf(weights: readonly number[]): number[] {
  const divisor = weights.reduce(greatestCommonDivisor, 0);
  const shares = weights.map((weight) => weight / divisor);
  const total = shares.reduce((sum, share) => sum + share, 0);
  return total <= longestSmooth ? smooth(shares, total) : shares.flatMap((share, index) => Array(share).fill(index));
}

/** Each step everyone earns its share, and the richest pays the total for its turn. */
function smooth(shares: readonly number[], total: number): number[] {
  const credit = shares.map(() => 0);
  return Array.from({ length: total }, () => {
    shares.forEach((share, index) => (credit[index] = (credit[index] ?? 0) + share));
    const richest = credit.indexOf(Math.max(...credit));
    credit[richest] = (credit[richest] ?? 0) - total;
    return richest;
  });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
