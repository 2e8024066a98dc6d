#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

#include "engine/capture/change_table/change_row_decoder.h"
#include "engine/capture/change_table/change_table_install.h"
#include "engine/capture/change_table/sqlite_file_watch.h"
#include "engine/capture/source.h"

namespace rowhook {

// Capture of an SQLite file by triggers and a change table in that file; docs/sqlite.md. Every change is a
// position of its own: SQLite does not tell which changes were committed together. Reads in short
// transactions and deletes what is acknowledged in small ones, at quiet moments where there are any, so that
// the user's writers neither wait nor keep a growing WAL. Thread safety: as Source says.
class SqliteChangeSource final : public Source {
 public:
  SqliteChangeSource(const SourceSettings& settings, const Clock& clock);
  ~SqliteChangeSource() override;
  void open(const Resume& resume) override;
  Batch read(std::chrono::milliseconds wait) override;
  void acknowledge(std::string_view position) override;
  void idle(std::chrono::milliseconds wait) override;
  std::uint64_t lag_bytes() const override { return lag_rows_ * average_bytes_; }
  void interrupt() noexcept override { watch_.interrupt(); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileIdentity&) const = default;
  };

  void close();
  std::optional<FileIdentity> file_on_disk() const;
  void prepare_session();
  // One attempt of open(); throws DatabaseBusy when somebody else holds the lock.
  void attach(const Resume& resume);
  void take_over(std::int64_t epoch);
  void check_continuity(const Resume& resume, const ChangeTableState& state);
  void use(const ChangeTableState& state, std::int64_t last);

  bool changed_by_others();
  // Reads what is there; the batch has events, or none and `scanned` says how far it went.
  Batch read_changes();
  void read_rows(Batch& batch);
  void check_mark();
  void mend_schema();
  [[noreturn]] void lose(const std::string& reason);
  Batch position_only();
  void find_safe_position();
  void report_position(Batch& batch);
  std::string packed_state() const;

  bool purge_due(Time now) const;
  void purge();
  void purge_chunk();

  SourceSettings settings_;
  const Clock& clock_;
  std::vector<SqliteWatch> watches_;
  ChangeRowDecoder decoder_;
  SqliteFileWatch watch_;

  SqliteHandle handle_;
  SqliteCursor data_version_, schema_version_, select_state_, select_mark_, select_rows_, delete_rows_;
  FileIdentity identity_;
  bool wal_ = false;
  std::string token_;
  std::int64_t epoch_ = 0;

  std::int64_t last_ = 0;  // the newest change that was read
  double mark_ = 0;        // its time: the fingerprint by which a restored file is recognised
  std::int64_t safe_ = 0;  // up to here nothing has to be read again after a restart; mostly last_
  double safe_mark_ = 0;
  bool unreported_ = false;  // last_ moved beyond the last position that a batch carried
  std::size_t unreported_rows_ = 0;
  bool drained_ = false;  // nothing was left when we looked last
  std::int64_t seen_data_version_ = -1, seen_schema_version_ = -1;
  std::uint64_t lag_rows_ = 0, average_bytes_ = 0;

  std::int64_t acknowledged_ = 0, purged_ = 0;
  Time last_foreign_write_, last_purge_, purge_not_before_;
  Time last_write_seen_;  // by the file watch: a commit may be near
};

}  // namespace rowhook
