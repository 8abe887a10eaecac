// The plain server of plain.py on the TypeScript SDK: Node's fetch, the upstream's bodies as they come.
// It runs from beside a node_modules that has the SDK and zod.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import * as z from "zod";

const api = process.env.UNTHREAD_API_URL;
const key = process.env.UNTHREAD_API_KEY;

async function request(method, path, body) {
  const answer = await fetch(`${api}/${path}`, {
    method,
    headers: { "X-Api-Key": key, ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
  return answer.text();
}

const listing = {
  select: z.array(z.string()).optional(),
  order: z.array(z.string()).optional(),
  descending: z.boolean().default(true),
  limit: z.number().int().default(100),
};

const server = new McpServer({ name: "plain", version: "1.0.0" });

server.registerTool(
  "get_conversation",
  { description: "Get a conversation and its messages.", inputSchema: { conversation_id: z.string(), ...listing } },
  async ({ conversation_id, ...list }) => {
    const [conversation, messages] = await Promise.all([
      request("GET", `conversations/${conversation_id}`),
      request("POST", `conversations/${conversation_id}/messages/list`, list),
    ]);
    return { content: [{ type: "text", text: `${conversation}\n${messages}` }] };
  },
);

server.registerTool(
  "list_conversations",
  { description: "List conversations, newest first.", inputSchema: listing },
  async (list) => ({ content: [{ type: "text", text: await request("POST", "conversations/list", list) }] }),
);

await server.connect(new StdioServerTransport());
