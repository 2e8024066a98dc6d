// The few places where libpqxx 6.4 (Debian 12) and 7.10 (Debian 13) differ.
#pragma once

#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#if PQXX_VERSION_MAJOR < 7
#include <pqxx/tablewriter>
#endif

namespace rowhook::shim {

using Index = pqxx::row_size_type;

// Verbose errors, no notices on standard error. Keep the result as long as the connection, and let it go
// first.
inline std::shared_ptr<void> set_up(pqxx::connection& connection);

using TextParams = std::vector<const char*>;  // null pointer: SQL NULL

#if PQXX_VERSION_MAJOR >= 7
inline pqxx::params params(const TextParams& texts) {
  pqxx::params result;
  result.reserve(texts.size());
  for (const char* text : texts) {
    if (text)
      result.append(pqxx::zview(text));
    else
      result.append();
  }
  return result;
}
inline pqxx::result run_prepared(pqxx::nontransaction& session, const std::string& name,
                                 const TextParams& texts) {
  return session.exec(pqxx::prepped(name), params(texts));
}
inline pqxx::result run(pqxx::nontransaction& session, const std::string& sql, const TextParams& texts) {
  return session.exec(sql, params(texts));
}
inline std::shared_ptr<void> set_up(pqxx::connection& connection) {
  connection.set_verbosity(pqxx::error_verbosity::verbose);
  connection.set_notice_handler([](pqxx::zview) {});
  return nullptr;
}
class CopyStream {
 public:
  CopyStream(pqxx::nontransaction& session, const std::string& table, const std::string& columns)
      : stream_(pqxx::stream_to::raw_table(session, table, columns)) {}
  void row(const TextParams& texts) { stream_.write_row(texts); }
  void complete() { stream_.complete(); }

 private:
  pqxx::stream_to stream_;
};
#else
inline pqxx::result run_prepared(pqxx::nontransaction& session, const std::string& name,
                                 const TextParams& texts) {
  return session.exec_prepared(name, pqxx::prepare::make_dynamic_params(texts));
}
inline pqxx::result run(pqxx::nontransaction& session, const std::string& sql, const TextParams& texts) {
  return session.exec_params(sql, pqxx::prepare::make_dynamic_params(texts));
}
inline std::shared_ptr<void> set_up(pqxx::connection& connection) {
  connection.set_verbosity(pqxx::connection_base::verbose);
  return std::make_shared<pqxx::quiet_errorhandler>(connection);
}
// stream_to of 6.4 takes tuples only; tablewriter, its predecessor, takes finished lines.
class CopyStream {
 public:
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  CopyStream(pqxx::nontransaction& session, const std::string& table, const std::string& columns)
      : columns_{columns}, writer_(session, table, columns_.begin(), columns_.end()) {}
#pragma GCC diagnostic pop
  void row(const TextParams& texts) {
    line_.clear();
    for (const char* const& text : texts) {
      if (&text != &texts.front()) line_ += '\t';
      append(text);
    }
    writer_.write_raw_line(line_);
  }
  void complete() { writer_.complete(); }

 private:
  void append(const char* text) {
    if (!text) {
      line_ += "\\N";
      return;
    }
    for (; *text; ++text) switch (*text) {
        case '\\':
          line_ += "\\\\";
          break;
        case '\t':
          line_ += "\\t";
          break;
        case '\n':
          line_ += "\\n";
          break;
        case '\r':
          line_ += "\\r";
          break;
        default:
          line_ += *text;
      }
  }
  std::vector<std::string> columns_;
  pqxx::tablewriter writer_;
  std::string line_;
};
#endif

}  // namespace rowhook::shim
