// What an operator does from Node: look at the queues, read why a job failed, retry it, through BullMQ and bull-board.
// node operator.mjs SOCKET queue read|retry-bullmq|retry-board  → one line of JSON
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue } from 'bullmq';
import express from 'express';

const [socket, name, action] = process.argv.slice(2);
const queue = new Queue(name, { connection: { path: socket } });

async function board(work) {
  const adapter = new ExpressAdapter();
  adapter.setBasePath('/board');
  createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter: adapter });
  const app = express().use('/board', adapter.getRouter());
  const server = await new Promise((done) => {
    const started = app.listen(0, '127.0.0.1', () => done(started));
  });
  try {
    return await work(`http://127.0.0.1:${server.address().port}/board/api`);
  } finally {
    server.close();
  }
}

const failed = await queue.getFailed();
let answer;
if (action === 'read') {
  const seen = await board(async (address) => {
    const page = await (await fetch(`${address}/queues?activeQueue=${name}&status=failed&page=1`)).json();
    return page.queues[0];
  });
  answer = {
    counts: await queue.getJobCounts(),
    failed: failed.map((job) => ({ id: job.id, data: job.data, reason: job.failedReason, stack: job.stacktrace })),
    board: { counts: seen.counts, jobs: seen.jobs.map((job) => ({ id: job.id, reason: job.failedReason })) },
  };
} else if (action === 'retry-bullmq') {
  await failed[0].retry();
  answer = { retried: failed[0].id };
} else {
  answer = await board(async (address) => {
    const told = await fetch(`${address}/queues/${name}/${failed[0].id}/retry`, { method: 'PUT' });
    if (!told.ok) throw new Error(`bull-board answered ${told.status}`);
    return { retried: failed[0].id };
  });
}
console.log(JSON.stringify(answer));
await queue.close();
process.exit(0);
