// HTTP messages as plain values; nothing here knows Beast.
#pragma once

#include "base/task.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::net {

struct Header {
  std::string name, value;
};

/// Header fields in order; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  /// The first value of that name; nullptr when absent.
  const std::string* find(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;
  /// Adds a further field of that name.
  void add(std::string name, std::string value) {
    fields_.push_back({std::move(name), std::move(value)});
  }
  /// Replaces all fields of that name by one, in the place of the first.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);
  void reserve(std::size_t fields) { fields_.reserve(fields); }

  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }
  auto begin() noexcept { return fields_.begin(); }
  auto end() noexcept { return fields_.end(); }
  bool empty() const noexcept { return fields_.empty(); }
  std::size_t size() const noexcept { return fields_.size(); }

 private:
  std::vector<Header> fields_;
};

/// True when the names are the same header (ASCII, without case).
bool same_header(std::string_view a, std::string_view b) noexcept;
/// Appends "name: value\r\n".
void append_field(std::string& out, std::string_view name, std::string_view value);
/// RFC 9110 token; and a value without CR, LF, NUL or other control characters except tab.
bool is_header_name(std::string_view name) noexcept;
bool is_header_value(std::string_view value) noexcept;

/// The next piece of a body that is not held in memory; an empty string is the end. Throws Failure
/// when it breaks off.
using BodyStream = std::function<Task<std::string>()>;

/// A request as the server received it.
struct Request {
  std::string method;
  std::string target;  ///< path and query as sent
  Headers headers;
  std::string body;
  std::string peer;  ///< the client's address, without port
};

struct Response {
  int status = 200;
  Headers headers = {};
  std::string body = {};
  /// When set, the body comes from here and `body` is not used.
  BodyStream stream = {};
};

}  // namespace fairlead::net
