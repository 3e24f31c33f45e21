// Runs SQL, and prints a line for each row of its last statement:
// node duckdb.mjs DATABASE SQL
import { DuckDBInstance } from '@duckdb/node-api';

const [database, sql] = process.argv.slice(2);
const connection = await (await DuckDBInstance.create(database)).connect();
await connection.run("set timezone = 'UTC'");
const rows = (await connection.runAndReadAll(sql)).getRows();
for (const row of rows) console.log(row.map((v) => (v === null ? '' : String(v))).join('|'));
