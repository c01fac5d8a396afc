/**
 * The image of the sandbox container, which holds a pod's namespaces open and reaps orphans when containers share the
 * process namespace. It is one static program of some 200 bytes, assembled here: no registry, no compiler, no shell,
 * and a few kilobytes of memory per pod. What it does:
 *
 *     rt_sigprocmask(SIG_SETMASK, all)      // as PID 1: a blocked signal waits, an unhandled one would be ignored
 *     for (;;) {
 *       signal = rt_sigtimedwait(all)
 *       if (signal is SIGTERM or SIGINT) exit_group(0)
 *       while (wait4(-1, NULL, WNOHANG, NULL) > 0);
 *     }
 */
import { imageArchitecture, type ImageDescription } from "./image-archive.ts";

export const sandboxImage: ImageDescription = {
  name: "kedge.local/pause:1",
  files: [{ path: "/pause", mode: 0o755, content: Buffer.alloc(0) }],
  entrypoint: ["/pause"],
};

/** The image for this machine's processor; throws on one that the program was not written for. */
export function sandboxImageFor(architecture: string = imageArchitecture()): ImageDescription {
  return { ...sandboxImage, files: [{ path: "/pause", mode: 0o755, content: pauseProgram(architecture) }] };
}

const machines = {
  amd64: { elfMachine: 62, code: amd64Code },
  arm64: { elfMachine: 183, code: arm64Code },
} satisfies Record<string, { elfMachine: number; code: () => Buffer }>;

/** A static ELF executable. */
export function pauseProgram(architecture: string): Buffer {
  if (!(architecture in machines)) throw new Error(`no sandbox program for the processor architecture ${architecture}`);
  const machine = machines[architecture as keyof typeof machines]; // just checked
  return elf(machine.elfMachine, machine.code());
}

const loadAddress = 0x400000;
const elfHeaderSize = 64;
const programHeaderSize = 56;

/** One loadable segment, readable and executable, that begins with the headers; a second header asks for a plain stack. */
function elf(elfMachine: number, code: Buffer): Buffer {
  const headerSize = elfHeaderSize + 2 * programHeaderSize;
  const file = Buffer.alloc(headerSize + code.length);
  file.write("\x7fELF\x02\x01\x01", 0, "latin1"); // 64 bit, little endian, version 1
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(elfMachine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(loadAddress + headerSize), 24); // entry point
  file.writeBigUInt64LE(BigInt(elfHeaderSize), 32);
  file.writeUInt16LE(elfHeaderSize, 52);
  file.writeUInt16LE(programHeaderSize, 54);
  file.writeUInt16LE(2, 56);
  writeProgramHeader(file, elfHeaderSize, { type: 1, flags: 5, size: file.length }); // PT_LOAD, R+X
  writeProgramHeader(file, elfHeaderSize + programHeaderSize, { type: 0x6474e551, flags: 6, size: 0 }); // PT_GNU_STACK
  code.copy(file, headerSize);
  return file;
}

function writeProgramHeader(file: Buffer, at: number, header: { type: number; flags: number; size: number }): void {
  const address = header.size > 0 ? loadAddress : 0;
  file.writeUInt32LE(header.type, at);
  file.writeUInt32LE(header.flags, at + 4);
  file.writeBigUInt64LE(BigInt(address), at + 16);
  file.writeBigUInt64LE(BigInt(address), at + 24);
  file.writeBigUInt64LE(BigInt(header.size), at + 32);
  file.writeBigUInt64LE(BigInt(header.size), at + 40);
  file.writeBigUInt64LE(0x10000n, at + 48); // alignment for pages of up to 64 KiB
}

function amd64Code(): Buffer {
  const listing = [
    "b8 0e 00 00 00", //       0 mov  eax, 14         rt_sigprocmask(
    "bf 02 00 00 00", //       5 mov  edi, 2            SIG_SETMASK,
    "48 8d 35 4e 00 00 00", //10 lea  rsi, [rip+78]     &mask (95),
    "31 d2", //               17 xor  edx, edx          NULL,
    "41 ba 08 00 00 00", //   19 mov  r10d, 8           8)
    "0f 05", //               25 syscall
    "b8 80 00 00 00", //      27 mov  eax, 128        wait: rt_sigtimedwait(
    "48 8d 3d 38 00 00 00", //32 lea  rdi, [rip+56]     &mask (95),
    "31 f6", //               39 xor  esi, esi          NULL,
    "31 d2", //               41 xor  edx, edx          NULL, (r10 is still 8)
    "0f 05", //               43 syscall
    "83 f8 0f", //            45 cmp  eax, 15
    "74 21", //               48 je   exit (83)
    "83 f8 02", //            50 cmp  eax, 2
    "74 1c", //               53 je   exit (83)
    "6a 3d 58", //            55 mov  eax, 61         reap: wait4(
    "6a ff 5f", //            58 mov  rdi, -1           -1,
    "31 f6", //               61 xor  esi, esi          NULL,
    "6a 01 5a", //            63 mov  edx, 1            WNOHANG,
    "45 31 d2", //            66 xor  r10d, r10d        NULL)
    "0f 05", //               69 syscall
    "85 c0", //               71 test eax, eax
    "7f ec", //               73 jg   reap (55)
    "6a 08 41 5a", //         75 mov  r10, 8
    "eb ca", //               79 jmp  wait (27)
    "90 90", //               81 nop; nop
    "b8 e7 00 00 00", //      83 mov  eax, 231        exit: exit_group(
    "31 ff", //               88 xor  edi, edi          0)
    "0f 05", //               90 syscall
    "90 90 90", //            92 nop
    "ff ff ff ff ff ff ff ff", // 95 mask
  ];
  return Buffer.from(listing.join("").replaceAll(" ", ""), "hex");
}

function arm64Code(): Buffer {
  const move = (register: number, value: number): number => (0xd2800000 | (value << 5) | register) >>> 0;
  const compareX0 = (value: number): number => (0xf100001f | (value << 10)) >>> 0;
  const address = (register: number, from: number, to: number): number =>
    (0x10000000 | (((to - from) >> 2) << 5) | register) >>> 0;
  const branchIf = (condition: number, from: number, to: number): number =>
    (0x54000000 | ((((to - from) >> 2) & 0x7ffff) << 5) | condition) >>> 0;
  const branch = (from: number, to: number): number => (0x14000000 | (((to - from) >> 2) & 0x3ffffff)) >>> 0;
  const systemCall = 0xd4000001;
  const [equal, greater] = [0, 12];
  const [wait, reap, exit, mask] = [24, 64, 100, 112];
  const words = [
    move(8, 135), //                 0 rt_sigprocmask(
    move(0, 2), //                   4   SIG_SETMASK,
    address(1, 8, mask), //          8   &mask,
    move(2, 0), //                  12   NULL,
    move(3, 8), //                  16   8)
    systemCall, //                  20
    move(8, 137), //                24 wait: rt_sigtimedwait(
    address(0, 28, mask), //        28   &mask,
    move(1, 0), //                  32   NULL,
    move(2, 0), //                  36   NULL,
    move(3, 8), //                  40   8)
    systemCall, //                  44
    compareX0(15), //               48
    branchIf(equal, 52, exit), //   52
    compareX0(2), //                56
    branchIf(equal, 60, exit), //   60
    move(8, 260), //                64 reap: wait4(
    0x92800000, //                  68   -1,
    move(1, 0), //                  72   NULL,
    move(2, 1), //                  76   WNOHANG,
    move(3, 0), //                  80   NULL)
    systemCall, //                  84
    compareX0(0), //                88
    branchIf(greater, 92, reap), // 92
    branch(96, wait), //            96
    move(8, 94), //                100 exit: exit_group(
    move(0, 0), //                 104   0)
    systemCall, //                 108
    0xffffffff, //                 112 mask
    0xffffffff,
  ];
  const code = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => code.writeUInt32LE(word, index * 4));
  return code;
}
