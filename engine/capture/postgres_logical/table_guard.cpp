#include "engine/capture/postgres_logical/table_guard.h"

#include <algorithm>

#include "engine/capture/postgres_logical/checks.h"

namespace rowhook {
namespace {

constexpr std::chrono::seconds interval{1};

bool contains(const std::vector<std::uint32_t>& oids, std::uint32_t oid) {
  return std::find(oids.begin(), oids.end(), oid) != oids.end();
}

bool needs_identity(const TableWatch& watch) { return watch.table.updates || watch.table.deletes; }

std::string remedy_for(const std::vector<TableWatch>& watches, const std::vector<TableFacts>& tables,
                       std::size_t index) {
  for (const Finding& finding : check_tables({watches[index]}, {tables[index]}, {}, {}))
    if (finding.severity == Finding::Severity::error) return finding.remedy;
  return {};
}

}  // namespace

TableGuard::TableGuard(const SourceSettings& settings, const std::vector<TableWatch>& watches,
                       const std::vector<TableFacts>& tables, SharedSession& session)
    : settings_(settings), watches_(watches), session_(session) {
  for (const TableFacts& table : tables) oids_.push_back(table.oid);
  thread_ = std::thread([this] { run(); });
}

TableGuard::~TableGuard() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  thread_.join();
}

std::vector<TableNotice> TableGuard::take() {
  if (!noticed_.exchange(false)) return {};
  return notices_.with([](auto& notices) { return std::exchange(notices, {}); });
}

void TableGuard::notify(TableNotice notice) {
  notices_.with([&](auto& notices) {
    // What goes on failing is said once until it is taken.
    if (std::find(notices.begin(), notices.end(), notice) == notices.end())
      notices.push_back(std::move(notice));
  });
  noticed_ = true;
}

void TableGuard::run() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, interval, [this] { return stopping_; })) {
    lock.unlock();
    try {
      session_.with([this](PgSession& session) { look(session); });
    } catch (const TransientError&) {
      // The stream itself reports a lost connection; a lock that was not to be had is tried again at the next
      // look.
    } catch (const PermanentError& error) {
      notify({TableNotice::Kind::failed, {}, error.what(), error.hint()});
    }
    lock.lock();
  }
}

void TableGuard::look(PgSession& session) {
  Catalog catalog(session);
  const std::vector<TableFacts> tables = catalog.tables(watches_);
  std::vector<TableNotice> notices;
  bool vanished = false;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].oid == 0 && oids_[i] != 0) {
      notices.push_back({TableNotice::Kind::dropped, tables[i].name(), {}, {}});
      vanished = true;
    }
  }
  const bool changed = vanished || std::any_of(tables.begin(), tables.end(), [&](const TableFacts& table) {
                         const auto i = static_cast<std::size_t>(&table - tables.data());
                         return table.oid != oids_[i] || (needs_identity(watches_[i]) && !table.identified);
                       });
  if (changed) {
    const PublicationPlan plan = plan_publications(session, catalog, settings_, watches_, tables);
    apply_plan(session, plan);
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const std::uint32_t oid = tables[i].oid;
      if (oid == 0) continue;
      if (needs_identity(watches_[i]) && !tables[i].identified && contains(plan.main.tables, oid))
        notices.push_back(
            {TableNotice::Kind::identity_lost, tables[i].name(), {}, remedy_for(watches_, tables, i)});
      if (oid != oids_[i]) notices.push_back({TableNotice::Kind::created_again, tables[i].name(), {}, {}});
    }
  }
  for (std::size_t i = 0; i < tables.size(); ++i) oids_[i] = tables[i].oid;
  for (TableNotice& notice : notices) notify(std::move(notice));
}

}  // namespace rowhook
