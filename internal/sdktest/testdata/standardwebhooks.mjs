// Listens, and answers 200 to what the library of Standard Webhooks finds
// signed with the secret, 400 to all else. The first line says where.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.argv[2]);
const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    try {
      const call = webhook.verify(Buffer.concat(parts).toString(), request.headers);
      response.writeHead(200).end(JSON.stringify(call));
    } catch (e) {
      response.writeHead(400).end(String(e.message));
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
