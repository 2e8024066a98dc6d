#include "engine/execution/live_execution.h"

#include <charconv>

namespace rowhook {

namespace {

std::uint64_t mix(std::uint64_t h) {  // the finaliser of MurmurHash3
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

}  // namespace

std::uint64_t source_lane(std::int64_t trigger_id) {
  return mix(static_cast<std::uint64_t>(trigger_id) + 0x9e3779b97f4a7c15ULL);
}

namespace {

std::uint64_t lane_hash(const CompiledTrigger& trigger, std::uint64_t seq, std::string_view table,
                        std::string_view key) {
  const auto of_trigger = source_lane(trigger.trigger.id);
  if (trigger.ordering == CompiledTrigger::Ordering::source) return of_trigger;
  // Without a table and a key (something posted) there is nothing to keep in order.
  if (trigger.ordering == CompiledTrigger::Ordering::none || (table.empty() && key.empty()))
    return mix(of_trigger ^ mix(seq + 1));
  const std::hash<std::string_view> hash;
  return mix(of_trigger ^ mix(hash(table)) ^ mix(hash(key) + 0x632be59bd9b4e019ULL));
}

constexpr std::size_t job_overhead = 1024;  // of a job, its item's bookkeeping and its lane

}  // namespace

std::string execution_id(std::uint64_t seq, std::int64_t trigger_id) {
  char text[48];
  char* end = std::to_chars(text, text + 24, seq).ptr;
  *end++ = '-';
  end = std::to_chars(end, text + sizeof text, trigger_id).ptr;
  return {text, end};
}

std::optional<ExecutionKey> parse_execution_id(std::string_view id) {
  ExecutionKey key;
  const char* end = id.data() + id.size();
  const auto seq = std::from_chars(id.data(), end, key.seq);
  if (seq.ec != std::errc{} || seq.ptr == end || *seq.ptr != '-') return {};
  const auto trigger = std::from_chars(seq.ptr + 1, end, key.trigger_id);
  if (trigger.ec != std::errc{} || trigger.ptr != end) return {};
  return key;
}

std::uint64_t lane_of(const CompiledTrigger& trigger, const Event& event) {
  return lane_hash(trigger, event.seq, event.shape->table, event.key);
}

std::uint64_t lane_of(const CompiledTrigger& trigger, const Execution& row) {
  return lane_hash(trigger, row.seq, row.table, row.key);
}

std::unique_ptr<LiveExecution> make_live(Match&& match, Micros now) {
  auto job = std::make_unique<LiveExecution>();
  const Event& event = *match.event;
  job->seq = event.seq;
  job->lane = lane_of(*match.trigger, event);
  job->bytes = job_overhead + event.old_row.size() + event.new_row.size() + event.detail.size();
  job->created_at = now;
  job->trigger = std::move(match.trigger);
  job->event = std::move(match.event);
  job->item = std::move(match.item);
  job->error = std::move(match.error);
  return job;
}

Execution row_of(const LiveExecution& job, ExecutionStatus status) {
  Execution row;
  const Trigger& trigger = job.trigger->trigger;
  const Event& event = *job.event;
  row.id = execution_id(job.seq, trigger.id);
  row.trigger_id = trigger.id;
  row.trigger_revision = trigger.revision;
  row.workflow_id = trigger.workflow_id;
  row.event_id = event.id;
  row.seq = job.seq;
  row.source = event.shape->source;
  row.event_type = event.type;
  row.table = event.shape->table;
  row.key = event.key;
  if (trigger.target_node_id) row.target_node_id = *trigger.target_node_id;
  row.status = status;
  row.attempt = job.attempt;
  row.created_at = job.created_at;
  row.started_at = job.started_at;
  row.edited_input = job.edited_input;
  return row;
}

}  // namespace rowhook
