// pack.mjs DIST OUT.cpp OUT.bin   One C++ source file and one blob that hold every file of DIST, plain and compressed.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [dist, out, blob] = process.argv.slice(2);
const types = {
  html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml',
  json: 'application/json', woff2: 'font/woff2', png: 'image/png', txt: 'text/plain; charset=utf-8',
};

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)]));
}

const parts = [];
let size = 0;
function place(bytes) {
  const text = `at(${size}, ${bytes.length})`;
  parts.push(bytes);
  size += bytes.length;
  return text;
}

const lines = filesIn(dist).map((file) => {
  const path = '/' + relative(dist, file).split('\\').join('/');
  const type = types[path.split('.').pop()];
  if (!type) throw new Error(`pack.mjs: no content type is known for ${path}: add it to the table`);
  const plain = readFileSync(file);
  const tag = createHash('sha256').update(plain).digest('hex').slice(0, 20);
  const gzip = gzipSync(plain, { level: 9 });
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } });
  const smaller = (bytes) => (bytes.length < plain.length ? place(bytes) : '{}');
  return `      {"${path}", "${type}", "${tag}", ${path.startsWith('/assets/')}, ${place(plain)}, ${smaller(gzip)}, ${smaller(brotli)}},`;
});

writeFileSync(blob, Buffer.concat(parts));
writeFileSync(out, `// Generated from the built page. Do not edit.
#include "web/server/assets.h"

__asm__(
    ".section .rodata\\n"
    ".global rowhook_page_bytes\\n"
    ".balign 16\\n"
    "rowhook_page_bytes:\\n"
    ".incbin \\"${blob}\\"\\n"
    ".byte 0\\n"
    ".previous\\n");
extern "C" const char rowhook_page_bytes[];

namespace rowhook {
namespace {

std::string_view at(std::size_t offset, std::size_t size) { return {rowhook_page_bytes + offset, size}; }

}  // namespace

std::span<const PageFile> page_files() {
  static const PageFile files[]{
${lines.join('\n')}
  };
  return files;
}

std::string_view page_missing_because() { return ""; }

}  // namespace rowhook
`);
