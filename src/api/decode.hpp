// Reading what a caller sent: each wrong field is noted by name, and all of them are told at once.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "platform/platform.hpp"

#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::api {

/// The wrong fields of one request.
class Problems {
 public:
  void add(std::string field, std::string message, std::string code);
  void add(const Error& error);
  bool empty() const noexcept { return fields_.empty(); }
  /// What to answer when there are any.
  Error error() const;

 private:
  std::vector<FieldError> fields_;
};

/// Erases text that held a secret.
void wipe(std::string& text);
void wipe(json::string& text);

/// A JSON object; `null` members count as absent.
class BodyReader {
 public:
  /// `path` stands before the names of members in errors ("calls.0.").
  explicit BodyReader(json::object body, std::string path = "")
      : body_(std::move(body)), path_(std::move(path)) {}

  Problems& problems() noexcept { return problems_; }
  const Problems& problems() const noexcept { return problems_; }

  /// Notes members that are none of `known` but look like one: who wrote them meant something.
  /// Other members are let be, since clients of other products send members of their own.
  void refuse_misspelt(std::initializer_list<std::string_view> known);

  bool has(std::string_view name) const;
  std::string text(std::string_view name);  ///< required
  std::optional<std::string> optional_text(
      std::string_view name, std::size_t most = std::numeric_limits<std::size_t>::max());
  Secret secret(std::string_view name);  ///< required
  bool flag(std::string_view name, bool otherwise);
  /// Moved out of the body.
  std::optional<json::object> object(std::string_view name);
  std::optional<json::array> array(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  /// Names and values, erased in the body.
  std::optional<connector::CredentialFields> credentials(std::string_view name);

 private:
  json::value* find(std::string_view name);
  void wrong_type(std::string_view name, std::string_view expected);

  json::object body_;
  std::string path_;
  Problems problems_;
};

/// The query of a request. Unknown names are tolerated; of a repeated one the first counts.
class QueryReader {
 public:
  explicit QueryReader(std::string_view query);

  Problems& problems() noexcept { return problems_; }
  std::optional<std::string> text(std::string_view name) const;
  std::string required_text(std::string_view name);
  std::optional<std::size_t> number(std::string_view name, std::size_t least, std::size_t most);
  std::optional<std::string> one_of(std::string_view name,
                                    std::initializer_list<std::string_view> allowed);
  std::optional<Instant> time(std::string_view name);
  template <class IdType>
  std::optional<IdType> id(std::string_view name) {
    const auto given = text(name);
    if (!given) return std::nullopt;
    if (const auto uuid = canonical_uuid(*given)) return IdType::trusted(*uuid);
    problems_.add(std::string(name), std::string(name) + " must be a UUID", "uuid");
    return std::nullopt;
  }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
  Problems problems_;
};

}  // namespace fairlead::api
