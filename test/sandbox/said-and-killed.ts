/** A program that says fifty things in a sandbox, tells so, and then waits to be killed. Its argument is the state file. */
import { GROUP, startTestSandbox } from '../support/sandbox-world.ts';

const sandbox = await startTestSandbox({ statePath: process.argv[2] });
for (let count = 1; count <= 50; count += 1) sandbox.say(GROUP, 'lina', String(count));
console.log('said');
