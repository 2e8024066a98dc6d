#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "engine/base/guarded.h"

namespace rowhook {

class Clock;
class Store;

// A thread that drops from the store what is kept no longer: executions that have ended and are older than
// events are kept, and what else Store::sweep names. It begins at once and comes back every `every`. A store
// that cannot be written is asked again next time.
// Thread safety: confined to its owner; the store is used from its own thread.
class StoreSweeper {
 public:
  StoreSweeper(Store& store, const Clock& clock, std::chrono::milliseconds max_age,
               std::chrono::milliseconds every = std::chrono::minutes{1});
  ~StoreSweeper() { stop(); }
  StoreSweeper(const StoreSweeper&) = delete;
  StoreSweeper& operator=(const StoreSweeper&) = delete;
  void start();
  void stop();

 private:
  void run();
  void sweep();

  Store& store_;
  const Clock& clock_;
  std::chrono::milliseconds max_age_, every_;
  std::string trouble_;  // of the last sweep: it is logged once
  Guarded<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace rowhook
