import Database from 'better-sqlite3';
import type { Reading } from './gauge.js';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS reading (
    gauge   TEXT    NOT NULL,
    at_s    INTEGER NOT NULL,
    level_m REAL    NOT NULL,
    PRIMARY KEY (gauge, at_s)
) WITHOUT ROWID;
`;

export interface Store {
    add(reading: Reading): void;
    between(gauge: string, from_s: number, to_s: number): Reading[];
    newest(gauge: string): Reading | undefined;
    close(): void;
}

export function openStore(file: string): Store {
    const db = new Database(file);
    db.pragma('journal_mode = WAL');
    db.exec(SCHEMA);
    const insert = db.prepare('INSERT OR REPLACE INTO reading VALUES (@gauge, @at_s, @level_m)');
    const range = db.prepare('SELECT * FROM reading WHERE gauge = ? AND at_s >= ? AND at_s < ? ORDER BY at_s');
    const last = db.prepare('SELECT * FROM reading WHERE gauge = ? ORDER BY at_s DESC LIMIT 1');
    return {
        add: reading => void insert.run(reading),
        between: (gauge, from_s, to_s) => range.all(gauge, from_s, to_s) as Reading[],
        newest: gauge => last.get(gauge) as Reading | undefined,
        close: () => void db.close(),
    };
}
