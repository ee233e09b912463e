import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../sandbox/demo/gateway-process.ts';
import { Child, programPath } from '../measure/child-process.ts';
import type { Peer } from './peer.ts';

/** Where Debian's packages put nginx's modules. */
const LUA_MODULE = '/usr/lib/nginx/modules/ngx_http_lua_module.so';
const NDK_MODULE = '/usr/lib/nginx/modules/ndk_http_module.so';
const LUA_HANDLER = fileURLToPath(new URL('./hmac.lua', import.meta.url));
const PATH = '/webhooks/mercy/ehr';

/** nginx whose Lua handler checks the HMAC with libcrypto: about as fast as such a check can be had. One worker. */
export function nginxPeer(secret: string): Peer {
  return {
    id: 'nginx',
    title: 'nginx, Lua checks the HMAC in libcrypto',
    async start(folder) {
      const port = await freePort();
      const child = startNginx(folder, luaConfig(folder, port, secret));
      await child.listening(port);
      return { pid: child.pid, target: { host: '127.0.0.1', port, path: PATH }, stop: () => child.stop() };
    },
  };
}

/** nginx that answers every request with 200: the cheapest core platform. */
export async function startNginxCore(folder: string, port: number): Promise<Child> {
  const child = startNginx(folder, wholeConfig(folder, port, '', "location / { return 200 ''; }"));
  await child.listening(port);
  return child;
}

function startNginx(folder: string, config: string): Child {
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, config);
  return new Child({
    name: 'nginx',
    program: programPath('nginx'),
    args: ['-p', folder, '-c', file, '-e', join(folder, 'nginx-error.log')],
    logFile: join(folder, 'nginx.log'),
  });
}

function luaConfig(folder: string, port: number, secret: string): string {
  const start = `init_worker_by_lua_block { hmac = dofile('${LUA_HANDLER}')('${secret}') }`;
  const location = `location = ${PATH} { content_by_lua_block { hmac() } }`;
  return `load_module ${NDK_MODULE};\nload_module ${LUA_MODULE};\n${wholeConfig(folder, port, start, location)}`;
}

function wholeConfig(folder: string, port: number, start: string, location: string): string {
  // Without it a worker of root's nginx becomes another user, which cannot read these folders.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `
${user}
daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_buffer_size 1m;
  client_max_body_size 1m;
  client_body_temp_path ${join(folder, 'body')};
  proxy_temp_path ${join(folder, 'proxy')};
  fastcgi_temp_path ${join(folder, 'fastcgi')};
  uwsgi_temp_path ${join(folder, 'uwsgi')};
  scgi_temp_path ${join(folder, 'scgi')};
  ${start}
  server {
    listen 127.0.0.1:${port};
    ${location}
  }
}
`;
}
