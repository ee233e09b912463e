import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { parseCommandLine, positiveInteger, requireOrganization } from '../arguments.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { loadWithDevelopmentKeys } from '../configured.ts';

const MAX_LIFETIME_SECONDS = 900;

export const token: Command = {
  name: 'token',
  summary: 'make an access token (development profile only)',
  usage:
    '--org ID --sub USER --roles R1,R2 [--perms P1,P2] [--acr VALUE] [--ttl SECONDS] [--issuer URL] [--config FILE]',
  help: `
Prints a signed JWT that this gateway believes, made with the HMAC secret of the first issuer under "tokens" that has
one (or of --issuer). Only in the development profile: in production tokens come from the identity provider.

  --ttl SECONDS   lifetime, at most the issuer's maxLifetimeSeconds (default) and ${MAX_LIFETIME_SECONDS}
  --acr VALUE     authentication context class; sets auth_time to now as well

  portcullis token --org mercy --sub alice --roles clinician
  curl -H "authorization: Bearer $(portcullis token --org mercy --sub ops --roles operator)" …`,

  async run(argv, terminal) {
    const { values } = parseCommandLine(argv, {
      config: { type: 'string' },
      org: { type: 'string' },
      sub: { type: 'string' },
      roles: { type: 'string' },
      perms: { type: 'string' },
      acr: { type: 'string' },
      ttl: { type: 'string' },
      issuer: { type: 'string' },
    });
    const organization = requireOrganization(values.org);
    if (values.sub === undefined || values.sub === '')
      throw new UsageError('--sub needs the id of a user, such as --sub alice');
    const { snapshot } = await loadWithDevelopmentKeys(terminal, values.config);
    if (snapshot.config.profile !== 'development')
      throw new UsageError('tokens are made here in the development profile only');
    const position = snapshot.config.tokens.findIndex(
      ({ issuer }, at) =>
        snapshot.secrets.tokenSecret(at) !== undefined &&
        (values.issuer === undefined || issuer === values.issuer),
    );
    const issuer = snapshot.config.tokens[position];
    const secret = snapshot.secrets.tokenSecret(position);
    if (issuer === undefined || secret === undefined) {
      throw new UsageError('no issuer with an HMAC secret: add one under "tokens" with algorithms: [HS256]');
    }
    const ttl = positiveInteger('--ttl', values.ttl, issuer.maxLifetimeSeconds);
    if (ttl > Math.min(issuer.maxLifetimeSeconds, MAX_LIFETIME_SECONDS)) {
      throw new UsageError(`--ttl may be at most ${issuer.maxLifetimeSeconds} for this issuer`);
    }
    const now = Math.floor(terminal.clock.now() / 1000);
    const claims = {
      org: organization,
      roles: words(values.roles),
      ...(values.perms === undefined ? {} : { perms: words(values.perms) }),
      ...(values.acr === undefined ? {} : { acr: values.acr, auth_time: now }),
    };
    const jwt = new SignJWT(claims)
      .setProtectedHeader({ alg: issuer.algorithms[0] ?? 'HS256', typ: 'at+jwt' })
      .setIssuer(issuer.issuer)
      .setAudience(issuer.audience)
      .setSubject(values.sub)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + ttl);
    terminal.out(await jwt.sign(secret));
    return EXIT.ok;
  },
};

function words(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((word) => word !== '');
}
