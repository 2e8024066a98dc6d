#include "engine/journal/durable_log.h"

#include "engine/base/errors.h"
#include "engine/base/log.h"

namespace rowhook {

DurableLog::DurableLog(std::unique_ptr<JournalStorage> storage, const DurableLogOptions& options)
    : options_(options),
      storage_(std::move(storage)),
      recent_(options.recent_bytes),
      state_(storage_->open()),
      queue_([this](std::span<AppendRequest*> requests) { write(requests); }) {
  published_.with([&](Published& published) {
    published.positions = state_.positions;
    published.gaps = state_.gaps;
  });
  advance(state_.next_seq - 1);
  housekeeper_ = std::thread([this] { run_housekeeping(); });
}

DurableLog::~DurableLog() {
  housekeeping_.with([](Housekeeping& work) { work.stop = true; });
  housekeeping_.notify();
  housekeeper_.join();
}

// ---- appending ----

Appended DurableLog::append(const std::string& source, Batch& batch, bool check_ids) {
  if (batch.empty()) return {};
  AppendRequest request;
  request.source = &source;
  request.batch = &batch;
  request.check_ids = check_ids;
  queue_.submit(request);
  return request.result;
}

void DurableLog::record_gap(const Gap& gap) {
  AppendRequest request;
  request.source = &gap.source;
  request.gap = &gap;
  queue_.submit(request);
}

void DurableLog::forget(const std::string& source) {
  AppendRequest request;
  request.source = &source;
  request.forget = true;
  queue_.submit(request);
}

void DurableLog::write(std::span<AppendRequest*> requests) noexcept {
  Plan plan;
  try {
    recover_if_needed();
    plan_all(requests, plan);
    if (plan.set.empty()) return;
    admit(plan.set);
    needs_recovery_ = true;
    storage_->write(plan.set, state_);
    needs_recovery_ = false;
    publish(plan);
  } catch (...) {
    fail(requests, plan, std::current_exception());
  }
}

void DurableLog::recover_if_needed() {
  if (!needs_recovery_) return;
  state_ = storage_->recover(state_);
  needs_recovery_ = false;
  if (state_.next_seq - 1 != last_seq_) recent_.clear();  // written after all, but never seen here
  published_.with([&](Published& published) {
    published.positions = state_.positions;
    published.gaps = state_.gaps;
    published.trouble.clear();
  });
  advance(state_.next_seq - 1);
  log::info("the journal can be written again");
}

void DurableLog::plan_all(std::span<AppendRequest*> requests, Plan& plan) {
  std::vector<std::string> ids;
  for (const auto* request : requests)
    if (request->batch && request->check_ids)
      for (const auto& event : request->batch->events)
        if (event.order.empty()) ids.push_back(event.id);
  if (!ids.empty())
    for (auto& [id, seq] : storage_->find_posted(ids)) plan.posted.emplace(id, seq);

  std::uint64_t next_seq = state_.next_seq;
  for (auto* request : requests) {
    if (request->batch) {
      plan_batch(*request, plan, next_seq);
    } else if (request->gap) {
      plan.set.gaps.push_back(*request->gap);
    } else if (request->forget) {
      const auto known = state_.positions.find(*request->source);
      if (known == state_.positions.end()) continue;
      plan.set.positions[*request->source] = Resume{{}, {}, 0, known->second.state};
    }
  }
}

void DurableLog::plan_batch(AppendRequest& request, Plan& plan, std::uint64_t& next_seq) {
  Batch& batch = *request.batch;
  const auto staged = plan.set.positions.find(*request.source);
  const auto known = state_.positions.find(*request.source);
  Resume resume;
  if (staged != plan.set.positions.end()) {
    resume = staged->second;
  } else if (known != state_.positions.end()) {
    resume = known->second;
  }
  bool moved = false;
  plan.set.events.reserve(plan.set.events.size() + batch.events.size());
  plan.fresh.reserve(plan.fresh.size() + batch.events.size());
  for (Event& event : batch.events) {
    if (redelivered(request, plan, resume, event)) {
      ++request.result.duplicates;
      continue;
    }
    event.seq = next_seq++;
    plan.set.events.push_back(&event);
    plan.fresh.push_back(&event);
    plan.set.bytes +=
        64 + event.old_row.size() + event.new_row.size() + event.detail.size() + event.extra.size();
    if (request.result.count++ == 0) request.result.first_seq = event.seq;
    request.result.last_seq = event.seq;
    if (event.order.empty()) {
      if (request.check_ids) plan.posted.emplace(event.id, event.seq);
      continue;
    }
    resume.last_order = event.order;
    resume.last_ordinal = event.ordinal;
    moved = true;
  }
  // What is sent again brings its old position with it: ours never goes back.
  if (batch.position && *batch.position > resume.position) {
    resume.position = *batch.position;
    moved = true;
  }
  if (batch.state && *batch.state != resume.state) {
    resume.state = *batch.state;
    moved = true;
  }
  if (moved) plan.set.positions[*request.source] = std::move(resume);
}

bool DurableLog::redelivered(const AppendRequest& request, Plan& plan, const Resume& resume,
                             Event& event) const {
  if (!event.order.empty()) {
    const int order = event.order.compare(resume.last_order);
    return order < 0 || (order == 0 && event.ordinal <= resume.last_ordinal);
  }
  if (!request.check_ids) return false;
  const auto known = plan.posted.find(event.id);
  if (known == plan.posted.end()) return false;
  event.seq = known->second;
  return true;
}

void DurableLog::admit(const WriteSet& set) {
  if (set.events.empty()) return;  // a position or a gap is small, and frees room elsewhere
  const std::uint64_t budget = options_.retention.max_bytes;
  if (storage_->bytes() + set.bytes > budget) storage_->make_room(low_water_, set.bytes);
  if (storage_->bytes() + set.bytes <= budget) return;
  published_.with([](Published& published) { published.full = true; });
  throw TransientError("the journal is full: its budget of " + std::to_string(budget) +
                           " bytes is used up by events that have not been executed yet",
                       "find out what holds the executions back, or raise journal.retention.max_bytes");
}

void DurableLog::publish(Plan& plan) {
  state_.next_seq += plan.set.events.size();
  for (const auto& [source, resume] : plan.set.positions) state_.positions[source] = resume;
  for (const auto& gap : plan.set.gaps) state_.gaps.push_back(gap);
  if (state_.gaps.size() > max_gaps)
    state_.gaps.erase(state_.gaps.begin(), state_.gaps.end() - std::ptrdiff_t{max_gaps});

  std::vector<EventPtr> events;
  events.reserve(plan.fresh.size());
  for (Event* event : plan.fresh) {
    auto kept = std::make_shared<Event>(std::move(*event));
    if (kept->order.empty()) event->id = kept->id;  // who posted it answers with its id
    events.push_back(std::move(kept));
  }
  recent_.add(std::move(events));
  published_.with([&](Published& published) {
    for (auto& [source, resume] : plan.set.positions) published.positions[source] = std::move(resume);
    if (!plan.set.gaps.empty()) published.gaps = state_.gaps;
    if (!plan.set.events.empty()) published.full = false;
    published.trouble.clear();
  });
  advance(state_.next_seq - 1);
  if (storage_->wants_housekeeping()) poke_housekeeping();
}

void DurableLog::advance(std::uint64_t last_seq) {
  last_seq_ = last_seq;
  if (waiters_ == 0) return;
  progress_.with([&](std::uint64_t& progress) { progress = last_seq; });
  progress_.notify();
}

void DurableLog::fail(std::span<AppendRequest*> requests, Plan& plan, const std::exception_ptr& error) {
  for (Event* event : plan.fresh) event->seq = 0;
  for (auto* request : requests) {
    request->result = {};
    request->error = error;
  }
  if (!needs_recovery_) return;  // refused before anything was written
  std::string trouble;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    trouble = thrown.what();
  }
  const bool news = published_.with(
      [&](Published& published) { return std::exchange(published.trouble, trouble).empty(); });
  if (news) log::error("the journal cannot be written; capture waits", {{"reason", trouble}});
}

// ---- reading ----

Resume DurableLog::resume(const std::string& source) {
  return published_.with([&](Published& published) {
    const auto known = published.positions.find(source);
    return known == published.positions.end() ? Resume{} : known->second;
  });
}

std::vector<EventPtr> DurableLog::read(std::uint64_t from_seq, std::size_t limit, std::size_t max_bytes) {
  from_seq = std::max(from_seq, storage_->first_seq());
  if (limit == 0 || from_seq > last_seq_) return {};
  if (auto recent = recent_.read(from_seq, limit, max_bytes)) return std::move(*recent);
  // Only up to what memory holds: the next call continues there.
  const std::uint64_t held = recent_.first();
  const std::uint64_t end = held > from_seq ? held : last_seq_ + 1;
  return storage_->read(from_seq, end, limit, max_bytes);
}

std::uint64_t DurableLog::wait(std::uint64_t from_seq, std::chrono::milliseconds time) {
  if (last_seq_ >= from_seq) return last_seq_;
  ++waiters_;
  progress_.lock().wait_for(time, [&] { return last_seq_ >= from_seq; });
  --waiters_;
  return last_seq_;
}

EventPtr DurableLog::find(std::string_view event_id) { return storage_->find(event_id, last_seq_ + 1); }

EventPtr DurableLog::at(std::uint64_t seq) {
  if (seq < storage_->first_seq() || seq > last_seq_) return nullptr;
  if (EventPtr recent = recent_.at(seq)) return recent;
  const auto events = storage_->read(seq, seq + 1, 1, SIZE_MAX);
  return events.empty() || events.front()->seq != seq ? nullptr : events.front();
}

std::vector<EventPtr> DurableLog::list(const EventFilter& filter) {
  return storage_->list(EventMatch(filter), last_seq_ + 1);
}

std::uint64_t DurableLog::count(const EventFilter& filter) {
  return storage_->count(EventMatch(filter), last_seq_ + 1);
}

std::vector<Gap> DurableLog::gaps(const std::string& source) {
  std::vector<Gap> gaps = published_.with([](const Published& published) { return published.gaps; });
  if (!source.empty()) std::erase_if(gaps, [&](const Gap& gap) { return gap.source != source; });
  return gaps;
}

// ---- keeping house ----

void DurableLog::set_low_water(std::uint64_t low_water) {
  if (low_water_.exchange(low_water) >= low_water) return;
  if (published_.with([](const Published& published) { return published.full; })) poke_housekeeping();
}

JournalStatus DurableLog::status() const {
  JournalStatus status;
  status.last_seq = last_seq_;
  status.first_seq = storage_->first_seq();
  if (status.first_seq > status.last_seq) status.first_seq = status.last_seq = 0;
  status.bytes = storage_->bytes();
  status.budget_bytes = options_.retention.max_bytes;
  published_.with([&](const Published& published) {
    status.full = published.full;
    status.trouble = published.trouble;
  });
  return status;
}

void DurableLog::poke_housekeeping() {
  if (housekeeping_.with([](Housekeeping& work) { return std::exchange(work.due, true); })) return;
  housekeeping_.notify();
}

void DurableLog::run_housekeeping() {
  for (;;) {
    {
      auto work = housekeeping_.lock();
      work.wait_for(options_.housekeeping_interval, [&] { return work->due || work->stop; });
      if (work->stop) return;
      work->due = false;
    }
    try {
      storage_->housekeep(low_water_);
    } catch (const std::exception& error) {
      log::warning("the journal's housekeeping failed and is tried again", {{"reason", error.what()}});
    }
  }
}

}  // namespace rowhook
