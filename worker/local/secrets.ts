/** The secrets of a local cluster: made once, kept in files that only their owner reads. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StatePaths } from "./paths.ts";

export interface ClusterSecrets {
  adminToken: string;
  /** `id:base64` as the Worker's `ENCRYPTION_KEYS` wants it. */
  encryptionKeys: string;
}

/** Writes a whole file or nothing, 0600. */
export function writePrivately(file: string, text: string): void {
  const unfinished = `${file}.${process.pid}.new`;
  writeFileSync(unfinished, text, { mode: 0o600, flush: true });
  renameSync(unfinished, file);
}

function keep(file: string, make: () => string): string {
  if (!existsSync(file)) writePrivately(file, make());
  return readFileSync(file, "utf8").trim();
}

const adminTokenFile = (paths: StatePaths) => join(paths.secrets, "admin-token");
const newAdminToken = () => `ka.${randomBytes(32).toString("base64url")}`;

export function ensureSecrets(paths: StatePaths): ClusterSecrets {
  return {
    adminToken: keep(adminTokenFile(paths), newAdminToken),
    encryptionKeys: keep(
      encryptionKeysFile(paths),
      newEncryptionKey,
    ),
  };
}

const encryptionKeysFile = (paths: StatePaths) => join(paths.secrets, "encryption-keys");
const newEncryptionKey = () => `${randomBytes(4).toString("hex")}:${randomBytes(32).toString("base64")}`;

/** A new key encrypts, those before it decrypt; from the next start of workerd on. */
export function addEncryptionKey(paths: StatePaths): void {
  writePrivately(encryptionKeysFile(paths), `${newEncryptionKey()},${ensureSecrets(paths).encryptionKeys}`);
}

/** Only the one that encrypts stays: for when nothing is encrypted with another any more. */
export function dropOldEncryptionKeys(paths: StatePaths): void {
  writePrivately(encryptionKeysFile(paths), ensureSecrets(paths).encryptionKeys.split(",")[0] ?? "");
}

/** Replaces the admin's token on disk; it counts from the next start of workerd on. */
export function replaceAdminToken(paths: StatePaths): void {
  writePrivately(adminTokenFile(paths), newAdminToken());
}

export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
