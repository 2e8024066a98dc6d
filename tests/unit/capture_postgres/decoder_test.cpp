// pgoutput messages from crafted bytes, and what the decoder makes of them.
#include <gmock/gmock.h>

#include "engine/base/errors.h"
#include "engine/capture/postgres_logical/change_decoder.h"
#include "engine/event/json_writer.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/capture_postgres/golden.h"

namespace rowhook {
namespace {

using ::testing::ElementsAre;

// Writes messages as the server does.
class Message {
 public:
  explicit Message(char kind) { bytes_ += kind; }
  Message& u8(unsigned value) { return integer(value, 1); }
  Message& u16(unsigned value) { return integer(value, 2); }
  Message& u32(std::uint64_t value) { return integer(value, 4); }
  Message& u64(std::uint64_t value) { return integer(value, 8); }
  Message& text(std::string_view value) {
    bytes_ += value;
    return u8(0);
  }
  // A row of text columns; nullptr is NULL.
  Message& row(char tag, const std::vector<const char*>& values) {
    bytes_ += tag;
    u16(static_cast<unsigned>(values.size()));
    for (const char* const value : values) {
      bytes_ += value ? 't' : 'n';
      if (!value) continue;
      const std::string_view view(value);
      u32(view.size());
      bytes_ += view;
    }
    return *this;
  }
  operator std::string_view() const { return bytes_; }

 private:
  Message& integer(std::uint64_t value, int size) {
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
      bytes_ += static_cast<char>(value >> shift & 0xff);
    return *this;
  }
  std::string bytes_;
};

Message begin(Lsn commit) { return Message('B').u64(commit).u64(0).u32(77); }
Message commit(Lsn lsn) { return Message('C').u8(0).u64(lsn).u64(lsn + 48).u64(0); }
Message relation(std::uint32_t oid, std::string_view table, char identity = 'd') {
  return Message('R')
      .u32(oid)
      .text("public")
      .text(table)
      .u8(static_cast<unsigned char>(identity))
      .u16(2)
      .u8(1)
      .text("id")
      .u32(23)
      .u32(0xffffffff)
      .u8(0)
      .text("a")
      .u32(25)
      .u32(0xffffffff);
}
Message insert(std::uint32_t oid, const char* id, const char* a) {
  return Message('I').u32(oid).row('N', {id, a});
}

// A decoder over tables "t" and "u".
class Decoding : public ::testing::Test {
 protected:
  Decoding() {
    settings.source = "s";
    settings.tables.resize(2);
    settings.tables[0].table = "t";
    settings.tables[1].table = "u";
  }
  void start() {
    watches = table_watches(settings);
    decoder = std::make_unique<ChangeDecoder>(
        settings, watches, state, [this](const pgoutput::Relation& relation) { return lookup(relation); },
        clock);
  }
  RelationFacts lookup(const pgoutput::Relation& relation) {
    ++lookups;
    RelationFacts facts;
    for (const auto& column : relation.columns) facts.types.push_back(builtin_type(column.type));
    return facts;
  }
  void feed(const std::vector<Message>& messages) {
    for (const Message& message : messages) decoder->decode(message, batch);
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const Event& event : batch.events) all.push_back(event.id);
    return all;
  }

  SourceSettings settings;
  std::vector<TableWatch> watches;
  StreamState state;
  testing::FakeClock clock;
  int lookups = 0;
  std::unique_ptr<ChangeDecoder> decoder;
  Batch batch;
};

TEST_F(Decoding, APositionOnlyAtTheCommit) {
  start();
  feed({begin(100), relation(1, "t"), insert(1, "1", "x")});
  EXPECT_TRUE(decoder->in_transaction());
  EXPECT_EQ(batch.position, std::nullopt);
  EXPECT_EQ(batch.state, std::nullopt);
  feed({commit(100)});
  EXPECT_EQ(batch.position, sortable_lsn(148));
  EXPECT_TRUE(batch.state) << "the table was not known before";
  EXPECT_EQ(decoder->committed(), 148U);
}

TEST_F(Decoding, OrdinalsDoNotDependOnFilters) {
  settings.tables[0].where_clause = "id > 1";
  settings.tables[1].inserts = false;
  start();
  feed({begin(100), relation(1, "t"), relation(2, "u"), relation(3, "not_watched"), insert(1, "1", "no"),
        insert(2, "1", "no"), insert(3, "1", "no"), insert(1, "2", "yes"), commit(100)});
  EXPECT_THAT(ids(), ElementsAre("s:" + change_order(0, 100) + ":3"));
}

TEST_F(Decoding, RepeatedRelationMessagesAskNothing) {
  start();
  feed({begin(100), relation(1, "t"), relation(1, "t"), relation(1, "t"), insert(1, "1", "x"), commit(100)});
  EXPECT_EQ(lookups, 1);
  batch = {};
  feed({begin(200), relation(1, "t"), insert(1, "2", nullptr), commit(200)});
  EXPECT_EQ(lookups, 1);
  EXPECT_FALSE(batch.state);
}

TEST_F(Decoding, OriginsAreNamed) {
  start();
  feed({begin(100), Message('O').u64(5).text("node_a"), relation(1, "t"), insert(1, "1", "x"), commit(100),
        begin(200), insert(1, "2", "x"), commit(200)});
  EXPECT_EQ(batch.events.at(0).extra, "\"origin\":\"node_a\"");
  EXPECT_EQ(batch.events.at(1).extra, "");
}

TEST_F(Decoding, ConfiguredKeysAndExcludedOnes) {
  settings.tables[0].primary_key = "a";
  settings.tables[1].exclude_columns = {"id"};
  start();
  feed({begin(100), relation(1, "t"), relation(2, "u"), insert(1, "1", "x"), insert(2, "1", "x"),
        commit(100)});
  EXPECT_EQ(batch.events.at(0).key, "\"x\"");
  EXPECT_EQ(batch.events.at(1).key, "");
  EXPECT_EQ(event_json(batch.events.at(1)).find("\"id\""), std::string::npos);
}

TEST_F(Decoding, MalformedMessagesAreRefused) {
  start();
  feed({begin(100), relation(1, "t")});
  EXPECT_THROW(feed({insert(99, "1", "x")}), PermanentError) << "never described";
  EXPECT_THROW(feed({Message('I').u32(1).row('N', {"1"})}), PermanentError) << "too narrow";
  EXPECT_THROW(feed({Message('Z')}), PermanentError);
  EXPECT_THROW(feed({Message('S').u32(1).u8(1)}), PermanentError)
      << "streamed transactions were not asked for";
  EXPECT_THROW(decoder->decode("", batch), PermanentError);
  EXPECT_THROW(feed({Message('T').u32(0xffffffff).u8(0)}), PermanentError);
}

TEST(Pgoutput, EveryPrefixOfARecordedMessageIsRefused) {
  for (const char* const name : {"changes", "types"}) {
    for (const std::string& hex : testing::golden_messages(name)) {
      const std::string message = testing::from_hex(hex);
      EXPECT_NO_THROW(pgoutput::parse(message));
      EXPECT_THROW(pgoutput::parse(message + '\0'), PermanentError);
      for (std::size_t size = 0; size < std::min<std::size_t>(message.size(), 300); ++size)
        EXPECT_THROW(pgoutput::parse(message.substr(0, size)), PermanentError) << hex << " cut at " << size;
    }
  }
}

TEST(TableWatches, FillInSchemasAndRefuseRepetitions) {
  SourceSettings settings;
  settings.tables.resize(2);
  settings.tables[0].table = "t";
  settings.tables[1].table = "t";
  settings.tables[1].schema = "other";
  EXPECT_EQ(table_watches(settings)[0].table.schema, "public");
  settings.schema = "shop";
  EXPECT_EQ(table_watches(settings)[0].table.schema, "shop");
  settings.schema = "other";
  EXPECT_THROW(table_watches(settings), PermanentError);
  settings.tables[1].table = "u";
  settings.tables[1].where_clause = "a = ";
  EXPECT_THROW(table_watches(settings), InvalidInput);
}

}  // namespace
}  // namespace rowhook
