#include "web/server/answer_cache.h"

#include "engine/store/store.h"
#include "web/server/response_head.h"

namespace rowhook {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds ask_every{50};
constexpr milliseconds ask_at_the_latest{90};  // while somebody is asking already
constexpr milliseconds brief{250};
constexpr std::size_t max_answers = 1024;
constexpr std::size_t max_bytes = 16U << 20;

std::size_t size_of(const ReusableAnswer& answer, const std::string& target) {
  return answer.head.size() + answer.response.body.size() + target.size() + 256;
}

}  // namespace

void AnswerCache::drop(Kept& kept, const std::string& target) {
  const auto found = kept.by_target.find(target);
  if (found == kept.by_target.end()) return;
  kept.bytes -= size_of(*found->second.answer, target);
  kept.by_target.erase(found);
}

bool AnswerCache::holds(const Kept& kept, const Entry& entry, std::chrono::steady_clock::time_point now) {
  if (entry.answer->route->reuse == Reuse::briefly) return now - entry.made < brief;
  return now - kept.asked < (kept.asking ? ask_at_the_latest : ask_every);
}

ReusableAnswerPtr AnswerCache::find(const std::string& target) const {
  const auto now = clock_.steady();
  return kept_.with([&](const Kept& kept) -> ReusableAnswerPtr {
    const auto found = kept.by_target.find(target);
    return found != kept.by_target.end() && holds(kept, found->second, now) ? found->second.answer : nullptr;
  });
}

std::uint64_t AnswerCache::ask_store() {
  const auto started = clock_.steady();
  const std::uint64_t version = kept_.with([](Kept& kept) {
    kept.asking = true;
    return kept.version;
  });
  std::uint64_t marker = 0;
  try {
    marker = store_.change_marker();
  } catch (...) {
    kept_.with([](Kept& kept) { kept.asking = false; });
    throw;
  }
  return kept_.with([&](Kept& kept) {
    kept.asking = false;
    if (kept.version == version) kept.asked = started;
    if (kept.marker == marker) return kept.version;
    kept.marker = marker;
    kept.by_target.clear();
    kept.bytes = 0;
    return ++kept.version;
  });
}

ReusableAnswerPtr AnswerCache::answer(const Route& route, const std::string& target,
                                      const std::function<ApiResponse()>& make) {
  const bool brief_answer = route.reuse == Reuse::briefly;
  const std::uint64_t version =
      brief_answer ? kept_.with([](const Kept& kept) { return kept.version; }) : ask_store();
  if (ReusableAnswerPtr known = find(target)) return known;
  auto made = std::make_shared<ReusableAnswer>();
  made->route = &route;
  const auto started = clock_.steady();
  made->response = make();
  made->head = head_behind_date(made->response);
  if (made->response.status != 200) return made;
  kept_.with([&](Kept& kept) {
    if (kept.version != version) return;  // a change came in between
    const std::size_t size = size_of(*made, target);
    if (size > max_bytes / 4) return;
    drop(kept, target);
    if (kept.by_target.size() >= max_answers || kept.bytes + size > max_bytes) {
      kept.by_target.clear();
      kept.bytes = 0;
    }
    kept.bytes += size;
    kept.by_target[target] = {made, started};
  });
  return made;
}

void AnswerCache::changed() {
  kept_.with([](Kept& kept) {
    kept.version += 1;
    kept.asked = {};
    kept.by_target.clear();
    kept.bytes = 0;
  });
}

}  // namespace rowhook
