#include "engine/capture/postgres_logical/pgoutput.h"

#include <string>

#include "engine/base/errors.h"
#include "engine/capture/postgres_logical/wire.h"

namespace rowhook::pgoutput {
namespace {

[[noreturn]] void bad(const std::string& what) {
  throw PermanentError("replication message is not pgoutput: " + what);
}

Field read_field(WireReader& in) {
  Field field{static_cast<Field::Kind>(in.u8()), {}};
  switch (field.kind) {
    case Field::Kind::null:
    case Field::Kind::unchanged:
      break;
    case Field::Kind::text:
    case Field::Kind::binary:
      field.text = in.bytes(in.u32());
      break;
    default:
      bad("unknown kind of column");
  }
  return field;
}

Tuple read_tuple(WireReader& in) {
  Tuple tuple;
  tuple.columns = in.u16();
  const std::string_view start = in.rest();
  for (std::size_t i = 0; i < tuple.columns; ++i) read_field(in);
  tuple.bytes = start.substr(0, start.size() - in.rest().size());
  return tuple;
}

Tuple read_new(WireReader& in, std::uint8_t tag) {
  if (tag != 'N') bad("expected a new row");
  return read_tuple(in);
}

Old read_old(WireReader& in, std::uint8_t tag) {
  if (tag != 'K' && tag != 'O') bad("expected an old row or key");
  return {tag == 'O', read_tuple(in)};
}

Begin read_begin(WireReader& in) {
  Begin begin;
  begin.commit = in.u64();
  begin.committed_at = in.time();
  begin.xid = in.u32();
  return begin;
}

Commit read_commit(WireReader& in) {
  Commit commit;
  in.u8();  // flags, none defined
  commit.commit = in.u64();
  commit.end = in.u64();
  commit.committed_at = in.time();
  return commit;
}

Origin read_origin(WireReader& in) {
  in.u64();  // the commit's LSN on the origin
  return {in.string()};
}

Relation read_relation(WireReader& in) {
  Relation relation;
  relation.oid = in.u32();
  relation.schema = in.string();
  if (relation.schema.empty()) relation.schema = "pg_catalog";
  relation.table = in.string();
  relation.identity = static_cast<char>(in.u8());
  const std::size_t count = in.u16();
  for (std::size_t i = 0; i < count; ++i) {
    RelationColumn& column = relation.columns.emplace_back();
    column.identity = in.u8() & 1;
    column.name = in.string();
    column.type = in.u32();
    column.modifier = static_cast<std::int32_t>(in.u32());
  }
  return relation;
}

Insert read_insert(WireReader& in) {
  Insert insert;
  insert.relation = in.u32();
  insert.after = read_new(in, in.u8());
  return insert;
}

Update read_update(WireReader& in) {
  Update update;
  update.relation = in.u32();
  std::uint8_t tag = in.u8();
  if (tag != 'N') {
    update.before = read_old(in, tag);
    tag = in.u8();
  }
  update.after = read_new(in, tag);
  return update;
}

Delete read_delete(WireReader& in) {
  Delete removed;
  removed.relation = in.u32();
  removed.before = read_old(in, in.u8());
  return removed;
}

Truncate read_truncate(WireReader& in) {
  Truncate truncate;
  const std::uint32_t count = in.u32();
  in.u8();  // CASCADE, RESTART IDENTITY
  if (std::uint64_t{count} * 4 != in.rest().size()) bad("truncate of an impossible number of tables");
  for (std::uint32_t i = 0; i < count; ++i) truncate.relations.push_back(in.u32());
  return truncate;
}

Message read_message(WireReader& in) {
  const auto kind = static_cast<char>(in.u8());
  switch (kind) {
    case 'I':
      return read_insert(in);
    case 'U':
      return read_update(in);
    case 'D':
      return read_delete(in);
    case 'B':
      return read_begin(in);
    case 'C':
      return read_commit(in);
    case 'R':
      return read_relation(in);
    case 'T':
      return read_truncate(in);
    case 'O':
      return read_origin(in);
    case 'Y':
    case 'M':
      in.bytes(in.rest().size());
      return Ignored{};
    default:
      bad("unknown kind " + std::to_string(static_cast<unsigned char>(kind)));
  }
}

}  // namespace

Field TupleReader::next() {
  WireReader in(rest_);
  const Field field = read_field(in);
  rest_ = in.rest();
  return field;
}

Message parse(std::string_view bytes) {
  WireReader in(bytes);
  Message message = read_message(in);
  if (!in.done()) bad("bytes behind its end");
  return message;
}

}  // namespace rowhook::pgoutput
