-- The vocabulary of test files: describe, it, expect and the rest. It runs in a script host like every script. What
-- needs the engine (running a filter, a trigger, a workflow) is asked for: the test ends there with a request, and
-- runs again from its beginning with the answer at hand, until nothing is left to ask for. Tests have no effects, so
-- running one again changes nothing.

local suspended = {}

local function shown(value)
  if type(value) == "function" then return "a function" end
  local ok, text = pcall(json.encode, value)
  if not ok then text = tostring(value) end
  if #text > 600 then text = text:sub(1, 600) .. "..." end
  return text
end

local function plain(value)
  if value == null then return nil end
  return value
end

local function is_table(value) return type(value) == "table" end

-- Where two values differ: nil if nowhere, else path, one, other. `part`: what `other` does not mention may differ.
local function difference(one, other, part, path)
  one, other = plain(one), plain(other)
  if not is_table(one) or not is_table(other) then
    if one == other then return nil end
    return path, one, other
  end
  local seen = {}
  for key, value in pairs(other) do
    seen[key] = true
    local at, a, b = difference(one[key], value, part, path .. "." .. tostring(key))
    if at then return at, a, b end
  end
  if part then return nil end
  for key, value in pairs(one) do
    if not seen[key] and plain(value) ~= nil then return path .. "." .. tostring(key), value, nil end
  end
end

local function contains(list, wanted)
  if type(list) == "string" then return list:find(wanted, 1, true) ~= nil end
  if not is_table(list) then return false end
  for _, value in pairs(list) do
    if difference(value, wanted, true, "") == nil then return true end
  end
  return false
end

-- Each gives whether it holds, and what was expected, in words.
local matchers = {
  to_be = function(value, wanted)
    return plain(value) == plain(wanted), "to be " .. shown(wanted)
  end,
  to_equal = function(value, wanted)
    local at, a, b = difference(value, wanted, false, "")
    local text = "to equal " .. shown(wanted)
    if at and at ~= "" then text = text .. "; at " .. at:sub(2) .. ": " .. shown(a) .. ", not " .. shown(b) end
    return at == nil, text
  end,
  to_include = function(value, wanted)
    local at, a, b = difference(value, wanted, true, "")
    local text = "to include " .. shown(wanted)
    if at and at ~= "" then text = text .. "; at " .. at:sub(2) .. ": " .. shown(a) .. ", not " .. shown(b) end
    return at == nil, text
  end,
  to_contain = function(value, wanted) return contains(value, wanted), "to contain " .. shown(wanted) end,
  to_match = function(value, pattern)
    return type(value) == "string" and value:find(pattern) ~= nil, "to match " .. shown(pattern)
  end,
  to_be_nil = function(value) return plain(value) == nil, "to be nil" end,
  to_be_true = function(value) return value == true, "to be true" end,
  to_be_false = function(value) return value == false, "to be false" end,
  to_be_json = function(value, text)
    return json.encode(value) == text, "to be written as " .. text
  end,
  to_be_greater_than = function(value, limit) return value > limit, "to be greater than " .. shown(limit) end,
  to_be_less_than = function(value, limit) return value < limit, "to be less than " .. shown(limit) end,
}

return function(item, body)
  local tests, group, hooks = {}, {}, {}
  local spies, asked, request = {}, 0, nil

  local function place(level)
    local _, text = pcall(error, "", level + 2)
    return type(text) == "string" and tonumber(text:match(":(%d+):")) or 0
  end

  local function describe(name, define)
    local outer, outer_hooks = group, hooks
    group, hooks = { unpack(outer) }, { unpack(outer_hooks) }
    group[#group + 1] = tostring(name)
    define()
    group, hooks = outer, outer_hooks
  end

  local function add(name, define, line)
    local words = { unpack(group) }
    words[#words + 1] = tostring(name)
    tests[#tests + 1] = { name = table.concat(words, " > "), line = line, run = define, hooks = hooks }
  end
  local function it(name, define)
    if type(define) ~= "function" then error("it: write it(\"what it does\", function() ... end)", 2) end
    add(name, define, place(2))
    return true
  end
  local function pending(name)
    add(name, nil, place(2))
    return true
  end
  local function before_each(define) hooks[#hooks + 1] = define end

  local function fixture(name)
    local found = item.fixtures[name]
    if not found then
      local names = {}
      for known in pairs(item.fixtures) do names[#names + 1] = known end
      table.sort(names)
      error("there is no fixture '" .. tostring(name) .. "'; there are: " .. table.concat(names, ", "), 2)
    end
    return copy(found)
  end

  local function spy(node)
    if spies[node] then return spies[node] end
    local made = { node = node, calls = {}, answers = {}, is_spy = true }
    local function answer(given)
      made.answers[#made.answers + 1] = given
      return made
    end
    function made.returns(value, second)
      if value == made then value = second end
      return answer({ output = value })
    end
    function made.fails(message, options, third)
      if message == made then message, options = options, third end
      options = options or {}
      return answer({ error = message or "failed", permanent = options.permanent == true, retry_after = options.retry_after })
    end
    spies[node] = made
    return made
  end

  local function ask(what, level)
    if request then error(suspended) end
    asked = asked + 1
    what.key = hash.sha256(json.encode(what))
    local known = item.answers[asked]
    if not known then
      request = what
      error(suspended)
    end
    if known.key ~= what.key then
      error("the test asks for something else each time it runs: it must not depend on anything but its fixtures", level)
    end
    if known.answer.refused then error(known.answer.refused, level) end
    return copy(known.answer)
  end

  local function with_answers(what)
    for node, known in pairs(spies) do
      if #known.answers > 0 then
        what.answers = what.answers or {}
        what.answers[node] = known.answers
      end
    end
    return what
  end

  local function note_calls(answer)
    for _, call in ipairs(answer.calls or {}) do
      local seen = spy(call.node_id).calls
      seen[#seen + 1] = call
    end
    answer.calls = nil
    return answer
  end

  local function run_script(kind, name, event, given)
    local answer = ask({ op = "script", kind = kind, name = name, event = event, item = given }, 4)
    if answer.error then error(answer.error.message, 0) end
    return answer.result
  end
  local run = {
    filter = function(name, event, given)
      local result = run_script("filter", name, event, given)
      return result
    end,
    transform = function(name, event, given)
      local result = run_script("transform", name, event, given)
      return result
    end,
    trigger = function(name, event)
      local answer = ask(with_answers({ op = "trigger", name = name, event = event }), 3)
      return note_calls(answer)
    end,
    workflow = function(id, event, options)
      options = options or {}
      local answer = ask(with_answers({ op = "workflow", id = id, event = event, item = options.item, node = options.node }), 3)
      return note_calls(answer)
    end,
  }

  local special = {
    to_fail = function(action, wanted)
      local ok, message = pcall(action)
      if request then error(suspended) end
      local words = wanted and "to fail with " .. shown(wanted) or "to fail"
      if ok then return false, words .. ", it did not", "a call" end
      if wanted == nil then return true, words, "a call" end
      return tostring(message):find(wanted, 1, true) ~= nil, words .. "; it failed with " .. shown(tostring(message)), "a call"
    end,
    to_be_called = function(seen, times)
      local made = #seen.calls
      if times then return made == times, "to be called " .. times .. " times, not " .. made, "node '" .. seen.node .. "'" end
      return made > 0, "to be called", "node '" .. seen.node .. "'"
    end,
    to_be_called_with = function(seen, wanted)
      local words = "to be called with " .. shown(wanted) .. "; calls: " .. shown(seen.calls)
      return contains(seen.calls, wanted), words, "node '" .. seen.node .. "'"
    end,
  }

  local function expectation(value, negated)
    local made = {}
    local function add_matcher(name, matcher)
      made[name] = function(first, second)
        if first == made then first = second end
        local holds, wanted, subject = matcher(value, first)
        if holds == negated then
          if subject then error("expected " .. subject .. (negated and " not " or " ") .. wanted, 2) end
          error("expected " .. shown(value) .. (negated and " not " or " ") .. wanted, 2)
        end
        return true
      end
    end
    for name, matcher in pairs(matchers) do add_matcher(name, matcher) end
    for name, matcher in pairs(special) do add_matcher(name, matcher) end
    return made
  end
  local function expect(value)
    local made = expectation(value, false)
    made.never = expectation(value, true)
    return made
  end

  body(describe, it, pending, before_each, fixture, run, spy, expect)

  if item.mode == "list" then
    local list = array()
    for number, test in ipairs(tests) do
      list[number] = { name = test.name, line = test.line, pending = test.run == nil }
    end
    return { tests = list }
  end

  local test = tests[item.test]
  local ok, message = pcall(function()
    for _, hook in ipairs(test.hooks) do hook() end
    test.run()
  end)
  if request then return { request = request } end
  if ok then return { passed = true } end
  return { passed = false, message = is_table(message) and shown(message) or tostring(message) }
end
