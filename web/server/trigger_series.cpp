#include "web/server/trigger_series.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "web/server/call.h"

namespace rowhook {
namespace {

std::size_t place(std::int64_t number) { return static_cast<std::size_t>(number) % TriggerSeries::steps; }

TriggerSeries::Failure failure_of(const Execution& execution) {
  std::string message = execution.error_message.substr(0, execution.error_message.find('\n'));
  if (message.size() > TriggerSeries::longest_message) {
    std::size_t end = TriggerSeries::longest_message;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U)
      --end;  // not inside a character
    message.resize(end);
  }
  return {execution.id, std::move(message), execution.finished_at,
          execution.status == ExecutionStatus::dead_letter};
}

std::string number_text(double value) {
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), static_cast<std::size_t>(end - digits.data())};
}

}  // namespace

std::int64_t TriggerSeries::p99_of(const Series& series) {
  std::uint64_t total = 0;
  for (const auto count : series.times) total += count;
  if (total == 0) return -1;
  return static_cast<std::int64_t>(
      log_buckets::percentile(0.99, total, [&](std::size_t bucket) { return series.times[bucket]; }));
}

// A clock that goes back leaves the step as it is.
void TriggerSeries::advance(Series& series, std::int64_t now) {
  if (now <= series.now) return;
  series.past[place(series.now)].p99_us = p99_of(series);
  series.times.fill(0);
  for (auto number = std::max(series.now + 1, now - static_cast<std::int64_t>(steps) + 1); number <= now;
       ++number)
    series.past[place(number)] = {};
  series.now = now;
}

TriggerSeries::Series& TriggerSeries::series_of(All& all, std::int64_t trigger_id, Micros now) {
  auto found = all.find(trigger_id);
  if (found == all.end()) {
    if (all.size() >= most_triggers)
      all.erase(std::min_element(all.begin(), all.end(), [](const auto& left, const auto& right) {
        return left.second.touched < right.second.touched;
      }));
    found = all.try_emplace(trigger_id).first;
    found->second.now = step_at(now);
  }
  found->second.touched = now;
  return found->second;
}

void TriggerSeries::add(const Execution& execution) {
  const bool completed = execution.status == ExecutionStatus::completed;
  const bool failed =
      execution.status == ExecutionStatus::retrying || execution.status == ExecutionStatus::dead_letter;
  if (execution.trigger_id == 0 || (!completed && !failed)) return;
  const Micros now = clock_.now();
  const auto microseconds = static_cast<std::uint64_t>(std::max(0.0, execution.execution_time_ms * 1000));
  std::optional<Failure> failure;
  if (failed) failure = failure_of(execution);
  all_.with([&](All& all) {
    Series& series = series_of(all, execution.trigger_id, now);
    advance(series, step_at(now));
    Step& under_way = series.past[place(series.now)];
    under_way.completed += completed ? 1U : 0U;
    under_way.failed += failed ? 1U : 0U;
    ++series.times[log_buckets::bucket_of(microseconds)];
    if (failure) series.last_failure = std::move(failure);
  });
}

void TriggerSeries::recall(const Execution& execution) {
  if (execution.trigger_id == 0) return;
  Failure failure = failure_of(execution);
  const Micros now = clock_.now();
  all_.with([&](All& all) {
    Series& series = series_of(all, execution.trigger_id, now);
    if (!series.last_failure || series.last_failure->at < failure.at)
      series.last_failure = std::move(failure);
  });
}

TriggerSeries::Shown TriggerSeries::shown(std::int64_t trigger_id, Series series, std::int64_t now) {
  advance(series, now);
  series.past[place(series.now)].p99_us = p99_of(series);
  Shown shown;
  shown.trigger_id = trigger_id;
  const std::int64_t first = series.now - static_cast<std::int64_t>(steps) + 1;
  shown.from = first * std::chrono::microseconds(step).count();
  for (std::int64_t number = first; number <= series.now; ++number) {
    const Step& at = series.past[place(number)];
    shown.completed.push_back(at.completed);
    shown.failed.push_back(at.failed);
    shown.p99_ms.push_back(at.p99_us < 0 ? std::nullopt
                                         : std::optional(static_cast<double>(at.p99_us) / 1000));
  }
  shown.last_failure = std::move(series.last_failure);
  return shown;
}

void TriggerSeries::each(const std::function<void(const Shown&)>& take) const {
  const std::int64_t now = step_at(clock_.now());
  std::int64_t after = 0;
  for (bool more = true; more;) {
    std::vector<std::pair<std::int64_t, Series>> some;  // copied in small lots: add() is not kept waiting
    all_.with([&](const All& all) {
      for (auto at = all.upper_bound(after); at != all.end() && some.size() < 64; ++at)
        some.emplace_back(*at);
    });
    more = !some.empty();
    for (auto& [id, series] : some) {
      after = id;
      const Shown one = shown(id, std::move(series), now);
      const auto any = [](const auto& counts) {
        return std::any_of(counts.begin(), counts.end(), [](auto count) { return count > 0; });
      };
      if (one.last_failure || any(one.completed) || any(one.failed)) take(one);
    }
  }
}

void write_trigger_series(std::string& out, const TriggerSeries::Shown& shown) {
  const auto list = [](const auto& values, const auto& text) {
    std::string json = "[";
    for (const auto& value : values) {
      if (json.size() > 1) json += ',';
      json += text(value);
    }
    return json + "]";
  };
  const auto count = [](std::uint32_t value) { return std::to_string(value); };
  JsonObject json(out);
  json.number("trigger_id", shown.trigger_id);
  json.time("from", shown.from);
  json.number("step_seconds", std::int64_t{TriggerSeries::step.count()});
  json.raw("completed", list(shown.completed, count));
  json.raw("failed", list(shown.failed, count));
  json.raw("p99_ms", list(shown.p99_ms, [](const std::optional<double>& value) {
             return value ? number_text(*value) : std::string("null");
           }));
  std::string failure;
  if (shown.last_failure) {
    JsonObject inner(failure);
    inner.text("execution_id", shown.last_failure->execution_id);
    inner.text("message", shown.last_failure->message);
    inner.time("at", shown.last_failure->at);
    inner.boolean("dead_letter", shown.last_failure->dead_letter);
    inner.close();
  }
  json.raw("last_failure", failure);
  json.close();
}

}  // namespace rowhook
