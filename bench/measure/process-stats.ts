import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in 1/100 s whatever its own tick (USER_HZ). */
const TICKS_PER_SECOND = 100;
const MIB_PER_KIB = 1 / 1024;

export interface Memory {
  /** Resident now, all threads together, MiB. */
  readonly residentMib: number;
  /** Highest ever, MiB. */
  readonly peakMib: number;
}

/** @throws Error when the process is gone. */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return { residentMib: field(status, 'VmRSS') * MIB_PER_KIB, peakMib: field(status, 'VmHWM') * MIB_PER_KIB };
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN);
}

/** Processor time of a process, its children that still run and those that ended, seconds. */
export function cpuSeconds(pid: number): number {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const stats = processes.map((name) => statOf(Number(name))).filter((stat) => stat !== undefined);
  const family = stats.filter((stat) => stat.pid === pid || stat.parent === pid);
  return family.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND;
}

function statOf(pid: number): { pid: number; parent: number; ticks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name stands in brackets and may hold anything (proc_pid_stat(5)).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [parent, ...times] = [1, 11, 12, 13, 14].map((index) => Number(fields[index]));
    return { pid, parent: parent ?? 0, ticks: times.reduce((sum, time) => sum + time, 0) };
  } catch {
    return undefined;
  }
}
