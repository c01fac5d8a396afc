import { describe, expect, it } from "vitest";
import { mountsBeneath } from "./mounts.ts";

const mounts = `proc /proc proc rw 0 0
overlay /run/kedge-1/a overlay rw 0 0
tmpfs /run/kedge-1/a/shm tmpfs rw 0 0
tmpfs /run/kedge-11/b tmpfs rw 0 0
tmpfs /srv/with\\040space/x tmpfs rw 0 0
`;

describe("mountsBeneath", () => {
  it.each([
    ["gives the deepest first", "/run/kedge-1", ["/run/kedge-1/a/shm", "/run/kedge-1/a"]],
    ["counts the folder itself", "/run/kedge-1/a/shm", ["/run/kedge-1/a/shm"]],
    ["reads the kernel's way to write a space", "/srv/with space", ["/srv/with space/x"]],
    ["leaves alone what only begins alike", "/run/kedge", []],
  ])("%s", (_, folder, expected) => expect(mountsBeneath(folder, mounts)).toEqual(expected));
});
