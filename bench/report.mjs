/** The results as a table to read: in a terminal, and in RESULTS.md. */

const COLUMNS = [
  ['Work', ({ work }) => work],
  ['Target', ({ target }) => target],
  ['Measured', ({ measured }) => measured],
  ['', ({ ok }) => (ok === undefined ? '' : ok ? 'ok' : 'missed')],
  ['Note', ({ note = '' }) => note],
];

/** @param {import('./measure.mjs').Row[]} rows @returns {string} A table in Markdown that also reads well as it is. */
export function toTable(rows) {
  const lines = [
    COLUMNS.map(([title]) => title),
    ...rows.map((row) => COLUMNS.map(([, read]) => read(row).replaceAll('|', '\\|'))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(3, ...lines.map((line) => line[column].length)));
  const [head, ...body] = lines.map(
    (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`,
  );
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}

export function toMarkdown(rows, machine, remarks, quick) {
  const missed = rows.filter(({ ok }) => ok === false).length;
  const judged = rows.filter(({ ok }) => ok !== undefined).length;
  return `# What the router costs

Written by \`npm run bench\`${quick ? ' with `--quick`: figures to look at, not to quote' : ''}. ${judged - missed} of ${judged} targets were met.

| Machine | Node.js | Date | Load by | Load average before |
| --- | --- | --- | --- | --- |
| ${machine.cpu} | ${machine.node} | ${machine.date} | ${machine.load} | ${machine.busy.toFixed(1)} |

${toTable(rows)}

${remarks.map((remark) => `- ${remark}`).join('\n')}

## How to read it

- Everything runs on one machine over loopback: the simulated clouds, the measured process and the load generator are processes of their own.
- The unit of the first rows is CPU time of the measured process for one request (\`process.cpuUsage()\` before and after, divided by the requests answered), after a warm-up, with 32
  connections for JSON, 8 for streams, 4 for bodies of 2 MB. "Added" is the difference to the empty handler, "x" the ratio to what the row names, both in the same round; the table has the
  median of the rounds of three starts of all processes, since V8 makes better code in one process than in the next. In every round all systems take their turn, and each does the same work
  uncounted first. "us added" is what would be added where the empty handler takes 105 us, as it does on the machine that these targets were set on; what was added here stands in the note.
- What CPU is counted of has a core to itself where there are two and \`taskset\`; load and simulated clouds share the others. V8's compiler and its collector run in threads of the same
  process, whose time counts; in a process that stands still, as each does while the others have their turn, V8 would drop compiled code that a server at work keeps
  (\`--no-memory-reducer\` keeps it).
- The empty handler is an Express app that reads and parses the body and answers a fixed kilobyte with \`res.end\`. The bare pipe is undici's \`dispatch\` straight into Node's response, without
  Express. The byte relay is the same with the request's body flowing through. The express-pipe is the bare pipe as the only handler of an Express app. The express-json is the same, but
  with the JSON of request and answer parsed and written again as it was.
- Less than nothing added, and less than the express-pipe takes: on Node 20 and 22 each look at a request or response of Express costs some 0.3 us, since each has a hidden class of its own.
  The router lets them share one again (\`lib/hidden-class.ts\`), from which everything behind it has its part, the host's own handler too. On Node 24 they share one without it.
- Megabytes on their way count as V8's own, and where its heap is as small as in these processes it collects all of it every few requests: so the rows of 2 MB are measured with a heap that
  may be as large as that of most hosts (\`--initial-old-space-size\`).
- Absolute times depend on the machine and on what else runs on it; ratios much less.
`;
}
