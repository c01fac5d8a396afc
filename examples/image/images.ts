/** The example image in two versions, so that there is something to update to and to roll back from. */
import { imageArchive, type ImageDescription } from "../../agent/host/image-archive.ts";
import { exampleFiles } from "./files.ts";

export const exampleImageName = "my-app-image";
export const exampleVersions = ["1.0", "2.0"] as const;

/** Both versions share one layer and differ in an environment variable. */
export function exampleImages(): ImageDescription[] {
  const files = exampleFiles();
  return exampleVersions.map((version) => ({
    name: `${exampleImageName}:${version}`,
    files,
    entrypoint: ["/bin/server"],
    env: { PATH: "/bin:/usr/bin", VERSION: version },
    exposedPorts: ["8080/tcp"],
  }));
}

export async function exampleArchive(): Promise<Buffer> {
  return imageArchive(...exampleImages());
}
