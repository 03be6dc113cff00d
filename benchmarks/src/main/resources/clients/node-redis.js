// The driver redis of Node.js runs a script of commands and writes each answer as a line of JSON.
// Arguments: the folder of its modules, port, 2 or 3, a file with a line of JSON a command (its words in hex), and the file to write.
const { createClient, RESP_TYPES } = require(process.argv[2] + '/node_modules/redis');
const fs = require('fs');

function shown(answer) {
  if (answer === null || answer === undefined) return null;
  if (Buffer.isBuffer(answer)) return { text: answer.toString('latin1') };
  if (Array.isArray(answer)) return answer.map(shown);
  if (answer instanceof Error) return { error: answer.message };
  if (typeof answer === 'number') return { number: answer };
  if (typeof answer === 'string') return { string: answer };
  if (answer instanceof Map || answer instanceof Set) return { kind: answer.constructor.name, parts: shown([...answer]) };
  return { kind: 'object', parts: Object.entries(answer).flat().map(shown) };
}

async function main() {
  const plain = createClient({ RESP: Number(process.argv[4]), socket: { host: '127.0.0.1', port: Number(process.argv[3]), reconnectStrategy: false } });
  plain.on('error', e => { console.error(e.stack); process.exit(1); });
  await plain.connect();
  const client = plain.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer, [RESP_TYPES.VERBATIM_STRING]: Buffer, [RESP_TYPES.MAP]: Map });
  const commands = fs.readFileSync(process.argv[5], 'utf8').split('\n').filter(line => line).map(line => JSON.parse(line).map(word => Buffer.from(word, 'hex')));
  const lines = [];
  for (let from = 0; from < commands.length; from += 100) {
    const answers = await Promise.all(commands.slice(from, from + 100).map(words => client.sendCommand(words).catch(e => e)));
    for (const answer of answers) lines.push(JSON.stringify(shown(answer)));
  }
  fs.writeFileSync(process.argv[6], lines.join('\n'));
  plain.destroy();
}

main().catch(e => { console.error(e.stack); process.exit(1); });
