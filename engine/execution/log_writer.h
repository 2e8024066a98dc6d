#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/guarded.h"
#include "engine/execution/execution.h"
#include "engine/execution/low_water.h"
#include "engine/journal/journal.h"

namespace rowhook {

// What a row in the writer's queue stands for.
struct RowMeaning {
  std::uint64_t seq = 0;
  std::int64_t trigger_id = 0;
  bool first_row = true;   // the low-water mark has been waiting for it
  bool frees_room = true;  // it took room in Lanes until it is durable
};

// Rows in the order in which they were made. Two vectors because the log takes the executions as they are.
struct Rows {
  std::vector<Execution> executions;
  std::vector<RowMeaning> meanings;
  void add(Execution row, const RowMeaning& meaning) {
    executions.push_back(std::move(row));
    meanings.push_back(meaning);
  }
  bool empty() const { return executions.empty(); }
  std::size_t size() const { return executions.size(); }
};

// The one thread that writes execution rows: it takes what has gathered, up to 1000 rows, and writes it with
// the low-water mark in one transaction, so that the slower the disk, the larger the groups. While the log
// cannot be written it keeps trying, and says so in trouble(); nothing is dropped but a single row that the
// log refuses for good, which is logged. Thread safety: safe to share.
class LogWriter {
 public:
  // `durable` is called on the writer's thread after each transaction, with what it wrote.
  using Durable = std::function<void(const Rows&)>;
  LogWriter(ExecutionLog& log, Journal& journal, Guarded<LowWater>& low_water, Durable durable);
  ~LogWriter();
  // Rows that listeners are told of are numbered on from `last_change`.
  void start(std::uint64_t last_change);
  // Writes what is queued, then ends the thread; gives up when the log cannot be written within `grace`.
  void stop(std::chrono::milliseconds grace);

  void add(Rows rows);
  // The low-water mark moved without a row; it is written with the next rows or within 100 ms.
  void touch();
  // Waits until everything added so far is durable, and the mark with it. False: not within `time`.
  bool flush(std::chrono::milliseconds time);
  std::uint64_t durable_mark() const;
  std::string trouble() const;  // "" or why rows cannot be written right now

 private:
  struct State {
    Rows queue;
    std::uint64_t added = 0, durable = 0;  // rows
    std::uint64_t mark = 0;                // the durable low-water mark
    bool touched = false, hurry = false, stopping = false, abandoned = false;
    std::string trouble;
  };
  void run();
  Rows gather();
  bool write(Rows& rows, std::uint64_t mark);
  void write_singly(Rows& rows, std::uint64_t mark);
  bool wait_before_retry(const std::string& trouble, unsigned attempt);

  ExecutionLog& log_;
  Journal& journal_;
  Guarded<LowWater>& low_water_;
  Durable durable_;
  mutable Guarded<State> state_;
  std::chrono::steady_clock::time_point written_at_{};  // confined to the writer's thread, like
  std::uint64_t last_change_ = 0;                       // this
  std::thread thread_;
};

}  // namespace rowhook
