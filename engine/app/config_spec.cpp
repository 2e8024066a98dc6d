#include "engine/app/config.h"

namespace rowhook {
namespace {

using nlohmann::json;

Spec monitoring_fields() {
  return Spec{
      Field::choice(
          "method",
          "How changes are captured: `polling` asks the tables, `triggers` installs database triggers, "
          "`log_based` reads the database's own log",
          {"polling", "triggers", "log_based"})
          .fallback("polling"),
      Field::number("polling_interval", "Seconds between two looks at a table under `polling`")
          .range(0, 86400)
          .fallback(30),
      Field::integer("batch_size", "Most changes handed on at once").range(1, 100000).fallback(1000),
      Field::boolean("track_schema_changes", "Emit `schema_changed` when a watched table is altered")
          .fallback(true),
  };
}

// The same settings without defaults: what a connection says replaces what the global section says.
Spec monitoring_override() {
  return Spec{
      Field::choice("method", "Replaces the global `monitoring.method`",
                    {"polling", "triggers", "log_based"}),
      Field::number("polling_interval", "Replaces the global `monitoring.polling_interval`").range(0, 86400),
      Field::integer("batch_size", "Replaces the global `monitoring.batch_size`").range(1, 100000),
      Field::boolean("track_schema_changes", "Replaces the global `monitoring.track_schema_changes`"),
  };
}

Spec connection_spec() {
  return Spec{
      Field::text("name", "How the rest of the configuration refers to this database")
          .pattern("[A-Za-z][A-Za-z0-9_-]*", "write a letter, then letters, digits, _ or -")
          .required(),
      Field::choice("type", "The database",
                    {"postgresql", "mysql", "mariadb", "sqlite", "sqlserver", "oracle"})
          .required(),
      Field::text(
          "source",
          "Name under which its events are routed; by default `name` in lower case with `_` turned into `-`")
          .pattern("[a-z][a-z0-9-]*[a-z0-9]",
                   "use lower case letters, digits and hyphens, starting with a letter"),
      Field::text("host", "Server name or address").fallback("localhost"),
      Field::integer("port", "TCP port; by default the database's own").range(1, 65535),
      Field::text("database", "Database name; for SQLite the file").required(),
      Field::text("username", "Login name").fallback(""),
      Field::text("password", "Password; write ${NAME} and keep it in the environment").secret().fallback(""),
      Field::text("schema", "Schema of tables that name none; `public` on PostgreSQL").fallback(""),
      Field::choice("ssl_mode", "TLS to the server, in libpq's terms",
                    {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
          .fallback("prefer"),
      Field::object("monitoring", "Replaces parts of the global `monitoring` for this connection",
                    monitoring_override()),
      Field::text("slot_name", "PostgreSQL replication slot; by default `rowhook_<name>`")
          .pattern("[a-z0-9_]{1,63}", "use up to 63 lower case letters, digits and _"),
      Field::text("publication_name", "PostgreSQL publication; by default `rowhook_<name>`").length(1, 63),
      Field::choice("snapshot", "`initial` sends the rows that are there already as events first",
                    {"never", "initial"})
          .fallback("never"),
  };
}

Spec table_spec() {
  return Spec{
      Field::text("connection",
                  "Which connection; may be left out when there is only one (otherwise the first is meant)"),
      Field::text("schema", "Schema; by default the connection's"),
      Field::text("table", "Table to watch").length(1, 255).required(),
      Field::text("primary_key",
                  "Column that identifies a row; discovered from the catalogue where it can be"),
      Field::text("timestamp_column", "Column that every change sets to the current time; used by `polling`"),
      Field::list("events", "Which changes",
                  Field::choice("event", "A kind of change", {"INSERT", "UPDATE", "DELETE"}))
          .length(1, 3)
          .fallback(json::array({"INSERT", "UPDATE", "DELETE"})),
      Field::object("filters", "What of the table is captured",
                    Spec{Field::text("where_clause",
                                     "Condition a row must meet, e.g. `active = true` (docs/conditions.md)")
                             .format("condition"),
                         Field::list("exclude_columns", "Columns that never leave the database connection",
                                     Field::text("column", "A column name"))}),
      Field::list("tags", "Words that every event of the table carries in `metadata.tags`",
                  Field::text("tag", "A word")),
  };
}

Spec server_spec() {
  return Spec{
      Field::text("listen", "Address and port of the HTTP API; any address but a loopback one needs `tls`")
          .fallback("127.0.0.1:8088"),
      Field::object("tls", "Serve HTTPS",
                    Spec{Field::text("certificate", "PEM file with the certificate chain").required(),
                         Field::text("key", "PEM file with the private key").required()}),
      Field::list("allowed_hosts", "Further names under which the API may be addressed (Host header)",
                  Field::text("host", "A host name"))
          .fallback(json::array()),
  };
}

Spec scripting_spec() {
  return Spec{
      Field::text("directory", "Folder with `*.lua`: loaded into the script store at start"),
      Field::duration("time_limit", "Longest run of one script call").fallback("1s"),
      Field::size("memory_limit", "Most memory of one script").fallback("32MiB"),
      Field::size("output_limit", "Largest result of one call, as JSON").fallback("1MiB"),
      Field::integer("depth_limit", "Deepest nesting of a result").range(1, 64).fallback(64),
      Field::list("own_limits", "Limits of single scripts; the first entry whose `scripts` matches decides",
                  Field::object(
                      "limits", "Limits of the scripts that match; what is left out is as for all",
                      Spec{Field::text("scripts",
                                       "A glob on names of scripts, e.g. `report_*`; a trigger's own scripts "
                                       "are named `trigger 12 filter` and `trigger 12 transform`")
                               .length(1, 255)
                               .required(),
                           Field::duration("time_limit", "Longest run of one call"),
                           Field::size("memory_limit", "Most memory"),
                           Field::size("output_limit", "Largest result, as JSON"),
                           Field::integer("depth_limit", "Deepest nesting of a result").range(1, 64),
                           Field::boolean(
                               "jit",
                               "Trusted: compiled to machine code, in a host process of its own. An endless "
                               "loop then ends with the process, without a line")
                               .fallback(false)}))
          .fallback(json::array()),
      Field::integer("hosts", "Script host processes that serve calls side by side").range(1, 64).fallback(1),
  };
}

Spec make_config_spec() {
  const auto section = [](std::string name, std::string doc, Spec spec) {
    return Field::object(std::move(name), std::move(doc), std::move(spec)).fallback(json::object());
  };
  return Spec{
      Field::list("connections", "Databases that are watched or written to",
                  Field::object("connection", "A database", connection_spec()))
          .fallback(json::array()),
      Field::list("tables", "Tables to watch", Field::object("table", "A watched table", table_spec()))
          .fallback(json::array()),
      section("monitoring", "How changes are captured, unless a connection says otherwise",
              monitoring_fields()),
      section("change_detection", "What counts as a change",
              Spec{Field::boolean("enable_checksums",
                                  "Keep an image of each polled table, to find deletions and old values")
                       .fallback(false),
                   Field::boolean("track_field_changes", "Compute `changed_fields`").fallback(true),
                   Field::boolean("ignore_system_users",
                                  "Drop changes made by `system_users`, where the method sees users")
                       .fallback(true),
                   Field::list("system_users", "Database users whose changes are dropped",
                               Field::text("user", "A user name"))
                       .fallback(json::array({"postgres", "mysql", "sa", "system"}))}),
      section(
          "performance", "Limits towards the databases",
          Spec{Field::integer("connection_pool_size", "Most connections per database for SQL nodes")
                   .range(1, 1000)
                   .fallback(10),
               Field::integer("query_timeout", "Seconds a statement may take").range(1, 86400).fallback(60),
               Field::integer("max_concurrent_tables", "Tables polled side by side")
                   .range(1, 1000)
                   .fallback(20)}),
      section("retry", "What happens to an execution that failed, unless its trigger says otherwise",
              Spec{Field::integer("max_retries", "Attempts after the first; then it is a dead letter")
                       .range(0, 1000)
                       .fallback(5),
                   Field::number("retry_delay_seconds", "Seconds before the first retry")
                       .range(0, 86400)
                       .fallback(60),
                   Field::boolean("exponential_backoff", "Double the delay with every retry").fallback(true),
                   Field::number("max_delay_seconds", "Longest delay").range(0, 604800).fallback(3600)}),
      section(
          "logging", "What the engine writes to standard error",
          Spec{
              Field::choice("log_level", "Least severe line that is written",
                            {"DEBUG", "INFO", "WARNING", "ERROR", "debug", "info", "warning", "error"})
                  .fallback("INFO"),
              Field::boolean("log_queries", "Log the SQL that is sent to watched databases").fallback(false),
              Field::boolean("log_data_changes", "Log row contents. They may be sensitive").fallback(false)}),
      Field::text("store", "`sqlite` (a file in the data directory) or a postgresql:// URL")
          .fallback("sqlite"),
      section(
          "journal", "The durable log of events",
          Spec{section("retention", "How long events are kept",
                       Spec{Field::duration("max_age", "Events older than this are dropped").fallback("7d"),
                            Field::size("max_bytes",
                                        "Most disk space; capture pauses when it is used up by events that "
                                        "have not been executed")
                                .fallback("10GiB")})}),
      section("server", "The HTTP API", server_spec()),
      section("scripting", "Lua", scripting_spec()),
      section("workflows", "Workflow files",
              Spec{Field::text("directory", "Folder as written by `rowhook export`: applied at start")}),
      section("egress", "Which networks webhooks may reach beside the public ones",
              Spec{Field::list("allow", "Networks that are allowed although they are private",
                               Field::text("network", "A network such as 10.0.0.0/8"))
                       .fallback(json::array()),
                   Field::list("deny", "Networks that are refused in any case",
                               Field::text("network", "A network such as 192.0.2.0/24"))
                       .fallback(json::array())}),
  };
}

}  // namespace

const Spec& config_spec() {
  static const Spec spec = make_config_spec();
  return spec;
}

json config_schema() {
  json schema = config_spec().schema();
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "Rowhook configuration";
  return schema;
}

}  // namespace rowhook
