// The messages of PostgreSQL's output plugin pgoutput, protocol version 1, as a pure function over bytes.
// Source: PostgreSQL documentation, "Logical Replication Message Formats". All integers are big-endian;
// strings end with NUL. Protocol 2 adds Stream Start/Stop/Commit/Abort ('S', 'E', 'c', 'A') and, between
// Start and Stop, the transaction id behind the kind byte of the messages below; it is not asked for, and
// those kinds are refused as unknown.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/clock.h"
#include "engine/capture/postgres_logical/lsn.h"

namespace rowhook::pgoutput {

// One column of a tuple. `text` lives as long as the message.
struct Field {
  enum class Kind : char { null = 'n', unchanged = 'u', text = 't', binary = 'b' };
  Kind kind = Kind::null;
  std::string_view text;
};

// The columns of one row version, checked to be complete. Thread safety: immutable.
struct Tuple {
  std::size_t columns = 0;
  std::string_view bytes;
};

// Reads the fields of a Tuple one after another; next() must be called at most tuple.columns times.
class TupleReader {
 public:
  explicit TupleReader(const Tuple& tuple) : rest_(tuple.bytes) {}
  Field next();

 private:
  std::string_view rest_;
};

struct Begin {
  Lsn commit = 0;  // LSN of the commit record: known before the first change
  Micros committed_at = 0;
  std::uint32_t xid = 0;
};
struct Commit {
  Lsn commit = 0;
  Lsn end = 0;  // where the next transaction can begin: the position to acknowledge
  Micros committed_at = 0;
};
struct Origin {
  std::string_view name;
};
struct RelationColumn {
  bool identity = false;  // part of the replica identity
  std::string_view name;
  std::uint32_t type = 0;  // OID
  std::int32_t modifier = -1;
};
struct Relation {
  std::uint32_t oid = 0;
  std::string_view schema, table;
  char identity = 'd';  // pg_class.relreplident: d(efault), n(othing), f(ull), i(ndex)
  std::vector<RelationColumn> columns;
};
struct Insert {
  std::uint32_t relation = 0;
  Tuple after;
};
// Old is what the replica identity gives: the whole row (FULL), only the key (columns outside it read as
// null), or nothing.
struct Old {
  bool whole = false;
  Tuple tuple;
};
struct Update {
  std::uint32_t relation = 0;
  std::optional<Old> before;  // none: the key did not change
  Tuple after;
};
struct Delete {
  std::uint32_t relation = 0;
  Old before;
};
struct Truncate {
  std::vector<std::uint32_t> relations;
};
struct Ignored {};  // Type and logical messages: nothing in them is needed

using Message = std::variant<Begin, Commit, Origin, Relation, Insert, Update, Delete, Truncate, Ignored>;

// Views in the result point into `bytes`. Throws PermanentError when the bytes are not exactly one message.
Message parse(std::string_view bytes);

}  // namespace rowhook::pgoutput
