/** The daemon's log as a file: one line per event, rotated while running (spec mount-daemon 5.5). */
import { MOUNT } from "../limits.ts";
import { printable } from "../model/printable.ts";
import type { Clock, LocalFs, Log, LogFields } from "../ports.ts";

const encoder = new TextEncoder();

/** A log that appends lines to a file and hands everything on to another log. Failures to write are dropped. */
export function teeToFile(next: Log, ports: { fs: LocalFs; clock: Clock }, file: string): Log {
  const { fs, clock } = ports;
  let sizeBytes = fs.lstat(file)?.sizeBytes ?? 0;
  const write = (level: string, message: string, fields: LogFields = {}) => {
    const line = encoder.encode(
      `${new Date(clock.now()).toISOString()} ${level} ${logLine(message, fields)}\n`,
    );
    try {
      if (sizeBytes + line.byteLength > MOUNT.logBytesMax) {
        rotate(fs, file);
        sizeBytes = 0;
      }
      fs.appendFile(file, line);
      sizeBytes += line.byteLength;
    } catch {
      // A full disk must not stop the daemon over its diary; the line still reaches the other log.
    }
  };
  return {
    debug: (message, fields) => next.debug(message, fields),
    info(message, fields) {
      write("info", message, fields);
      next.info(message, fields);
    },
    warn(message, fields) {
      write("warn", message, fields);
      next.warn(message, fields);
    },
    error(message, fields) {
      write("error", message, fields);
      next.error(message, fields);
    },
  };
}

/** `message key=value key="two words"`; null and undefined fields are left out. */
export function logLine(message: string, fields: LogFields): string {
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => {
      const text = String(value);
      const bare = key !== "body" && /^[^\s"=]+$/.test(text);
      return `${key}=${bare ? text : JSON.stringify(text)}`;
    });
  return printable([message, ...parts].join(" ")).replaceAll("\n", "\\n");
}

function rotate(fs: LocalFs, file: string): void {
  for (let n = MOUNT.logFilesKept - 1; n >= 1; n--) {
    if (fs.lstat(`${file}.${n}`) !== null) fs.rename(`${file}.${n}`, `${file}.${n + 1}`);
  }
  if (fs.lstat(file) !== null) fs.rename(file, `${file}.1`);
}
