// Takes the download addresses out of package-lock.json: every machine asks its own registry. Run after `npm install`.
import { readFileSync, writeFileSync } from 'node:fs';

for (const file of process.argv.slice(2)) {
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  for (const entry of Object.values(lock.packages)) delete entry.resolved;
  writeFileSync(file, JSON.stringify(lock, null, 2) + '\n');
}
