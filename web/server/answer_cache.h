#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/clock.h"
#include "engine/base/guarded.h"
#include "web/server/api.h"
#include "web/server/routes.h"

namespace rowhook {

class Store;

// An answer with its head already written, as it goes on the wire. Immutable.
struct ReusableAnswer {
  const Route* route = nullptr;
  ApiResponse response;
  std::string
      head;  // everything between the Date field and the body; for a connection that stays open, without TLS
};
using ReusableAnswerPtr = std::shared_ptr<const ReusableAnswer>;

// Answers to GETs that may be given again (Route::reuse), by target. Those that hold until a change are asked
// about at the store (Store::change_marker) at most every 50 ms, so that a change by another program shows
// within 100 ms; a change of our own drops them at once. Memory: at most 1024 answers and 16 MiB. Thread
// safety: safe to share.
class AnswerCache {
 public:
  AnswerCache(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // The answer, if it may be given right now without asking anybody. Never blocks on I/O.
  ReusableAnswerPtr find(const std::string& target) const;
  // On a thread that may block: asks the store, and makes the answer with `make` if the one at hand no longer
  // holds. Only answers with status 200 are kept.
  ReusableAnswerPtr answer(const Route& route, const std::string& target,
                           const std::function<ApiResponse()>& make);
  // A change of triggers, workflows or scripts was committed: nothing made before holds any more.
  void changed();

 private:
  struct Entry {
    ReusableAnswerPtr answer;
    std::chrono::steady_clock::time_point made;
  };
  struct Kept {
    std::unordered_map<std::string, Entry> by_target;
    std::size_t bytes = 0;
    std::uint64_t marker = 0, version = 0;  // of the store; of our own changes
    std::chrono::steady_clock::time_point asked{};
    bool asking = false;
  };
  static void drop(Kept& kept, const std::string& target);
  static bool holds(const Kept& kept, const Entry& entry, std::chrono::steady_clock::time_point now);
  std::uint64_t ask_store();  // the version what is read from now on belongs to

  Store& store_;
  const Clock& clock_;
  Guarded<Kept> kept_;
};

}  // namespace rowhook
