#include <atomic>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/log.h"
#include "workflows/await.h"
#include "workflows/nodes/nodes.h"
#include "workflows/sql_apply.h"
#include "workflows/sql_pools.h"
#include "workflows/sql_statement.h"
#include "workflows/templates.h"

namespace rowhook {
namespace {

constexpr std::uint64_t executions_between_cleaning = 1000;

// Statements that only read need no row in rowhook_applied, and so no right to write.
bool only_reads(const std::string& first_word) {
  return first_word == "SELECT" || first_word == "VALUES" || first_word == "TABLE" ||
         first_word == "EXPLAIN" || first_word == "SHOW";
}

std::vector<Output> outputs_of(const std::string& form, ItemPtr item, std::string result) {
  if (form == "item") return to_output(std::move(item));
  if (form == "result") return to_output(std::make_shared<const Item>(std::move(result)));
  std::vector<Output> outputs;
  const Document document = Document::parse(result);
  for (const auto& row : *document.find("rows")->array())
    outputs.push_back({"output", std::make_shared<const Item>(row)});
  return outputs;
}

// Asio would throw a bare exception_ptr at the place that awaits it.
struct Ended {
  std::exception_ptr error;
};

class SqlNode final : public Node {
 public:
  SqlNode(const nlohmann::json& config, NodeServices& services)
      : connection_(config["connection"]),
        sql_(config["sql"]),
        output_(config["output"]),
        max_rows_(config["max_rows"].get<std::size_t>()),
        timeout_(parse_duration(config["timeout"].get<std::string>())),
        once_(config.value("exactly_once", !only_reads(scan_sql(sql_).first_word))),
        services_(services) {
    for (const auto& param : config["params"]) params_.push_back(ValueTemplate::parse(param));
  }

  boost::asio::awaitable<std::vector<Output>> run(ItemPtr item, RunContext& context) const override {
    std::vector<Document> values;
    for (const auto& param : params_) values.push_back(param.value({*item, context}));
    if (context.dry_run) {
      context.notes.push_back("would run in " + connection_ + ": " + sql_);
      context.would =
          Document::Object{{"connection", connection_}, {"sql", sql_}, {"params", std::move(values)}};
      co_return outputs_of(output_, std::move(item), R"({"rows":[],"affected":0})");
    }
    const AppliedKey key{context.event->id, context.execution_id, context.node_id, context.item_index};
    std::string result;
    const Ended ended = co_await awaited<Ended>([&](auto done) {
      services_.sql->start(
          connection_, deadline(context),
          [&](Connection& connection) { result = perform(connection, key, values); },
          [done](std::exception_ptr error) { done({std::move(error)}); });
    });
    if (ended.error) std::rethrow_exception(ended.error);
    co_return outputs_of(output_, std::move(item), std::move(result));
  }

 private:
  // The pools' threads live by the real clock.
  std::chrono::steady_clock::time_point deadline(const RunContext& context) const {
    const auto own = std::chrono::steady_clock::now() + timeout_;
    return context.deadline == std::chrono::steady_clock::time_point{} ? own
                                                                       : std::min(own, context.deadline);
  }

  std::string perform(Connection& connection, const AppliedKey& key,
                      const std::vector<Document>& values) const {
    const SqlParams params = sql_params(values, connection.dialect());
    if (!once_) return run_sql(connection, sql_, params, max_rows_);
    std::string result = apply_once(connection, key, sql_, params, max_rows_);
    if (applied_.fetch_add(1) % executions_between_cleaning == 0) clean(connection);
    return result;
  }

  void clean(Connection& connection) const {
    try {
      drop_old_applied(connection);
    } catch (const Error& error) {  // what was applied stays applied
      log::warning("old rows of rowhook_applied were not removed",
                   {{"connection", connection_}, {"error", error.what()}});
    }
  }

  std::string connection_, sql_, output_;
  std::size_t max_rows_;
  std::chrono::milliseconds timeout_;
  bool once_;
  std::vector<ValueTemplate> params_;
  NodeServices& services_;
  mutable std::atomic<std::uint64_t> applied_{0};
};

void check_statement(const nlohmann::json& config, std::vector<Problem>& problems) {
  const auto& sql = config["sql"].get_ref<const std::string&>();
  const SqlStatement statement = scan_sql(sql);
  const auto wrong = [&](std::string detail) { problems.push_back({"/sql", std::move(detail)}); };
  if (!statement.fault.empty()) return wrong(statement.fault);
  if (statement.statements != 1)
    return wrong("expected one statement, found " + std::to_string(statement.statements) +
                 "; use one node for each");
  if (sql.find("{{") != std::string::npos)
    return wrong("values are not pasted into SQL: write $1 here and the template into params");
  for (const char* word : {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE",
                           "ATTACH", "DETACH", "VACUUM", "PREPARE", "DISCARD"})
    if (statement.first_word == word)
      return wrong(std::string(word) + " cannot be used: the statement runs in a transaction of its own");
  const std::size_t given = config["params"].size();
  if (statement.parameters != given)
    problems.push_back({"/params", "the statement uses parameters up to $" +
                                       std::to_string(statement.parameters) + ", but " +
                                       std::to_string(given) + " are given"});
}

void validate(const nlohmann::json& config, NodeServices& services, std::vector<Problem>& problems) {
  if (services.sql) {
    const auto& names = services.sql->names();
    const auto& name = config["connection"].get_ref<const std::string&>();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const std::string near = nearest_name(name, names);
      problems.push_back({"/connection", "there is no connection '" + name + "' in the configuration" +
                                             (near.empty() ? "" : "; did you mean '" + near + "'?")});
    }
  }
  check_statement(config, problems);
  check_templates(config["params"], "/params", problems);
}

Spec spec() {
  return {
      Field::text("connection", "Name of a connection of the configuration").length(1, 255).required(),
      Field::text("sql", "One statement, with $1, $2, ... for values")
          .length(1, 1 << 16)
          .required()
          .format("sql")
          .example("INSERT INTO shipped (order_id, at) VALUES ($1, $2)"),
      Field::list("params", "Values of $1, $2, ...: templates or JSON values",
                  Field::any("", "JSON value or template"))
          .length(0, 1000)
          .fallback(nlohmann::json::array())
          .example({"{{ new.id }}", "{{ event.timestamp }}"}),
      Field::boolean(
          "exactly_once",
          "Run the statement once for an execution, however often it is tried again: a row in the table "
          "rowhook_applied of that database, written in the same transaction, says that it was run. Default: "
          "true "
          "for statements that write, false for SELECT"),
      Field::duration("timeout", "The statement is cancelled after this time").fallback("30s"),
      Field::integer("max_rows", "More rows than this are an error").range(1, 1'000'000).fallback(1000),
      Field::choice(
          "output",
          "What goes on: one item {rows, affected}, one item for each row, or the item that came in",
          {"result", "rows", "item"})
          .fallback("result"),
  };
}

}  // namespace

NodeType sql_node() {
  return {
      "sql",
      "SQL",
      "Runs one statement in a database of the configuration. Values are parameters, never part of the text.",
      false,
      true,
      spec(),
      input_port,
      output_port,
      validate,
      [](const nlohmann::json& config, NodeServices& services) -> std::unique_ptr<Node> {
        return std::make_unique<SqlNode>(config, services);
      }};
}

}  // namespace rowhook
