#pragma once

#include <condition_variable>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/guarded.h"
#include "engine/capture/postgres_logical/catalog.h"

namespace rowhook {

// Something happened to a watched table that the stream does not tell.
struct TableNotice {
  enum class Kind {
    identity_lost,  // taken out of the publication with updates and deletes; `remedy` is the SQL that mends
                    // it
    dropped,
    created_again,  // under the same name, published again from now on; changes before that are missing
    failed,         // the publication could not be changed: `detail` says why
  } kind;
  std::string table;  // "public.orders"
  std::string detail, remedy;
  bool operator==(const TableNotice&) const = default;
};

// The session for catalogue queries of one source, shared by the capture thread and its guard. Made on first
// use, and again after it was lost.
class SharedSession {
 public:
  explicit SharedSession(const SourceSettings& settings) : settings_(settings) {}
  void renew() {
    session_.with([](std::unique_ptr<PgSession>& session) { session.reset(); });
  }
  // Runs `use(PgSession&)` with the session held. Throws what `use` throws; a lost session is forgotten.
  template <typename Use>
  auto with(const Use& use) {
    return session_.with([&](std::unique_ptr<PgSession>& session) {
      try {
        if (!session)
          session = std::make_unique<PgSession>(
              settings_, PgSession::Options{.statement_timeout = settings_.query_timeout});
        return use(*session);
      } catch (const TransientError&) {
        session.reset();
        throw;
      }
    });
  }

 private:
  const SourceSettings& settings_;
  Guarded<std::unique_ptr<PgSession>> session_;
};

// Looks at the watched tables once a second. When one loses its replica identity, PostgreSQL refuses the
// user's own UPDATE and DELETE as long as the table is in a publication with those operations: the guard
// takes it out. Works only on publications of our own making. Thread safety: safe to share; runs a thread.
class TableGuard {
 public:
  // `settings`, `watches` and `session` must outlive the guard. `tables`: as they were when the publications
  // were prepared.
  TableGuard(const SourceSettings& settings, const std::vector<TableWatch>& watches,
             const std::vector<TableFacts>& tables, SharedSession& session);
  ~TableGuard();
  TableGuard(const TableGuard&) = delete;
  TableGuard& operator=(const TableGuard&) = delete;

  std::vector<TableNotice> take();  // those that came since the last call; cheap when there are none

 private:
  void run();
  void look(PgSession& session);
  void notify(TableNotice notice);

  const SourceSettings& settings_;
  const std::vector<TableWatch>& watches_;
  SharedSession& session_;
  std::vector<std::uint32_t> oids_;  // of the watched tables when last looked at; the thread's own
  Guarded<std::vector<TableNotice>> notices_;
  std::atomic<bool> noticed_ = false;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rowhook
