// Logging: one line per fact, `key=value` after the message. Row data is logged only with logging.log_data_changes.
// Wraps spdlog so that its headers stay out of the rooms' headers.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace rowhook::log {

enum class Level { debug, info, warning, error, off };
using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

void set_level(Level level);
// Parses DEBUG, INFO, WARNING, ERROR (any case). Throws InvalidInput.
Level parse_level(std::string_view name);

// Thread safety: all safe to call from any thread. Lines go to standard error.
void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warning(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

}  // namespace rowhook::log
