#include "engine/app/store_sweeper.h"

#include <pthread.h>

#include "engine/base/clock.h"
#include "engine/base/errors.h"
#include "engine/base/log.h"
#include "engine/store/store.h"

namespace rowhook {

namespace {
constexpr std::size_t at_once =
    1000;  // rows of one transaction: others wait for the store no longer than that
}

StoreSweeper::StoreSweeper(Store& store, const Clock& clock, std::chrono::milliseconds max_age,
                           std::chrono::milliseconds every)
    : store_(store), clock_(clock), max_age_(max_age), every_(every) {}

void StoreSweeper::start() {
  thread_ = std::thread([this] { run(); });
}

void StoreSweeper::stop() {
  stopping_.with([](bool& stopping) { stopping = true; });
  stopping_.notify();
  if (thread_.joinable()) thread_.join();
}

void StoreSweeper::run() {
  pthread_setname_np(pthread_self(), "rowhook-sweeper");
  for (;;) {
    sweep();
    auto stopping = stopping_.lock();
    if (stopping.wait_for(every_, [&] { return *stopping; })) return;
  }
}

void StoreSweeper::sweep() {
  const auto stopped = [this] { return stopping_.with([](const bool& stopping) { return stopping; }); };
  try {
    const Micros older_than =
        clock_.now() - std::chrono::duration_cast<std::chrono::microseconds>(max_age_).count();
    while (store_.sweep(older_than, at_once) == at_once && !stopped()) continue;
    trouble_.clear();
  } catch (const Error& error) {
    if (error.what() != trouble_) log::warning("old executions were not dropped", {{"error", error.what()}});
    trouble_ = error.what();
  }
}

}  // namespace rowhook
