#include "engine/app/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/db/condition.h"

namespace rowhook {
namespace {

using nlohmann::json;

// One ${...} at text[start] = '$'. Appends its value and returns the index behind it.
std::size_t substitute_one(const std::string& text, std::size_t start, const Environment& environment,
                           std::string& out, const std::string& pointer, std::vector<Problem>& problems) {
  const std::size_t end = text.find('}', start);
  if (end == std::string::npos) {
    problems.push_back({pointer, "'${' without '}'; write $${ for a literal ${"});
    out.append(text, start);
    return text.size();
  }
  const std::string inner = text.substr(start + 2, end - start - 2);
  const std::size_t colon = inner.find(':');
  const std::string name = inner.substr(0, colon);
  const char mode = colon == std::string::npos ? '\0' : colon + 1 < inner.size() ? inner[colon + 1] : '?';
  const std::string rest =
      colon == std::string::npos || colon + 2 > inner.size() ? "" : inner.substr(colon + 2);
  const bool valid_name =
      !name.empty() &&
      name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") ==
          std::string::npos;
  if (!valid_name || (mode != '\0' && mode != '-' && mode != '?')) {
    problems.push_back(
        {pointer,
         "'${" + inner + "}' is not understood; write ${NAME}, ${NAME:-default} or ${NAME:?message}"});
    return end + 1;
  }
  const auto value = environment(name);
  if (value && (!value->empty() || mode == '\0')) {
    out += *value;
  } else if (mode == '-') {
    out += rest;
  } else {
    problems.push_back({pointer, mode == '?' && !rest.empty()
                                     ? rest
                                     : "the environment variable " + name +
                                           " is not set; set it, or write ${" + name + ":-default}"});
  }
  return end + 1;
}

json substitute_in(const json& value, const Environment& environment, const std::string& pointer,
                   std::vector<Problem>& problems) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
      if (text.compare(i, 3, "$${") == 0) {
        out += "${";
        i += 3;
      } else if (text.compare(i, 2, "${") == 0) {
        i = substitute_one(text, i, environment, out, pointer, problems);
      } else {
        out += text[i++];
      }
    }
    return out;
  }
  json out = value;
  if (value.is_array())
    for (std::size_t i = 0; i < value.size(); ++i)
      out[i] = substitute_in(value[i], environment, pointer_append(pointer, i), problems);
  if (value.is_object())
    for (const auto& [name, member] : value.items())
      out[name] = substitute_in(member, environment, pointer_append(pointer, name), problems);
  return out;
}

std::string default_source(std::string name) {
  for (char& c : name) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

int default_port(const std::string& type) {
  if (type == "postgresql") return 5432;
  if (type == "mysql" || type == "mariadb") return 3306;
  if (type == "sqlserver") return 1433;
  if (type == "oracle") return 1521;
  return 0;
}

std::string text_or(const json& object, const char* name, std::string fallback = {}) {
  const auto found = object.find(name);
  return found == object.end() ? std::move(fallback) : found->get<std::string>();
}

std::chrono::milliseconds seconds_of(const json& value) {
  return std::chrono::milliseconds{static_cast<std::int64_t>(value.get<double>() * 1000)};
}

std::string resolve(const std::string& base, const std::string& path) {
  if (path.empty() || base.empty() || path.front() == '/' || path == ":memory:") return path;
  return (std::filesystem::path(base) / path).lexically_normal().string();
}

SourceSettings connection_settings(const json& connection, const json& document, const std::string& base) {
  SourceSettings out;
  json monitoring = document.at("monitoring");
  if (const auto own = connection.find("monitoring"); own != connection.end()) monitoring.update(*own);
  out.connection = connection.at("name");
  out.source = text_or(connection, "source", default_source(out.connection));
  out.type = connection.at("type");
  out.method = monitoring.at("method");
  out.host = connection.at("host");
  out.port = connection.value("port", default_port(out.type));
  out.database = connection.at("database");
  if (out.type == "sqlite") out.database = resolve(base, out.database);
  out.username = connection.at("username");
  out.password = connection.at("password");
  out.schema = connection.at("schema");
  out.ssl_mode = connection.at("ssl_mode");
  out.slot_name = text_or(connection, "slot_name");
  out.publication_name = text_or(connection, "publication_name");
  out.polling_interval = seconds_of(monitoring.at("polling_interval"));
  out.batch_size = monitoring.at("batch_size");
  out.track_schema_changes = monitoring.at("track_schema_changes");
  out.query_timeout = std::chrono::seconds{document.at("performance").at("query_timeout").get<int>()};
  out.ignore_system_users = document.at("change_detection").at("ignore_system_users");
  out.system_users = document.at("change_detection").at("system_users").get<std::vector<std::string>>();
  return out;
}

WatchedTable watched_table(const json& table, const SourceSettings& connection, const std::string& pointer,
                           std::vector<Problem>& problems) {
  WatchedTable out;
  out.schema =
      text_or(table, "schema",
              connection.schema.empty() && connection.type == "postgresql" ? "public" : connection.schema);
  out.table = table.at("table");
  out.primary_key = text_or(table, "primary_key");
  out.timestamp_column = text_or(table, "timestamp_column");
  const auto events = table.at("events").get<std::vector<std::string>>();
  const auto has = [&](const char* event) {
    return std::find(events.begin(), events.end(), event) != events.end();
  };
  out.inserts = has("INSERT");
  out.updates = has("UPDATE");
  out.deletes = has("DELETE");
  if (const auto filters = table.find("filters"); filters != table.end()) {
    out.where_clause = text_or(*filters, "where_clause");
    if (const auto excluded = filters->find("exclude_columns"); excluded != filters->end())
      out.exclude_columns = excluded->get<std::vector<std::string>>();
  }
  if (const auto tags = table.find("tags"); tags != table.end())
    out.tags = tags->get<std::vector<std::string>>();
  if (!out.where_clause.empty()) {
    try {
      Condition::parse(out.where_clause);
    } catch (const InvalidInput& error) {
      problems.push_back({pointer + "/filters/where_clause", error.what()});
    }
  }
  return out;
}

void add_connections(const json& document, const std::string& base, Config& config,
                     std::vector<Problem>& problems) {
  std::map<std::string, std::string> names, sources;
  const auto& connections = document.at("connections");
  for (std::size_t i = 0; i < connections.size(); ++i) {
    const std::string pointer = pointer_append("/connections", i);
    SourceSettings settings = connection_settings(connections[i], document, base);
    if (const auto [known, fresh] = names.emplace(settings.connection, pointer); !fresh)
      problems.push_back(
          {pointer + "/name", "'" + settings.connection + "' is already the name of " + known->second});
    if (const auto [known, fresh] = sources.emplace(settings.source, pointer); !fresh)
      problems.push_back({pointer + "/source", "'" + settings.source + "' is already the source of " +
                                                   known->second + "; give one of them another \"source\""});
    if (settings.source.size() < 2)
      problems.push_back({pointer + "/name", "a source name needs at least two characters; set \"source\""});
    config.connections.push_back(std::move(settings));
  }
}

void add_tables(const json& document, Config& config, std::vector<Problem>& problems) {
  std::map<std::string, SourceSettings> watched;
  const auto& tables = document.at("tables");
  std::vector<std::string> names;
  for (const auto& connection : config.connections) names.push_back(connection.connection);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::string pointer = pointer_append("/tables", i);
    if (config.connections.empty()) {
      problems.push_back(
          {pointer, "there is no connection to watch this table on; add one to \"connections\""});
      continue;
    }
    const std::string name = text_or(tables[i], "connection", names.front());
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const std::string near = nearest_name(name, names);
      problems.push_back(
          {pointer + "/connection",
           "there is no connection '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?")});
      continue;
    }
    auto& settings = config.connections[static_cast<std::size_t>(found - names.begin())];
    WatchedTable table = watched_table(tables[i], settings, pointer, problems);
    for (const auto& other : settings.tables)
      if (other.schema == table.schema && other.table == table.table)
        problems.push_back(
            {pointer + "/table", "'" + table.table + "' is watched twice on connection '" + name + "'"});
    settings.tables.push_back(std::move(table));
  }
  for (const auto& connection : config.connections)
    if (!connection.tables.empty()) config.sources.push_back(connection);
}

void add_sections(const json& document, const std::string& base, Config& config) {
  config.store = document.at("store");
  const auto& retention = document.at("journal").at("retention");
  config.retention.max_age = parse_duration(retention.at("max_age").get<std::string>());
  const auto bytes = [](const json& value) {
    return value.is_string() ? parse_size(value.get<std::string>()) : value.get<std::uint64_t>();
  };
  config.retention.max_bytes = bytes(retention.at("max_bytes"));
  const auto& server = document.at("server");
  config.server.listen = server.at("listen");
  config.server.allowed_hosts = server.at("allowed_hosts").get<std::vector<std::string>>();
  if (const auto tls = server.find("tls"); tls != server.end()) {
    config.server.tls_certificate = resolve(base, tls->at("certificate"));
    config.server.tls_key = resolve(base, tls->at("key"));
  }
  const auto& scripting = document.at("scripting");
  config.scripting.time_limit = parse_duration(scripting.at("time_limit").get<std::string>());
  config.scripting.memory_limit = bytes(scripting.at("memory_limit"));
  config.scripting.output_limit = bytes(scripting.at("output_limit"));
  config.scripting.depth_limit = scripting.at("depth_limit");
  for (const auto& own : scripting.at("own_limits")) {
    CallLimits limits = config.scripting;
    if (own.contains("time_limit")) limits.time_limit = parse_duration(own["time_limit"].get<std::string>());
    if (own.contains("memory_limit")) limits.memory_limit = bytes(own["memory_limit"]);
    if (own.contains("output_limit")) limits.output_limit = bytes(own["output_limit"]);
    if (own.contains("depth_limit")) limits.depth_limit = own["depth_limit"];
    config.scripting.own.push_back({own.at("scripts"), limits, own.at("jit")});
  }
  config.scripting.hosts = scripting.at("hosts");
  config.scripts_directory = resolve(base, text_or(scripting, "directory"));
  config.workflows_directory = resolve(base, text_or(document.at("workflows"), "directory"));
  config.egress.allow = document.at("egress").at("allow").get<std::vector<std::string>>();
  config.egress.deny = document.at("egress").at("deny").get<std::vector<std::string>>();
  const auto& retry = document.at("retry");
  config.retry.max_retries = retry.at("max_retries");
  config.retry.retry_delay = seconds_of(retry.at("retry_delay_seconds"));
  config.retry.exponential_backoff = retry.at("exponential_backoff");
  config.retry.max_delay = seconds_of(retry.at("max_delay_seconds"));
  const auto& logging = document.at("logging");
  config.log_level = log::parse_level(logging.at("log_level").get<std::string>());
  config.log_queries = logging.at("log_queries");
  config.log_data_changes = logging.at("log_data_changes");
  config.pool_size = document.at("performance").at("connection_pool_size");
}

[[noreturn]] void refuse(const std::vector<Problem>& problems) {
  std::string message = "the configuration is not valid";
  for (const auto& problem : problems)
    message += "\n  " + (problem.pointer.empty() ? std::string("(document)") : problem.pointer) + ": " +
               problem.detail;
  throw ConfigError(message, problems, "rowhook config schema prints what is allowed");
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
}

json substitute_environment(const json& document, const Environment& environment,
                            std::vector<Problem>& problems) {
  return substitute_in(document, environment, "", problems);
}

Config parse_config(std::string_view text, const std::string& base_directory,
                    const Environment& environment) {
  json document;
  try {
    document = parse_json(text, true);
  } catch (const InvalidInput& error) {
    throw ConfigError(error.what(), error.problems());
  }
  std::vector<Problem> problems;
  if (environment) document = substitute_environment(document, environment, problems);
  document = config_spec().check(document, "", problems);
  if (!problems.empty()) refuse(problems);
  Config config;
  add_connections(document, base_directory, config, problems);
  add_tables(document, config, problems);
  if (!problems.empty()) refuse(problems);
  add_sections(document, base_directory, config);
  return config;
}

Config load_config(const std::string& path, const Environment& environment) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw ConfigError(path + ": cannot be read", {{"", "the file does not exist or may not be read"}});
  std::ostringstream text;
  text << file.rdbuf();
  try {
    return parse_config(text.str(), std::filesystem::absolute(path).parent_path().string(), environment);
  } catch (const ConfigError& error) {
    throw ConfigError(path + ": " + error.what(), error.problems(), error.hint());
  }
}

}  // namespace rowhook
