import express, { type Express, type RequestHandler } from 'express';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { sendRefusal } from './answer.ts';
import { translateErrors } from './error-translator.ts';
import { beginExchange } from './exchange.ts';
import { guardFraming } from './framing.ts';
import type { HttpMetrics, InboundPort, Readiness } from './ports.ts';
import type { BodyReader } from './raw-body.ts';
import { liveRoute, readyRoute } from './routes/health.ts';
import { metricsRoute } from './routes/metrics.ts';
import { WEBHOOK_PATHS, webhookRoute } from './routes/webhooks.ts';

export interface ApplicationDeps {
  readonly inbound: InboundPort;
  readonly readiness: () => Readiness;
  readonly metrics: HttpMetrics;
  readonly bodies: BodyReader;
  readonly log: Log;
  readonly clock: Clock;
  readonly maxHeaderPairs: number;
  /** True from the moment the server stops taking work. */
  readonly isClosing: () => boolean;
}

const SHUTDOWN_RETRY_SECONDS = '5';
const READ_METHODS = ['GET', 'HEAD'];

/** The order in which a request meets the gateway, top to bottom. */
export function createApplication(deps: ApplicationDeps): Express {
  const app = express();
  configure(app);
  app.use(beginExchange(deps));
  app.use(guardFraming(deps.maxHeaderPairs));
  app.route('/health/live').all(readOnly('/health/live'), liveRoute());
  app.route('/health/ready').all(readOnly('/health/ready'), readyRoute(shutdownAware(deps)));
  app.route('/metrics').all(readOnly('/metrics'), metricsRoute(deps.metrics));
  app.use(refuseWhileClosing(deps.isClosing));
  app.route(WEBHOOK_PATHS).all(webhookRoute(deps.inbound, deps.bodies));
  app.use(notFound);
  app.use(translateErrors(deps.log));
  return app;
}

function configure(app: Express): void {
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing');
}

/** For routes that only tell; names the route for the log line. */
function readOnly(template: string): RequestHandler {
  return (request, response, next) => {
    request.exchange.route = template;
    if (READ_METHODS.includes(request.method)) next();
    else sendRefusal(request, response, 'method-not-allowed', ['allow', READ_METHODS.join(', ')]);
  };
}

function shutdownAware({ readiness, isClosing }: ApplicationDeps): () => Readiness {
  return () => {
    const now = readiness();
    return isClosing() ? { ...now, ready: false, reasons: [...now.reasons, 'shutting-down'] } : now;
  };
}

function refuseWhileClosing(isClosing: () => boolean): RequestHandler {
  return (request, response, next) => {
    if (isClosing()) sendRefusal(request, response, 'shutting-down', ['retry-after', SHUTDOWN_RETRY_SECONDS]);
    else next();
  };
}

const notFound: RequestHandler = (request, response) => sendRefusal(request, response, 'not-found');
