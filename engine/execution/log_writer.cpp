#include "engine/execution/log_writer.h"

#include <pthread.h>

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/base/log.h"

namespace rowhook {

namespace {
constexpr std::size_t group = 1000;
constexpr std::chrono::milliseconds lazy{100};
// While rows keep coming, a group gathers for this long: a transaction costs more than the rows in it. The
// next execution of a script with state may be waiting for one: that is not kept waiting.
constexpr std::chrono::milliseconds gathering{10};

Rows front_of(Rows& queue, std::size_t count) {
  if (queue.size() <= count) return std::exchange(queue, {});
  Rows out;
  const auto split = static_cast<std::ptrdiff_t>(count);
  out.executions.assign(std::make_move_iterator(queue.executions.begin()),
                        std::make_move_iterator(queue.executions.begin() + split));
  out.meanings.assign(queue.meanings.begin(), queue.meanings.begin() + split);
  queue.executions.erase(queue.executions.begin(), queue.executions.begin() + split);
  queue.meanings.erase(queue.meanings.begin(), queue.meanings.begin() + split);
  return out;
}
}  // namespace

LogWriter::LogWriter(ExecutionLog& log, Journal& journal, Guarded<LowWater>& low_water, Durable durable)
    : log_(log), journal_(journal), low_water_(low_water), durable_(std::move(durable)) {}

LogWriter::~LogWriter() { stop(std::chrono::milliseconds{0}); }

void LogWriter::start(std::uint64_t last_change) {
  last_change_ = last_change;
  thread_ = std::thread([this] { run(); });
}

void LogWriter::stop(std::chrono::milliseconds grace) {
  if (!thread_.joinable()) return;
  state_.with([](State& state) { state.stopping = true; });
  state_.notify();
  flush(grace);
  state_.with([](State& state) { state.abandoned = true; });
  state_.notify();
  thread_.join();
}

void LogWriter::add(Rows rows) {
  if (rows.empty()) return;
  const bool wake = state_.with([&](State& state) {
    const std::size_t before = state.queue.size();
    state.added += rows.size();
    const bool awaited = std::any_of(rows.executions.begin(), rows.executions.end(),
                                     [](const Execution& row) { return !row.state_changes.empty(); });
    state.hurry |= awaited;
    if (state.queue.empty()) {
      state.queue = std::move(rows);
    } else {
      std::move(rows.executions.begin(), rows.executions.end(), std::back_inserter(state.queue.executions));
      state.queue.meanings.insert(state.queue.meanings.end(), rows.meanings.begin(), rows.meanings.end());
    }
    return awaited || before == 0 || (before < group && state.queue.size() >= group);
  });
  if (wake) state_.notify();
}

void LogWriter::touch() {
  const bool wake = state_.with([](State& state) { return !std::exchange(state.touched, true); });
  if (wake) state_.notify();
}

bool LogWriter::flush(std::chrono::milliseconds time) {
  auto state = state_.lock();
  const std::uint64_t wanted = state->added;
  const bool mark_wanted = state->touched;
  state->hurry = true;
  state_.notify();
  return state.wait_for(time, [&] { return state->durable >= wanted && (!mark_wanted || !state->touched); });
}

std::uint64_t LogWriter::durable_mark() const {
  return state_.with([](const State& state) { return state.mark; });
}

std::string LogWriter::trouble() const {
  return state_.with([](const State& state) { return state.trouble; });
}

Rows LogWriter::gather() {
  auto state = state_.lock();
  const auto something = [&] {
    return !state->queue.empty() || state->stopping || state->abandoned || state->hurry;
  };
  state.wait([&] { return something() || state->touched; });
  if (!something()) state.wait_for(lazy, something);
  if (std::chrono::steady_clock::now() < written_at_ + gathering)
    state.wait_until(written_at_ + gathering, [&] {
      return state->queue.size() >= group || state->stopping || state->abandoned || state->hurry;
    });
  state->touched = state->hurry = false;
  return front_of(state->queue, group);
}

void LogWriter::run() {
  pthread_setname_np(pthread_self(), "rowhook-log");
  for (;;) {
    Rows rows = gather();
    for (auto& row : rows.executions)
      row.change = row.without_row || row.status == ExecutionStatus::pending ? 0 : ++last_change_;
    const std::uint64_t mark = low_water_.with([&](LowWater& low_water) {
      for (const auto& meaning : rows.meanings)
        if (meaning.first_row) low_water.done(meaning.seq);
      return low_water.mark();
    });
    const bool written = (rows.empty() && mark == durable_mark()) || write(rows, mark);
    if (written) {
      written_at_ = std::chrono::steady_clock::now();
      journal_.set_low_water(mark);
      durable_(rows);
    }
    const bool ended = state_.with([&](State& state) {
      if (written) {
        state.durable += rows.size();
        state.mark = mark;
        state.trouble.clear();
      }
      return !written || (state.queue.empty() && (state.stopping || state.abandoned));
    });
    state_.notify();
    if (ended) return;
  }
}

// False: told to give up.
bool LogWriter::write(Rows& rows, std::uint64_t mark) {
  for (unsigned attempt = 1;; ++attempt) try {
      log_.write(rows.executions, mark);
      return true;
    } catch (const PermanentError&) {
      write_singly(rows, mark);
      return true;
    } catch (const std::exception& error) {
      if (!wait_before_retry(error.what(), attempt)) return false;
    }
}

// One of the rows can never be written: it must not hold up the others.
void LogWriter::write_singly(Rows& rows, std::uint64_t mark) {
  const std::uint64_t mark_before = durable_mark();
  for (const auto& row : rows.executions) {
    for (unsigned attempt = 1;; ++attempt) try {
        log_.write({row}, mark_before);
        break;
      } catch (const PermanentError& error) {
        log::error("an execution's row was refused by the store and is lost",
                   {{"execution", row.id}, {"error", error.what()}});
        break;
      } catch (const std::exception& error) {
        if (!wait_before_retry(error.what(), attempt)) return;
      }
  }
  for (unsigned attempt = 1;; ++attempt) try {
      log_.write({}, mark);
      return;
    } catch (const std::exception& error) {
      if (!wait_before_retry(error.what(), attempt)) return;
    }
}

bool LogWriter::wait_before_retry(const std::string& trouble, unsigned attempt) {
  if (attempt == 1) log::error("executions cannot be written; trying again", {{"error", trouble}});
  auto state = state_.lock();
  state->trouble = trouble;
  const auto pause =
      std::min(std::chrono::milliseconds{50} * (1 << std::min(attempt, 6u)), std::chrono::milliseconds{2000});
  state.wait_for(pause, [&] { return state->abandoned; });
  return !state->abandoned;
}

}  // namespace rowhook
