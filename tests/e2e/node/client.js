// Calls an echo by Exec and by Stream, and a failure; prints what came as one JSON object.
// Arguments: the folder of the .proto files, the server's address.
'use strict';

const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [folder, address] = process.argv.slice(2);
const definition = loader.loadSync('aiges/v1/engine.proto', { includeDirs: [folder], keepCase: true });
const { Engine } = grpc.loadPackageDefinition(definition).aiges.v1;
const client = new Engine(address, grpc.credentials.createInsecure());

function exec(params) {
  return new Promise((resolve) => {
    const request = { params, data: [{ key: 'a', data: Buffer.from('hello'), type: 'DATA_TYPE_TEXT' }] };
    client.Exec(request, (error, answer) => {
      resolve(error
        ? { code: error.code, details: error.details, aiges: error.metadata.get('aiges-code') }
        : answer.data.map((item) => item.data.toString()));
    });
  });
}

// Each frame leaves when the answer to the one before has come.
function stream(texts) {
  return new Promise((resolve, reject) => {
    const call = client.Stream();
    const answers = [];
    const send = (index) => call.write({
      ...(index === 0 ? { open: {} } : {}),
      data: [{
        key: 'a',
        data: Buffer.from(texts[index]),
        status: index === texts.length - 1 ? 'STATUS_END' : 'STATUS_CONTINUE',
      }],
    });
    call.on('data', (answer) => {
      answers.push(...answer.data.map((item) => item.data.toString()));
      if (answers.length < texts.length) send(answers.length);
    });
    call.on('error', reject);
    call.on('end', () => resolve(answers));
    send(0);
  });
}

async function main() {
  const told = {
    exec: await exec({}),
    failure: await exec({ fail: '21' }),
    stream: await stream(['one', 'two', 'three']),
    large: (await stream(['x'.repeat(3000000)]))[0].length,
  };
  client.close();
  process.stdout.write(JSON.stringify(told));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
