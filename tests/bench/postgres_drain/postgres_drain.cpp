// How fast capture from PostgreSQL drains a backlog, without a journal: changes per second of (1) decoding
// and encoding messages in memory, (2) a source reading from a private server, (3) pg_recvlogical writing to
// /dev/null. Single-row and 100-row transactions.
#include <stdlib.h>
#include <time.h>

#include <chrono>
#include <cstdio>

#include "engine/base/log.h"
#include "engine/capture/postgres_logical/change_decoder.h"
#include "engine/capture/postgres_logical/lsn.h"
#include "engine/capture/source_types.h"
#include "tests/support/postgres_cluster.h"

namespace {

using namespace rowhook;
using testing::PostgresCluster;

constexpr int changes = 300'000;

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

SourceSettings make_settings(const PostgresCluster& cluster) {
  SourceSettings settings;
  settings.connection = settings.source = "shop";
  settings.type = "postgresql";
  settings.method = "log_based";
  settings.host = "127.0.0.1";
  settings.port = cluster.port();
  settings.database = "shop";
  settings.username = "postgres";
  settings.tables.emplace_back().table = "orders";
  return settings;
}

// `changes` inserts in transactions of `rows`, and a last transaction behind the end.
void fill(PostgresCluster& cluster, int rows) {
  cluster.sql("CALL fill(" + std::to_string(changes / rows) + ", " + std::to_string(rows) + ")", "shop");
}

void drain_source(Source& source, const char* name) {
  std::size_t seen = 0, batches = 0;
  const auto begun = std::chrono::steady_clock::now();
  const double cpu = cpu_seconds();
  while (seen < changes) {
    const Batch batch = source.read(std::chrono::seconds{1});
    seen += batch.events.size();
    ++batches;
    if (batch.position) source.acknowledge(*batch.position);
  }
  const double wall = seconds_since(begun), used = cpu_seconds() - cpu;
  std::printf("%-28s %9.0f changes/s  %5.2f us CPU of ours per change, %zu batches\n", name,
              static_cast<double>(seen) / wall, used / static_cast<double>(seen) * 1e6, batches);
}

void drain_recvlogical(const PostgresCluster& cluster, const std::string& end) {
  const std::string command = "/usr/lib/postgresql/" + std::to_string(cluster.version()) +
                              "/bin/pg_recvlogical -h 127.0.0.1 -p " + std::to_string(cluster.port()) +
                              " -U postgres -d shop --slot bench --start --endpos=" + end +
                              " -o proto_version=1 -o publication_names=bench -f /dev/null --no-loop";
  const auto begun = std::chrono::steady_clock::now();
  if (::system(command.c_str()) != 0) std::printf("pg_recvlogical failed\n");
  std::printf("%-28s %9.0f changes/s\n", "  pg_recvlogical, /dev/null", changes / seconds_since(begun));
}

void decode_alone(const SourceSettings& settings, PostgresCluster& cluster) {
  std::vector<std::string> messages;
  testing::PostgresSession session(cluster.url("shop"));
  session.sql("SET bytea_output = 'hex'");
  for (const auto& row :
       session.sql("SELECT encode(data, 'hex') FROM pg_logical_slot_peek_binary_changes('bench', NULL, "
                   "30000, 'proto_version', '1',"
                   " 'publication_names', 'bench')")) {
    std::string& bytes = messages.emplace_back();
    for (std::size_t i = 0; i + 1 < row[0].size(); i += 2)
      bytes += static_cast<char>(::strtol(row[0].substr(i, 2).c_str(), nullptr, 16));
  }
  const std::vector<TableWatch> watches = table_watches(settings);
  StreamState state;
  const auto lookup = [](const pgoutput::Relation& relation) {
    RelationFacts facts;
    for (const auto& column : relation.columns) facts.types.push_back(builtin_type(column.type));
    return facts;
  };
  ChangeDecoder decoder(settings, watches, state, lookup, system_clock());
  std::size_t seen = 0;
  const double begun = cpu_seconds();
  for (int round = 0; round < 30; ++round) {
    Batch batch;
    for (const std::string& message : messages) {
      decoder.decode(message, batch);
      if (batch.events.size() < settings.batch_size) continue;
      seen += batch.events.size();
      batch = {};
    }
    seen += batch.events.size();
  }
  const double used = cpu_seconds() - begun;
  std::printf("%-28s %9.0f changes/s  %5.3f us per change\n", "  decode and encode alone",
              static_cast<double>(seen) / used, used / static_cast<double>(seen) * 1e6);
}

}  // namespace

int main() {
  log::set_level(log::Level::warning);
  PostgresCluster cluster(
      {{"synchronous_commit", "off"}, {"shared_buffers", "'128MB'"}, {"max_wal_size", "'4GB'"}});
  cluster.create_database("shop");
  cluster.sql(
      "CREATE TABLE orders(id serial PRIMARY KEY, customer_email varchar(255) NOT NULL, status varchar(50) "
      "DEFAULT 'pending', total_amount numeric(10,2),"
      " created_at timestamptz DEFAULT now(), note text)",
      "shop");
  cluster.sql(
      "CREATE PROCEDURE fill(transactions int, rows int) LANGUAGE plpgsql AS $$ BEGIN FOR i IN "
      "1..transactions LOOP"
      " INSERT INTO orders(customer_email, total_amount, note) SELECT 'customer' || n || '@example.com', n * "
      "1.25, 'a note of some length for a row'"
      " FROM generate_series(1, rows) n; COMMIT; END LOOP; END $$",
      "shop");
  cluster.sql("CREATE PUBLICATION bench FOR TABLE orders", "shop");
  const SourceSettings settings = make_settings(cluster);
  const SourceType& type = *find_source_type("postgresql", "log_based");
  for (const int rows : {1, 100}) {
    std::printf("transactions of %d row(s)\n", rows);
    const auto source = type.make(settings);
    source->open({});
    cluster.sql("SELECT pg_create_logical_replication_slot('bench', 'pgoutput')", "shop");
    source->read(std::chrono::seconds{1});
    {
      // The backlog grows while nobody reads.
      fill(cluster, rows);
    }
    const std::string end = cluster.value("SELECT pg_current_wal_lsn()", "shop");
    cluster.sql("INSERT INTO orders(customer_email) VALUES ('marker')", "shop");
    decode_alone(settings, cluster);
    drain_recvlogical(cluster, end);
    drain_source(*source, "  source");
    cluster.sql("SELECT pg_drop_replication_slot('bench')", "shop");
  }
  return 0;
}
