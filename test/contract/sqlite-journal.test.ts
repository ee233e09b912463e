import { openSqliteHarness } from '../support/sqlite-harness.ts';
import { journalContract } from './journal.ts';

journalContract('SQLite', openSqliteHarness);
