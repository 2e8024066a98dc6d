import { expect, test } from 'vitest';
import { parseJson } from '../../api/json';
import { prettyJson } from './fixture';

test('over several lines, arrays of scalars on one, digits as they are', () => {
  const text = '{\n  "id": 9007199254740993,\n  "tags": ["a","b"],\n  "none": {},\n  "deep": {\n    "lines": [\n      {\n        "n": 1.50\n      }\n    ]\n  }\n}';
  expect(prettyJson(parseJson(text))).toBe(text);
});
