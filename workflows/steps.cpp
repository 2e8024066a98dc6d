#include <simdjson.h>

#include <charconv>

#include "engine/event/json_writer.h"
#include "workflows/run.h"

namespace rowhook {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t max_output = 64U << 10;
constexpr std::size_t kept_of_longer = 1U << 10;

std::string_view status_text(StepStatus status) {
  switch (status) {
    case StepStatus::completed:
      return "completed";
    case StepStatus::filtered:
      return "filtered";
    case StepStatus::failed:
      return "failed";
  }
  return "";
}

void write_number(std::string& out, long long value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

// Milliseconds with three decimals.
void write_milliseconds(std::string& out, double value) {
  char digits[48];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 3);
  if (error == std::errc{}) {
    out.append(digits, end);
  } else {
    out += '0';
  }
}

// Cuts at a character's border, so that the rest is still UTF-8.
std::string_view start_of(std::string_view text) {
  std::size_t length = std::min(text.size(), kept_of_longer);
  while (length > 0 && length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80U)
    --length;
  return text.substr(0, length);
}

void pack_item(std::string& out, const Item& item, const Item* input) {
  if (item.event()) {
    out += R"({"$event":true})";
    return;
  }
  if (&item == input) {
    out += R"({"$input":true})";
    return;
  }
  const std::string& json = item.json();
  if (json.size() > max_output) {
    out += R"({"$truncated":{"bytes":)";
    write_number(out, static_cast<long long>(json.size()));
    out += R"(,"start":)";
    write_json_string(out, start_of(json));
    out += "}}";
  } else if (json.starts_with(R"({"$)")) {  // an item that looks like one of our marks
    out += R"({"$json":)";
    out += json;
    out += '}';
  } else {
    out += json;
  }
}

// {"n":node,"t":type,"s":status,"f":[step,output],"i":item,"o":[[port,item],...],"e":error,"ms":1.25,
// "x":[notes]}; what is empty is left out. "i" is the execution's item, in its first step, unless it is the
// event.
void pack_step(std::string& out, const Step& step) {
  out += R"({"n":)";
  write_json_string(out, step.node_id);
  out += R"(,"t":)";
  write_json_string(out, step.node_type);
  out += R"(,"s":")";
  out += status_text(step.status);
  out += '"';
  if (step.from_step >= 0) {
    out += R"(,"f":[)";
    write_number(out, step.from_step);
    out += ',';
    write_number(out, step.from_output);
    out += ']';
  }
  if (step.from_step < 0 && step.input && !step.input->event()) {
    out += R"(,"i":)";
    pack_item(out, *step.input, nullptr);
  }
  if (!step.outputs.empty()) {
    out += R"(,"o":[)";
    for (const auto& output : step.outputs) {
      out += &output == &step.outputs.front() ? "[" : ",[";
      write_json_string(out, output.port);
      out += ',';
      pack_item(out, *output.item, step.input.get());
      out += ']';
    }
    out += ']';
  }
  if (!step.error_message.empty()) {
    out += R"(,"e":)";
    write_json_string(out, step.error_message);
  }
  out += R"(,"ms":)";
  write_milliseconds(out, step.execution_time_ms);
  if (!step.notes.empty()) {
    out += R"(,"x":[)";
    for (const auto& note : step.notes) {
      if (&note != &step.notes.front()) out += ',';
      write_json_string(out, note);
    }
    out += ']';
  }
  out += '}';
}

// A packed step taken apart; views point into the packed text.
struct PackedStep {
  std::string_view node_id, node_type, status, item, error, milliseconds, notes;  // JSON texts
  long long from_step = -1, from_output = 0;
  std::vector<std::string_view> ports, items;
};

std::string_view raw(ondemand::value value) { return simdjson::to_json_string(value); }

void read_outputs(ondemand::array outputs, PackedStep& step) {
  for (auto output : outputs) {
    int place = 0;
    for (auto part : output.get_array())
      (place++ == 0 ? step.ports : step.items).push_back(raw(part.value()));
    if (place != 2) throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
  }
}

PackedStep read_step(ondemand::object object) {
  PackedStep step;
  for (auto member : object) {
    const std::string_view name = member.unescaped_key();
    ondemand::value value = member.value();
    if (name == "n") step.node_id = raw(value);
    if (name == "t") step.node_type = raw(value);
    if (name == "s") step.status = raw(value);
    if (name == "i") step.item = raw(value);
    if (name == "e") step.error = raw(value);
    if (name == "ms") step.milliseconds = raw(value);
    if (name == "x") step.notes = raw(value);
    if (name == "o") read_outputs(value.get_array(), step);
    if (name == "f") {
      int place = 0;
      for (auto number : value.get_array())
        (place++ == 0 ? step.from_step : step.from_output) = number.get_int64();
    }
  }
  return step;
}

// The JSON a mark stands for, or the text itself.
std::string_view unmarked(std::string_view item, std::string_view event, std::string_view input) {
  if (!item.starts_with('{') || item.find('$') == std::string_view::npos) return item;
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(item);
  ondemand::document document = parser.iterate(padded);
  for (auto member : document.get_object()) {
    const std::string_view name = member.unescaped_key();
    if (name == "$event") return event;
    if (name == "$input") return input;
    if (name == "$json") {
      const std::string_view text = raw(member.value());
      return item.substr(static_cast<std::size_t>(text.data() - padded.data()), text.size());
    }
    return item;
  }
  return item;
}

std::string_view or_null(std::string_view json) { return json.empty() ? std::string_view("null") : json; }

void write_outputs(std::string& out, const std::vector<std::string_view>& items) {
  if (items.size() == 1) {
    out += or_null(items.front());
    return;
  }
  if (items.empty()) {
    out += "null";
    return;
  }
  for (const auto& item : items) {
    out += &item == &items.front() ? '[' : ',';
    out += or_null(item);
  }
  out += ']';
}

void write_names(std::string& out, const PackedStep& step) {
  out += R"({"node_id":)";
  out += or_null(step.node_id);
  out += R"(,"node_type":)";
  out += or_null(step.node_type);
  out += R"(,"status":)";
  out += or_null(step.status);
}

void write_outcome(std::string& out, const PackedStep& step) {
  out += R"(,"ports":[)";
  for (std::size_t i = 0; i < step.ports.size(); ++i) {
    if (i > 0) out += ',';
    out += step.ports[i];
  }
  out += R"(],"error_message":)";
  out += or_null(step.error);
  out += R"(,"execution_time_ms":)";
  out += step.milliseconds.empty() ? "0" : step.milliseconds;
}

void write_step(std::string& out, const PackedStep& step, std::string_view input,
                const std::vector<std::string_view>& outputs) {
  write_names(out, step);
  out += R"(,"input":)";
  out += or_null(input);
  out += R"(,"output":)";
  write_outputs(out, outputs);
  write_outcome(out, step);
  out += R"(,"notes":)";
  out += step.notes.empty() ? "[]" : step.notes;
  out += '}';
}

}  // namespace

std::string pack_steps(const std::vector<Step>& steps) {
  std::string out;
  out.reserve(2 + steps.size() * 128);
  out += '[';
  for (const auto& step : steps) {
    if (out.size() > 1) out += ',';
    pack_step(out, step);
  }
  out += ']';
  return out;
}

std::string steps_json(std::string_view packed, std::string_view event) {
  std::string out = "[";
  try {
    ondemand::parser parser;
    const simdjson::padded_string padded(packed);
    ondemand::document document = parser.iterate(padded);
    std::vector<std::vector<std::string_view>> outputs;  // of the steps so far, without marks
    for (auto element : document.get_array()) {
      const PackedStep step = read_step(element.get_object());
      std::string_view input = event;
      if (!step.item.empty()) input = unmarked(step.item, event, event);
      if (step.from_step >= 0)
        input = outputs.at(static_cast<std::size_t>(step.from_step))
                    .at(static_cast<std::size_t>(step.from_output));
      outputs.emplace_back();
      for (const auto& output : step.items) outputs.back().push_back(unmarked(output, event, input));
      if (out.size() > 1) out += ',';
      write_step(out, step, input, outputs.back());
    }
  } catch (const simdjson::simdjson_error& error) {
    throw PermanentError(std::string("the steps of this execution cannot be read: ") + error.what());
  } catch (const std::out_of_range&) {
    throw PermanentError(
        "the steps of this execution cannot be read: one refers to a step that is not there");
  }
  out += ']';
  return out;
}

std::string step_summaries(std::string_view packed) {
  if (packed.empty()) return "[]";
  std::string out = "[";
  try {
    ondemand::parser parser;
    const simdjson::padded_string padded(packed);
    ondemand::document document = parser.iterate(padded);
    for (auto element : document.get_array()) {
      const PackedStep step = read_step(element.get_object());
      if (out.size() > 1) out += ',';
      write_names(out, step);
      out += R"(,"from_step":)" + std::to_string(step.from_step);
      write_outcome(out, step);
      out += '}';
    }
  } catch (const simdjson::simdjson_error& error) {
    throw PermanentError(std::string("the steps of this execution cannot be read: ") + error.what());
  }
  return out += ']';
}

}  // namespace rowhook
