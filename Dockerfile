# Two images: `gateway` (the last, so the default) and `sandbox`, the simulated neighbours of docker-compose.yml.
#   docker build -t portcullis .                     docker build -t portcullis-sandbox --target sandbox .
# The version of Node is that of .node-version; a test holds the two together.

FROM node:24.21.0-trixie-slim AS base
ENV NODE_ENV=production
WORKDIR /app
RUN groupadd --gid 10001 portcullis \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin portcullis

FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM base AS sandbox
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY sandbox ./sandbox
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["node", "sandbox/compose/core-platform.ts"]

FROM base AS gateway
# The only places written to, so that the root file system can be read-only. Writable by the group too: with
# `--user UID:10001` the gateway can read secret files that belong to UID and nobody else.
RUN install -d -o 10001 -g 10001 -m 0770 /var/lib/portcullis /run/portcullis
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY src ./src
COPY config ./config
COPY scripts/healthcheck.mjs ./scripts/healthcheck.mjs
# Mount a configuration here; config/production.example.yaml is made for this image.
# Two arenas are enough for glibc, which would keep freed buffers in many.
ENV MALLOC_ARENA_MAX=2
ENV PORTCULLIS_CONFIG=/etc/portcullis/portcullis.yaml
# Where the health check asks: a socket's path, or a URL such as http://127.0.0.1:8080.
ENV PORTCULLIS_HEALTH=/run/portcullis/gateway.sock
VOLUME ["/var/lib/portcullis"]
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
  CMD ["node", "scripts/healthcheck.mjs"]
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]
