#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/json.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace fairlead::log {
namespace {

std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> the_logger = [] {
    auto made = std::make_shared<spdlog::logger>("fairlead",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    return made;
  }();
  return the_logger;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view word_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

}  // namespace

void configure(Level least, std::string_view file_path) {
  if (!file_path.empty()) {
    logger() = std::make_shared<spdlog::logger>(
        "fairlead", std::make_shared<spdlog::sinks::basic_file_sink_mt>(std::string(file_path)));
    logger()->set_pattern("%v");
  }
  logger()->set_level(to_spdlog(least));
  logger()->flush_on(spdlog::level::debug);
}

bool enabled(Level level) { return logger()->should_log(to_spdlog(level)); }

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  // One JSON object a line: read by people and by log collectors alike.
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","event":)",
                                 to_rfc3339(SystemClock().now()), word_of(level));
  append_json_string(line, event);
  for (const Field& field : fields) {
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    append_json_string(line, field.value);
  }
  line += '}';
  logger()->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace fairlead::log
