import { maxNodeScore, type Plugin } from "../framework.ts";

const minBytes = 23 * 1024 * 1024;
const maxBytesPerContainer = 1000 * 1024 * 1024;

/** Likes nodes that have the images already, large ones more; an image that few nodes have counts less. */
export const imageLocality: Plugin = {
  name: "ImageLocality",
  weight: 1,
  score: (pod, picture, nodes) => {
    const spread = new Map(pod.images.map((image) => [image, shareWith(image, [...picture.nodes.values()].map(({ facts }) => facts.images))]));
    if ([...spread.values()].every((share) => share === 0)) return undefined;
    return nodes.map(({ facts }) => {
      const bytes = pod.images.reduce((sum, image) => sum + Math.floor((facts.images.get(image) ?? 0) * (spread.get(image) ?? 0)), 0);
      return scoreOf(bytes, pod.containerCount);
    });
  },
};

function shareWith(image: string, nodes: ReadonlyMap<string, number>[]): number {
  return nodes.length === 0 ? 0 : nodes.filter((images) => images.has(image)).length / nodes.length;
}

function scoreOf(bytes: number, containers: number): number {
  const maxBytes = maxBytesPerContainer * containers;
  const clamped = Math.min(Math.max(bytes, minBytes), maxBytes);
  return Math.floor((maxNodeScore * (clamped - minBytes)) / (maxBytes - minBytes));
}
