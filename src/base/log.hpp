// The log: one line per event, fields not sentences, a request id in each. Never a secret: fields
// are of allowed types only.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace fairlead::log {

enum class Level { debug, info, warning, error };

/// A named value. Only these types: a Secret or a JSON tree does not convert.
struct Field {
  Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const char* text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const std::string& text) : name(field_name), value(text) {}
  template <class Kind>
  Field(std::string_view field_name, const Id<Kind>& id) : name(field_name), value(id.str()) {}
  template <class N>
    requires std::is_arithmetic_v<N>
  Field(std::string_view field_name, N number) : name(field_name), value(std::to_string(number)) {}

  std::string_view name;
  std::string value;
};

/// Where lines go and from which level on. Call once, before threads start. Default: standard
/// error, info.
void configure(Level least, std::string_view file_path = {});
bool enabled(Level level);

/// `event` is a fixed word such as "connector.created".
void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::info, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::warning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::error, event, fields);
}

}  // namespace fairlead::log
