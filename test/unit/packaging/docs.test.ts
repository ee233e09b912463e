import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { startDevelopmentGateway } from './support/development-gateway.ts';
import { REPOSITORY, runProgram, temporaryFolder } from './support/program.ts';

/** Written by `npm run bench`, so not there in every clone. */
const GENERATED = new Set(['bench/RESULTS.md']);
const DECISIONS = join(REPOSITORY, 'docs/decisions');

const documents = ['.', 'docs', 'docs/decisions', 'nginx', 'certs', 'bench'].flatMap((folder) =>
  readdirSync(join(REPOSITORY, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(REPOSITORY, folder, name)),
);

test('every link within the repository leads somewhere', () => {
  for (const document of documents) {
    const links = [...readFileSync(document, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)];
    for (const [, link = ''] of links) {
      const target = join(dirname(document), link);
      if (GENERATED.has(relative(REPOSITORY, target))) continue;
      assert.ok(existsSync(target), `${relative(REPOSITORY, document)}: ${link}`);
    }
  }
});

test('every file of the repository that the documents name is there', () => {
  const named =
    /`((?:src|test|scripts|config|docs|nginx|certs|sandbox|bench|site|snippets)\/[\w./-]*\w\/?)`/g;
  for (const document of documents) {
    for (const [, path = ''] of readFileSync(document, 'utf8').matchAll(named)) {
      const places = [join(REPOSITORY, path), join(dirname(document), path)];
      assert.ok(
        GENERATED.has(path) || places.some((place) => existsSync(place)),
        `${relative(REPOSITORY, document)}: ${path}`,
      );
    }
  }
});

test('the README begins with the two commands, and .ci/run runs its test command', () => {
  const [, first = ''] = /```\n([\s\S]*?)```/.exec(readFileSync(join(REPOSITORY, 'README.md'), 'utf8')) ?? [];
  assert.deepEqual(
    first.match(/^npm \S+(?: \S+)?/gm)?.map((line) => line.trim()),
    ['npm run demo', 'npm test'],
  );
  assert.match(readFileSync(join(REPOSITORY, '.ci/run'), 'utf8'), /^exec npm test$/m);
});

test('decisions are numbered without holes and say context, decision and consequences', () => {
  const files = readdirSync(DECISIONS).toSorted();
  files.forEach((file, index) => {
    const number = String(index + 1).padStart(4, '0');
    const text = readFileSync(join(DECISIONS, file), 'utf8');
    assert.ok(file.startsWith(`${number}-`) && text.startsWith(`# ${number} `), file);
    for (const part of ['Context', 'Decision', 'Consequences'])
      assert.ok(text.includes(`**${part}.**`), file);
  });
});

test('the audit chain verifies by the program printed in docs/audit.md, and an altered record does not', async (t) => {
  const folder = temporaryFolder();
  const gateway = await startDevelopmentGateway(t, { folder, socket: join(folder, 'gateway.sock') });
  assert.equal(await gateway.stop(), 0, gateway.output());
  const [, program = ''] =
    /```js\n([\s\S]*?)```/.exec(readFileSync(join(REPOSITORY, 'docs/audit.md'), 'utf8')) ?? [];
  writeFileSync(join(folder, 'verify.mjs'), program);
  const journal = join(folder, 'var/journal.db');
  const verify = () => runProgram(process.execPath, ['verify.mjs', journal], { cwd: folder });
  assert.match(verify().stdout, /^_gateway: intact, 2 records, head [0-9a-f]{64}$/m);
  alterFirstRecord(journal);
  assert.match(verify().stderr, /_gateway: not intact at 1/);
});

function alterFirstRecord(journal: string): void {
  const database = new DatabaseSync(journal);
  database.exec(
    "UPDATE audit SET bytes = CAST(replace(CAST(bytes AS TEXT), 'success', 'failure') AS BLOB) WHERE seq = 1",
  );
  database.close();
}
