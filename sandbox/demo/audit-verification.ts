import { execFile } from 'node:child_process';

export interface AuditVerification {
  /** 0 intact, 1 altered, 2 gap; null where it did not run to its end. */
  readonly exitCode: number | null;
  readonly organizations: readonly { readonly organization: string; readonly records: number }[];
}

/** Runs `portcullis audit verify --json` in a process of its own. */
export function verifyAudit(command: readonly string[], configFile: string): Promise<AuditVerification> {
  const [program = process.execPath, ...leading] = command;
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...leading, 'audit', 'verify', '--config', configFile, '--json'],
      (_error, stdout) => {
        resolve({ exitCode: child.exitCode, organizations: readReport(stdout) });
      },
    );
  });
}

/** `{"chains":[{"organization":"mercy","records":123,…}]}`; empty where the report has another form. */
export function readReport(stdout: string): AuditVerification['organizations'] {
  let report: unknown;
  try {
    report = JSON.parse(stdout);
  } catch {
    return [];
  }
  const listed = isRecord(report) && Array.isArray(report.chains) ? report.chains : [];
  return listed
    .filter(isRecord)
    .map((one) => ({ organization: String(one.organization), records: Number(one.records) }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
