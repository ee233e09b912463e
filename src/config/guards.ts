import type { Environment } from './environment.ts';
import type { Complaint, ProblemReport } from './problem-report.ts';
import type { Profile } from './raw.ts';

/** Lowest release of each supported major that has the security fixes of July 2026. */
const NODE_FLOORS: readonly (readonly [major: number, minor: number, patch: number])[] = [
  [24, 18, 1],
  [26, 5, 1],
];

/**
 * Conditions of the process under which production refuses to start: TLS checks switched off, a lenient HTTP
 * parser, an open debugger, TLS secrets written to a file, a Node.js without security fixes.
 * Development warns of them, debuggers excepted; a Node.js older than 24 is refused everywhere.
 */
export function guardProcess(environment: Environment, profile: Profile, report: ProblemReport): void {
  const severity = profile === 'production' ? 'error' : 'warning';
  guardNodeVersion(environment.nodeVersion, severity, report);
  if (environment.variables.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    report.aboutProcess('NODE_TLS_REJECT_UNAUTHORIZED', { ...TLS_CHECKS_OFF, severity });
  }
  for (const { place, option } of nodeOptions(environment)) {
    const rule = OPTION_RULES.find(({ pattern }) => pattern.test(option));
    if (rule === undefined || (profile === 'development' && rule.allowedInDevelopment)) continue;
    const message = `Node.js runs with \`${option}\`, which ${rule.effect}`;
    report.aboutProcess(place, { code: rule.code, message, remedy: `remove \`${option}\``, severity });
  }
}

const TLS_CHECKS_OFF: Complaint = {
  code: 'tls-checks-off',
  message: 'NODE_TLS_REJECT_UNAUTHORIZED=0 switches off all checks of certificates',
  remedy: 'unset it; add a private issuer with NODE_EXTRA_CA_CERTS',
};

const OPTION_RULES = [
  {
    pattern: /^--insecure-http-parser$/,
    code: 'lenient-http-parser',
    effect: 'lets malformed requests through',
    allowedInDevelopment: false,
  },
  {
    pattern: /^--(?:inspect|debug)(?:-|$)/,
    code: 'debugger-open',
    effect: 'opens a debugger that can read every secret',
    allowedInDevelopment: true,
  },
  {
    pattern: /^--tls-keylog$/,
    code: 'tls-secrets-logged',
    effect: 'writes the secrets of TLS sessions to a file',
    allowedInDevelopment: false,
  },
  {
    pattern: /^--tls-min-v1\.[01]$/,
    code: 'tls-version-old',
    effect: 'allows obsolete versions of TLS',
    allowedInDevelopment: false,
  },
  {
    pattern: /^--security-revert$/,
    code: 'security-fix-reverted',
    effect: 'takes back a security fix',
    allowedInDevelopment: false,
  },
] as const;

interface NodeOption {
  readonly place: 'execArgv' | 'NODE_OPTIONS';
  /** Name only, in the spelling with hyphens; Node takes underscores too. */
  readonly option: string;
}

function nodeOptions(environment: Environment): readonly NodeOption[] {
  const fromVariable = (environment.variables.NODE_OPTIONS ?? '').replaceAll(/["\\]/g, '').split(/\s+/);
  const named = (place: NodeOption['place'], words: readonly string[]) =>
    words.filter((word) => word.startsWith('--')).map((word) => ({ place, option: optionName(word) }));
  return [...named('execArgv', environment.execArgv), ...named('NODE_OPTIONS', fromVariable)];
}

function optionName(word: string): string {
  return (word.split('=')[0] ?? word).replaceAll('_', '-');
}

function guardNodeVersion(version: string, severity: 'error' | 'warning', report: ProblemReport): void {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const floor = NODE_FLOORS.find((known) => known[0] === major);
  const oldest = NODE_FLOORS[0]?.[0] ?? 0;
  const message = `Node.js ${version} is too old`;
  if (major < oldest) {
    report.aboutProcess('Node.js', { code: 'node-too-old', message, remedy: `use Node.js ${oldest}` });
  } else if (floor !== undefined && (minor < floor[1] || (minor === floor[1] && patch < floor[2]))) {
    const remedy = `use at least Node.js ${floor.join('.')}: earlier ones lack security fixes`;
    report.aboutProcess('Node.js', { code: 'node-too-old', message, remedy, severity });
  }
}
