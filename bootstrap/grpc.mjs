/** One gRPC call with what Node has: enough to ask a Temporal server, before any dependency is there, whether it serves. */
import { connect } from 'node:http2';

/**
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 * @param {string} address host:port
 * @param {string} method `package.Service/Method`
 * @param {Buffer} request an encoded message
 * @param {number} [timeoutMs]
 * @returns {Promise<{ status: number, message: string, response: Buffer }>} status 0 is OK; -1 where nobody answered
 */
export function callGrpc(address, method, request, timeoutMs = 2000) {
  return new Promise((resolve) => {
    const chunks = [];
    let status = -1;
    let message = '';
    const session = connect(`http://${address}`);
    const finish = () => {
      session.destroy();
      resolve({ status, message, response: Buffer.concat(chunks).subarray(5) }); // 5 bytes of frame header
    };
    const unreachable = (error) => {
      message = error.message;
      finish();
    };
    session.once('error', unreachable);
    session.setTimeout(timeoutMs, () => unreachable(new Error(`no answer within ${timeoutMs} ms`)));
    const stream = session.request({
      ':method': 'POST',
      ':path': `/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const readStatus = (headers) => {
      if (headers['grpc-status'] === undefined) return;
      status = Number(headers['grpc-status']);
      message = decodeURIComponent(String(headers['grpc-message'] ?? ''));
    };
    stream.on('response', readStatus); // an answer that is only a refusal carries its status here
    stream.on('trailers', readStatus);
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.once('error', unreachable);
    stream.once('close', finish);
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(request.length, 1);
    stream.end(Buffer.concat([frame, request]));
  });
}

/**
 * A protobuf field that holds a text or another message, shorter than 16 KB.
 * @param {number} number
 * @param {string | Buffer} value
 */
export function field(number, value) {
  const content = Buffer.from(value);
  const length = content.length < 128 ? [content.length] : [(content.length & 127) | 128, content.length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), content]);
}

/**
 * A protobuf field that holds a whole number, or an enum's value.
 * @param {number} number
 * @param {number} value
 */
export function number(number, value) {
  const bytes = [number << 3];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
