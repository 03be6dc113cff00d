// The driver pg of Node.js: connects, and prints what each statement gives, a line a row.
// Arguments: the folder of its modules, port, password (may be empty), then statements.
const { Client } = require(process.argv[2] + '/node_modules/pg');

async function main() {
  const client = new Client({
    host: '127.0.0.1', port: Number(process.argv[3]), user: 'analyst', password: process.argv[4],
    database: 'quicksilver', application_name: 'clients',
  });
  await client.connect();
  for (const sql of process.argv.slice(5)) {
    for (const query of [sql, { text: sql, values: [], name: 'named ' + sql.length }, { text: sql, values: [], rowMode: 'array' }]) {
      try {
        const result = await client.query(query);
        console.log(JSON.stringify([result.fields.map(f => [f.name, f.format]), result.rows]));
      } catch (e) {
        console.log(sql + ' ' + e.code + ' ' + e.message);
      }
    }
  }
  const keyed = await client.query('SELECT key, sequence FROM dns WHERE key = $1 AND sequence < $2', ['host000007.example.com.', 5000]);
  console.log(JSON.stringify(keyed.rows));
  const any = await client.query('SELECT upper(key) FROM dns WHERE key = ANY ($1) ORDER BY 1', [['a', 'b', '😀']]);
  console.log(JSON.stringify(any.rows));
  await client.end();
}

main().catch(e => { console.log(e.stack); process.exit(1); });
