/** Runs the tests on other versions of Node, each fetched as an npm package: `npm run test:nodes -- 22 24`. */
import { spawnSync } from 'node:child_process';

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24', '26'];
const jest = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];
const failed = versions.filter((version) => {
  process.stdout.write(`\nNode ${version}\n`);
  const { status } = spawnSync('npx', ['--yes', '-p', `node@${version}`, 'node', ...jest], {
    stdio: 'inherit',
  });
  return status !== 0;
});
process.stdout.write(
  failed.length === 0 ? `Right on Node ${versions.join(', ')}.\n` : `Wrong on Node ${failed.join(', ')}.\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
