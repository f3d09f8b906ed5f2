// Writes what is generated from the configuration schema: the reference page and the JSON Schema for editors.
// Needs dist/ (npm run build). `npm run generate` runs both.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { jsonSchema, referencePage } from '../dist/config/reference-page.js';

const write = async (file, text) => {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
  console.log(`wrote ${file}`);
};

await write('docs/configuration.md', referencePage());
await write('config/ringward.schema.json', JSON.stringify(jsonSchema()));
